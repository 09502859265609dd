#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Run in a root of an old Debian (deploy/packaging/release.py makes it): builds OpenSSL, SQLite and Python from a newer
# Debian's sources into /opt/python, so that they need that old C library only. What is no use to bouncestream is left
# out. Without profiling (PGO), which would make other bytes each time.
set -eu
to=/opt/python
jobs=$(nproc)
rm -rf /build "$to"
mkdir /build
cd /build
for source in /sources/*.dsc; do
    name=${source##*/}
    dpkg-source --no-check -x "$source" "${name%%_*}" >/dev/null # apt has checked it
done
export CFLAGS="-O2 -g0 -fno-semantic-interposition -ffile-prefix-map=/build=." LDFLAGS="-Wl,-O1,--as-needed"

# Configuration and certificates are looked for where Debian has them (deploy/binary/start.py knows other places).
cd /build/openssl
./Configure --prefix="$to" --libdir=lib --openssldir=/usr/lib/ssl shared \
    no-tests no-docs no-apps no-legacy no-engine no-comp no-ktls no-dtls no-sctp no-srp no-psk no-gost no-cmp no-ts no-rfc3779 \
    no-idea no-seed no-camellia no-aria no-sm2 no-sm3 no-sm4 no-rc2 no-rc4 no-des no-bf no-cast no-mdc2 no-whirlpool
make -s -j"$jobs" build_sw >/dev/null
make -s install_sw >/dev/null

cd /build/sqlite3
./configure --prefix="$to" --disable-static --disable-tcl --disable-readline --enable-threadsafe \
    CFLAGS="$CFLAGS -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_MAX_VARIABLE_NUMBER=250000" >/dev/null
make -s -j"$jobs" libsqlite3.la >/dev/null
make -s install >/dev/null

cd /build/python3.13
export CPPFLAGS="-I$to/include" LDFLAGS="$LDFLAGS -L$to/lib -Wl,-rpath,$to/lib"
./configure -q --prefix="$to" --enable-shared --with-lto --with-openssl="$to" --without-ensurepip --without-doc-strings \
    --disable-test-modules
make -s -j"$jobs" >/dev/null
make -s install >/dev/null
"$to/bin/python3.13" -c 'import ssl, sqlite3, zlib, bz2, lzma, ctypes'
