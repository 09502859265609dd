# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from a mail to a verdict is shown to a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bouncestream.cli import main
from tests.cli.conftest import Cli

MAILS = Path(__file__).parents[1] / "fixtures" / "mail"


def test_a_mail_is_explained_from_its_parts_to_what_listmonk_is_told(cli: Cli) -> None:
    done = cli("explain", str(MAILS / "postfix_alias.eml"), "--reveal")
    assert done.returncode == 0
    for expected in (
        "message/delivery-status",
        "A delivery report (RFC 3464)? yes",
        "reader@example.com: hard user_unknown",
        "inbox@provider.test (Final-Recipient)",
        "words 'user not found'",
        "The mailbox does not exist.",
        "✔ hard about reader@example.com",
        "proof of origin",
    ):
        assert expected in done.stdout, done.stdout
    assert "reader@example.com" not in cli("explain", str(MAILS / "postfix_alias.eml")).stdout


@pytest.mark.parametrize("name", sorted(path.name for path in MAILS.glob("*.eml")))
def test_every_kind_of_mail_can_be_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)  # no configuration is there
    assert main(["explain", "--json", str(MAILS / name)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["trace"]["steps"]
    assert len(told["trace"]["recipients"]) == len(told["recipients"])


def test_of_a_large_mail_it_is_said_how_much_is_read(cli: Cli, tmp_path: Path) -> None:
    mail = (MAILS / "postfix_unknown_user.eml").read_bytes()
    (tmp_path / "x.eml").write_bytes(mail + b"x" * 300_000)
    assert "the first 256 KiB are read" in cli("explain", "x.eml").stdout
    assert "KiB" not in cli("explain", str(MAILS / "postfix_unknown_user.eml")).stdout


def test_without_proof_it_is_said_that_less_is_told(cli: Cli, tmp_path: Path) -> None:
    mail = (MAILS / "postfix_unknown_user.eml").read_bytes()
    (tmp_path / "x.eml").write_bytes(mail.replace(b"X-Listmonk-", b"X-Other-"))
    told = " ".join(cli("explain", "x.eml", "--reveal").stdout.split())
    assert "✔ soft about reader@example.com" in told
    assert "no proof of origin: reported as soft at most (it says hard)" in told


def test_what_the_policy_ignores_is_told_as_nothing(cli: Cli, config: Path) -> None:
    with config.open("a") as file:
        file.write('[policy]\nreasons = { user_unknown = "ignore" }\n')
    assert "nothing about" in cli("explain", str(MAILS / "postfix_unknown_user.eml")).stdout
