# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packed program runs."""

import os
import sys

from bouncestream.__main__ import main

#: Where other systems than Debian keep the certificates of authorities: Red Hat, SUSE, Alpine.
STORES = ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")


def trust() -> None:
    """Name the system's certificates to OpenSSL, which knows only where the machine that built it has them."""
    if os.environ.keys() & {"SSL_CERT_FILE", "SSL_CERT_DIR"} or os.path.isdir("/usr/lib/ssl/certs"):
        return
    for path in ("/etc/ssl/certs/ca-certificates.crt", *STORES):
        if os.path.isfile(path):
            os.environ["SSL_CERT_FILE"] = path
            return


if __name__ == "__main__":
    trust()
    sys.exit(main())
