# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of Listmonk's event stream → the log lines in it. Pure.

`GET /api/events` is text/event-stream (HTML Living Standard, section 9.2): `retry: 3000`, and for each line of the
log with the word "error" `data: {"id", "type": "error", "message": <line>, "data"}` (seen on 6.2.0, November 2026).
"""

from __future__ import annotations

import orjson

#: A line that is longer is passed over, to its end: a look at the log finds it; bytes.
LONGEST = 64 << 10


class EventReader:
    """A reader of one stream."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skipping = False

    def feed(self, piece: bytes) -> list[str]:
        """The log lines that are whole with this piece."""
        found: list[str] = []
        *whole, rest = piece.split(b"\n")
        for line in whole:
            if not self._skipping and len(self._rest) + len(line) <= LONGEST:
                found += _message(bytes(self._rest) + line)
            self._rest.clear()
            self._skipping = False
        if self._skipping or len(self._rest) + len(rest) > LONGEST:
            self._rest.clear()
            self._skipping = True
        else:
            self._rest += rest
        return found


def _message(line: bytes) -> list[str]:
    if not line.startswith(b"data:"):
        return []
    try:
        told = orjson.loads(line.removeprefix(b"data:").strip())
    except orjson.JSONDecodeError:
        return []
    text = told.get("message") if isinstance(told, dict) and told.get("type") == "error" else None
    return [text.strip()] if isinstance(text, str) else []
