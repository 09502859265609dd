// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Folders that are being unpacked, or on their way out.
const unfinished = ".unpack-"

var hashed = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ready returns the unpacked tree, with a shared lock on it that this process keeps, also as the program: nobody
// removes a tree whose lock is held. It is unpacked if it is missing or not whole.
func ready(cache string, want tree) (string, error) {
	folder := filepath.Join(cache, want.Hash)
	if _, err := locked(folder+".lock", syscall.LOCK_SH); err != nil {
		return "", err
	}
	if whole(folder, want) {
		return folder, nil
	}
	lock, err := locked(filepath.Join(cache, "unpack.lock"), syscall.LOCK_EX) // one at a time
	if err != nil {
		return "", err
	}
	defer syscall.Close(lock)
	if whole(folder, want) { // by whoever had the lock before
		return folder, nil
	}
	return folder, unpack(cache, folder, want)
}

// locked opens a lock file, and waits for its lock unless told otherwise. It is not closed by execve.
func locked(path string, how int) (int, error) {
	lock, err := syscall.Open(path, syscall.O_RDWR|syscall.O_CREAT|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	for {
		if err = syscall.Flock(lock, how); err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		syscall.Close(lock)
		return -1, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return lock, nil
}

// whole says whether each file is there with its size and time: the quick look of each start.
func whole(folder string, want tree) bool {
	for _, one := range want.Files {
		found, err := os.Lstat(filepath.Join(folder, one.Path))
		if err != nil || !found.Mode().IsRegular() || found.Size() != one.Size || found.ModTime().Unix() != one.Mtime {
			return false
		}
	}
	return true
}

// unpack makes the tree beside its place, checks each file by its hash, and puts it there as a whole.
func unpack(cache, folder string, want tree) error {
	made, err := os.MkdirTemp(cache, unfinished)
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	fresh := filepath.Join(made, "new")
	if err := extract(fresh); err != nil {
		return err
	}
	for _, one := range want.Files {
		if err := check(filepath.Join(fresh, one.Path), one); err != nil {
			return err
		}
	}
	// One that is not whole makes room; a process that runs from it keeps the files that it has open.
	if err := os.Rename(folder, filepath.Join(made, "old")); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Rename(fresh, folder)
}

// check compares a file with its hash, and sets the time by which it is known from then on.
func check(path string, want file) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != want.Sha256 {
		return fmt.Errorf("%s is damaged in this file; download it again, and compare it with SHA256SUMS", want.Path)
	}
	return os.Chtimes(path, time.Unix(want.Mtime, 0), time.Unix(want.Mtime, 0))
}

func extract(to string) error {
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	for archive := tar.NewReader(plain); ; {
		head, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := write(filepath.Join(to, head.Name), archive, os.FileMode(head.Mode)&0o755); err != nil {
			return err
		}
	}
}

func write(path string, body io.Reader, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := io.Copy(out, body); err != nil {
		return err
	}
	return out.Sync() // so that a power cut leaves no file that only looks whole
}

// tidy removes the trees of other versions that no process uses, and what a killed unpacking has left. What cannot be
// removed stays: a later start tries again.
func tidy(cache, mine string) {
	found, _ := os.ReadDir(cache)
	for _, one := range found {
		path, lock := filepath.Join(cache, one.Name()), ""
		switch {
		case strings.HasPrefix(one.Name(), unfinished):
			lock = filepath.Join(cache, "unpack.lock")
		case hashed.MatchString(one.Name()) && one.Name() != mine:
			lock = path + ".lock"
		default:
			continue
		}
		if held, err := locked(lock, syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			os.RemoveAll(path)
			syscall.Close(held)
		}
	}
}
