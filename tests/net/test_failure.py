# SPDX-License-Identifier: GPL-3.0-or-later
"""Each kind of failure, as real sockets fail."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from bouncestream.errors import FailureKind
from bouncestream.net.failure import Failure, authorities, failure_of
from tests.net.servers import Handler, hangs_up, resets, says, serving, unused, with_certificate


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


async def exchange(host: str, port: int, trust: ssl.SSLContext | None, within: float) -> None:
    async with asyncio.timeout(within):
        reader, writer = await asyncio.open_connection(host, port, ssl=trust)
        try:
            writer.write(b"hello\r\n")
            await reader.readexactly(1)
        finally:
            writer.transport.abort()


async def failed(host: str, port: int, trust: ssl.SSLContext | None = None, within: float = 20.0) -> Failure:
    """How a connection and the first exchange over it fail."""
    with pytest.raises((OSError, UnicodeError)) as found:
        await exchange(host, port, trust, within)
    return failure_of(found.value)


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return trust


async def test_a_port_where_nobody_listens() -> None:
    with unused() as taken:
        assert await failed("127.0.0.1", taken.getsockname()[1]) == Failure(
            FailureKind.REFUSED, "connection refused"
        )


async def test_several_addresses_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio makes one error without a number of several that differ."""
    with unused() as taken:
        port = taken.getsockname()[1]
        both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, port)) for at in ("127.0.0.1", "127.0.0.2")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        assert await failed("a.example", port) == Failure(FailureKind.REFUSED, "connection refused")


async def test_a_name_that_nobody_knows() -> None:
    assert await failed("no-such-name.invalid", 9) == Failure(FailureKind.UNKNOWN_NAME, "the host name is unknown")
    assert await failed("a..b", 9) == Failure(FailureKind.UNKNOWN_NAME, "the host name is invalid")
    silent = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    assert failure_of(silent) == Failure(FailureKind.UNKNOWN_NAME, "the DNS resolver does not answer")
    odd = socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure in name resolution")
    assert "Non-recoverable" in failure_of(odd).words


async def test_what_is_reset() -> None:
    async with serving(resets) as port:
        assert await failed("127.0.0.1", port) == Failure(FailureKind.CLOSED, "the connection was reset")


async def test_what_is_closed_in_the_handshake(authority: trustme.CA) -> None:
    async with serving(hangs_up) as port:
        found = await failed("127.0.0.1", port, trusting(authority))
    assert found == Failure(FailureKind.CLOSED, "the server closed the connection")


async def test_no_answer_in_time() -> None:
    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(waits) as port:
        assert await failed("127.0.0.1", port, within=0.2) == Failure(FailureKind.TIMEOUT, "no answer in time")
    assert failure_of(OSError(errno.ETIMEDOUT, "x")) == Failure(FailureKind.TIMEOUT, "no answer in time")


@pytest.mark.parametrize("handler", [says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), says(b"220 mail ESMTP\r\n")])
async def test_tls_where_none_is_spoken(handler: Handler, authority: trustme.CA) -> None:
    """An SSLError has the errno 1, which is EPERM for os.strerror: "operation not permitted"."""
    async with serving(handler) as port:
        found = await failed("127.0.0.1", port, trusting(authority))
    assert found == Failure(FailureKind.TLS, "the server does not speak TLS on this port")


async def test_two_sides_that_do_not_agree_on_tls(authority: trustme.CA) -> None:
    async with serving(says(b"\x15\x03\x03\x00\x02\x02\x28")) as port:  # handshake_failure (RFC 8446 section 6)
        found = await failed("127.0.0.1", port, trusting(authority))
    assert found.kind is FailureKind.TLS
    assert found.words.startswith("TLS failed: ")
    assert found.words.endswith("alert handshake failure")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("expired", "it has expired"),
        ("early", "it is not valid yet"),
        ("self-signed", "it is self-signed"),
        ("unknown authority", "it is signed by an untrusted authority"),
        ("other name", "it is for another IP address"),
    ],
)
async def test_certificates_that_prove_nothing(
    kind: str, why: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", __file__)
    async with serving(hangs_up, with_certificate(kind, authority, tmp_path)) as port:
        found = await failed("127.0.0.1", port, trusting(authority))
    assert found == Failure(FailureKind.CERTIFICATE, f"the server's certificate is invalid: {why}")


async def test_a_machine_without_authorities_is_told_from_a_server_without_a_known_one(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()
    async with serving(hangs_up, with_certificate("unknown authority", authority, tmp_path)) as port:
        found = await failed("127.0.0.1", port, trusting(authority))
    assert (
        "this machine has no certificates of authorities; install ca-certificates, or set SSL_CERT_FILE"
        in found.words
    )
    assert authorities() is None
    (tmp_path / "empty" / "one").touch()
    assert authorities() == str(tmp_path / "empty")


async def test_the_words_name_no_host(authority: trustme.CA, tmp_path: Path) -> None:
    """The host of an alert channel may be a secret; OpenSSL names it."""
    async with serving(hangs_up, with_certificate("other name", authority, tmp_path)) as port:
        assert "localhost" not in (found := await failed("localhost", port, trusting(authority))).words
    assert found.words.endswith("it is for another host name")


async def test_no_way_there() -> None:
    for number in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EMFILE):
        error = OSError(number, "Connect call failed ('192.0.2.1', 9)")
        assert failure_of(error) == Failure(FailureKind.UNREACHABLE, os.strerror(number).lower())
    assert "firewall" in failure_of(PermissionError(errno.EPERM, "x")).words
    assert failure_of(OSError("odd")) == Failure(FailureKind.UNREACHABLE, "odd")
    with pytest.raises(OSError) as found:
        await asyncio.open_connection("255.255.255.255", 9)  # a stream to everybody: the kernel finds no way
    assert failure_of(found.value).kind is FailureKind.UNREACHABLE


def test_what_is_no_failure_of_a_network() -> None:
    assert failure_of(ValueError("with a secret")) == Failure(FailureKind.GARBLED, "ValueError")
