# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from bouncestream.config.alerting import Alerts, Email, Heartbeat, JsonWebhook
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.areas.alerts import collect, judge
from bouncestream.doctor.finding import Level
from tests.alerts.receivers import mails

HIDDEN = "a-very-secret-part"


@pytest.mark.parametrize("heartbeat", [{}, {"heartbeat": ""}])
def test_no_channel_is_told(heartbeat: dict[str, str]) -> None:
    (told,) = judge(heartbeat)
    assert (told.id, told.level) == ("alerts-none", Level.INFO)


def test_one_that_cannot_be_used_is_an_error_with_its_key() -> None:
    found = judge({"email": "", "webhook": "connection refused", "heartbeat": "no answer", "apprise:x": "what?"})
    assert [one.id for one in found] == ["alerts-channel"] * 3
    assert [one.fix.partition(",")[0] for one in found] == [
        "correct [alerts.webhook] url",
        "correct [alerts.heartbeat] url",
        "correct [alerts] apprise",
    ]
    (fine,) = judge({"email": "", "webhook": ""})
    assert (fine.id, fine.level) == ("alerts-ok", Level.OK)


@pytest.mark.process
@pytest.mark.process
async def test_what_apprise_does_not_understand_is_seen_without_sending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        urls = Secret(f"nonsense://{HIDDEN}", f"json://127.0.0.1:{port}/{HIDDEN}")
        seen = await collect(Alerts(apprise=urls))
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "cannot use the URL" in seen["apprise:nonsense"]
    assert seen["apprise:json"] == ""
    assert HIDDEN not in str(seen)


async def test_a_webhook_and_a_heartbeat_are_connected_to_and_asked_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = Secret(f"http://127.0.0.1:{server.getsockname()[1]}/{HIDDEN}")
        seen = await collect(Alerts(webhook=JsonWebhook(url=url), heartbeat=Heartbeat(url=url)))
        assert seen == {"webhook": "", "heartbeat": ""}
        for _ in range(2):
            peer, _ = server.accept()
            with peer:
                assert peer.recv(100) == b""
    away = Secret("https://127.0.0.1:1/x")
    seen = await collect(Alerts(webhook=JsonWebhook(url=away), heartbeat=Heartbeat(url=Secret("http://[/x"))))
    assert seen["webhook"] == "connection refused"
    assert seen["heartbeat"]


@pytest.mark.process
@pytest.mark.process
async def test_an_email_server_is_greeted_and_gets_no_mail() -> None:
    async with mails("none") as server:
        email = Email(host="127.0.0.1", port=server.port, tls="none", sender="watcher@example.org")
        assert await collect(Alerts(email=email)) == {"email": ""}
        offered = await collect(Alerts(email=replace(email, tls="starttls")))
        assert "the server does not support it" in offered["email"]
        assert server.taken == []
