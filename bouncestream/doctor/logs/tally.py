# SPDX-License-Identifier: GPL-3.0-or-later
"""Access logs of any size → counts of bounded size. Pure: it is fed blocks of whole lines.

Lines that have nothing to do with Listmonk's public paths are counted, but only samples of them are parsed: the
search for the others runs over whole blocks.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from bouncestream.doctor.logs import access_log
from bouncestream.doctor.logs.campaigns import Campaigns
from bouncestream.doctor.logs.clicks import Click, Clicks
from bouncestream.doctor.logs.paths import INTERESTING, OWN, PLAIN, Path, Subject, classify, click, family, shape

#: So many different values of each sort are kept; what is foreign could be different in each line.
MOST_KINDS = 200
#: Lines that are parsed of each block whatever they are about, and of the first block of a file.
SAMPLE, FIRST_SAMPLE = 20, 500
#: A longer line is no line of a log; bytes.
LONGEST_LINE = 65536

_CONTROLS = bytes({*range(32), 127} - {9, 10, 13})
_OPENED = re.compile(rb'open\(\) "[^"]*(?:/campaign/|/link/|/subscription/)[^"]*" failed \(2:')
_UPSTREAM = re.compile(rb"connect\(\) failed|no live upstreams|upstream timed out|prematurely closed")


@dataclass(frozen=True, slots=True)
class LogFailure:
    """A file that could not be read, or not to its end."""

    file: str
    why: str
    fix: str = ""
    partly: bool = False  #: what stands before the damage was read


class RequestKey(NamedTuple):
    """The key of a count: what the requests in it have in common."""

    subject: Subject
    method: str  #: GET, HEAD, POST or other
    status: int
    family: str
    whole: bool


@dataclass(slots=True)
class Tally:
    """The counts of all logs together."""

    lines: int = 0
    junk: int = 0  #: lines with binary bytes, or of absurd length
    sampled: int = 0
    unknown: int = 0  #: of the sample: lines that are no line of an access log
    unread: int = 0  #: lines that name a tracking path, but could not be parsed
    error_log: int = 0  #: of the sample: lines of an error log
    opened_as_file: int = 0  #: lines of an error log by which the server looked for a tracking path on its disk
    upstream_failed: int = 0  #: lines of an error log by which Listmonk did not answer a tracking request
    #: by what `RequestKey` names
    seen: Counter[tuple[Subject, str, int, str, bool]] = field(default_factory=Counter)
    shapes: Counter[tuple[Subject, int, str]] = field(default_factory=Counter)  #: of what went wrong
    prefixes: Counter[tuple[str, bool]] = field(default_factory=Counter)  #: before Listmonk's path; did it work
    hosts: Counter[bytes] = field(default_factory=Counter)  #: of tracking requests
    clients: set[bytes] = field(default_factory=set)  #: at most two: is there more than one?
    anonymous: int = 0  #: pixels and links that name no subscriber
    anonymous_opens: int = 0  #: the pixels among them
    own: int = 0  #: requests of bouncestream's own examinations, which are not counted otherwise
    clicks: Clicks = field(default_factory=Clicks)
    campaigns: Campaigns | None = None  #: counts each campaign, where that is wished
    first: datetime | None = None
    last: datetime | None = None
    last_open: datetime | None = None  #: the last pixel that was answered 200

    def add(self, request: access_log.Request, path: Path, who: str) -> None:
        """Count a request for one of Listmonk's paths."""
        if who == OWN:
            self.own += 1
            return
        if self.campaigns is not None:
            self.campaigns.add(request, who)
        status = request.status
        # a plain tuple, which equals a RequestKey and is made faster
        key = (path.subject, _METHODS.get(request.method, "other"), status, who, path.whole)
        self.seen[key] += 1
        if request.host:
            self.at_host(request.host)
        if len(self.clients) < 2 and request.client:
            self.clients.add(request.client[:64])
        if (
            path.subject is Subject.LINK
            and status < 400
            and request.method == b"GET"
            and (ids := click(request.target))
        ):
            self.clicks.add(Click(*ids, request.client, request.when))
        if status < 400 and path is PLAIN.get(path.subject):
            return
        lost = path.subject is Subject.WEBHOOK and 300 <= status < 400
        good = status < 400 and path.whole and not lost
        if not good or path.subject is Subject.GUIDE:
            _count(self.shapes, (path.subject, status, shape(request.target)))
        if path.prefix:
            _count(self.prefixes, (shape(path.prefix), good))
        self.anonymous += path.anonymous
        self.anonymous_opens += path.anonymous and path.subject is Subject.PIXEL

    def at_host(self, host: bytes) -> None:
        """Note the host of a request."""
        if host in self.hosts:
            self.hosts[host] += 1
        else:
            _count(self.hosts, host[:253])

    def at(self, when: bytes | float, *, opened: bool = False) -> None:
        """Note the time of a line."""
        moment = access_log.moment(when)
        if moment is None:
            return
        self.first = moment if self.first is None else min(self.first, moment)
        self.last = moment if self.last is None else max(self.last, moment)
        if opened:
            self.last_open = moment if self.last_open is None else max(self.last_open, moment)


