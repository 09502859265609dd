# SPDX-License-Identifier: GPL-3.0-or-later
"""The section [smtp.<name>]: what is taken, and what is told about what cannot work or is a risk."""

from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.config.smtp import Smtp
from bouncestream.errors import ConfigError

BASE = """
[listmonk]
token = "a-token-of-good-length"
[mail]
verp = ["b+*@example.org"]
unsubscribe = ["u+*@example.org"]
[webhooks.shop]
provider = "sendamatic"
secret = "a-secret-of-good-length"
"""


def loaded(tmp_path: Path, text: str, base: str = BASE) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(base + text)
    path.chmod(0o600)
    return load(path, {})


def problems(tmp_path: Path, text: str, base: str = BASE) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, text, base)
    return list(refused.value.problems)


def test_where_it_listens_and_whom_it_takes_mail_for(tmp_path: Path) -> None:
    config = loaded(
        tmp_path, '[smtp.mta]\nlisten = "unix:/run/b/mta.sock"\n[smtp.mx]\nlisten = ":25"\nprotocol = "smtp"\n'
    )
    mta, mx = config.smtp["mta"], config.smtp["mx"]
    assert (mta.path, mta.near, mta.socket_mode) == ("/run/b/mta.sock", True, 0o660)
    assert (mx.path, mx.near, mx.address) == ("", False, (None, 25))
    assert config.taken_for(mta) == ("b+*@example.org", "u+*@example.org")
    assert config.taken_for(Smtp(name="x", recipients=("a@example.org",))) == ("a@example.org",)
    assert config.mailed == ("mta", "mx")
    assert not config.warnings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[smtp.mta]\nprotocol = "lmtp"\n', "smtp.mta.listen: is missing"),
        ('[smtp.mta]\nlisten = "unix:mta.sock"\n', "is not unix: and the absolute path of a socket"),
        (f'[smtp.mta]\nlisten = "unix:/{"x" * 107}"\n', "longer than 107 bytes"),
        ('[smtp.mta]\nlisten = "127.0.0.1"\n', "is not an address and a port"),
        ('[smtp.mta]\nlisten = "127.0.0.1:24"\nprotocol = "uucp"\n', 'write "lmtp" or "smtp"'),
        ('[smtp.mta]\nlisten = "127.0.0.1:24"\nsocket_mode = "rw"\n', "is not a mode of three octal digits"),
        ('[smtp.mta]\nlisten = "127.0.0.1:24"\nrecipients = ["bounces"]\n', "is not an address"),
        ('[smtp.mta]\nlisten = "127.0.0.1:24"\ntls_cert = "/c.pem"\n', "smtp.mta.tls_key: is missing"),
        ('[smtp.shop]\nlisten = "127.0.0.1:24"\n', "smtp.shop: a webhook has the same name"),
        ('[smtp.a]\nlisten = "127.0.0.1:24"\n[smtp.b]\nlisten = "127.0.0.1:24"\n', "listens there too"),
    ],
)
def test_what_cannot_work_is_told_with_the_fix(tmp_path: Path, text: str, words: str) -> None:
    assert any(words in one for one in problems(tmp_path, text))


def test_a_listener_that_would_refuse_everybody_is_a_problem(tmp_path: Path) -> None:
    base = BASE.replace('verp = ["b+*@example.org"]\nunsubscribe = ["u+*@example.org"]\n', "")
    (problem,) = problems(tmp_path, '[smtp.mta]\nlisten = "127.0.0.1:24"\n', base)
    assert problem.startswith("smtp.mta.recipients: is empty")
    assert problem.endswith('write the bounce address, such as ["bounces@example.org"]')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[smtp.mta]\nlisten = "0.0.0.0:24"\n', "LMTP is for mail servers of your own"),
        ('[smtp.mta]\nlisten = "127.0.0.1:24"\nunproven = "accept"\n', "smtp.mta.unproven"),
    ],
)
def test_a_risk_is_told(tmp_path: Path, text: str, words: str) -> None:
    (warning,) = loaded(tmp_path, text).warnings
    assert words in warning
