# SPDX-License-Identifier: GPL-3.0-or-later
"""Each channel against a real server: what arrives, and what is said when it does not, never with a secret."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from bouncestream.alert import Notice, What
from bouncestream.alerts import channels
from bouncestream.alerts.channels import Channel, SendFailed
from bouncestream.config.alerting import Alerts, Email, JsonWebhook
from bouncestream.crypto.blank import Blank
from bouncestream.crypto.secret import Secret
from tests.alerts.receivers import Hooks, hooks, mails

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NOTICE = Notice(
    7, AT, What.FIRED, "error", "Dead letters", "New dead letters: 3.", "`bouncestream …`", "dead-letters", "", AT
)
TOKEN = "t0ken-of-the-webhook-receiver"


@pytest.fixture
async def receiver() -> AsyncIterator[Hooks]:
    async with hooks() as made:
        yield made


def webhook(url: str) -> Channel:
    (channel,) = channels.channels(Alerts(webhook=JsonWebhook(url=Secret(url), token=Secret(TOKEN))), "news")
    return channel


def by_apprise(*urls: str) -> list[Channel]:
    return channels.channels(Alerts(apprise=Secret(*urls)), "news")


def mail(port: int, tls: str, password: str = "", recipients: tuple[str, ...] = ("admin@example.org",)) -> Channel:
    settings = Email(
        host="127.0.0.1",
        port=port,
        tls=tls,
        user="watcher" if password else "",
        password=Secret(password) if password else None,
        sender="bridge@example.org",
        recipients=recipients,
    )
    (channel,) = channels.channels(Alerts(email=settings), "news")
    return channel


async def why(channel: Channel) -> str:
    with pytest.raises(SendFailed) as failed:
        await channel.send(NOTICE)
    return str(failed.value)


# -- the JSON webhook ---------------------------------------------------------------------------------------------


async def test_the_webhook_gets_one_object(receiver: Hooks) -> None:
    await webhook(f"{receiver.url}/hook").send(NOTICE)
    (body,) = receiver.bodies()
    assert body == {
        "id": 7,
        "at": "2026-03-02T12:00:00.000Z",
        "event": "fired",
        "rule": "dead-letters",
        "subject": "",
        "level": "error",
        "title": "Dead letters",
        "text": "New dead letters: 3.",
        "fix": "`bouncestream …`",
        "since": "2026-03-02T12:00:00.000Z",
        "host": "news",
    }
    method, _, headers, _ = receiver.requests[0]
    assert (method, headers["Authorization"]) == ("POST", f"Bearer {TOKEN}")
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(("status", "words"), [(500, "it answers 500"), (404, "404"), (302, "redirect")])
async def test_what_the_webhook_answers_is_told(receiver: Hooks, status: int, words: str) -> None:
    receiver.answer, receiver.headers = status, {"Location": f"{receiver.url}/elsewhere"}
    assert words in await why(webhook(f"{receiver.url}/hook?key=s3cret"))
    assert len(receiver.requests) == 1, "a redirect would carry the token elsewhere"


async def test_a_webhook_that_is_not_there_is_told_without_its_url() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        said = await why(webhook(f"http://127.0.0.1:{taken.getsockname()[1]}/s3cret-path"))
    assert said == "connection refused"
    assert await why(webhook("http://s3cret.invalid/hook")) == "the host name is unknown"


async def test_a_webhook_that_hangs_is_left(receiver: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "HTTP_PATIENCE", 0.2)
    receiver.hang = True
    assert await why(webhook(f"{receiver.url}/hook")) == "no answer in time"


async def test_the_heartbeat_is_a_get(receiver: Hooks) -> None:
    await channels.beat(f"{receiver.url}/push/abc?status=up&msg=OK&ping=")
    assert [(method, path) for method, path, _, _ in receiver.requests] == [
        ("GET", "/push/abc?status=up&msg=OK&ping=")
    ]


# -- Apprise ------------------------------------------------------------------------------------------------------


@pytest.mark.process
async def test_apprise_sends_it(receiver: Hooks) -> None:
    port = receiver.url.rpartition(":")[2]
    first, second = by_apprise(f"json://127.0.0.1:{port}/one", f"json://127.0.0.1:{port}/two")
    assert [first.name, second.name] == ["apprise:json", "apprise:json#2"]
    await asyncio.gather(first.send(NOTICE), second.send(NOTICE))
    (body,) = receiver.bodies("/one")
    assert body["title"] == "✘ bouncestream on news: Dead letters"
    assert body["message"].startswith(
        "New dead letters: 3.\n\nWhat to do: `bouncestream …`\n\nbouncestream on news"
    )
    assert body["type"] == "failure"
    assert len(receiver.bodies("/two")) == 1


@pytest.mark.process
async def test_apprise_trusts_the_authorities_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    async with hooks(tls) as receiver:
        (channel,) = by_apprise(f"jsons://localhost:{receiver.url.rpartition(':')[2]}/one")
        assert await why(channel)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        await channel.send(NOTICE)
        assert len(receiver.bodies("/one")) == 1


@pytest.mark.process
async def test_apprise_says_why_it_failed_without_the_url(receiver: Hooks) -> None:
    receiver.answer = 500
    port = receiver.url.rpartition(":")[2]
    (channel,) = by_apprise(f"json://someone:s3cretword@127.0.0.1:{port}/s3cretpath?method=POST")
    said = await why(channel)
    assert "500" in said or "nternal" in said
    assert "s3cret" not in said
    assert "someone" not in said
    (channel,) = by_apprise("nosuchservice://s3cretword")
    said = await why(channel)
    assert "cannot use the URL" in said
    assert "s3cretword" not in said


@pytest.mark.process
async def test_an_errand_that_hangs_is_killed(receiver: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "SENDER_PATIENCE", 1.5)
    receiver.hang = True
    (channel,) = by_apprise(f"json://127.0.0.1:{receiver.url.rpartition(':')[2]}/one")
    assert await why(channel) == "no answer in time"
    assert errands() == []


@pytest.mark.process
async def test_an_errand_ends_with_the_task_that_waits_for_it(receiver: Hooks) -> None:
    receiver.hang = True
    (channel,) = by_apprise(f"json://127.0.0.1:{receiver.url.rpartition(':')[2]}/one")
    task = asyncio.create_task(channel.send(NOTICE))
    await receiver.until(1)
    assert len(errands()) == 1
    command, environ = (Path(f"/proc/{errands()[0]}/{name}").read_text() for name in ("cmdline", "environ"))
    assert "json://" not in command + environ, "no secret is seen in the list of processes"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert errands() == []


def errands() -> list[int]:
    """Errands of this process that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                mine = parent == os.getpid() and "notify" in (entry / "cmdline").read_text()
            except OSError:
                continue
            if mine:
                found.append(int(entry.name))
    return found


