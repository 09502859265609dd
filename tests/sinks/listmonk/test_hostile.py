# SPDX-License-Identifier: GPL-3.0-or-later
"""The real client against a server that is broken, hostile, or not Listmonk: each call ends in time with a value or
a SinkError, never with another exception, and nothing that it says holds the credentials."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from bouncestream.errors import SinkError
from bouncestream.event import Kind
from bouncestream.ports import Answer, Capabilities, ListedRow, LookupResult, PostOutcome, Subscriber
from bouncestream.sinks.listmonk.client import ListmonkClient
from tests.sinks.listmonk.hostile import (
    COUNTS,
    PERSON,
    UUID,
    Hostile,
    Odd,
    data,
    endless,
    hang_up,
    hostile,
    http,
    rows,
)
from tests.sinks.listmonk.make import claimed

USER, TOKEN = "bridge", "hJ2-kR8wQz5/Lm+T3vXc9YbN"
BASIC = b64encode(f"{USER}:{TOKEN}".encode()).decode()
ECHO = f"denied: {TOKEN} Basic {BASIC} token={quote(TOKEN, safe='')} {USER}:{TOKEN} {BASIC[5:]}"
LABEL = "shop 2026-03-01"
OTHER = "33333333-3333-4333-8333-333333333333"

BOUNCE, BOUNCES, PEOPLE = "/webhooks/bounce", "/api/bounces", "/api/subscribers"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PERSON_ON_A_LIST = Subscriber(1, UUID, "p1@example.com", "enabled", {3: ""})

CALLS: Mapping[str, Callable[[ListmonkClient], Any]] = {
    "post": lambda it: it.post(claimed(1, label=LABEL)),
    "probe": lambda it: it.probe(),
    "boot_id": lambda it: it.boot_id(),
    "read_label": lambda it: it.read_label(LABEL),
    "capabilities": lambda it: it.capabilities(),
    "look_up": lambda it: it.look_up([claimed(1, label=LABEL, subscriber_uuid=UUID), claimed(2, label=LABEL)]),
    "owners": lambda it: it.owners([UUID, "22222222-2222-4222-8222-222222222222", "no UUID"]),
    "strangers": lambda it: it.strangers(["shop"]),
    "subscriber": lambda it: it.subscriber(claimed(1, kind=Kind.UNSUBSCRIBE).event),
    "campaign_lists": lambda it: it.campaign_lists(PERSON_ON_A_LIST, UUID),
    "unsubscribe": lambda it: it.unsubscribe(PERSON_ON_A_LIST, [3]),
    "blocklist": lambda it: it.blocklist(PERSON_ON_A_LIST),
}


def zipped(body: bytes, coding: bytes = b"gzip") -> bytes:
    return http(body, extra=b"Content-Encoding: " + coding + b"\r\n")


def bomb() -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return zipped(b"".join(squeeze.compress(b" " * (1 << 20)) for _ in range(300)) + squeeze.flush())


def on_label(*results: Any, total: Any = None) -> Callable[[Mapping[str, str]], bytes | None]:
    """Only the label is odd, so that the capabilities are found."""
    return lambda query: rows(*results, total=total) if query.get("source") == LABEL else None


def on_people(*results: Any) -> Callable[[Mapping[str, str]], bytes | None]:
    """Only a query that could find somebody."""
    return lambda query: rows(*results) if "id = 0" not in query["query"] else None


def full(query: Mapping[str, str]) -> bytes | None:
    """For ever another page, of any label."""
    first = int(query["page"]) * 2000
    return rows(*({"id": i} for i in range(first, first + 2000)), total=first + 1)


def settings(actions: Any) -> bytes:
    return data({"bounce.enabled": True, "bounce.actions": actions})


#: The calls that read bounces strictly (`strangers` takes what it can).
READ = {"read_label", "capabilities"}
#: The calls that ask for subscribers.
ASKED = {"look_up", "owners", "subscriber"}
ROW = {"id": 1, "source": LABEL, "meta": {"bridge": "b", "id": "event-1", "attempt": 1}}

#: What is odd, and which calls must say so: these, and no others, end with a SinkError (None: whichever do).
KINDS: Mapping[str, tuple[Mapping[str, Odd], set[str] | None]] = {
    # -- no HTTP, or a broken one
    "hangs up": ({"*": hang_up}, None),
    "TLS in its place": ({"*": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}, None),
    "an SMTP server": ({"*": b"220 mail.example.com ESMTP\r\n"}, None),
    "no status": ({"*": b"HTTP/1.1 \r\n\r\n"}, None),
    "status 99999": ({"*": b"HTTP/1.1 99999 X\r\nContent-Length: 0\r\n\r\n"}, None),
    "status 101": ({"*": b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"}, None),
    "100 for ever": ({"*": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n")}, None),
    "two lengths": ({"*": http(b"{}", extra=b"Content-Length: 7\r\n")}, None),
    "a negative length": ({"*": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"}, None),
    "a length of words": ({"*": b"HTTP/1.1 200 OK\r\nContent-Length: lots\r\n\r\n{}"}, None),
    "a chunk of words": ({"*": CHUNKED + b"zz\r\nhello\r\n"}, None),
    "a chunk of 10^30 bytes": ({"*": CHUNKED + b"f" * 25 + b"\r\n"}, None),
    "headers without end": ({"*": endless(b"HTTP/1.1 200 OK\r\n", b"X-Y: z\r\n" * 1000)}, None),
    "a header of a megabyte": ({"*": http(b"{}", extra=b"X: " + b"y" * (1 << 20) + b"\r\n")}, None),
    "a header with a NUL": ({"*": http(b"{}", extra=b"X: a\x00b\r\n")}, None),
    "a header of odd bytes": ({"*": http(b"{}", extra=b"X: \xff\xfe\r\nSet-Cookie: \xff=;;;;=\r\n")}, None),
    "cookies": ({"*": http(b"{}", extra=b"Set-Cookie: a=" + b"b" * 4000 + b"\r\n")}, None),
    "an unknown charset": ({"*": http(b"{}", kind="text/html; charset=klingon")}, None),
    "no body": ({"*": http(b"")}, None),
    "204": ({"*": b"HTTP/1.1 204 No Content\r\n\r\n"}, None),
    "cut in the middle": ({BOUNCES: http(b'{"data":{"results":[')[:-5]}, READ),
    # -- redirects and other sites
    "a redirect to itself": ({"*": http(b"", 302, extra=b"Location: /\r\n")}, None),
    "a redirect elsewhere": (
        {BOUNCES: http(b"", 307, extra=b"Location: http://x.invalid/\r\n")},
        READ,
    ),
    "a redirect to nothing": ({"*": http(b"", 301, extra=b"Location: http://[::1\r\n")}, None),
    "a login page": ({"*": http(b"<html><title>Sign in</title>", kind="text/html")}, None),
    "a login page for reading": ({BOUNCES: http(b"<html>", kind="text/html")}, READ),
    "a maintenance page": ({"*": http(b"<h1>Soon back</h1>", 503, extra=b"Retry-After: 1e308\r\n")}, None),
    # -- huge and endless
    "an endless body": ({"*": endless(HEAD, b"x" * 65536)}, None),
    "an endless chunked body": ({"*": endless(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n")}, None),
    "an endless list": (
        {BOUNCES: endless(HEAD + b'{"data":{"results":[', b'{"id":1},' * 8000)},
        READ,
    ),
    "a dripping body": ({"*": endless(HEAD, b"x", 0.05)}, None),
    "dripping headers": ({"*": endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05)}, None),
    "7 MB of empty lists": (
        {BOUNCES: http(b'{"data":{"results":[' + b"[]," * 2_300_000 + b"[]]}}")},
        READ,
    ),
    "deep JSON": ({BOUNCES: http(b'{"data":' + b"[" * 500_000)}, READ),
    "pages without end": ({BOUNCES: full}, READ),
    "a total of 10^12": ({BOUNCES: on_label(*({"id": i} for i in range(1, 2001)), total=10**12)}, {"read_label"}),
    # -- compressed
    "a bomb": ({"*": bomb()}, None),
    "no gzip": ({BOUNCES: zipped(b'{"data":{"results":[],"total":0}}')}, READ),
    "half a gzip": (
        {BOUNCES: zipped(gzip.compress(b'{"data":{"results":[],"total":0}}')[:-9])},
        READ,
    ),
    "brotli": ({BOUNCES: zipped(b"\x0b\x02\x80{}\x03", b"br")}, READ),
    "gzip twice": ({BOUNCES: zipped(gzip.compress(gzip.compress(b"{}")), b"gzip, gzip")}, READ),
    # -- JSON that is none, or another
    "NaN": ({BOUNCES: http(b'{"data":{"results":[],"total":NaN}}')}, READ),
    "UTF-16": ({BOUNCES: http('{"data":{"results":[],"total":0}}'.encode("utf-16"))}, READ),
    "bad UTF-8": ({BOUNCES: http(b'{"data":{"results":[],"x":"\xff"}}')}, READ),
    "data is a list": ({BOUNCES: data([])}, READ),
    "data is true": ({BOUNCES: data(True)}, READ),
    "data is missing": ({BOUNCES: http(b'{"results":[],"total":0}')}, READ),
    "data twice, the last one null": (
        {BOUNCES: http(b'{"data":{"results":[]},"data":null}')},
        READ,
    ),
    "results are missing": ({BOUNCES: data({"total": 0})}, READ),
    "results are text": (
        {BOUNCES: data({"results": "abc", "total": 3})},
        READ,
    ),
    "results are a number": ({BOUNCES: data({"results": 7, "total": 7})}, READ),
    # -- rows
    "rows are text": ({BOUNCES: on_label("abc")}, {"read_label"}),
    "a row of lists": ({BOUNCES: on_label([[]])}, {"read_label"}),
    "a row without id": ({BOUNCES: on_label({"meta": ROW["meta"]})}, {"read_label"}),
    "an id of 10^30": ({BOUNCES: on_label({**ROW, "id": 1e30})}, {"read_label"}),
    "an id of text": ({BOUNCES: on_label({**ROW, "id": "1"})}, {"read_label"}),
    "an id of false": ({BOUNCES: on_label({**ROW, "id": False})}, {"read_label"}),
    "one id twice": ({BOUNCES: on_label(ROW, ROW)}, {"read_label"}),
    "a negative total": ({BOUNCES: on_label(ROW, total=-1)}, {"read_label"}),
    "a total of text": ({BOUNCES: on_label(ROW, total="1")}, {"read_label"}),
    "a total above the rows": ({BOUNCES: on_label(ROW, total=9)}, {"read_label"}),
    "rows of another label": ({BOUNCES: on_label({**ROW, "source": "x"})}, {"read_label"}),
    "meta of anything": (
        {
            BOUNCES: on_label(
                *({"id": i + 1, "meta": m} for i, m in enumerate((None, 5, "x", [], {"bridge": "b", "id": {}})))
            )
        },
        set(),
    ),
    # -- what the token may do
    "a profile of text": ({"/api/profile": data({"user_role": "admin"})}, {"capabilities"}),
    "permissions of a number": ({"/api/profile": data({"user_role": {"permissions": 5}})}, {"capabilities"}),
    "permissions of numbers": ({"/api/profile": data({"user_role": {"permissions": [1, 2]}})}, {"capabilities"}),
    "a version of 5 MB": ({"/api/config": data({"version": "\x1b[31m" * 500_000})}, set()),
    "a version that is an object": ({"/api/config": data({"version": {"a": 1}})}, {"capabilities"}),
    "counts below one": ({"/api/settings": settings({**COUNTS, "hard": {"count": -5}})}, set()),
    "counts of 10^30": ({"/api/settings": settings({**COUNTS, "hard": {"count": 1e30}})}, set()),
    "actions of a list": ({"/api/settings": settings([COUNTS])}, set()),
    # -- subscribers
    "subscribers are null": ({PEOPLE: on_people(None)}, ASKED),
    "a subscriber without address": ({PEOPLE: on_people({**PERSON, "email": None})}, ASKED),
    "a subscriber without id": ({PEOPLE: on_people({**PERSON, "id": [1]})}, ASKED),
    "a subscriber without status": ({PEOPLE: on_people({**PERSON, "status": 1})}, ASKED),
    "lists of text": ({PEOPLE: on_people({**PERSON, "lists": "abc"})}, ASKED),
    "a list of text": ({PEOPLE: on_people({**PERSON, "lists": [{"id": "x"}]})}, ASKED),
    "another subscriber": (
        {PEOPLE: on_people({**PERSON, "email": "boss@example.com", "uuid": OTHER})},
        ASKED,
    ),
    "everybody": (
        {PEOPLE: rows(PERSON, {**PERSON, "id": 2, "email": "x@example.com"})},
        {"look_up", "subscriber", "capabilities"},
    ),
    "an outage as a refusal": ({PEOPLE: http(b'{"message":"x"}', 400)}, ASKED),
    "a refusal of 10 KB": ({PEOPLE: http(orjson.dumps({"message": "x" * 10_000}), 403)}, ASKED),
    # -- echoes of the credentials
    "an echo in JSON": ({"*": http(orjson.dumps({"message": ECHO}), 403)}, None),
    "an echo in HTML": ({"*": http(f"<html>{ECHO}</html>".encode(), 502, "text/html")}, None),
    "an echo with 200": ({"*": http(f"<html>{ECHO}</html>".encode(), 200, "text/html")}, None),
    "an echo in a 400": ({"*": http(orjson.dumps({"message": "y" * 280 + ECHO}), 400)}, None),
    "an echo in a header": (
        {"*": b"HTTP/1.1 200 " + ECHO.encode() + b"\r\nX Y: " + ECHO.encode() + b"\r\n\r\n"},
        None,
    ),
    "an echo as version": ({"/api/config": data({"version": ECHO})}, set()),
    "an echo as a wrong type": ({"/api/profile": data({"user_role": ECHO})}, {"capabilities"}),
}


@asynccontextmanager
async def client(odd: Mapping[str, Odd], within: float = 0.4) -> AsyncIterator[tuple[Hostile, ListmonkClient]]:
    async with hostile(odd) as server:
        made = ListmonkClient(server.url, USER, TOKEN, instance="b", post_timeout=within, read_timeout=within)
        try:
            yield server, made
        finally:
            await made.close()


def check(name: str, value: object) -> None:
    """The value of a call is of its type, and nothing in it is absurd."""
    if name in ("post", "probe"):
        assert isinstance(value, Answer)
        assert len(value.words) <= 300
        assert value.retry_after is None or 0 <= value.retry_after <= 3600
    elif name == "boot_id":
        assert isinstance(value, str)
        assert len(value) in (0, 10)
    elif name == "read_label":
        assert isinstance(value, list)
        assert all(isinstance(row, ListedRow) for row in value)
    elif name == "capabilities":
        assert isinstance(value, Capabilities)
        assert len(value.version) <= 40
        assert value.version.isprintable()
        assert value.counts is None or all(0 < count < 2**63 for count in value.counts.values())
    elif name == "look_up":
        assert isinstance(value, dict)
        assert all(isinstance(found, LookupResult) for found in value.values())
    elif name == "owners":
        assert isinstance(value, dict)
        assert set(value) <= {UUID, "22222222-2222-4222-8222-222222222222"}
        assert set(value.values()) <= {"", "p1@example.com", "boss@example.com", "x@example.com"}
    elif name == "strangers":
        assert isinstance(value, dict)
    elif name == "subscriber":
        assert value is None or (isinstance(value, Subscriber) and value.email == "p1@example.com")
    elif name == "campaign_lists":
        assert value in (frozenset(), {3})
    else:
        assert value is None


def assert_blank(text: str) -> None:
    for secret in (TOKEN, BASIC, quote(TOKEN, safe="")):
        for at in range(len(secret) - 15):
            assert secret[at : at + 16] not in text


@pytest.mark.parametrize("kind", KINDS)
async def test_every_answer_is_a_value_or_a_sink_error(kind: str) -> None:
    odd, failing = KINDS[kind]
    failed = set()
    async with client(odd) as (_, listmonk):
        for name, call in CALLS.items():
            async with asyncio.timeout(8):
                try:
                    value = await call(listmonk)
                except SinkError as error:
                    failed.add(name)
                    assert_blank(str(error))
                    assert len(str(error)) < 500  # noqa: PT017 - whether it is raised depends on the kind
                else:
                    check(name, value)
                    assert_blank(repr(value))
    assert failing is None or failed - {"strangers", "campaign_lists"} == failing


def test_there_are_many_kinds() -> None:
    assert len(KINDS) >= 60


async def test_what_is_usual_is_no_error() -> None:
    async with client({PEOPLE: on_people(PERSON)}, within=5) as (_, listmonk):
        for name, call in CALLS.items():
            check(name, await call(listmonk))
        capabilities = await listmonk.capabilities()
        assert (capabilities.post, capabilities.read, capabilities.lookup) == (True,) * 3
        assert [row.event_id for row in await listmonk.read_label(LABEL)] == ["event-1"]


async def test_an_answer_in_two_pieces_is_one_answer() -> None:
    whole = http(b'{"data":true}')

    async def pieces(writer: asyncio.StreamWriter) -> None:
        writer.write(whole[:-6])
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(whole[-6:])
        await writer.drain()
        await asyncio.sleep(0.05)

    async with client({BOUNCE: pieces}, within=5) as (_, listmonk):
        assert (await listmonk.post(claimed(1))).outcome is PostOutcome.ACCEPTED


async def test_compressed_answers_are_read() -> None:
    packed = zipped(gzip.compress(orjson.dumps({"data": {"results": [ROW], "total": 1}})))
    async with client({BOUNCES: lambda query: packed if query.get("source") == LABEL else None}) as (_, listmonk):
        assert [row.event_id for row in await listmonk.read_label(LABEL)] == ["event-1"]


async def test_pages_end_at_the_twentieth_and_in_time() -> None:
    async with client({BOUNCES: full}, within=5) as (server, listmonk):
        with pytest.raises(SinkError):
            await listmonk.read_label("another")
        assert len(server.asked) <= 21

    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        writer.write(rows(*({"id": i} for i in range(1, 2001)), total=40_000))
        await writer.drain()

    async with client({BOUNCES: slow}, within=0.2) as (server, listmonk):
        with pytest.raises(SinkError, match=r"took longer|no answer in time"):
            await listmonk.read_label(LABEL)
        assert len(server.asked) < 10


async def test_a_bomb_takes_no_memory() -> None:
    packed = bomb()
    async with client({"*": packed}, within=10) as (_, listmonk):
        tracemalloc.start()
        try:
            for name in ("post", "boot_id", "read_label"):
                try:
                    await CALLS[name](listmonk)
                except SinkError:
                    continue
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 40 << 20


async def test_no_cookie_is_kept() -> None:
    got: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            got.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(http(b"?v=0123456789", extra=b"Set-Cookie: session=abc; Path=/\r\n"))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    # By name: a cookie of a numeric address would not be kept anyway.
    listmonk = ListmonkClient(f"http://localhost:{port}", USER, TOKEN, instance="b")
    await listmonk.boot_id()
    await listmonk.boot_id()
    await listmonk.close()
    server.close()
    assert len(got) == 2
    assert "session=abc" not in got[1]
