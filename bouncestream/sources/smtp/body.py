# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a mail as it comes in behind DATA (RFC 5321 section 4.1.1.4): where it ends, how large it is, and
what of it is kept. Pure.

Only <CR><LF>.<CR><LF> ends it. A lone dot whose line begins or ends with a bare CR or LF is the end to some servers
and not to others: who writes one may have smuggled a second mail, with a sender of his choice, past the server
before us (CVE-2023-51764 and its like). So a mail with such a dot is refused. A bare CR or LF elsewhere harms
nobody.
"""

from __future__ import annotations

import re

from bouncestream.mail.decode import LIMIT

#: Bytes of a mail that are kept: the mail reader reads no more.
KEPT = LIMIT

_END = b".\r\n"
_DISPUTED = re.compile(rb"(?:(?<!\r)\n|\r(?!\n))\.[\r\n]|\r\n\.(?:\n|\r(?!\n))")


class Body:
    """The text of one mail. `feed` it, until it is `complete`."""

    __slots__ = ("_before", "_fresh", "_limit", "complete", "disputed", "dropped", "kept", "size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._before = b"\r\n"  # the last bytes of what came before
        self._fresh = True  # the next piece begins a line
        self.size = 0  #: bytes so far, as sent
        self.kept = bytearray()  #: without the dots that were doubled
        self.complete = False
        self.disputed = False  #: whether its end is: nothing more is to be read then
        self.dropped = False  #: nothing more is kept

    @property
    def too_large(self) -> bool:
        """Whether it is larger than the limit."""
        return self.size > self._limit

    @property
    def hopeless(self) -> bool:
        """Whether it is so large that its end is not worth waiting for."""
        return self.size > 2 * self._limit + KEPT

    def drop(self) -> None:
        """Keep nothing of it: there is no room."""
        self.dropped = True
        self.kept = bytearray()

    def feed(self, piece: bytes) -> None:
        """The next line with its CRLF, or a piece of one that is too long to wait for its end."""
        if self._fresh and piece == _END:
            self.complete = True
            return
        if piece.count(b"\n") != 1 or piece.count(b"\r") != 1 or self._before != b"\r\n" or piece[:1] == b".":
            self.disputed = bool(_DISPUTED.search(self._before + piece))
        self.size += len(piece)
        if self.too_large:
            self.kept = bytearray()
        elif not self.dropped and len(self.kept) < KEPT:
            stuffed = self._fresh and piece[:1] == b"."
            self.kept += memoryview(piece)[stuffed : stuffed + KEPT - len(self.kept)]
        self._before = (self._before + piece)[-2:]
        self._fresh = piece.endswith(b"\r\n")
