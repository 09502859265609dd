# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers within the namespace beside Nginx and Caddy: a sandbox Listmonk for each case, and servers that
behave badly. Started as `python -m tests.doctor.servers FILE`; says `ready` when all listen.
"""

from __future__ import annotations

import asyncio
import base64
import json
import pickle
import ssl
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from bouncestream.sandbox import Sandbox, SandboxSettings

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PNG_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 75\r\nX-Robots-Tag: noindex\r\n\r\n"


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Headers at once, then one byte a second."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(PNG_HEAD)
    for byte in b"\x89PNG\r\n\x1a\n" * 9:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the connection and never answers."""
    await reader.read(65536)
    await asyncio.sleep(60)


async def huge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A gigabyte."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1073741824\r\n\r\n")
    for _ in range(16384):
        if writer.is_closing():
            return
        writer.write(b"x" * 65536)
        await writer.drain()
        await asyncio.sleep(0)  # `drain` alone would not let the loop learn that the other side is gone


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """No HTTP at all."""
    await reader.read(65536)
    writer.write(b"\x00\xff\x15\x03\x01 \x1b[31m not HTTP \r\n\r\n" * 10)


async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The right answer to nobody's question, after a while."""
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(1.7)
    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def json_200(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Foreign JSON, whatever is asked."""
    await reader.readuntil(b"\r\n\r\n")
    body = b'{"data": [[[{"root_url": {"a": 1}}]]], "status": "\\u0000\\u202e"}'
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )


async def http_1_0(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that is right, but speaks HTTP/1.0; it leads plain HTTP to HTTPS."""
    head = await reader.readuntil(b"\r\n\r\n")
    path = head.split(b" ")[1]
    if writer.get_extra_info("ssl_object") is None:
        writer.write(b"HTTP/1.0 301 Moved\r\nLocation: https://http-1-0.example.com" + path + b"\r\n\r\n")
        return
    behind, onward = await asyncio.open_connection("127.0.0.1", 20000)
    onward.write(head.split(b"\r\n")[0].rpartition(b" ")[0] + b" HTTP/1.0\r\n\r\n")
    answer = await behind.read()
    onward.close()
    writer.write(b"HTTP/1.0" + answer[8:])


ODD: dict[str, Handler] = {
    "drip": drip,
    "silent": silent,
    "huge": huge,
    "garbage": garbage,
    "late": late,
    "http_1_0": http_1_0,
    "json_200": json_200,
}


def closing(handler: Handler) -> Handler:
    """The handler, with an end that nobody minds."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(60):
                await handler(reader, writer)
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return handle


async def _sandbox(port: int, settings: SandboxSettings, posts: list[dict[str, Any]]) -> Sandbox:
    sandbox = Sandbox(settings)
    await sandbox.start("127.0.0.1", port)
    user = next(iter(settings.users.values()))
    pair = base64.b64encode(f"{user.name}:{user.token}".encode()).decode()
    async with aiohttp.ClientSession(headers={"Authorization": f"Basic {pair}"}) as session:
        for post in posts:
            async with session.post(f"{sandbox.url}/webhooks/bounce", json=post) as response:
                assert response.status == 200, await response.text()
    await sandbox.idle()
    return sandbox


async def main(file: str) -> None:
    """Start everything that the file names, and stay until standard input ends."""
    plan = pickle.loads(Path(file).read_bytes())
    kept: list[object] = []
    for name, (host, port, tls) in plan["odd"].items():
        if name.startswith("silent_dns/"):
            loop = asyncio.get_running_loop()
            kept.append(await loop.create_datagram_endpoint(asyncio.DatagramProtocol, (host, port)))
            continue
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
        kept.append(await asyncio.start_server(closing(ODD[name.partition("/")[0]]), host, port, ssl=context))
    for port, settings, posts in plan["sandboxes"]:
        kept.append(await _sandbox(port, settings, posts))
    print(json.dumps("ready"), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