# -- e-mail -------------------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that the errand trusts, as it does the system's."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


@pytest.mark.process
@pytest.mark.parametrize("tls", ["starttls", "implicit", "none"])
async def test_a_mail_arrives(tls: str, authority: trustme.CA) -> None:
    password = "" if tls == "none" else "pass w0rd"
    async with mails(tls, authority=authority, password=password) as server:
        await mail(server.port, tls, password, ("admin@example.org", "other@example.org")).send(NOTICE)
    ((recipients, message),) = server.taken
    assert recipients == ["admin@example.org", "other@example.org"]
    assert message["Subject"] == "✘ bouncestream on news: Dead letters"
    assert message["From"] == "bridge@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.org>")
    assert "New dead letters: 3." in message.get_content()


@pytest.mark.process
async def test_without_recipients_the_sender_gets_it() -> None:
    async with mails("none") as server:
        await mail(server.port, "none", recipients=()).send(NOTICE)
    assert [to for to, _ in server.taken] == [["bridge@example.org"]]


@pytest.mark.process
async def test_a_refused_login_is_told_without_the_password(authority: trustme.CA) -> None:
    async with mails("starttls", authority=authority, password="the right one") as server:
        said = await why(mail(server.port, "starttls", "s3cretword"))
    assert said.startswith("the server rejects the user or password: 535")
    assert "s3cretword" not in said


