// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// loaders is where each kind of machine has the part of the GNU C library (glibc) that starts programs. This launcher
// needs none, so it can say that there is none: the kernel only says that there is no such file.
var loaders = map[string]string{
	"amd64": "/lib64/ld-linux-x86-64.so.2",
	"arm64": "/lib/ld-linux-aarch64.so.1",
}

// libc returns why this system's C library will not do; nil if it will, or if it cannot be read. The program asks for
// symbols up to the version 2.minor, so a library that does names it.
func libc(minor int) error {
	loader, err := filepath.EvalSymlinks(loaders[runtime.GOARCH])
	if err != nil {
		return fmt.Errorf("this system has no GNU C library (glibc): there is no %s", loaders[runtime.GOARCH])
	}
	body, err := os.ReadFile(filepath.Join(filepath.Dir(loader), "libc.so.6"))
	if err != nil {
		return nil
	}
	for has := minor; has > 0; has-- {
		if bytes.Contains(body, []byte(fmt.Sprintf("\x00GLIBC_2.%d\x00", has))) {
			if has == minor {
				return nil
			}
			return fmt.Errorf("this system's C library is too old: glibc 2.%d, and the program needs 2.%d", has, minor)
		}
	}
	return nil
}
