# SPDX-License-Identifier: GPL-3.0-or-later
"""A line of a web server's access log → the request in it. Pure.

Read are: the common and combined formats of Apache and Nginx (also with the virtual host before them, and what
Traefik appends), formats of the operator's own as long as they hold `METHOD path` and the status, and JSON as
Caddy, Nginx and Traefik write it, also behind a prefix of journald or Docker. Nginx `log_format`, Apache
mod_log_config, Caddy `log`: as documented in November 2026, and as Nginx 1.22, Caddy 2.6 and Apache 2.4 wrote it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

METHODS = rb"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|PROPFIND|CONNECT|TRACE"

_COMBINED = re.compile(
    rb'\A(?!\d+ )(?:[^\s:]{1,300}:\d{1,5} )?(\S++) \S++ [^\["]*+\[([^\]"]*+)\] "([A-Z]++) '
    rb'([^\s"\\]*+(?:\\\S[^\s"\\]*+)*+)[^"]*+" ([1-5]\d\d) \S++(?: "[^"]*+" "((?:[^"\\]++|\\.)*+)")?'
)
#: The same with a request that is none: a TLS greeting on port 80, a probe without a path.
_NO_REQUEST = re.compile(
    rb'\A(?!\d+ )(?:[^\s:]{1,300}:\d{1,5} )?\S++ \S++ [^\["]*+\[[^\]"]*+\] "(?:[^"\\]++|\\.)*+" [1-5]\d\d '
)
_REQUEST = re.compile(rb"(?<![\w/.-])(" + METHODS + rb")[ \t]+([^\s\"|]+)(?:[ \t]+HTTP/[\d.]+)?")
_TIME = re.compile(
    rb"\d\d?/[A-Z][a-z]{2}/\d{4}:[\d:]{8}(?: [+-]\d{4})?|\d{4}-\d\d-\d\d[T ][\d:.]{8,15}(?:Z|[+-][\d:]+)?"
)
_ADDRESS = re.compile(
    rb"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?![\w.:])"
)
#: One without an end goes on to the end of the line, so that nothing is looked at twice.
_QUOTED = re.compile(rb'"((?:[^"\\]++|\\(?:.|\Z))*+)("|\Z)', re.DOTALL)
#: What may stand right behind a request.
_AROUND = b"\"'|,;])"
#: Nginx's and Apache's error logs, which people hand over by mistake.
ERROR_LOG = re.compile(
    rb"\d{4}/\d\d/\d\d [\d:]{8} \[[a-z]+\] \d+#\d+:|\[[A-Z][a-z]{2} [^\]]{10,40}\] \[[\w:]*:?\w+\] \[pid "
)

#: Statuses that servers really send; a column that holds only these is the status.
_STATUSES = frozenset(
    b"%d" % status
    for status in (
        *(200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410),
        *(411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 425, 426, 428, 429, 431, 444, 451, 494, 495, 496, 497),
        *(499, 500, 501, 502, 503, 504, 505, 507, 520, 521, 522, 523, 524, 525, 526, 530),
    )
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: 10/Oct/2026:13:55:36 +0200, as Apache and Nginx write it.
_CLF_TIME = re.compile(rb"(\d\d?)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d)(?: ([+-]\d\d)(\d\d))?")


class Request(NamedTuple):
    """A request of an access log. All is foreign: nothing of it may be printed as it is."""

    method: bytes
    target: bytes  #: path and query, as sent
    status: int
    agent: bytes = b""
    client: bytes = b""
    when: bytes | float = b""  #: as written; `moment` reads it
    host: bytes = b""  #: b"" where the format does not tell


@dataclass(frozen=True, slots=True)
class Column:
    """The place of the status in an operator's own format: the so-many-th word after or before the request."""

    after: bool
    index: int
    own: bool = True  #: False: not learnt; the known formats are tried before

    def status(self, before: bytes, after: bytes) -> int:
        """The status of a line, 0 when that column holds none."""
        words = (after if self.after else before).split(None, self.index + 1)
        word = _bare(words[self.index]) if len(words) > self.index else b""
        return int(word) if len(word) == 3 and word.isdigit() and b"100" <= word < b"600" else 0


FIRST_AFTER = Column(True, 0, own=False)


def read(line: bytes, column: Column = FIRST_AFTER, *, brief: bool = False) -> Request | None:
    """The request in a line; None when it cannot be read. Never raises. `brief`: client and time need not be looked
    for where that takes time."""
    if not line.startswith(b"{"):
        if column.own and (request := _from_own(line, column, brief)) is not None:
            return request
        found = _COMBINED.match(line)
        if found is not None:
            client, when, method, target, status, agent = found.groups(b"")
            return Request(method, target, int(status), agent, client, when)
    brace = line.find(b"{")
    if brace >= 0 and line.rstrip().endswith(b"}"):
        return _from_json(line[brace:])
    return None if column.own else _from_own(line, column, brief)


def is_known(line: bytes) -> bool:
    """Whether it has one of the known formats, so that nothing need be learnt from it."""
    return _COMBINED.match(line) is not None or _NO_REQUEST.match(line) is not None or line.rstrip().endswith(b"}")


def is_access_line(line: bytes, column: Column = FIRST_AFTER) -> bool:
    """Whether it is a line of an access log, even if its request is garbage that a stranger sent."""
    return read(line, column) is not None or _NO_REQUEST.match(line) is not None


