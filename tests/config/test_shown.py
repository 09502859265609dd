# SPDX-License-Identifier: GPL-3.0-or-later
import secrets
from pathlib import Path

import pytest

from bouncestream.config.load import load
from bouncestream.config.model import SECTIONS
from bouncestream.config.shown import shown
from bouncestream.errors import ConfigError
from bouncestream.settings.key import keys_of


@pytest.mark.parametrize(
    "value",
    [
        "10 minutes",
        "huge",
        "dayly",
        "0.0.0.0:99999",
        "192.0.2.0/33",
        "ftp://listmonk.example.org",
        "http://listmonk.example.org:70000",
        "bounces@example.org",
        ["INBOX", 5],
        5,
        2.5,
        True,
    ],
)
def test_a_plain_mistake_is_shown(value: object) -> None:
    assert shown(value) == ascii(value)


SECRETS = [secrets.token_hex(16), "ZQ-x7_" + secrets.token_urlsafe(18), "s3cr3t-of-a-person", "OnlyLettersInIt"]


@pytest.mark.parametrize("secret", SECRETS, ids=["hex", "base64", "words", "letters"])
@pytest.mark.parametrize(
    "written",
    [
        "{}",
        "http://user:{}@127.0.0.1:9000",
        "http://{}@host",
        "https://host.example/x?token={}",
        "https://host.example/#{}",
        "X-Webhook-Secret: {}",
        "Bearer {}",
        "user:{}",
        "token={}",
        "a, {}",
        '"{}"',
    ],
)
def test_a_secret_in_the_wrong_place_is_not(written: str, secret: str) -> None:
    for value in (written.format(secret), [written.format(secret)], {"key": written.format(secret)}):
        told = shown(value)
        assert secret not in told
        assert not any(piece in told for piece in (secret[:10], secret[-10:]))


@pytest.mark.parametrize("secret", SECRETS, ids=["hex", "base64", "words", "letters"])
def test_no_refusal_of_any_key_shows_it(secret: str, tmp_path: Path) -> None:
    """Each key in turn holds the secret, in several dresses: whatever the refusals say, they do not say it."""
    names = {"webhooks": "webhooks.shop", "mailboxes": "mailboxes.bounces"}
    token = {"BOUNCESTREAM__LISTMONK__TOKEN": "a-token-of-good-length"}
    path = tmp_path / "config.toml"
    for section, model in SECTIONS.items():
        for key in keys_of(model).values():
            for value in (secret, f"http://u:{secret}@host", f"X-Token: {secret}"):
                name = key.name + ("_file" if key.secret else "")
                path.write_text(f'[{names.get(section, section)}]\n{name} = "{value}"\n')
                try:
                    told = "\n".join(load(path, token).warnings)
                except ConfigError as error:
                    told = str(error)
                if not told.startswith("outbox.path"):  # a path that can be used is shown
                    assert secret not in told, (section, key.name)


def test_a_long_value_is_cut() -> None:
    assert len(shown("no such word " * 100)) == 58