@pytest.mark.process
async def test_a_server_without_starttls_is_told_and_gets_nothing() -> None:
    async with mails("none") as server:
        said = await why(mail(server.port, "starttls", "s3cretword"))
    assert 'set tls to "implicit" or "none"' in said
    assert server.taken == []


@pytest.mark.process
async def test_a_certificate_that_nobody_vouches_for_is_told() -> None:
    async with mails("implicit", authority=trustme.CA()) as server:
        said = await why(mail(server.port, "implicit"))
    assert "certificate is invalid: it is signed by an untrusted authority" in said


@pytest.mark.process
async def test_the_wrong_kind_of_tls_is_told(authority: trustme.CA, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    async with mails("starttls", authority=authority) as server:
        said = await why(mail(server.port, "implicit"))
    assert "is this the right port for this kind of TLS?" in said


@pytest.mark.process
async def test_refused_recipients_are_told_masked() -> None:
    async with mails("none") as server:
        server.refused = {"admin@example.org"}
        said = await why(mail(server.port, "none"))
    assert "rejects every recipient: 550" in said
    assert "admin@" not in said


@pytest.mark.process
async def test_a_recipient_that_is_refused_beside_others_is_told() -> None:
    async with mails("none") as server:
        server.refused = {"gone@example.org"}
        said = await mail(server.port, "none", recipients=("admin@example.org", "gone@example.org")).send(NOTICE)
    assert said is not None
    assert "the server rejects 1 of 2 recipients" in said
    assert "550 5.1.1" in said
    assert "gone@" not in said, "masked"
    assert [to for to, _ in server.taken] == [["admin@example.org"]]


@pytest.mark.process
async def test_a_server_that_is_not_there_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert await why(mail(taken.getsockname()[1], "none")) == "connection refused"


# -- the errand itself --------------------------------------------------------------------------------------------


@pytest.mark.process
def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    heavy = "{'apprise', 'smtplib', 'requests', 'yaml', 'markdown'}"
    code = f"import sys, bouncestream.app; sys.exit(len({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_of_a_url_is_blanked() -> None:
    url = "tgram://123456789:AAbb%2Fcc_dd/-10012345/?silent=yes"
    text = "Failed to post to 123456789:AAbb%2Fcc_dd (AAbb/cc_dd), chat -10012345"
    assert Blank(*channels.parts_of(url))(text) == "Failed to post to ••• (•••), chat •••"
    host = Blank(*channels.parts_of("json://hooks.s3cret.example/"))
    assert host("No route to hooks.s3cret.example") == "No route to •••"


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://hooks.example.com/x", 443),
        ("http://hooks.example.com", 80),
        ("https://hooks.example.com:8443", 8443),
    ],
)
async def test_a_url_without_a_port_is_tried_at_the_port_of_its_scheme(
    monkeypatch: pytest.MonkeyPatch, url: str, port: int
) -> None:
    """Those below 1024 are the system's, so the name is looked up here, and nothing answers."""
    asked = []

    def nobody(host: object, at: object, *_: object, **__: object) -> object:
        asked.append((host, at))
        raise socket.gaierror(socket.EAI_NONAME, "nobody")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(SendFailed, match="the host name is unknown"):
        await channels.connect(url)
    assert asked == [("hooks.example.com", port)]


def test_channels_of_the_same_settings_are_equal() -> None:
    def made(token: str, recipient: str, host: str = "news") -> list[Channel]:
        hook = JsonWebhook(url=Secret("https://example.org/hook"), token=Secret(token))
        email = Email(host="127.0.0.1", sender="bridge@example.org", recipients=(recipient,))
        return channels.channels(Alerts(email=email, webhook=hook, apprise=Secret("json://127.0.0.1/x")), host)

    before = made("one", "a@example.org")
    assert made("one", "a@example.org") == before
    assert [a == b for a, b in zip(made("two", "b@example.org"), before, strict=True)] == [False, False, True]
    assert not any(a == b for a, b in zip(made("one", "a@example.org", "other"), before, strict=True))