def _from_own(line: bytes, column: Column, brief: bool) -> Request | None:
    at = line.find(b"GET /")  # by far the most, and found much faster than by the pattern
    found = (_REQUEST.match(line, at) if at >= 0 else None) or _REQUEST.search(line)
    if found is None:
        return None
    before, after = line[: found.start()], line[found.end() :].lstrip(_AROUND)
    status = column.status(before, after)
    if not status:
        return None
    quoted = (text for text, end in _QUOTED.findall(after) if end)
    agents = [text for text in quoted if b"/" in text and not text.startswith((b"http", b"/"))]
    agent = max(agents, key=len) if agents else b""
    if brief:
        return Request(found[1], found[2].rstrip(_AROUND), status, agent)
    client, when = _ADDRESS.search(line), _TIME.search(line)
    return Request(
        found[1], found[2].rstrip(_AROUND), status, agent, client[0] if client else b"", when[0] if when else b""
    )


def learn(lines: Iterable[bytes]) -> Column:
    """The column of the status in lines of an own format, from a sample of them."""
    candidates: Counter[Column] = Counter()
    lines_seen = 0
    for line in lines:
        found = _REQUEST.search(line)
        if found is None:
            continue
        lines_seen += 1
        for after, text in ((True, line[found.end() :].lstrip(_AROUND)), (False, line[: found.start()])):
            for index, word in enumerate(text.split(None, 30)[:30]):
                if _bare(word) in _STATUSES:
                    candidates[Column(after, index)] += 1
    # Of the columns that hold statuses most often: after the request before in front of it, and the first.
    enough = lines_seen * 0.9
    good = [one for one, times in candidates.items() if times >= enough]
    return min(good, key=lambda one: (not one.after, one.index), default=FIRST_AFTER)


def _bare(word: bytes) -> bytes:
    """A word without quotes and brackets, and without a name: `status=200` → `200`."""
    word = word.strip(b"\"'()[]|,;")
    for sign in (b"=", b":"):
        if sign in word and word[:1].isalpha():
            word = word.rpartition(sign)[2].strip(b"\"'")
    return word


# -- JSON -------------------------------------------------------------------------------------------------------

_TARGETS = ("uri", "request_uri", "RequestPath", "path", "url")
_CODES = ("status", "status_code", "DownstreamStatus", "response_code", "code")
_AGENTS = ("http_user_agent", "user_agent", "request_User-Agent", "agent", "ua")
_CLIENTS = ("client_ip", "remote_ip", "remote_addr", "ClientHost", "client")
_TIMES = ("ts", "time", "time_iso8601", "@timestamp", "timestamp", "StartUTC", "time_local", "msec")
_HOSTS = ("host", "http_host", "RequestHost", "vhost", "server_name")


def _from_json(text: bytes, depth: int = 0) -> Request | None:
    try:
        entry = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    try:
        request = entry["request"]  # Caddy's shape is the common one
        return Request(
            request["method"].encode(),
            request["uri"].encode(),
            int(entry["status"]),
            request["headers"]["User-Agent"][0].encode(),
            request["remote_ip"].encode(),
            entry["ts"],
            request["host"].encode(),
        )
    except (AttributeError, LookupError, TypeError, ValueError):
        return _from_other_json(entry, depth)


def _from_other_json(entry: Any, depth: int) -> Request | None:
    if not isinstance(entry, dict):
        return None
    inner = entry.get("log")
    if isinstance(inner, str) and "stream" in entry and depth == 0:  # Docker's json-file wraps each line
        line = inner.strip().encode("utf-8", "replace")
        brace = line.find(b"{")
        return _from_json(line[brace:], 1) if line.endswith(b"}") and brace >= 0 else read(line)
    request = entry.get("request")
    fields: Mapping[str, Any] = request if isinstance(request, dict) else entry
    method = _text(fields.get("method") or entry.get("request_method") or entry.get("RequestMethod")) or b"GET"
    target = _first(fields, _TARGETS)
    if isinstance(request, str):
        found = _REQUEST.search(request.encode("utf-8", "replace"))
        if found is not None:
            method, target = found[1], found[2]
    code = next((entry[name] for name in _CODES if name in entry), 0)
    try:
        status = int(code)
    except (TypeError, ValueError):
        return None
    if not target or not 100 <= status < 600:
        return None
    agent = _first(entry, _AGENTS)
    headers = fields.get("headers")
    if isinstance(headers, dict) and not agent:
        named = headers.get("User-Agent") or headers.get("user-agent")
        agent = _text(named[0] if isinstance(named, list) and named else named)
    when = next((entry[name] for name in _TIMES if entry.get(name)), b"")
    return Request(
        method.upper(),
        target,
        status,
        agent,
        _first(fields, _CLIENTS) or _first(entry, _CLIENTS),
        when if isinstance(when, (int, float)) else _text(when),
        _first(fields, _HOSTS),
    )


def _first(entry: Mapping[str, Any], names: Iterable[str]) -> bytes:
    for name in names:
        if found := _text(entry.get(name)):
            return found
    return b""


def _text(value: Any) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""


# -- times ------------------------------------------------------------------------------------------------------


def moment(when: bytes | float) -> datetime | None:
    """The time of a line as aware UTC; None when it cannot be read. Times without a zone are taken as UTC."""
    try:
        if isinstance(when, (int, float)):
            return datetime.fromtimestamp(when if when < 1e11 else when / 1000, UTC)
        if found := _CLF_TIME.match(when):
            day, month, year, clock, hours, minutes = (part.decode() for part in found.groups(b""))
            text = f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}T{clock}{hours or '+00'}:{minutes or '00'}"
        elif re.fullmatch(rb"\d{9,13}(?:\.\d+)?", when):
            return moment(float(when))
        else:
            text = when.decode("ascii")
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, KeyError, OverflowError, OSError, UnicodeDecodeError):
        return None
