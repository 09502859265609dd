# SPDX-License-Identifier: GPL-3.0-or-later
"""What providers, and those who play one, send wrong: through the real server, and where it matters into a real
outbox. What single proofs refuse is in tests/providers and tests/crypto."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bouncestream.net.http import Client
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.providers._settings import Webhook
from bouncestream.sources.webhook import errands
from tests.providers import sns
from tests.providers.case import KEY, OTHER, Case
from tests.providers.cases import CASES
from tests.providers.cases.custom import in_a_list
from tests.providers.cases.sendgrid import SENDGRID
from tests.providers.cases.ses import SES_BOUNCE
from tests.providers.described import described
from tests.sources.conftest import Answer, Running, Start

PATH = "/webhooks/news"
#: Those that are spoken to by POST, and prove themselves beside the URL.
POSTED = {name: case for name, case in CASES.items() if case.method == "POST" and case.key != "path_secret"}


def hook(case: Case) -> dict[str, Webhook]:
    return {"news": case.settings}


def sent(case: Case, document: Any = None, secret: str = KEY) -> tuple[bytes, dict[str, str]]:
    asked = case.request(document, secret)
    return asked.body, dict(asked.headers)


async def post(running: Running, case: Case, document: Any = None, secret: str = KEY) -> Answer:
    body, headers = sent(case, document, secret)
    return await running.post(PATH, body, **headers)


# -- the right proof over the wrong thing -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sendgrid", "mailgun", "postmark", "custom, events in a list, HMAC with a time"])
async def test_a_valid_signature_over_another_providers_body_is_kept_and_is_no_event(
    start: Start, name: str
) -> None:
    case = CASES[name]
    running = await start(hook(case))
    for other in ("resend", "brevo", "maileroo", "kumomta"):
        got = await post(running, case, CASES[other].document)
        assert (got.status, got.json["accepted"], got.json["quarantined"]) == (200, 0, 1), other
    assert all(not one.events for one in running.emitted.submissions)


@pytest.mark.parametrize("name", POSTED)
async def test_a_key_of_another_account(start: Start, name: str) -> None:
    case = POSTED[name]
    running = await start(hook(case))
    got = await post(running, case, secret=OTHER)
    assert got.status == (200 if case.provider == "mailpace" else 401), "MailPace would stop at an error"
    assert running.emitted.submissions == []


# -- certificates -------------------------------------------------------------------------------------------------


class Leading(AbstractResolver):
    """All names lead to one port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            {"hostname": host, "host": "127.0.0.1", "port": self.port, "family": family, "proto": 0, "flags": 0}
        ]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def amazon(monkeypatch: pytest.MonkeyPatch, served_as: str) -> AsyncIterator[ssl.SSLContext]:
    """A server that plays Amazon with a certificate for this name, of an authority that we trust."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(served_as).configure_cert(context)

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=sns.PEM)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    leading = Leading(runner.addresses[0][1])
    monkeypatch.setattr(
        errands, "Client", lambda **options: Client(connector=aiohttp.TCPConnector(resolver=leading), **options)
    )
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    yield trusted
    await runner.cleanup()


SES = replace(CASES["ses"], key="topics")
REAL = "sns.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("served_as", "url", "status"),
    [
        (REAL, sns.CERTIFICATE, 200),
        ("sns.eu-central-1.amazonaws.example", sns.CERTIFICATE, 503),
        ("amazonaws.com", sns.CERTIFICATE, 503),
        (REAL, sns.CERTIFICATE.replace("amazonaws.com", "amazonaws.com.evil.example"), 401),
        (REAL, sns.CERTIFICATE.replace("sns.", "sns-"), 401),
        (REAL, sns.CERTIFICATE.replace("amazonaws", "arnazonaws"), 401),
        (REAL, sns.CERTIFICATE.replace("https", "http"), 401),
        (REAL, sns.CERTIFICATE.replace("amazonaws.com", "amazonaws.com:8443"), 401),
        (REAL, sns.CERTIFICATE.replace("https://", "https://x@"), 401),
    ],
)
async def test_a_certificate_from_a_lookalike_host_or_for_another_name(
    start: Start, monkeypatch: pytest.MonkeyPatch, served_as: str, url: str, status: int
) -> None:
    async with amazon(monkeypatch, served_as) as trusted:
        running = await start({"news": SES.settings}, errands_context=trusted)
        said = sns.message(KEY, json.dumps(SES_BOUNCE), SigningCertURL=url)
        got = await running.post(PATH, json.dumps(said).encode(), content_type="text/plain")
    assert got.status == status
    assert len(running.emitted.submissions) == (status == 200)


# -- very many at once, and the same at once ----------------------------------------------------------------------


def rows(number: int) -> list[dict[str, Any]]:
    return [
        SENDGRID | {"email": f"reader{one}@example.org", "sg_event_id": f"id-{one}", "smtp-id": f"<{one}@host>"}
        for one in range(number)
    ]


@pytest.fixture
async def stored(start: Start, tmp_path: Path) -> AsyncIterator[Any]:
    """Starts a server whose events go into a real outbox."""
    db = await Database.open(tmp_path / "outbox.db")

    async def begin(hooks: dict[str, Webhook]) -> Running:
        running: Running = await start(hooks)
        running.server.emit = Intake(db, clock=running.server.clock, metrics=running.metrics, health=running.health)
        return running

    yield begin
    await db.close()


async def test_ten_thousand_events_in_one_body(stored: Any) -> None:
    case = CASES["sendgrid"]
    running = await stored(hook(case))
    got = await post(running, case, rows(10_000))
    assert (got.status, got.json) == (200, {"accepted": 10_000, "duplicates": 0, "quarantined": 0})
    assert (await post(running, case, rows(10_001))).status == 413
    custom = CASES["custom, events in a list, HMAC with a time"]
    running = await stored(hook(custom))
    event = in_a_list()["events"][0]
    many = {"events": [event | {"id": str(one)} for one in range(10_001)]}
    assert (await post(running, custom, many)).status == 413


async def test_the_same_batch_twice_at_once_counts_once(stored: Any) -> None:
    case = CASES["sendgrid"]
    running = await stored(hook(case))
    answers = await asyncio.gather(*(post(running, case, rows(300)) for _ in range(4)))
    assert [got.status for got in answers] == [200] * 4
    assert sum(got.json["accepted"] for got in answers) == 300
    assert sum(got.json["duplicates"] for got in answers) == 900


# -- bombs --------------------------------------------------------------------------------------------------------

BOMBS = {
    "gzip": gzip.compress(b"[" + b" " * 60_000_000 + b"]"),
    "deflate": zlib.compress(b"[" + b" " * 60_000_000 + b"]"),
}


@pytest.mark.parametrize("name", ["sendgrid", "postmark", "sparkpost", "custom, Ed25519", "custom, a list, bearer"])
@pytest.mark.parametrize("encoding", BOMBS)
async def test_a_bomb_behind_a_valid_proof(start: Start, name: str, encoding: str) -> None:
    case = CASES[name]
    running = await start(hook(case))
    body, headers = sent(case, BOMBS[encoding])
    got = await running.post(PATH, body, **headers, content_encoding=encoding)
    assert got.status == 413
    assert running.emitted.submissions == []
    assert (await post(running, case)).status == 200


@pytest.mark.parametrize("name", ["mailgun", "custom, HMAC within"])
async def test_a_bomb_whose_proof_would_be_inside(start: Start, name: str) -> None:
    case = CASES[name]
    running = await start(hook(case))
    signed = case.request({**case.document, "fill": " " * 8_000_000}).body
    got = await running.post(PATH, gzip.compress(signed), content_encoding="gzip", content_type="application/json")
    assert got.status == 413, "a stranger's body may not grow beyond 1 MiB"
    assert running.emitted.submissions == []


# -- headers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", POSTED)
@pytest.mark.parametrize("odd", ["\xff\xfe\x80", "\x80", "\xc3\x28\xe2\x82"])
async def test_header_values_that_are_no_utf8(start: Start, name: str, odd: str) -> None:
    """Each header of the proof, and each that is kept, as such bytes: nothing raises, nobody gets in by it."""
    case = POSTED[name]
    running = await start(hook(case))
    body, headers = sent(case)
    proof = [one for one in headers if one.lower() != "content-type"]
    for header in proof:
        for value in (odd, headers[header] + odd, odd + headers[header]):
            got = await running.post(PATH, body, **(headers | {header: value}))
            assert got.status in (200, 401)
            if case.provider != "mailpace":
                assert got.status == 401 or running.emitted.submissions.pop().events
    got = await running.post(
        PATH, body, **(headers | {"Content-Type": f"application/json; charset={odd}", "X": odd})
    )
    assert got.status in ((401, 503) if case.fetched else (200, 401)), "503: its certificate cannot be had here"


async def test_a_kept_header_that_is_no_utf8_is_stored(stored: Any) -> None:
    case = CASES["custom, a list, bearer"]
    beside = described('provider_event_id = "header:X-Id"')
    odd = replace(case, options={**case.options, "provider_message_id": (), **beside})
    running = await stored(hook(odd))
    body, headers = sent(odd)
    for _ in range(2):
        got = await running.post(PATH, body, **headers, X_Id="\xff\xfe id")
        assert got.status == 200
    assert got.json == {"accepted": 0, "duplicates": 1, "quarantined": 0}
