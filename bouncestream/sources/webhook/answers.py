# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers to requests of webhooks, apart from refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
from aiohttp import web

from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.ports import Receipt
from bouncestream.providers._contract import (
    Answer,
    Parsed,
    Provider,
    Webhook,
    WebhookRequest,
    right_address,
    right_path,
)

HEADERS = {"Content-Type": "application/json"}

#: So many bytes of what a script sent wrong are sent back to it.
_SHOWN = 200


def ready(health: Health) -> web.Response:
    """`/readyz`."""
    return web.Response(status=200 if health.ready else 503, body=orjson.dumps(health.report()), headers=HEADERS)


def storing(health: Health) -> web.Response:
    """`/readyz/intake`. It says not why, as it is at this port wherever `/readyz` is."""
    if health.stores:
        return web.Response(text="ok\n")
    return web.Response(status=503, text="nothing can be stored\n")


def measured(metrics: Metrics) -> web.Response:
    """`/metrics`."""
    return web.Response(text=metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def accepted(receipt: Receipt) -> web.Response:
    """The answer to what is stored."""
    told = b'{"accepted": %d, "duplicates": %d, "quarantined": %d}' % (
        receipt.accepted,
        receipt.duplicates,
        receipt.quarantined,
    )
    return web.Response(body=told, headers=HEADERS)


def mistaken(parsed: Parsed, receipt: Receipt) -> web.Response:
    """Tells a script what it did wrong; what was right in it is stored, and a duplicate when it comes again."""
    told = {
        "accepted": receipt.accepted,
        "duplicates": receipt.duplicates,
        "refused": [
            {"why": one.why, "part": one.part[:_SHOWN].decode("utf-8", "replace")} for one in parsed.unreadable
        ],
    }
    return web.Response(status=422, body=orjson.dumps(told), headers=HEADERS)


def shaken(provider: Provider[Any], settings: Webhook, asked: WebhookRequest) -> web.Response:
    """The answer to a method that brings no events. `Allow` tells whoever asks that a bridge is here (RFC 9110
    section 10.2.1)."""
    allowed = ", ".join(provider.methods)
    if provider.handshake is not None:
        right_address(asked, settings)
        right_path(asked, settings)
    if (answer := provider.shake(asked, settings)) is not None:
        return shaped(replace(answer, headers={"Allow": allowed, **answer.headers}))
    return web.Response(status=405, headers={"Allow": allowed})


def shaped(answer: Answer) -> web.Response:
    """The answer that a provider's file wants."""
    return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))


def later(provider: Provider[Any], seconds: int) -> web.Response:
    """Nothing was stored: the sender may come again after so many seconds."""
    return web.Response(
        status=provider.busy or 503, text="not stored, retry later\n", headers={"Retry-After": str(seconds)}
    )
