# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bouncestream.cli.init.answers import Answers
from bouncestream.cli.init.questions_mailbox import BOUNCES
from bouncestream.config.load import load
from tests.cli.conftest import TOKEN
from tests.cli.init.conftest import Terminal
from tests.mailserver.dovecot import Dovecot, dsn
from tests.mailserver.fixtures import dovecot

__all__ = ["dovecot"]

Start = Callable[..., Terminal]
QUESTIONS = {one.name: one for one in BOUNCES.questions}


def begun(terminal: Start, sandbox: str, folder: Path, *more: str) -> Terminal:
    """At the question about the mailbox; there is no provider."""
    (folder / "token").write_text(TOKEN)
    given = ("--listmonk-url", sandbox, "--user", "bridge", "--token-file", "token", "--provider", "none")
    return terminal("init", *given, *more)


def test_a_mailbox_alone_is_tried_and_corrected(
    terminal: Start, sandbox: str, dovecot: Dovecot, tmp_path: Path
) -> None:
    dovecot.deliver(dsn("a@example.org"), dsn("b@example.org", number=2))
    before = dovecot.mails()
    at = begun(terminal, sandbox, tmp_path, "--imap-ca-file", str(dovecot.ca_file))
    at.answer("Mailbox that bounces are sent to", "-")
    at.answer("Without a mailbox: the bounce address", "-")
    at.wait_for("Without a provider and without a mailbox no bounce would arrive")
    at.answer("Mailbox that bounces are sent to", f"localhost:{dovecot.imaps}")
    at.wait_for("write it without a port or a scheme")
    at.answer("[-]", "localhost")
    at.answer("Port of the IMAP server", str(dovecot.imaps))
    at.answer("How is the connection secured?", "1")
    at.answer("User of the mailbox", "bounces")
    at.answer("How does it log in?", "")
    at.answer("Its password", "wr0ng-password")
    at.answer("Folders to read", "INBOX, Jnk")
    at.answer("Return address of your mails", "bounces@example.org")
    at.wait_for("[mailbox-login]")
    at.answer("Enter lets you correct", "")
    at.answer("[localhost]", "")
    at.answer(f"[{dovecot.imaps}]", "")
    at.answer("[implicit]", "")
    at.answer("[bounces]", "")
    at.answer("[password]", "")
    at.answer("(not shown) [as before]", "secret")
    at.answer("[INBOX, Jnk]", "")
    at.answer("[bounces@example.org]", "bounces+*@example.org")
    at.wait_for("[mailbox-folder]")
    at.answer("Enter lets you correct", "<")
    at.answer("[bounces+*@example.org]", "<")
    at.answer("[INBOX, Jnk]", "INBOX")
    at.answer("[bounces+*@example.org]", "")
    at.wait_for("INBOX: 2 mails; the first contact reads 2")
    at.answer("How shall alerts reach you?", "")
    at.answer("Encrypt addresses", "")
    at.answer("That is all", "")
    assert at.end() == 0, at.screen
    config = load(tmp_path / "config.toml", {})
    box = config.mailboxes["bounces"]
    assert (box.host, box.port, box.user, box.folders) == ("localhost", dovecot.imaps, "bounces", ("INBOX",))
    assert box.password is not None
    assert box.password.reveal() == "secret"
    assert config.mail.verp == ("bounces+*@example.org",)
    assert not config.webhooks
    assert '[{"Return-Path": "bounces@example.org"}]' in at.screen
    assert '{"Return-Path": "bounces+{{ .Subscriber.UUID }}@example.org"}' in at.screen.replace("\n", "")
    assert "wr0ng" not in at.screen
    assert "pass /webhooks/" not in at.screen
    assert dovecot.mails() == before
    assert not list(tmp_path.glob("outbox*"))


def test_with_oauth_the_login_comes_after(terminal: Start, sandbox: str, tmp_path: Path) -> None:
    at = begun(terminal, sandbox, tmp_path, "--alerts", "none")
    at.answer("Mailbox that bounces are sent to", "outlook.office365.com")
    at.answer("Port", "")
    at.answer("User", "bounces@example.org")
    at.answer("[microsoft]", "")
    at.answer("Client id", "12345678-abcd")
    at.answer("Its client secret", "")
    at.answer("Folders", "")
    at.answer("[bounces+*@example.org]", "")
    at.wait_for("tried once you have logged in")
    at.answer("Encrypt addresses", "")
    at.answer("That is all", "")
    assert at.end() == 0, at.screen
    assert "bouncestream mailbox login bounces --config config.toml" in at.screen
    box = load(tmp_path / "config.toml", {}).mailboxes["bounces"]
    assert (box.auth, box.oauth_provider, box.oauth_client_secret) == ("xoauth2", "microsoft", None)


@pytest.mark.parametrize(
    ("server", "login"),
    [("outlook.office365.com", "microsoft"), ("imap.gmail.com", "password"), ("imap.example.org", "password")],
)
def test_how_it_logs_in_follows_the_server(server: str, login: str) -> None:
    assert QUESTIONS["imap_login"].default(Answers(imap_host=server)) == login


def test_the_return_address_follows_the_user() -> None:
    default = QUESTIONS["return_address"].default
    assert default(Answers(imap_user="b@example.org")) == "b+*@example.org"
    assert default(Answers(imap_user="bounces")) == ""


def test_nothing_more_is_asked_without_a_mailbox() -> None:
    """But for the address of bounces that an own mail server hands over, where there is no provider either."""
    asked = {one.name for one in BOUNCES.questions if one.asked(Answers())}
    assert asked == {"imap_host", "bounce_address"}
    assert {one.name for one in BOUNCES.questions if one.asked(Answers(providers=("ses",)))} == {"imap_host"}


@pytest.mark.parametrize(
    ("server", "port", "tls"),
    [("localhost", "143", "none"), ("::1", "143", "none"), ("imap.example.org", "993", "implicit")],
)
def test_a_server_on_this_machine_needs_no_certificate(server: str, port: str, tls: str) -> None:
    answers = Answers(imap_host=server)
    number = QUESTIONS["imap_port"].default(answers)
    answers.imap_port = int(number)
    assert (number, QUESTIONS["imap_tls"].default(answers)) == (port, tls)
