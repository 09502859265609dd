# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens and clicks from the access logs of the proxy in front of Listmonk: from the end of the files back, as far
as a moment and some megabytes reach; the page says how far that was. One reading at a time, on a thread that rests
as long as it works, so that the bridge is not held up."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bouncestream.doctor.logs.campaigns import Campaigns, Seen
from bouncestream.doctor.logs.files import blocks_back, is_packed
from bouncestream.doctor.logs.tally import Reader, Tally

#: Bytes of all files together, and seconds that their reading may take.
LIMIT, SECONDS = 32 << 20, 4.0
#: Seconds for which what was read is shown again.
KEPT = 60.0
#: Where it is known of no campaign when its sending began.
UNKNOWN: Mapping[str, datetime] = MappingProxyType({})
#: Seconds that a page waits for it: a disk may hang.
PATIENCE = 8.0
#: A sample of lines of which so much is none of an access log is of something else.
_STRANGE = 0.5

#: Whether a file is there and may be read, and what it is.
MISSING, DENIED, PACKED, STRANGE, BROKEN = "missing", "denied", "packed", "strange", "broken"


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that was not read, and why: one of the words above."""

    path: str
    why: str
    told: str = ""  #: of the system, where it is `BROKEN`


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """What the access logs have."""

    campaigns: tuple[Seen, ...] = ()
    unread: tuple[Unread, ...] = ()
    first: datetime | None = None  #: the time of the oldest line that was looked at
    last: datetime | None = None
    size: int = 0  #: bytes that were read
    whole: bool = True  #: all of the files was read


@dataclass(frozen=True, slots=True)
class _Kept:
    opens: Opens
    stamps: tuple[tuple[int, int, int], ...]
    begun: Mapping[str, datetime]
    at: float


class AccessLog:
    """Reads the files at `paths`. `monotonic`: the seconds by which what was read gets old."""

    def __init__(self, paths: Sequence[str], monotonic: Callable[[], float] = time.monotonic) -> None:
        self.paths, self._monotonic = tuple(paths), monotonic
        self._kept: _Kept | None = None
        self._reading: asyncio.Future[_Kept] | None = None

    async def opens(self, begun: Mapping[str, datetime] = UNKNOWN) -> Opens | None:
        """What they have, at most a minute old; None: they could not be read in time. `begun`: campaign → when its
        sending began."""
        kept = self._kept
        if kept is not None and kept.begun == begun and self._monotonic() - kept.at < KEPT:
            return kept.opens
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().run_in_executor(None, self._read, begun)
        try:
            async with asyncio.timeout(PATIENCE):
                self._kept = await asyncio.shield(self._reading)
        except TimeoutError:
            return None
        return self._kept.opens

    def _read(self, begun: Mapping[str, datetime]) -> _Kept:
        stamps = tuple(_stamp(path) for path in self.paths)
        kept, now = self._kept, self._monotonic()
        if kept is not None and (kept.stamps, kept.begun) == (stamps, begun) and not kept.opens.unread:
            return _Kept(kept.opens, stamps, begun, now)
        return _Kept(read_opens(self.paths, begun), stamps, begun, now)


def _stamp(path: str) -> tuple[int, int, int]:
    """The number, size and time of change of a file; zeros where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns


def read_opens(
    paths: Sequence[str], begun: Mapping[str, datetime] = UNKNOWN, limit: int = LIMIT, seconds: float = SECONDS
) -> Opens:
    """Read files, the one that was written last first. `begun`: campaign → when its sending began."""
    tally, left, whole, unread = Tally(campaigns=Campaigns(begun)), limit, True, []
    until = time.monotonic() + seconds
    for path in sorted(paths, key=lambda path: -_stamp(path)[2]):
        trouble, size, complete = _read_one(path, tally, left, until)
        left -= size
        whole = whole and (complete or trouble is not None)
        if trouble is not None:
            unread.append(trouble)
    campaigns = tally.campaigns.seen() if tally.campaigns is not None else ()
    return Opens(
        campaigns=campaigns,
        unread=tuple(unread),
        first=tally.first,
        last=tally.last,
        size=limit - left,
        whole=whole,
    )


def _read_one(path: str, tally: Tally, left: int, until: float) -> tuple[Unread | None, int, bool]:
    """Why a file was not read; how many bytes of it were, and whether that is all of it."""
    sampled, unknown = tally.sampled, tally.unknown + tally.error_log
    size = begin = 0
    try:
        # a pipe in its place would wait for a writer for ever
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            size = begin = os.fstat(file.fileno()).st_size
            if is_packed(file.read(8)):
                return Unread(path, PACKED), 0, True
            if left <= 0 or time.monotonic() >= until:
                return None, 0, False
            reader = Reader(tally)
            for block, begin in blocks_back(file, size):
                began = time.monotonic()
                reader.feed(block)
                now = time.monotonic()
                if now >= until or size - begin >= left:
                    break
                time.sleep(min(now - began, max(0.0, until - now)))
    except FileNotFoundError:
        return Unread(path, MISSING), 0, True
    except PermissionError:
        return Unread(path, DENIED), 0, True
    except (OSError, ValueError) as error:
        return Unread(path, BROKEN, getattr(error, "strerror", None) or str(error)), size - begin, True
    sampled, unknown = tally.sampled - sampled, tally.unknown + tally.error_log - unknown
    strange = Unread(path, STRANGE) if sampled and unknown > sampled * _STRANGE else None
    return strange, size - begin, begin == 0
