// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// another is the next step wherever the cache is no good.
const another = "name a folder that only you can change, on a disk with room for 100 MB: CACHE_DIRECTORY=/path bouncestream ..."

// cacheFolder is where trees lie, without links in its path: $CACHE_DIRECTORY (systemd sets it),
// /var/cache/bouncestream for root, else the user's cache. It is made if it is missing, and refused if somebody else
// could put another program there.
func cacheFolder() (string, error) {
	folder := strings.Split(os.Getenv("CACHE_DIRECTORY"), ":")[0]
	if folder == "" && os.Geteuid() == 0 {
		folder = "/var/cache/bouncestream"
	} else if folder == "" {
		home, err := os.UserCacheDir() // $XDG_CACHE_HOME, else $HOME/.cache
		if err != nil {
			return "", errors.New("there is no folder to unpack to: neither CACHE_DIRECTORY nor HOME is set")
		}
		folder = filepath.Join(home, "bouncestream")
	}
	folder = filepath.Clean(folder)
	if !filepath.IsAbs(folder) {
		return "", fmt.Errorf("CACHE_DIRECTORY must be an absolute path, and %q is none", folder)
	}
	// What is there already is looked at before anything is made in it.
	there := folder
	for {
		if _, err := os.Lstat(there); err == nil || there == "/" {
			break
		}
		there = filepath.Dir(there)
	}
	if _, err := trusted(there); err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("there is no folder to unpack to: %s", err)
	}
	return trusted(folder)
}

// trusted returns the folder without links in its path. Each folder of that path has to belong to root or the present
// user, and nobody else may write to it; none may be one that is for short-lived files.
func trusted(folder string) (string, error) {
	real, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return "", err
	}
	for path := real; ; path = filepath.Dir(path) {
		var found syscall.Stat_t
		if err := syscall.Lstat(path, &found); err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		if path == "/tmp" || path == "/var/tmp" || path == "/dev/shm" {
			return "", fmt.Errorf("%s lies in %s, where files of all users come and go: the program is not kept there",
				folder, path)
		}
		if owner := int(found.Uid); owner != 0 && owner != os.Geteuid() {
			return "", fmt.Errorf("%s belongs to another user (%d), who could change the program", path, owner)
		}
		if mode := found.Mode & 0o7777; mode&0o022 != 0 {
			return "", fmt.Errorf("others may write to %s (mode %o), so they could change the program; "+
				"`chmod go-w %s` takes that away", path, mode, path)
		}
		if path == "/" {
			return real, nil
		}
	}
}
