# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream import providers
from bouncestream.cli.init import telling
from bouncestream.cli.init.answers import Answers
from bouncestream.sinks.listmonk.permissions import PERMISSIONS


def told(capsys: pytest.CaptureFixture[str], **answers: object) -> str:
    telling.pasted(Path("c.toml"), Answers(**answers))  # type: ignore[arg-type]
    return capsys.readouterr().out


@pytest.mark.parametrize("name", providers.names())
def test_values_to_paste_are_whole_at_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    answers = {"providers": (name,), "public_url": "https://bounces.example.org", "made": {name: "s3cret" * 6}}
    out = told(capsys, **answers)
    assert f"bounces.example.org/webhooks/{name}" in out
    assert "s3cret" * 6 in out
    for line in out.splitlines():
        assert len(line) <= 80 or any(value in line for value in ("s3cret", "/webhooks/", '": "')), line


def test_where_bounces_go(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, imap_host="imap.example.org", return_address="bounces+*@example.org")
    assert '        [{"Return-Path": "bounces@example.org"}]\n' in out
    assert '        [{"Return-Path": "bounces+{{ .Subscriber.UUID }}@example.org"}, {"L' in out
    assert "{{ UnsubscribeURL . }}>, <mailto:unsub+{{ .Subscriber.UUID }}@example.org?subject=" in out
    assert "switch off Settings, Privacy, List-Unsubscribe header" in " ".join(out.split())
    assert 'unsubscribe = ["unsub+*@example.org"]' in " ".join(out.split())
    out = told(capsys, imap_host="imap.example.org", return_address="bounces@example.org")
    assert "Subscriber.UUID }}@example.org" in out
    assert '"Return-Path": "bounces+' not in out


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("*@b.example.org", "bounces@b.example.org"), ("b-*@example.org", "b@example.org"),
        ("", "bounces@your.domain"),
    ],
)  # fmt: skip
def test_the_return_address_of_all_mails(capsys: pytest.CaptureFixture[str], address: str, plain: str) -> None:
    out = told(capsys, imap_host="imap.example.org", return_address=address)
    assert f'[{{"Return-Path": "{plain}"}}]' in out


def test_the_next_commands(capsys: pytest.CaptureFixture[str]) -> None:
    telling.following(Path("/etc/a b/config.toml"), Answers(providers=("ses",), public_url="https://b.example.org"))
    out = capsys.readouterr().out
    assert "bouncestream proxy caddy --domain news.example.org --webhook-domain b.example.org\n" in out
    assert "    bouncestream run --dry-run --config '/etc/a b/config.toml'\n" in out
    assert "mailbox login" not in out
    assert "Listmonk itself never counts ([listmonk_log])" in " ".join(out.split())
    assert "bouncestream install --config '/etc/a b/config.toml'\n" in out
    telling.following(Path("config.toml"), Answers(imap_host="imap.gmail.com", imap_login="google"))
    out = capsys.readouterr().out
    assert "proxy" not in out
    assert out.index("mailbox login bounces") < out.index("bouncestream check")


def test_what_the_api_user_may_do(capsys: pytest.CaptureFixture[str]) -> None:
    telling.permissions()
    out = capsys.readouterr().out
    assert all(one.words in out for one in PERMISSIONS)


def test_an_outbox_below_etc_is_warned_of(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    telling.of_place(Path("/etc/bouncestream/outbox.db"))
    told = capsys.readouterr().out
    assert "a service cannot write under /etc" in told
    assert "--outbox /var/lib/bouncestream/outbox.db" in told
    telling.of_place(tmp_path / "outbox.db")
    assert capsys.readouterr().out == ""


def test_over_a_pipe_it_says_how_to_get_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    telling.intro(Path("c.toml"), terminal=False)
    assert "ssh -t" in capsys.readouterr().out
    telling.intro(Path("c.toml"), terminal=True)
    assert "Ctrl-C ends it" in " ".join(capsys.readouterr().out.split())


def test_a_mail_server_of_ones_own_is_told_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, bounce_address="b+*@example.org")
    assert "So that bounces come to the mail server:" in out
    assert '[{"Return-Path": "b@example.org"}]' in out
    assert "echo 'b@example.org bouncestream:inet:127.0.0.1:8026' >> /etc/postfix/transport" in out
    assert "echo 'b.example.org bouncestream:inet:" in told(capsys, bounce_address="*@b.example.org")
