# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the body of a request whole, within its limits: bytes as sent, bytes decompressed, time.

aiohttp could decompress by itself; we do it here so that a signature can be checked over the bytes as they were
sent (RFC 9110 section 8.4), and so that the limit on decompressed bytes is ours.
"""

from __future__ import annotations

import asyncio
import re
import zlib

from aiohttp import StreamReader, web

from bouncestream.errors import Malformed, RequestRefused, StoreBusy, TooLarge
from bouncestream.sources.webhook.budget import Share
from bouncestream.sources.webhook.connection import Connection

_GZIP = 31  #: zlib's wbits: gzip only
_ZLIB = 15
_RAW_DEFLATE = -15  #: what some senders mean by "deflate", against RFC 9110 section 8.4.1.2

#: A gzip body of more members than this is none that an honest sender makes.
MAX_MEMBERS = 100

_CHUNK = 64 * 1024
#: Smaller pieces of a body are put together: each alone would cost many times its bytes. Larger ones are not, as
#: one block that grows leaves holes in the memory.
_LITTLE = 4096
_PADDING = re.compile(rb"\x00*")


class TooSlow(RequestRefused):
    """The body was not there in time."""

    status = 408


class UnknownEncoding(RequestRefused):
    """The body is compressed in a way that we do not read."""

    status = 415


class SenderGone(ConnectionError):
    """The rest of the body can come no more: its sender hung up, or broke its framing."""


async def read_body(
    request: web.BaseRequest, connection: Connection, share: Share, limit: int, timeout: float, *, proven: bool
) -> bytes:
    """The body as sent, counted in `share`; within `timeout` seconds. `proven`: whether its sender has shown who it
    is. Raises TooLarge, TooSlow, SenderGone, or StoreBusy when there is no room for it."""
    length = request.content_length
    if length is not None and length > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    content = request.content
    if content.is_eof() and content.exception() is None:
        body = content.read_nowait(-1)
        if len(body) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")
        share.grow(len(body))
        return body
    return await _waiting(request, connection, share, limit, timeout, proven)


async def _waiting(
    request: web.BaseRequest, connection: Connection, share: Share, limit: int, timeout: float, proven: bool
) -> bytes:
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    content = request.content
    pieces: list[bytes | bytearray] = []
    size = 0
    try:
        with connection.reading():
            async with asyncio.timeout(timeout) as time:
                if not proven:
                    share.waits(lambda: end_now(time))
                while not content.at_eof():
                    piece = await _piece(content)
                    share.grow(len(piece))
                    size += len(piece)
                    if len(piece) >= _LITTLE:
                        pieces.append(piece)
                    elif pieces and len(pieces[-1]) < _CHUNK and isinstance(pieces[-1], bytearray):
                        pieces[-1] += piece
                    else:
                        pieces.append(bytearray(piece))
                    if size > limit:
                        raise TooLarge(f"the body is larger than {limit} bytes")
    except TimeoutError:
        if share.was_cut:
            raise StoreBusy("pending requests fill the memory, and this one was the slowest") from None
        raise TooSlow(f"the body did not arrive within {timeout:g} s") from None
    finally:
        share.settled()
    return b"".join(pieces)


def end_now(time: asyncio.Timeout) -> None:
    """Let the time be over. It may be just now, of itself."""
    if not time.expired():
        time.reschedule(asyncio.get_running_loop().time())


async def _piece(content: StreamReader) -> bytes:
    """The next piece of a body. Raises SenderGone."""
    try:
        return await content.readany()
    except (ConnectionError, web.RequestPayloadError) as error:
        # aiohttp keeps this exception with the stream. With its traceback it would keep our frames, and with them
        # the body: a cycle that only the collector finds, and it counts objects, not megabytes.
        error.__traceback__ = None
        raise SenderGone from None


def decompressed(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its Content-Encoding. Raises UnknownEncoding, TooLarge, or Malformed when it is damaged."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity") or not body:
        return body
    try:
        if encoding in ("gzip", "x-gzip"):
            return _inflate(body, _GZIP, limit)
        if encoding == "deflate":
            # A zlib stream begins with the method 8 in the low half of its first byte (RFC 1950 section 2.2).
            return _inflate(body, _ZLIB if body[0] & 15 == 8 else _RAW_DEFLATE, limit)
    except zlib.error:
        raise Malformed(f"the body is not {encoding}, or is damaged") from None
    raise UnknownEncoding("only gzip and deflate are supported")


def _inflate(body: bytes, wbits: int, limit: int) -> bytes:
    """In time that grows with the body and with what comes out of it, however many members it is made of."""
    view = memoryview(body)
    pieces: list[bytes] = []
    size = at = members = 0
    while at < len(view):  # gzip may consist of several members (RFC 1952 section 2.2)
        members += 1
        if members > MAX_MEMBERS:
            raise Malformed(f"the compressed body has more than {MAX_MEMBERS} members")
        inflater = zlib.decompressobj(wbits)
        while not inflater.eof:
            fed = view[at : at + _CHUNK]
            if not fed:
                raise Malformed("the compressed body is truncated")
            piece = inflater.decompress(fed, limit - size + 1)
            size += len(piece)
            if size > limit:
                raise TooLarge(f"the decompressed body is larger than {limit} bytes")
            pieces.append(piece)
            at += len(fed) - len(inflater.unused_data)
        if wbits != _GZIP:
            break
        padding = _PADDING.match(body, at)  # is allowed after a member
        at = padding.end() if padding else at
    return b"".join(pieces)
