# SPDX-License-Identifier: GPL-3.0-or-later
import secrets
import string
from pathlib import Path

import pytest

from bouncestream.config.guessable import PLACEHOLDERS, why_guessable
from bouncestream.config.load import load
from bouncestream.errors import ConfigError

REPOSITORY = Path(__file__).parents[2]


def test_each_placeholder_stands_in_the_documentation() -> None:
    documents = sorted((REPOSITORY / "docs").rglob("*.md"))
    shown = "".join(path.read_text("utf-8") for path in (REPOSITORY / "config.toml", *documents))
    assert [text for text in PLACEHOLDERS if f'"{text}"' not in shown] == []


@pytest.mark.parametrize(
    "value",
    [
        *sorted(PLACEHOLDERS),
        "change-me-change",
        "CHANGEME",
        "replace-this",
        "your-secret-here",
        "your_webhook_token",
        "YOUR-SENDAMATIC-SECRET",
        "put your token here",
        "<the token of the API user>",
        "${LISTMONK_TOKEN}",
        "$LISTMONK_TOKEN",
        "{{ listmonk_token }}",
        "xxxxxxxxxxxxxxxxxxxx",
        "****************",
    ],
)
def test_a_placeholder_is_refused_whoever_made_the_secret(value: str) -> None:
    assert "placeholder" in why_guessable(value)
    assert "placeholder" in why_guessable(value, foreign=True)


@pytest.mark.parametrize(
    "value",
    [
        "aaaaaaaaaaaaaaaa",
        "ababababababababab",
        "11112222333344445555",
        "secretsecretsecret",
        "abcdefgabcdefgabc",
        "0123456789abcdef",
        "abcdefghijklmnopqrstuvwxyz",
        "zyxwvutsrqponmlkj",
    ],
)
def test_a_text_typed_for_its_length_is_refused_unless_another_made_it(value: str) -> None:
    assert why_guessable(value)
    assert why_guessable(value, foreign=True) == ""


def test_made_secrets_are_taken() -> None:
    makers = (
        lambda: secrets.token_hex(24),
        lambda: secrets.token_hex(8),
        lambda: secrets.token_urlsafe(16),
        lambda: "".join(secrets.choice(string.ascii_lowercase) for _ in range(16)),
        lambda: "whsec_" + secrets.token_urlsafe(24),
    )
    made = [make() for make in makers for _ in range(500)]
    assert [value for value in made if why_guessable(value)] == []
    assert why_guessable("correct horse battery staple") == ""


def test_the_configuration_with_one_is_refused_and_the_fix_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[webhooks.shop]\nprovider = "sendamatic"\nsecret = ["aaaaaaaaaaaaaaaa", "xxxxxxxxxxxxxxxx"]\n')
    path.chmod(0o600)
    with pytest.raises(ConfigError) as told:
        load(path, {"BOUNCESTREAM__LISTMONK__TOKEN": "your-listmonk-token"})
    fix = "make one with: openssl rand -hex 24"
    shown = "Listmonk shows it once, when the API user is made (Admin, Users): make a new one if it is lost"
    assert sorted(told.value.problems) == [
        f"BOUNCESTREAM__LISTMONK__TOKEN: is a placeholder that was not filled in; {shown}",
        f"webhooks.shop.secret: repeats a few characters; {fix}",
    ]
