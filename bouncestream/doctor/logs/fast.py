# SPDX-License-Identifier: GPL-3.0-or-later
"""The two lines that logs are full of, read without taking them apart: a pixel or a tracked link that was answered
well, as Nginx and Apache (combined) or Caddy (JSON) write it. Pure.

Whatever is in the least different is left to `access_log`; a test holds that both say the same.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bouncestream.doctor.logs.clicks import Click
from bouncestream.doctor.logs.paths import Subject

_UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
#: All-zero UUIDs mean something else.
_REAL = rb"(?!00000000-0000-)" + _UUID
_PATH = (
    rb"/(?:(campaign)/" + _REAL + rb"/" + _REAL + rb"/px\.png|link/" + _REAL + rb"/" + _REAL + rb"/" + _REAL + rb")"
)
_COMBINED = re.compile(
    rb'\] "GET ' + _PATH + rb' HTTP/[\d.]{1,3}" ([23]\d\d) \d+ "[^"\n]*" "([^"\\\n]*)"\r?(?=\n|$)'
)
_CADDY = re.compile(rb'","uri":"' + _PATH + rb'"')
#: Right before host and path.
_ASKED = b'"method":"GET","host":"'
_STATUS = re.compile(rb"([23]\d\d)[,}]")
#: So far before the path its line begins at most.
_BEFORE = 600


class Hit(NamedTuple):
    """A request that was answered with a status below 400; `GET`, ids well-formed and not zero."""

    subject: Subject
    status: int
    agent: bytes
    host: bytes
    begin: int  #: of the line
    end: int


def combined(block: bytes, at: int, client: bytes = b"") -> Hit | None:
    """The line around the path that begins at `at`, if it is of the combined format, and of that client if one is
    given."""
    found = _COMBINED.match(block, max(0, at - 7))
    if found is None:
        return None
    begin = block.rfind(b"\n", 0, at) + 1
    if block.find(b'"', begin, at - 5) >= 0 or not block.startswith(client, begin):
        return None
    pixel, status, agent = found.groups()
    return Hit(Subject.PIXEL if pixel else Subject.LINK, int(status), agent, b"", begin, found.end())


def click(block: bytes, at: int, hit: Hit) -> Click:
    """The click of a hit on a tracked link whose path begins at `at`."""
    link, campaign, reader = block[at + 6 : at + 42], block[at + 43 : at + 79], block[at + 80 : at + 116]
    if block[hit.begin] == 123:  # {
        begin = block.find(b'"ts":', hit.begin, hit.end) + 5
        text = block[begin : block.find(b",", begin, hit.end)] if begin > 4 else b""
        try:
            when: bytes | float = float(text) if text else b""
        except ValueError:
            when = text.strip(b'"')
        begin = block.find(b'"remote_ip":"', hit.begin, at) + 13
        client = block[begin : block.find(b'"', begin, at)] if begin > 12 else b""
        return Click(link, campaign, reader, client, when)
    words = block[hit.begin : at].split(b" ", 2)
    client = words[1] if words[0].count(b":") == 1 and len(words) > 1 else words[0]
    begin = block.rfind(b"[", hit.begin, at) + 1
    return Click(link, campaign, reader, client, block[begin : block.find(b"]", begin, at)])


def caddy(block: bytes, at: int, client: bytes = b"") -> Hit | None:
    """The line around the path that begins at `at`, if it is Caddy's JSON, and of that client if one is given."""
    path = _CADDY.match(block, max(0, at - 9))
    if path is None:
        return None
    asked = block.rfind(_ASKED, max(0, at - _BEFORE), at)
    begin = block.rfind(b"\n", max(0, at - _BEFORE), at) + 1
    if not begin and at > _BEFORE:
        return None
    end = block.find(b"\n", at)
    end = len(block) if end < 0 else end
    agent = block.find(b'"User-Agent":["', at, end) + 15
    status = block.find(b',"status":', at, end) + 10
    if asked < begin or agent < 15 or status < 10 or not block.startswith(b"{", begin):
        return None
    host, host_end, agent_end = asked + len(_ASKED), at - 9, block.find(b'"', agent)
    code = _STATUS.match(block, status)
    name, who = block[host:host_end], block[agent:agent_end]
    if code is None or block[end - 1 : end] != b"}" or b"\\" in who or b'"' in name:
        return None
    if client and block.find(b'"remote_ip":"%s"' % client, begin, at) < 0:
        return None
    return Hit(Subject.PIXEL if path[1] else Subject.LINK, int(code[1]), who, name, begin, end)
