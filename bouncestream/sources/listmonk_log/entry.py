# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of Listmonk's log → who was not sent a message, and in whose words. Pure.

    2026/11/29 16:01:02.123456 manager.go:548: error sending message in campaign News: subscriber 3: 550 "5.1.1 …"

The same words in Listmonk 3.0 to 6.2 (knadh/listmonk, internal/manager/manager.go; seen on 6.2.0, November 2026);
the server's text is in quotes where Go 1.25 or newer built it. **The right end is a stranger's text**: it may hold
line ends, quotes and the very words of this line. So an entry is read from its beginning only: the name of a
campaign that Listmonk knows, directly behind it the subscriber. Nothing further right names a person.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from bouncestream.record import record

#: At most so many places of one entry are looked at where a campaign's name may end.
MARKS = 50
#: So much of an entry is read; characters. Listmonk's names have at most 2,000 bytes.
LIMIT = 20_000

_HEAD = re.compile(r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,9}))? [\w./-]{1,200}:\d{1,9}: ")
_SENDING = "error sending message "
_OF_CAMPAIGN = "in campaign "
_BEGUN = "start processing campaign ("
_MARK = re.compile(r": subscriber (\d{1,18})(?=: )", re.ASCII)
_QUOTED = re.compile(r'(\d{3})([ -])"((?:[^"\\]++|\\.)*+)"\s*\Z', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\\"'])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))")
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@record(frozen=True, slots=True)
class Entry:
    """An entry about a message that could not be sent."""

    at: datetime  #: by the server's clock, without a zone
    words: str  #: what stands behind `error sending message `

    @property
    def of_campaign(self) -> bool:
        """Whether the message was one of a campaign: a transactional one names nobody."""
        return self.words.startswith(_OF_CAMPAIGN)


@record(frozen=True, slots=True)
class Unsent:
    """A message of a campaign that could not be sent."""

    campaign: str  #: its name
    subscriber: int  #: his id in Listmonk
    words: str  #: the SMTP server's, or those of what failed on the way


def entry(text: str) -> Entry | None:
    """The entry; None: it is about something else."""
    head = _HEAD.match(text)
    if head is None or not text.startswith(_SENDING, head.end()) or (at := _shown(head)) is None:
        return None
    return Entry(at, text[head.end() + len(_SENDING) : LIMIT])


def begun(text: str) -> tuple[datetime, str] | None:
    """When, by the server's clock, which campaign was begun, or gone on with; None: the line is about something
    else."""
    head = _HEAD.match(text)
    if head is None or not text.startswith(_BEGUN, head.end()) or not text.endswith(")"):
        return None
    at = _shown(head)
    return (at, text[head.end() + len(_BEGUN) : -1]) if at is not None else None


def _shown(head: re.Match[str]) -> datetime | None:
    try:
        at = datetime.fromisoformat(head[1].replace("/", "-"))
    except ValueError:
        return None
    return at + timedelta(microseconds=int((head[2] or "0").ljust(6, "0")[:6]))


def unsent(found: Entry, names: Collection[str] | None) -> Unsent | None:
    """Who was not sent the message; None: nobody is named, or it cannot be told who. `names`: of the campaigns that
    Listmonk knows; None: they are not known, and then only an entry with a single mark tells."""
    words = found.words.removeprefix(_OF_CAMPAIGN)
    marks: list[re.Match[str]] = []
    for mark in _MARK.finditer(words):
        if len(marks) == MARKS:
            return None
        if names is None or words[: mark.start()] in names:
            marks.append(mark)
    if len(marks) != 1 or not found.of_campaign:
        return None
    [mark] = marks
    return Unsent(words[: mark.start()], int(mark[1]), _unquoted(words[mark.end() + 2 :]))


def _unquoted(words: str) -> str:
    """A reply without the quotes of Go's `%q`."""
    found = _QUOTED.match(words)
    if found is None:
        return words
    if "\\" not in found[3]:
        return f"{found[1]}{found[2]}{found[3]}"
    # Bytes of what is no UTF-8 come one by one.
    text = _ESCAPE.sub(_escaped, found[3].encode("utf-8", "replace").decode())
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return f"{found[1]}{found[2]}{text}"


def _escaped(found: re.Match[str]) -> str:
    simple, byte, short, long, octal = found.groups()
    if simple is not None:
        return _SIMPLE.get(simple, simple)
    if byte is not None or octal is not None:
        number = int(byte, 16) if byte is not None else int(octal, 8) & 0xFF
        return chr(number) if number < 0x80 else chr(0xDC00 + number)
    number = int(short or long, 16)
    return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else "�"
