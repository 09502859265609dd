// SPDX-License-Identifier: GPL-3.0-or-later

// The single file: it holds the program's folder, unpacks it once into a cache, and becomes the program there by
// execve, so that there is one process, as systemd wants it.
package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

//go:embed tree.tar.gz
var packed []byte

//go:embed tree.json
var listed []byte

// A tree is the folder as it has to be: its name is the hash of all of it.
type tree struct {
	Hash  string `json:"hash"`
	Files []file `json:"files"`
	Libc  int    `json:"libc"` // the oldest glibc that will do: 2.Libc
}

type file struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	Mtime  int64  `json:"mtime"` // seconds since 1970
	Sha256 string `json:"sha256"`
}

const (
	osError = 71 // EX_OSERR: a full disk, say; another start may help
	wrong   = 78 // EX_CONFIG: another start would not help
)

func main() {
	// SIGHUP asks `run` for a reload and must not end it, even before it can: ignored is inherited over execve.
	for _, word := range os.Args[1:] {
		if word == "run" {
			signal.Ignore(syscall.SIGHUP)
		}
	}
	var want tree
	if err := json.Unmarshal(listed, &want); err != nil {
		refuse(wrong, "this file is damaged (%s).\nNext: download it again, and compare it with SHA256SUMS.", err)
	}
	if err := libc(want.Libc); err != nil {
		refuse(wrong, "%s.\nNext: use the container, or on this system Python and the wheel.", err)
	}
	cache, err := cacheFolder()
	if err != nil {
		refuse(wrong, "%s.\nNext: %s", err, another)
	}
	folder, err := ready(cache, want)
	if err != nil {
		refuse(osError, "it cannot be unpacked below %s: %s.\nNext: make room there, or %s", cache, err, another)
	}
	tidy(cache, want.Hash)
	if self, err := os.Executable(); err == nil {
		os.Setenv("BOUNCESTREAM_FILE", self) // whoever writes a unit names this file, not the one in the cache
	}
	program := filepath.Join(folder, "bouncestream")
	err = syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ())
	if err == syscall.EACCES {
		refuse(wrong, "%s may not be executed: is its disk mounted with noexec?\nNext: %s", program, another)
	}
	refuse(osError, "%s cannot be started: %s.\nNext: %s", program, err, another)
}

func refuse(code int, format string, values ...any) {
	fmt.Fprintf(os.Stderr, "bouncestream: "+format+"\n", values...)
	os.Exit(code)
}
