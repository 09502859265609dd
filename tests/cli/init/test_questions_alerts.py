# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from bouncestream.cli.init.answers import Answers
from bouncestream.cli.init.questions_alerts import ALERTS
from bouncestream.config.load import load
from tests.alerts.receivers import Hooks, hooks
from tests.cli.conftest import TOKEN, Cli
from tests.cli.init.conftest import Terminal

Start = Callable[..., Terminal]


def begun(terminal: Start, sandbox: str, folder: Path) -> Terminal:
    """At the question about alerts."""
    (folder / "token").write_text(TOKEN)
    given = ("--listmonk-url", sandbox, "--user", "bridge", "--token-file", "token", "--provider", "brevo")
    return terminal("init", *given, "--public-url", "", "--imap-host", "-")


async def test_a_test_alert_is_sent_only_after_a_yes(terminal: Start, sandbox: str, tmp_path: Path) -> None:
    async with hooks() as receiver:
        await asyncio.to_thread(_by_webhook, begun(terminal, sandbox, tmp_path), receiver)
    config = load(tmp_path / "config.toml", {})
    assert config.alerts.webhook.url is not None
    assert config.alerts.webhook.url.reveal() == f"{receiver.url}/hook"
    assert [event for event, _ in receiver.events()] == ["test"]


def _by_webhook(at: Terminal, receiver: Hooks) -> None:
    at.answer("How shall alerts reach you?", "3")
    at.answer("URL to post to", "ftp://x/s3cret")
    at.wait_for("✘ That is not an http or https URL")
    at.answer("(not shown)", f"{receiver.url}/hook")
    at.wait_for("Send a test alert over it now? [Y/n] ")
    assert not receiver.requests
    at.type("n\n")
    at.answer("Encrypt addresses", "")
    at.answer("That is all", "<")
    at.answer("Encrypt addresses", "<")
    at.answer("(not shown) [as before]", "")
    at.wait_for("Send a test alert over it now? [Y/n] ")
    assert not receiver.requests
    at.type("\n")
    at.wait_for("sent: has it arrived?")
    at.answer("Encrypt addresses", "")
    at.answer("That is all", "")
    assert at.end() == 0, at.screen
    assert "s3cret" not in at.screen
    assert "/hook" not in at.screen


async def test_a_channel_that_refuses_is_corrected(terminal: Start, sandbox: str, tmp_path: Path) -> None:
    async with hooks() as receiver:
        receiver.answer = 404
        await asyncio.to_thread(_refused, begun(terminal, sandbox, tmp_path), receiver)
    assert not load(tmp_path / "config.toml", {}).alerts.webhook.url


def _refused(at: Terminal, receiver: Hooks) -> None:
    at.answer("How shall alerts reach you?", "webhook")
    at.answer("URL to post to", f"{receiver.url}/hook")
    at.wait_for("Send a test alert over it now? [Y/n] ")
    at.type("y\n")
    at.wait_for("it answers 404")
    at.answer("Enter lets you correct", "")
    at.answer("[webhook]", "-")
    at.answer("Encrypt addresses", "")
    at.answer("That is all", "")
    assert at.end() == 0, at.screen


def test_by_email(terminal: Start, sandbox: str, tmp_path: Path) -> None:
    at = begun(terminal, sandbox, tmp_path)
    at.answer("How shall alerts reach you?", "email")
    at.answer("Who gets the e-mails?", "nobody")
    at.answer("✘", "ann@example.org, bob@example.org")
    at.answer("[ann@example.org]", "")
    at.answer("SMTP server", "127.0.0.1")
    at.answer("[587]", "1")
    at.answer("[none]", "")
    at.answer("User of the SMTP server", "")
    at.wait_for("[alerts-channel]")
    at.answer("Enter lets you correct", "k")
    at.answer("Encrypt addresses", "")
    at.answer("That is all", "")
    assert at.end() == 1
    email = load(tmp_path / "config.toml", {}).alerts.email
    assert (email.host, email.port, email.tls, email.sender) == ("127.0.0.1", 1, "none", "ann@example.org")
    assert email.recipients == ("ann@example.org", "bob@example.org")


def test_what_is_given_tells_how(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "url").write_text("json://127.0.0.1:1/s3cret")
    done = cli("init", "--yes", "--token-file", "token", "--apprise-file", "url")
    assert done.returncode == 1
    assert load(tmp_path / "config.toml", {}).alerts.apprise is not None
    assert "s3cret" not in done.stdout + done.stderr


def test_nothing_more_is_asked_without_alerts() -> None:
    assert not any(one.asked(Answers()) for one in ALERTS.questions if one.name != "alerts")
