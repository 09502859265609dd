# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that a listener writes above a mail (RFC 5321 section 4.4), as the server that delivers it. Pure.

The envelope's recipient is what a return address of ours proves (docs/develop/identity.md#proof), and it is nowhere
else: so it is recorded above a Received of our own, which parts what this server saw from what the sender wrote.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime

from bouncestream.record import record

_UNFIT = re.compile(r"[\x00-\x20\x7f<>]")
_NAME = re.compile(r"[A-Za-z0-9_.:\[\]-]{1,255}", re.ASCII)


@record(frozen=True, slots=True)
class Letter:
    """A mail as it came in, with its envelope."""

    sender: str  #: empty: the null sender, of every bounce
    recipients: tuple[str, ...]
    content: bytes
    client: str  #: as it called itself
    address: str  #: its IP address; empty: it came over a Unix socket
    protocol: str  #: `LMTP`, `ESMTP`, `ESMTPS` … (RFC 3848)
    arrived_at: datetime  #: aware, UTC


def traced(letter: Letter, recipient: str, hostname: str) -> bytes:
    """The mail for one of its recipients."""
    client = letter.client if _NAME.fullmatch(letter.client) else "unknown"
    whence = f"{client} ([{letter.address}])" if _NAME.fullmatch(letter.address) else client
    lines = (
        f"Return-Path: <{_fit(letter.sender)}>",
        f"Delivered-To: {_fit(recipient)}",
        f"Received: from {whence} by {hostname} with {letter.protocol};",
        f"\t{format_datetime(letter.arrived_at)}",
        "",
    )
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + letter.content


def _fit(address: str) -> str:
    """An address as a value of a header field: nothing in it begins a line."""
    return _UNFIT.sub("", address)
