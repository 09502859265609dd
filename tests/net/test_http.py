# SPDX-License-Identifier: GPL-3.0-or-later
"""The one HTTP call, against real sockets: bounded in time and bytes, and each failure told as what it is."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import trustme

from bouncestream.errors import FailureKind
from bouncestream.net.http import Answer, CallFailed, Client, call
from tests.net.servers import Handler, hangs_up, is_mute, resets, says, serving, unused, with_certificate

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


async def failed(url: str, within: float = 2.0, **options: object) -> CallFailed:
    with pytest.raises(CallFailed) as found:
        await call("GET", url, within=within, **options)
    assert url not in str(found.value)
    return found.value


# -- what goes out and comes back ---------------------------------------------------------------------------------


async def test_an_answer() -> None:
    heads: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(8))
        writer.write(OK)

    async with serving(note) as port:
        answer = await call(
            "POST",
            f"http://127.0.0.1:{port}/x",
            within=5,
            query={"a": "b c"},
            headers={"X-Y": "z"},
            body={"k": "v w;"},
        )
        assert answer == Answer(200, {"content-type": "text/plain", "content-length": "5"}, b"hello", "1.1")
        assert await call("GET", f"http://127.0.0.1:{port}", within=5, body=b"12345678") == answer
    assert heads[0].startswith(b"POST /x?a=b+c HTTP/1.1\r\n")
    assert heads[0].endswith(b"\r\n\r\nk=v+w%3B")
    for line in (b"X-Y: z\r\n", b"User-Agent: bouncestream\r\n", b"Accept-Encoding: identity\r\n"):
        assert line in heads[0]
    assert b"Cookie" not in heads[0]


@pytest.mark.parametrize("status", [204, 404, 500])
async def test_every_status_is_an_answer(status: int) -> None:
    async with serving(says(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n" % status)) as port:
        assert (await call("GET", f"http://127.0.0.1:{port}/", within=5)).status == status


async def test_what_may_not_go_out_once_it_is_connected_does_not() -> None:
    """Not a byte of it: whoever asks has looked before, and may have waited for the connection since."""
    came: list[bytes] = []
    connected = asyncio.Event()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        came.append(await reader.read(1))
        writer.write(OK)

    may = iter([False, True])
    async with serving(note) as port, Client() as client:
        call = partial(client.call, "POST", f"http://127.0.0.1:{port}/", within=5, may=lambda: next(may))
        with pytest.raises(CallFailed, match=r"^it was not allowed to go out any more$") as found:
            await call(body=b"{}")
        assert not found.value.sent
        await asyncio.wait_for(connected.wait(), 5)
        assert (await call(body=b"{}")).content == b"hello"
    assert came == [b"", b"P"]


async def test_a_redirect_is_not_followed() -> None:
    asked: list[bytes] = []

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    async with serving(redirect) as port:
        answer = await call("GET", f"http://127.0.0.1:{port}/", within=5)
    assert (answer.status, answer.headers["location"], len(asked)) == (302, "/elsewhere", 1)


async def test_a_cookie_is_not_kept() -> None:
    asked: list[bytes] = []

    async def bake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 204 x\r\nSet-Cookie: a=b\r\n\r\n")

    async with serving(bake) as port, Client() as client:
        for _ in range(2):
            await client.call("GET", f"http://localhost:{port}/", within=5)
    assert len(asked) == 2
    assert b"Cookie" not in asked[1]


async def test_only_so_many_bytes_are_read_and_unpacked_is_nothing() -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99999999999\r\n\r\n")
        while sent < 64 << 20:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async with serving(endless) as port:
        answer = await call("GET", f"http://127.0.0.1:{port}/", within=10, limit=100_000)
    assert answer.content == b"x" * 100_000
    assert sent < 32 << 20, "the connection is cut"


async def test_a_proxy_of_the_environment_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(says(OK)) as proxy, serving(says(OK.replace(b"hello", b"there"))) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy}")
        url = f"http://127.0.0.1:{port}/"
        assert (await call("GET", url, within=5)).content == b"there"
        async with Client(proxies=True) as client:
            assert (await client.call("GET", url, within=5)).content == b"hello"


# -- how it fails -------------------------------------------------------------------------------------------------


async def test_nobody_there() -> None:
    with unused() as taken:
        error = await failed(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert (error.kind, error.words, error.sent) == (FailureKind.REFUSED, "connection refused", False)


async def test_an_unknown_name() -> None:
    """It was once "unknown error -2"."""
    error = await failed("http://no-such-name.invalid/")
    assert (error.kind, error.words, error.sent) == (FailureKind.UNKNOWN_NAME, "the host name is unknown", False)
    assert (await failed("http://a..b/")).kind is FailureKind.UNKNOWN_NAME


async def test_https_where_plain_http_is_spoken() -> None:
    """It was once "operation not permitted"."""
    async with serving(says(OK)) as port:
        error = await failed(f"https://127.0.0.1:{port}/")
    assert (error.kind, error.words, error.sent) == (
        FailureKind.TLS,
        "the server does not speak TLS on this port",
        False,
    )


@pytest.mark.parametrize(
    "handler",
    [
        says(b"\x15\x03\x03\x00\x02\x02\x46"),
        *(
            says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
            for page in (
                b"<center>The plain HTTP request was sent to HTTPS port</center>",
                b"Client sent an HTTP request to an HTTPS server.\n",
                b"Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
            )
        ),
    ],
    ids=["alert", "nginx", "go", "apache"],
)
async def test_plain_http_where_tls_is_spoken(handler: Handler) -> None:
    async with serving(handler) as port:
        error = await failed(f"http://127.0.0.1:{port}/")
    assert (error.kind, error.words) == (FailureKind.TLS, "the server speaks TLS on this port: write https://")
    assert error.sent


async def test_plain_http_to_a_tls_server_of_pythons(authority: trustme.CA, tmp_path: Path) -> None:
    async with serving(hangs_up, with_certificate("good", authority, tmp_path)) as port:
        error = await failed(f"http://127.0.0.1:{port}/")
    assert error.kind is FailureKind.CLOSED


async def test_a_bad_request_is_an_answer() -> None:
    async with serving(says(b"HTTP/1.1 400 x\r\nContent-Length: 2\r\n\r\nno")) as port:
        assert (await call("GET", f"http://127.0.0.1:{port}/", within=5)).content == b"no"
    page = b"HTTP/1.1 400 x\r\n\r\n an HTTP request to an HTTPS server"
    async with serving(says(page)) as port, Client() as client:  # whoever keeps a client judges what comes
        assert (await client.call("GET", f"http://127.0.0.1:{port}/", within=5)).status == 400


async def test_a_certificate_that_proves_nothing(authority: trustme.CA, tmp_path: Path) -> None:
    for kind, why in (("expired", "it has expired"), ("self-signed", "it is self-signed")):
        async with serving(says(OK), with_certificate(kind, authority, tmp_path)) as port:
            trust = ssl.create_default_context()
            authority.configure_trust(trust)
            error = await failed(f"https://127.0.0.1:{port}/", tls=trust)
        assert (error.kind, error.sent) == (FailureKind.CERTIFICATE, False)
        assert error.words == f"the server's certificate is invalid: {why}"


async def test_what_is_cut_off(authority: trustme.CA) -> None:
    for handler, scheme, words in (
        (resets, "http", "the connection was reset"),
        (hangs_up, "http", "the server closed the connection without an answer"),
        (hangs_up, "https", "the server closed the connection during the TLS handshake"),
        (says(OK.replace(b"5", b"50")), "http", "the response ended too early"),
    ):
        async with serving(handler) as port:
            error = await failed(f"{scheme}://127.0.0.1:{port}/")
        assert (error.kind, error.words, error.sent) == (FailureKind.CLOSED, words, scheme == "http")
    assert error.begun is not None
    assert error.begun.status == 200


async def test_what_never_ends() -> None:
    async with serving(is_mute) as port:
        began = time.monotonic()
        error = await failed(f"http://127.0.0.1:{port}/", within=0.3)
        assert time.monotonic() - began < 10
    assert (error.kind, error.words, error.sent, error.begun) == (
        FailureKind.TIMEOUT,
        "no answer in time",
        True,
        None,
    )


async def test_what_is_no_http() -> None:
    async with serving(says(b"220 mail ESMTP with s3cret\r\n")) as port:
        error = await failed(f"http://127.0.0.1:{port}/")
    assert (error.kind, error.words) == (FailureKind.GARBLED, "the response is not HTTP")
    for url in ("ftp://127.0.0.1/", "http://:80/"):
        assert (await failed(url)).words == "the URL is invalid"


async def test_being_cancelled_is_no_failure() -> None:
    async with serving(is_mute) as port:
        task = asyncio.create_task(call("GET", f"http://127.0.0.1:{port}/", within=60))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.process
def test_the_words_alone_load_no_http_client() -> None:
    code = "import sys, bouncestream.net.failure; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
