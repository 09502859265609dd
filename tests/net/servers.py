# SPDX-License-Identifier: GPL-3.0-or-later
"""Local servers that fail in one way each."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads something, and sends a RST."""
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads something, and closes politely."""
    await reader.read(65536)


async def is_mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads until the other side has enough."""
    while await reader.read(65536):
        pass


def says(content: bytes) -> Handler:
    """Sends these bytes, and closes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(content)

    return handle


@asynccontextmanager
async def serving(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of 127.0.0.1 where it listens."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(task := asyncio.current_task())  # type: ignore[arg-type]
        try:
            await handler(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def unused() -> socket.socket:
    """A bound socket that does not listen: whoever connects to its port is refused."""
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


def with_certificate(kind: str, authority: trustme.CA, folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that is `good`, or wrong in one way."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    if kind == "self-signed":
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        made = made.serial_number(1).not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        made = made.not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
        signed = made.sign(key, hashes.SHA256())
        pem = folder / "self-signed.pem"
        pem.write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context.load_cert_chain(pem)
        return context
    name, begins, ends = "127.0.0.1", None, None
    if kind == "expired":
        begins, ends = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    elif kind == "early":
        begins, ends = datetime(2090, 1, 1, tzinfo=UTC), datetime(2091, 1, 1, tzinfo=UTC)
    elif kind == "other name":
        name = "elsewhere.example"
    signer = trustme.CA() if kind == "unknown authority" else authority
    signer.issue_cert(name, not_before=begins, not_after=ends).configure_cert(context)
    return context
