# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import pytest

from bouncestream.mail.verp import signed
from tests.cli.conftest import Cli, write_config
from tests.sources.mails import fixture

KEY = "a-key-of-these-tests"
PATTERN = "bounces+*@news.example.org"
MAIL = f'[mail]\nverp = ["{PATTERN}", "b-*@other.example"]\nverp_secret = "{KEY}"\n'


def test_what_it_makes_is_proof_wherever_a_mail_is_judged(cli: Cli, tmp_path: Path) -> None:
    write_config(tmp_path, extra=MAIL)
    done = cli("verp", "Reader@Example.com", "b@example.net")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == signed("reader@example.com", PATTERN, KEY.encode())
    assert second.endswith("=b=example.net@news.example.org")
    mail = fixture("postfix_unknown_user").replace(b"X-Listmonk-", b"X-Other-")
    (tmp_path / "1.eml").write_bytes(b"Delivered-To: " + first.encode() + b"\n" + mail)
    (told,) = json.loads(cli("explain", "1.eml", "--json", "--reveal").stdout)["told"]
    assert (told["kind"], told["recipient"], told["told_by"]) == ("hard", "reader@example.com", "email")
    summary = json.loads(cli("import", "1.eml", "--since", "all", "--json").stdout)
    assert (summary["hard"], summary["soft"]) == (1, 0)


def test_another_form(cli: Cli, tmp_path: Path) -> None:
    write_config(tmp_path, extra=MAIL)
    assert cli("verp", "--pattern", "b-*@other.example", "a@example.com").stdout.startswith("b-")
    done = cli("verp", "--pattern", "c-*@other.example", "a@example.com")
    assert done.returncode == 64
    assert "one of the 2 there" in done.stderr


@pytest.mark.parametrize(
    ("extra", "address", "words"),
    [
        ("", "a@example.com", "into the section [mail]"),
        (f'[mail]\nverp = ["{PATTERN}"]\n', "a@example.com", "openssl rand -hex 24"),
        (MAIL, "nobody", "no plain address"),
        (MAIL, f"{'x' * 60}@example.com", "octets before the @"),
        (MAIL, "a@exa\x1b[31mmple.com", "no plain address"),
    ],
)
def test_what_is_missing_is_told_with_the_next_step(
    cli: Cli, tmp_path: Path, extra: str, address: str, words: str
) -> None:
    write_config(tmp_path, extra=extra)
    done = cli("verp", "fine@example.com", address)
    assert (done.returncode, done.stdout) == (64, "")
    assert words in done.stderr
    assert "Next: " in done.stderr
    assert KEY not in done.stderr
    assert "\x1b" not in done.stderr