_METHODS = {b"GET": "GET", b"HEAD": "HEAD", b"POST": "POST"}


class Reader:
    """Feeds one file to a tally, block by block: each may have a format of its own."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._column = access_log.FIRST_AFTER
        self._learnt = False
        self._families: dict[bytes, str] = {}

    def feed(self, block: bytes) -> None:
        """Count a block of whole lines."""
        tally = self._tally
        count = block.count(b"\n")
        tally.lines += count + (not block.endswith(b"\n") and bool(block))
        if len(block.translate(None, _CONTROLS)) != len(block) or not _is_text(block):
            block = self._without_junk(block)
        self._sample(block)
        opened = (0, 0)
        at, end = 0, -1
        search, read, find = INTERESTING.search, access_log.read, block.find
        while (found := search(block, at)) is not None:
            begin = block.rfind(b"\n", end + 1, found.start()) + 1 or end + 1
            end = find(b"\n", found.end())
            if end < 0:
                end = len(block)
            at = end
            line = block[begin:end]
            brief = tally.campaigns is None and len(tally.clients) > 1
            brief = brief and not block.startswith(b"/link/", found.start())
            request = read(line, self._column, brief=brief)
            if request is None:
                self._unreadable(line)
                continue
            path = classify(request.target)
            if path is None:
                continue
            tally.add(request, path, self._who(request.agent))
            if path.subject is Subject.PIXEL and request.status == 200:
                opened = (begin, end)
        if opened[1] and (request := read(block[slice(*opened)], self._column)) is not None:
            tally.at(request.when, opened=True)

    def _who(self, agent: bytes) -> str:
        who = self._families.get(agent)
        if who is None:
            who = family(agent)
            if len(self._families) < 2000:
                self._families[agent] = who
        return who

    def _sample(self, block: bytes) -> None:
        """Parse the first lines of a block: is this an access log, and of which time?"""
        tally, wanted = self._tally, SAMPLE if self._learnt else FIRST_SAMPLE
        lines = [line for line in block[: wanted * 2000].split(b"\n", wanted)[:wanted] if line.strip()]
        if not self._learnt and lines:
            self._learnt = True
            own = [line for line in lines if not access_log.is_known(line)]
            if own:
                self._column = access_log.learn(own)
        first = True
        for line in lines:
            tally.sampled += 1
            request = access_log.read(line, self._column)
            if request is None:
                if access_log.ERROR_LOG.match(line):
                    tally.error_log += 1
                elif not access_log.is_access_line(line, self._column):
                    tally.unknown += 1
            elif first:
                first = False
                tally.at(request.when)
        end = block.rstrip(b"\n")
        last = access_log.read(end[end.rfind(b"\n", -LONGEST_LINE) + 1 :], self._column) if end else None
        if last is not None:
            tally.at(last.when)

    def _unreadable(self, line: bytes) -> None:
        """A line that names a tracking path, but holds no request with a status."""
        if access_log.ERROR_LOG.match(line):
            self._tally.opened_as_file += _OPENED.search(line) is not None
            self._tally.upstream_failed += _UPSTREAM.search(line) is not None
        else:
            self._tally.unread += 1

    def _without_junk(self, block: bytes) -> bytes:
        """The block without its lines of binary bytes, which are counted."""
        kept: list[bytes] = []
        for line in block.split(b"\n"):
            if len(line.translate(None, _CONTROLS)) != len(line) or not _is_text(line):
                self._tally.junk += 1
            else:
                kept.append(line)
        return b"\n".join(kept)


def _is_text(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _count(
    counter: Counter[tuple[Subject, int, str]] | Counter[tuple[str, bool]] | Counter[bytes], key: object
) -> None:
    """Count a foreign value, unless there are too many different ones already."""
    known: Counter[object] = counter  # type: ignore[assignment]  # the keys are as the caller's counter has them
    if key in known or len(known) < MOST_KINDS:
        known[key] += 1
