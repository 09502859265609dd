# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import mailbox_stage as stage
from tests.cli.conftest import Cli
from tests.mailserver.dovecot import Dovecot, dsn, needs_dovecot
from tests.mailserver.fixtures import dovecot

pytestmark = pytest.mark.binary

__all__ = ["dovecot"]


def test_it_hears_of_its_own_mail_and_leaves_no_trace(cli: Cli, dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(dsn("a@example.org"))
    with dovecot.client() as client:
        client.create('"Zur&APw-ck"')
        client.append("INBOX", "\\Deleted", None, dsn("deleted@example.org", number=2))
    before = dovecot.mails()
    stage.write(tmp_path, stage.by_password(dovecot))
    done = cli("mailbox", "test", "bounces")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✔ bounces: a test mail in INBOX was reported after" in done.stdout
    assert "· the server supports IDLE, MOVE, UIDPLUS" in done.stdout
    assert "  Zurück\n" in done.stdout
    assert "  INBOX  (read)\n" in done.stdout
    assert "All is well." in done.stdout
    assert dovecot.mails() == before, "also what somebody else had marked as deleted"
    assert not list(tmp_path.glob("outbox*"))


@pytest.mark.parametrize(
    ("capabilities", "words"),
    [
        ("IMAP4rev1 LITERAL+ IDLE", "no test mail was put into it: without UIDPLUS"),
        ("IMAP4rev1 LITERAL+ UIDPLUS", "the server has no IDLE"),
    ],
)
def test_where_it_cannot_clean_up_it_does_not_write(
    cli: Cli, tmp_path: Path, capabilities: str, words: str
) -> None:
    needs_dovecot()
    dovecot = Dovecot(extra=f"protocol imap {{\n  imap_capability = {capabilities}\n}}\n")
    try:
        dovecot.start()
        stage.write(tmp_path, stage.by_password(dovecot))
        done = cli("mailbox", "test", "bounces")
        assert done.returncode == 0, done.stdout + done.stderr
        assert words in " ".join(done.stdout.split())
        assert dovecot.mails() == []
        assert "APPEND" not in dovecot.log()
    finally:
        dovecot.close()


def test_a_mailbox_that_is_full_is_told(cli: Cli, tmp_path: Path) -> None:
    needs_dovecot()
    quota = (
        "mail_plugins = quota\nplugin {\n  quota = maildir:User quota\n  quota_rule = *:storage=1K\n}\n"
        "protocol imap {\n  mail_plugins = quota imap_quota\n}\n"
    )
    dovecot = Dovecot(extra=quota)
    try:
        dovecot.start()
        with dovecot.client() as client:
            client.append("INBOX", None, None, dsn("a@example.org")[:900])
        stage.write(tmp_path, stage.by_password(dovecot))
        done = cli("mailbox", "test", "bounces")
        assert done.returncode == 3, done.stdout + done.stderr
        assert "[mailbox-canary-failed]" in done.stdout
        assert "said NO to APPEND" in " ".join(done.stdout.split())
    finally:
        dovecot.close()


def test_a_server_that_is_away(cli: Cli, tmp_path: Path) -> None:
    stage.write(tmp_path, stage.settings("b", host="127.0.0.1", port=1, tls="none", user="b", password="x"))
    done = cli("mailbox", "test", "b")
    assert done.returncode == 3
    assert "✘ b: 127.0.0.1:1 could not be reached: connection refused [mailbox-unreachable]" in done.stdout
    assert "Folders" not in done.stdout


def test_an_unknown_name(cli: Cli, config: Path) -> None:
    done = cli("mailbox", "test", "bounces")
    assert done.returncode == 64
    assert "none is configured" in done.stderr


def test_check_looks_at_every_mailbox(cli: Cli, dovecot: Dovecot, tmp_path: Path) -> None:
    stage.write(
        tmp_path,
        stage.by_password(dovecot, "good", user="bounces@example.test"),
        stage.by_password(dovecot, "wrong", password="not-the-password"),
    )
    done = cli("check")
    assert done.returncode == 3, "of Listmonk"
    assert "✔ good: localhost:" in done.stdout
    assert "b•••@example.test" in done.stdout
    assert "✘ wrong: localhost:" in done.stdout
    assert "bridge-no-source" not in done.stdout
    assert "not-the-password" not in done.stdout + done.stderr
    assert dovecot.mails() == []
