# SPDX-License-Identifier: GPL-3.0-or-later
"""A subscription to Amazon SNS from its confirmation to its end, through the real server. SNS is a stand-in with
TLS on this machine: names lead to it, and its certificate is by an authority that only the test trusts. And that of
Azure Event Grid, which only asks."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bouncestream.net.http import Client
from bouncestream.providers import webhook
from bouncestream.sources.webhook import errands
from tests.providers import sns
from tests.providers.case import KEY, OTHER
from tests.providers.cases import azure
from tests.providers.cases.ses import SES_BOUNCE
from tests.sources.conftest import Answer, Running, Start

CA = trustme.CA()
PATH = "/webhooks/news"


@dataclass
class Amazon(AbstractResolver):
    """The stand-in, and the resolver that leads all names to it."""

    port: int = 0
    status: int = 200
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(f"{request.method} https://{request.host}{request.path_qs}")
        return web.Response(status=self.status, body=sns.PEM if request.path.endswith(".pem") else b"<Confirmed/>")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            {"hostname": host, "host": "127.0.0.1", "port": self.port, "family": family, "proto": 0, "flags": 0}
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def amazon(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Amazon]:
    made = Amazon()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert("sns.eu-central-1.amazonaws.com").configure_cert(context)
    runner = web.ServerRunner(web.Server(made.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    made.port = runner.addresses[0][1]

    def client(**options: Any) -> Client:
        return Client(connector=aiohttp.TCPConnector(resolver=made), **options)

    monkeypatch.setattr(errands, "Client", client)
    yield made
    await runner.cleanup()


@pytest.fixture
async def running(amazon: Amazon, start: Start) -> Running:
    trusted = ssl.create_default_context()
    CA.configure_trust(trusted)
    hook = webhook("news", "ses", topics=(sns.topic(KEY),))
    one: Running = await start({"news": hook}, errands_context=trusted)
    return one


async def post(running: Running, said: dict[str, Any]) -> Answer:
    return await running.post(
        PATH,
        json.dumps(said).encode(),
        content_type="text/plain; charset=UTF-8",
        x_amz_sns_message_type=said["Type"],
        x_amz_sns_topic_arn=said["TopicArn"],
    )


async def test_from_the_confirmation_to_the_end(amazon: Amazon, running: Running) -> None:
    confirmation = sns.message(KEY, "You have chosen …", "SubscriptionConfirmation")
    event = sns.message(KEY, json.dumps(SES_BOUNCE))
    end = sns.message(KEY, "You have chosen …", "UnsubscribeConfirmation")
    assert (await post(running, confirmation)).status == 200
    assert amazon.asked == [f"GET {sns.CERTIFICATE}", f"GET {confirmation['SubscribeURL']}"]
    for _ in range(3):
        assert (await post(running, event)).json["accepted"] == 1
    assert (await post(running, end)).status == 200
    assert len(amazon.asked) == 2  # the certificate is remembered, and the end is not undone
    assert [s.events[0].recipient for s in running.emitted.submissions] == ["person@example.org"] * 3


async def test_a_stranger_makes_nothing_be_fetched(amazon: Amazon, running: Running) -> None:
    strange = sns.message(OTHER, "You have chosen …", "SubscriptionConfirmation")
    assert (await post(running, strange)).status == 401
    elsewhere = sns.message(KEY, "x") | {"SigningCertURL": "https://sns.s3-eu-west-1.amazonaws.com/x.pem"}
    assert (await post(running, elsewhere)).status == 401
    assert amazon.asked == []


async def test_a_forged_confirmation_is_not_visited(amazon: Amazon, running: Running) -> None:
    confirmation = sns.message(KEY, "You have chosen …", "SubscriptionConfirmation")
    forged = confirmation | {"SubscribeURL": confirmation["SubscribeURL"] + "&TopicArn=another"}
    assert (await post(running, forged)).status == 401
    assert amazon.asked == [f"GET {sns.CERTIFICATE}"]


async def test_sns_is_told_to_come_again_when_it_cannot_be_asked(
    amazon: Amazon, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "FAILED", 0.0)
    amazon.status = 500
    event = sns.message(KEY, json.dumps(SES_BOUNCE))
    assert (await post(running, event)).status == 503
    assert running.emitted.submissions == []
    amazon.status = 200
    assert (await post(running, event)).json["accepted"] == 1
    amazon.status = 500
    confirmation = sns.message(KEY, "You have chosen …", "SubscriptionConfirmation")
    assert (await post(running, confirmation)).status == 503


async def test_event_grid_validates_the_endpoint_without_the_secret_and_sends_nothing_so(start: Start) -> None:
    case = azure.CASES["azure"]
    running: Running = await start({"news": case.settings})
    validation = case.encoded(azure.VALIDATION)
    answer = await running.post(PATH, validation, aeg_event_type="SubscriptionValidation")
    assert (answer.status, answer.json) == (200, {"validationResponse": azure.CODE})
    for sort in ("SubscriptionValidation", "Notification"):
        assert (await running.post(PATH, case.good, aeg_event_type=sort)).status == 401
    asked = await running.post(PATH, b"", "OPTIONS", WebHook_Request_Origin="eventgrid.azure.net")
    assert (asked.status, asked.headers["webhook-allowed-origin"]) == (200, "eventgrid.azure.net")
    assert (await running.post(PATH, b"", "OPTIONS", WebHook_Request_Origin="evil.example")).status == 405
    assert running.emitted.submissions == []
    assert (await running.post(PATH, case.good, authorization=f"Bearer {KEY}")).json["accepted"] == 1
