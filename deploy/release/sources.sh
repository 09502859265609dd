#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Run in the root of an old Debian: fetches the newest sources of OpenSSL, SQLite and Python that the mirror has into
# /sources. apt checks them by Debian's signature.
set -eu
rm -rf /sources
mkdir /sources
cd /sources
for package in openssl sqlite3 python3.13; do
    for version in $(apt-cache showsrc "$package" | sed -n 's/^Version: //p' | sort -rV); do
        if apt-get source -qq --download-only "$package=$version" 2>/tmp/why; then
            continue 2
        fi
        echo "the mirror lacks $package $version, which it lists; an older one is taken" >&2
    done
    cat /tmp/why >&2
    exit 1
done
