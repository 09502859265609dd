# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a bridge among several, at each of which a test has it killed or stopped: by itself, as it comes
there for the first time. Words in -ing: within the transaction, before its commit; others: once it is committed.
"""

from __future__ import annotations

import inspect
import os
from asyncio import selector_events
from collections.abc import Callable
from functools import wraps
from typing import Any

import aiohttp

from bouncestream.lease import Tenure
from bouncestream.outbox import delivery, intake
from bouncestream.outbox.postgres import beside, leases
from bouncestream.outbox.postgres.leasing import Leasing
from bouncestream.ports import PostOutcome, State
from bouncestream.relay.braking import Braking
from bouncestream.relay.context import RelayContext
from bouncestream.sinks.listmonk.client import ListmonkClient
from bouncestream.sinks.listmonk_db.tables import Tables
from bouncestream.sources.imap.session import Session

#: Owner of a function, its name, and whether this call of it (its result, its arguments) is the step.
Step = tuple[Any, str, Callable[..., bool]]


def _any(result: Any, *_: Any, **__: Any) -> bool:
    return bool(result)


def _always(*_: Any, **__: Any) -> bool:
    return True


def _some(result: Any, *_: Any, **__: Any) -> bool:
    return bool(result[0])


def _moved(to: State) -> Callable[..., bool]:
    return lambda result, owner, moves, *_: any(move.to is to for move in moves)


def _accepted(result: Any, *_: Any) -> bool:
    return bool(result.outcome is PostOutcome.ACCEPTED)


def _post(result: Any, transport: Any, data: Any) -> bool:
    sent = bytes(data)
    return b"POST /webhooks/bounce" in sent and b"Content-Length: 2\r\n" not in sent  # which is a probe


def _for_a_bounce(result: Any, connector: Any, request: Any, *_: Any, **__: Any) -> bool:
    length = request.headers.get("Content-Length")
    return request.url.path == "/webhooks/bounce" and length != "2"  # which is a probe


class _Time:
    """True at the n-th time, and from then on. `what`: which calls count."""

    def __init__(self, number: int, what: Callable[..., bool] = _any) -> None:
        self.number, self.what = number, what
        self.seen = 0

    def __call__(self, result: Any, *_: Any, **__: Any) -> bool:
        self.seen += self.what(result)
        return self.seen >= self.number


_WRITE = selector_events._SelectorSocketTransport  # type: ignore[attr-defined]
#: By their names, in the order of a bridge's life. `posting` is before the request is written; the others are after
#: what they are named for.
STEPS: dict[str, Step] = {
    "taking the lease": (leases, "take", _any),
    "lease taken": (Tenure, "granted", _any),
    "renewing the lease": (leases, "take", _Time(3)),  # it is at work by then
    "claiming": (delivery, "take", _any),
    "claimed": (Braking, "claim", _any),
    "connected": (aiohttp.BaseConnector, "connect", _for_a_bounce),
    "posting": (_WRITE, "write", _post),
    "posted": (_WRITE, "write", _post),
    "answered 200": (ListmonkClient, "post", _accepted),
    "settling as posted": (delivery, "settle", _moved(State.POSTED)),
    "settled as posted": (RelayContext, "settle", _moved(State.POSTED)),
    "read back": (ListmonkClient, "read_label", _any),
    "settling as verified": (delivery, "settle", _moved(State.VERIFIED)),
    "settled as verified": (RelayContext, "settle", _moved(State.VERIFIED)),
    "releasing the lease": (leases, "give_up", _always),
    "lease released": (Leasing, "end", _always),
    "subscribers locked": (Tables, "people", _some),
    "recording": (Tables, "write", _any),
    "proving the lease": (beside, "prove", _Time(2, _always)),  # first it looks at the tables
    "recorded": (Braking, "claim_and", _some),
    "mails fetched": (Session, "fetch", _any),
    "storing": (intake, "take_many", _any),
    "stored": (intake.Intake, "__call__", _any),
}
#: Those of whoever takes in, and of a relay that records in Listmonk's tables: the last one is after the commit.
#: The others are of a relay that posts.
INTAKE = ("mails fetched", "storing", "stored")
RECORDING = ("subscribers locked", "recording", "settling as verified", "proving the lease", "recorded")
RELAY = [name for name in STEPS if name == "settling as verified" or name not in INTAKE + RECORDING]


def place(name: str, number: int) -> None:
    """Have this process send itself the signal `number` when it comes to a step."""
    owner, attribute, here = STEPS[name]
    real = getattr(owner, attribute)
    over: list[bool] = []

    def hit(result: Any, *args: Any, **more: Any) -> None:
        if not over and here(result, *args, **more):
            over.append(True)
            os.kill(os.getpid(), number)

    @wraps(real)
    def call(*args: Any, **more: Any) -> Any:
        if name == "posting":
            hit(None, *args)
        result = real(*args, **more)
        hit(result, *args, **more)
        return result

    @wraps(real)
    async def awaited(*args: Any, **more: Any) -> Any:
        result = await real(*args, **more)
        hit(result, *args, **more)
        return result

    setattr(owner, attribute, awaited if inspect.iscoroutinefunction(real) else call)
