# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bouncestream.cli.init.answers import Answers
from bouncestream.cli.init.writing import may_write, outbox, render, write
from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.errors import ConfigError, UsageError
from tests.cli.conftest import TOKEN


def given(**more: object) -> Answers:
    standard = {
        "listmonk_url": "http://127.0.0.1:9000",
        "listmonk_user": "bridge",
        "listmonk_token": TOKEN,
        "outbox": "/o/outbox.db",
    }
    return Answers(**(standard | more))  # type: ignore[arg-type]


def loaded(folder: Path, answers: Answers) -> Config:
    write(folder / "config.toml", render(answers), force=True)
    return load(folder / "config.toml", {})


def test_odd_texts_are_quoted(tmp_path: Path) -> None:
    odd = given(
        listmonk_token='a"quote\\and more' * 2, listmonk_user="ünï", outbox='/a "b"/o', providers=("generic",)
    )
    config = loaded(tmp_path, odd)
    assert (config.listmonk.user, config.outbox.path) == ("ünï", '/a "b"/o')
    assert config.listmonk.token is not None
    assert config.listmonk.token.reveal() == 'a"quote\\and more' * 2
    odd.listmonk_token = f"a\t{odd.listmonk_token}"
    with pytest.raises(
        ConfigError, match="unprintable"
    ):  # a tab is refused by its own rule, so it was read back right
        loaded(tmp_path, odd)


def test_several_providers_have_a_section_and_a_secret_each(tmp_path: Path) -> None:
    config = loaded(tmp_path, given(providers=("mailgun", "sendamatic"), trusted_proxies=("127.0.0.1", "::1")))
    assert [*config.webhooks] == ["mailgun", "sendamatic"]
    one, other = (hook.secrets[0].reveal() for hook in config.webhooks.values())
    assert one != other
    assert [str(proxy) for proxy in config.server.trusted_proxies] == ["127.0.0.1/32", "::1/128"]


def test_a_mailbox_with_a_password(tmp_path: Path) -> None:
    answers = given(
        imap_host="imap.example.org",
        imap_port=143,
        imap_tls="starttls",
        imap_user="bounces@example.org",
        imap_password="0b*E7 kQz",
        imap_ca_file="/ca.pem",
        imap_folders=("INBOX", "Junk"),
        return_address="bounces+*@example.org",
    )
    config = loaded(tmp_path, answers)
    assert config.mailboxes["bounces"] == answers.mailbox()
    assert config.mail.verp == ("bounces+*@example.org",)
    answers.return_address = "bounces@example.org"
    assert loaded(tmp_path, answers).mail.verp == ()


@pytest.mark.parametrize(("login", "secret"), [("google", "of-the-app"), ("microsoft", "")])
def test_a_mailbox_with_oauth(tmp_path: Path, login: str, secret: str) -> None:
    answers = given(
        imap_host="imap.example.org", imap_user="b@example.org", imap_login=login, imap_password="old",
        oauth_client_id="the-id", oauth_client_secret=secret,
    )  # fmt: skip
    box = loaded(tmp_path, answers).mailboxes["bounces"]
    assert (box.auth, box.oauth_provider, box.oauth_client_id) == ("xoauth2", login, "the-id")
    assert (box.oauth_client_secret is not None, box.password) == (bool(secret), None)


@pytest.mark.parametrize(
    "how",
    [
        {"alerts": "apprise", "apprise": ("ntfys://ntfy.sh/some-topic", "json://127.0.0.1")},
        {"alerts": "webhook", "alert_url": "https://hooks.example.org/x"},
        {
            "alerts": "email", "smtp_host": "smtp.example.org", "smtp_user": "a", "smtp_password": "0b*E7 kQz",
            "alert_from": "a@example.org", "alert_to": ("b@example.org", "c@example.org"),
        },
        {"alerts": "email", "smtp_host": "localhost", "alert_from": "a@b.org", "alert_to": ("c@b.org",)},
        {},
    ],
)  # fmt: skip
def test_alerts_are_as_they_were_tried(tmp_path: Path, how: dict[str, object]) -> None:
    answers = given(**how)
    assert loaded(tmp_path, answers).alerts == answers.channels()


def test_it_is_for_its_owner_alone_and_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    write(path, "new", force=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="created in the meantime"):
        write(path, "newer", force=False)
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(UsageError, match="To add a provider or a mailbox"):
        may_write(path, force=False)
    may_write(path, force=True)


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(UsageError, match="run it with sudo"):
        may_write(tmp_path / "config.toml", force=False)


def test_the_outbox_lies_where_this_user_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert outbox(str(tmp_path / "o.db"), Path("config.toml")) == tmp_path / "o.db"
    monkeypatch.setattr("bouncestream.cli.init.writing.OUTBOX", tmp_path / "outbox.db")
    assert outbox(None, Path("/etc/config.toml")) == tmp_path / "outbox.db"
    monkeypatch.setattr("bouncestream.cli.init.writing.OUTBOX", tmp_path / "missing" / "outbox.db")
    assert outbox(None, tmp_path / "config.toml") == tmp_path / "outbox.db"


def test_a_mail_server_of_ones_own_needs_no_mailbox(tmp_path: Path) -> None:
    config = loaded(tmp_path, given(bounce_address="b+*@example.org"))
    assert config.smtp["mta"].listen == "127.0.0.1:8026"
    assert config.smtp["mta"].recipients == ("b@example.org", "b+*@example.org")
    assert config.mail.verp == ("b+*@example.org",)
    plain = loaded(tmp_path, given(bounce_address="b@example.org"))
    assert (plain.smtp["mta"].recipients, plain.mail.verp) == (("b@example.org",), ())
    whole = loaded(tmp_path, given(bounce_address="*@b.example.org"))
    assert whole.smtp["mta"].recipients == ("*@b.example.org",)
