# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling systemd how the service is (sd_notify(3), read as stored in late 2026): READY=1, STOPPING=1, STATUS=…"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


def notify(*lines: str, environ: Mapping[str, str] | None = None) -> None:
    """Send the lines to systemd, if it asked for them; otherwise, and on any trouble, do nothing."""
    address = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # the abstract name space
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
            to.settimeout(1)  # systemd may hang, and nothing may wait for it
            to.connect(address)
            to.sendall("\n".join(lines).encode())
    except OSError:
        return
