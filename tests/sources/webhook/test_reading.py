# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider that needs everything the contract offers: proof inside the body, something to fetch, to visit, to
answer, and other methods than POST."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.config.model import Config
from bouncestream.crypto.proof import Asked, Basic, Fetch, Proof
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import identity_keys
from bouncestream.judging.stored import judge_again
from bouncestream.metrics import REQUESTS_REFUSED
from bouncestream.outbox import arrivals, operator
from bouncestream.providers._contract import Answer, Gathered, Guide, Provider, Visit, Webhook, WebhookRequest
from bouncestream.settings.key import secret_key
from bouncestream.sources.webhook.errands import ErrandFailed
from bouncestream.sources.webhook.reading import MOST_INSIDE, THREAD_ABOVE
from tests.outbox import make
from tests.sources.conftest import KEY, Start


class Inside(Proof):
    """The secret stands in the JSON, and a certificate has to be fetched for it."""

    inside = True

    def head(self, request: Asked, key: Any, settings: Any, now: datetime) -> bool:
        return False

    def body(
        self, request: Asked, key: Secret, settings: Any, now: datetime, fetched: Mapping[str, bytes]
    ) -> Fetch | None:
        said = request.json()
        if "certificate" in said and said["certificate"] not in fetched:
            return Fetch(said["certificate"])
        if said.get("loop"):
            return Fetch(said["certificate"])
        if not key.matches(said["secret"]):
            raise Unauthorized("wrong secret")
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd(Webhook):
    """Its options."""

    key: Secret | None = secret_key("Its key.", live=True, proof=Inside())
    password: Secret | None = secret_key("Its password.", live=True, proof=Basic())


def parse(request: WebhookRequest, into: Gathered[Odd]) -> None:
    if request.method == "GET":
        into.report("hard", part=request.form(), recipient=request.form().get("to"))
        return
    said = request.json()
    if "visit" in said:
        into.visits.append(Visit(said["visit"], "confirms the subscription"))
    if "validate" in said:
        into.answer = Answer(200, said["validate"].encode(), {"Content-Type": "text/plain"})
    if "to" in said:
        into.report("hard", part=said, recipient=said["to"], event_id=request.headers.get("Odd-Id"))


def handshake(request: WebhookRequest, settings: Odd) -> Answer | None:
    if request.method in ("HEAD", "OPTIONS"):
        return Answer(headers={"WebHook-Allowed-Origin": request.headers.get("WebHook-Request-Origin", "")})
    if request.query == "test":
        return Answer(200, b"tested")
    return Answer(200, b"hello") if request.json()["type"] == "hello" else None


ODD = Provider(
    name="odd",
    title="Odd",
    summary="odd",
    settings=Odd,
    parse=parse,
    guide=Guide(date(2026, 11, 29), ()),
    classes={"hard": "hard"},
    methods=("POST", "GET"),
    handshake=handshake,
    hosts=r"good\.example",
    keep=("Odd-Id",),
)


class Errands:
    """In the place of the real ones: what was wished for, and what comes of it."""

    def __init__(self) -> None:
        self.wished: list[tuple[str, str]] = []
        self.fails = False

    async def get(self, url: str, hosts: str) -> bytes:
        self.wished.append((url, hosts))
        if self.fails:
            raise ErrandFailed("no answer")
        return b"certificate"

    async def close(self) -> None:
        pass


