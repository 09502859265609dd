# SPDX-License-Identifier: GPL-3.0-or-later
"""A request with its body → what it says. Proven first, decompressed then, unless the proof is inside."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from bouncestream.crypto.proof import Fetch
from bouncestream.errors import Malformed, Unauthorized
from bouncestream.ports import Unreadable
from bouncestream.providers._contract import (
    Parsed,
    Provider,
    Webhook,
    WebhookRequest,
    parse,
    prove,
)
from bouncestream.sources.webhook.body import decompressed
from bouncestream.sources.webhook.errands import Errands

#: Larger requests are read in a thread, so that others need not wait for them.
THREAD_ABOVE = 32 * 1024


#: Bytes that are decompressed and read as JSON of a stranger, whose proof is among them: 10 KB of gzip can become
#: 300 MB of objects. Amazon SNS, whose messages are the largest ones, sends 256 KiB of text at most.
MOST_INSIDE = 1024 * 1024


def most(settings: Webhook, limit: int, *, proven: bool) -> int:
    """Bytes of the body, as sent and decompressed, of a request whose head is `proven` or not; `limit` at most."""
    return limit if proven or not settings.inside else min(limit, MOST_INSIDE)


async def read(
    provider: Provider[Any],
    request: WebhookRequest,
    settings: Webhook,
    now: datetime,
    *,
    proven: bool,
    limit: int,
    errands: Errands,
    turn: asyncio.Lock,
) -> Parsed:
    """The events of an admitted request; its body is decompressed then, unless that is damaged. `proven`: no more
    is to be proven. Large bodies of strangers, in which the proof is, take turns: many of them then need no more
    memory than one. Raises Unauthorized, TooLarge, UnknownEncoding, ErrandFailed."""
    fetched: dict[str, bytes] = {}
    aside = len(request.body) > THREAD_ABOVE or "Content-Encoding" in request.headers
    while True:
        if aside:
            async with turn if not proven and settings.inside else nullcontext():
                said = await asyncio.to_thread(_read, provider, request, settings, now, proven, limit, fetched)
        else:
            said = _read(provider, request, settings, now, proven, limit, fetched)
        if not isinstance(said, Fetch):
            break
        if said.url in fetched:
            raise Unauthorized("it requests the same fetch again")
        fetched[said.url] = await errands.get(said.url, provider.hosts)
    for visit in said.visits:
        await errands.get(visit.url, provider.hosts)
    return said


def _read(
    provider: Provider[Any],
    request: WebhookRequest,
    settings: Webhook,
    now: datetime,
    proven: bool,
    limit: int,
    fetched: Mapping[str, bytes],
) -> Parsed | Fetch:
    if not proven:
        if settings.inside:
            try:
                _unpack(request, limit)
            except Malformed as error:
                raise Unauthorized(str(error)) from None
        wanted = prove(request, settings, now, fetched)
        if wanted is not None:
            return wanted
    try:
        _unpack(request, limit)
        return parse(provider, request, settings, now)
    except Malformed as error:
        return Parsed(unreadable=(Unreadable(str(error)),))


def _unpack(request: WebhookRequest, limit: int) -> None:
    """Decompress the body, if it is to be and was not."""
    encoding = request.headers.get("Content-Encoding")
    if encoding and request.sent is None:
        sent = request.body
        request.body, request.sent = decompressed(sent, encoding, limit), sent