@pytest.fixture
async def odd(start: Start, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(providers, "get", lambda name: ODD)
    running = await start({"odd": Odd(name="odd", provider="odd", key=Secret(KEY))})
    running.errands = Errands()
    monkeypatch.setattr(running.server, "_errands", running.errands)
    return running


URL = "/webhooks/odd"


def said(**fields: str) -> bytes:
    import orjson

    return orjson.dumps({"secret": KEY, "to": "a@b.example", **fields})


async def test_a_proof_inside_the_body_also_of_a_compressed_one(odd: Any) -> None:
    assert (await odd.post(URL, said())).json["accepted"] == 1
    assert (await odd.post(URL, gzip.compress(said()), content_encoding="gzip")).json["accepted"] == 1
    for body in (said(secret="no"), b"junk", b"[]", b""):
        assert (await odd.post(URL, body)).status == 401
    assert (await odd.post(URL, b"damaged", content_encoding="gzip")).status == 401
    assert odd.emitted.submissions[1].raw == said()


async def test_of_a_stranger_little_is_decompressed_and_read_to_find_the_proof(odd: Any) -> None:
    """A proof that lies in the body has to be looked for; anyone may send a body."""
    fits, larger = (said().ljust(MOST_INSIDE + more) for more in (0, 1))
    for body in (larger, gzip.compress(larger)):
        encoding = {} if body is larger else {"content_encoding": "gzip"}
        assert (await odd.post(URL, body, **encoding)).status == 413
    assert (await odd.post(URL, gzip.compress(fits), content_encoding="gzip")).json["accepted"] == 1


async def test_large_bodies_of_strangers_take_turns(odd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may need many times its size in memory, and the interpreter for as long as it is read."""
    both = threading.Barrier(2)

    def meet(*_: object) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.2)
            met.append(True)
        raise Unauthorized("no")

    met: list[bool] = []
    monkeypatch.setattr(Inside, "body", meet)
    large = b" " * (THREAD_ABOVE + 1)
    assert {sent.status for sent in await asyncio.gather(*(odd.post(URL, large) for _ in range(4)))} == {401}
    assert not met


async def test_what_is_needed_for_the_proof_is_fetched_once(odd: Any) -> None:
    for body in (
        said(certificate="https://good.example/c"),
        said(certificate="https://good.example/c") + b" " * 40_000,
    ):
        assert (await odd.post(URL, body)).json["accepted"] == 1
    assert odd.errands.wished == [("https://good.example/c", r"good\.example")] * 2
    assert (await odd.post(URL, said(certificate="https://good.example/c", loop="x"))).status == 401


async def test_what_cannot_be_fetched_now_is_to_come_again(odd: Any) -> None:
    odd.errands.fails = True
    got = await odd.post(URL, said(certificate="https://good.example/c"))
    assert (got.status, got.headers["retry-after"]) == (503, "60")
    assert odd.emitted.submissions == []


async def test_a_confirmation_is_visited_before_the_answer(odd: Any) -> None:
    assert (await odd.post(URL, said(visit="https://good.example/v"))).status == 200
    assert odd.errands.wished == [("https://good.example/v", r"good\.example")]
    odd.errands.fails = True
    assert (await odd.post(URL, said(visit="https://good.example/v"))).status == 503
    assert (await odd.post(URL, said(visit="https://good.example/v", secret="no"))).status == 401
    assert len(odd.errands.wished) == 2


async def test_it_shapes_its_answer(odd: Any) -> None:
    got = await odd.post(URL, said(validate="the code"))
    assert (got.status, got.body, got.headers["content-type"]) == (200, b"the code", "text/plain")


async def test_other_methods_reach_it(odd: Any) -> None:
    got = await odd.post(URL, b"", "OPTIONS", WebHook_Request_Origin="eventgrid.azure.net")
    assert (got.status, got.headers["webhook-allowed-origin"]) == (200, "eventgrid.azure.net")
    assert got.headers["allow"] == "POST, GET"
    got = await odd.post(URL, b"", "PUT")
    assert (got.status, got.headers["allow"]) == (405, "POST, GET")


async def test_the_query_of_a_get_is_its_body(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "get", lambda name: ODD)
    running = await start({"odd": Odd(name="odd", provider="odd", password=Secret(KEY))})
    login = Basic.header("any", KEY)
    assert (await running.post(f"{URL}?to=a%40b.example", b"", "GET", Authorization=login)).json["accepted"] == 1
    assert running.emitted.submissions[0].raw == b"to=a%40b.example"


async def test_a_refused_proof_is_challenged_or_answered_as_the_provider_wants(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "get", lambda name: ODD)
    running = await start({"odd": Odd(name="odd", provider="odd", password=Secret(KEY))})
    got = await running.post(URL, said())
    assert (got.status, got.headers["www-authenticate"]) == (401, Basic.challenge)
    got = await running.post(f"{URL}?test", said())
    assert (got.status, got.body) == (200, b"tested")
    assert running.emitted.submissions == []


async def test_path_and_address_come_before_a_handshake(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "get", lambda name: replace(ODD))
    running = await start({"odd": Odd(name="odd", provider="odd", path_secret=Secret(KEY))})
    assert (await running.post(f"{URL}/{KEY}", b"", "OPTIONS")).status == 200
    assert (await running.post(f"{URL}/wrong", b"", "PUT")).status == 401


async def test_an_id_in_a_header_is_kept_so_that_judging_again_finds_the_same_event(
    odd: Any, tmp_path: Path
) -> None:
    assert (await odd.post(URL, said(), odd_id="event-1", x_other="no")).status == 200
    (submission,) = odd.emitted.submissions
    assert submission.headers == {"Odd-Id": "event-1"}
    conn = make.connect(tmp_path / "outbox.db")
    arrivals.take(conn, submission, make.NOW)
    came = operator.raw_input(conn, operator.show(conn, 1)[0])
    conn.close()
    config = Config(webhooks={"odd": Odd(name="odd", provider="odd", key=Secret(KEY))})
    (again,) = judge_again(came, config).events
    assert identity_keys(again, b"k") == identity_keys(submission.events[0], b"k")
    assert again.provider_event_id == "event-1"


async def test_what_a_refused_request_says_may_be_answered(odd: Any) -> None:
    got = await odd.post(URL, said(secret="no", type="hello"))
    assert (got.status, got.body) == (200, b"hello")
    large = said(secret="no", type="hello") + b" " * 40_000
    for body in (said(secret="no", type="other"), b"junk", b"[]", large):
        assert (await odd.post(URL, body)).status == 401
    assert odd.emitted.submissions == []
    assert odd.metrics.get(REQUESTS_REFUSED, "odd") == 5
