# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and defaults that other rooms and operators rely on."""

import subprocess
import sys

import pytest

from bouncestream import providers
from bouncestream.config.model import NAMED, SECTIONS, Config
from bouncestream.providers._settings import CLASS_WORDS
from bouncestream.settings.key import Key, keys_of

CONTRACT = {
    "server": {
        "listen": '"127.0.0.1:8025"',
        "public_url": "",
        "trusted_proxies": "[]",
        "max_body": '"10MiB"',
        "header_timeout": '"10s"',
        "body_timeout": '"30s"',
        "max_connections": "1000",
    },
    "outbox": {"path": '"/var/lib/bouncestream/outbox.db"'},
    "retention": {"raw": '"30d"', "events": '"365d"', "dedupe": '"400d"'},
    "listmonk": {"url": '"http://127.0.0.1:9000"', "user": '"bouncestream"', "token": "", "public_url": ""},
    "relay": {"batch_size": "200", "linger": '"20ms"', "connections": "4"},
    "relay.verify": {"post_timeout": '"120s"', "margin": '"60s"', "grace": '"10m"', "pulse": '"2s"'},
    "webhooks": {
        "provider": "",
        "path_secret": "",
        "allow_ips": "[]",
        "unverified": "false",
        "classes": "{}",
    },
    "webhooks of generic": {"token": "", "hmac_secret": ""},
    "webhooks of sendamatic": {"secret": "", "header": '"X-Webhook-Secret"', "classes": "{}"},
    "mail": {"own_domains": "[]", "verp": "[]"},
    "policy": {"unsubscribe": '"campaign"'},
    "log": {"format": '"text"', "level": '"info"'},
}


@pytest.mark.parametrize("section", CONTRACT)
def test_names_and_defaults_are_a_contract(section: str) -> None:
    first, _, provider = section.partition(" of ")
    keys = keys_of(providers.get(provider).settings if provider else SECTIONS[first])
    for name, written in CONTRACT[section].items():
        assert keys[name].written == written


@pytest.mark.parametrize("section", SECTIONS)
def test_the_defaults_have_their_shape(section: str) -> None:
    for key in keys_of(SECTIONS[section]).values():
        if key.shape is not None and key.written and section not in NAMED:
            text = key.written.strip('"') if key.shape.plain else key.written
            part: object = Config()
            for word in section.split("."):
                part = getattr(part, word)
            assert key.shape.from_text(text) == getattr(part, key.name)


def test_secrets_have_no_default() -> None:
    def secrets(section: str) -> list[Key]:
        return [key for key in keys_of(SECTIONS[section]).values() if key.secret]

    assert [key.name for key in secrets("listmonk")] == ["token"]
    assert [key.name for key in secrets("webhooks") if not key.rotates] == [
        "api_key"
    ]  # which asks, and proves nothing
    for name in providers.names():
        assert [key for key in keys_of(providers.get(name).settings).values() if key.secret]


def test_the_words_for_classes_are_a_contract() -> None:
    assert CLASS_WORDS == ("hard", "soft", "complaint", "unsubscribe", "ignore", "judge")


@pytest.mark.process
def test_no_web_server_is_imported_for_the_configuration() -> None:
    # aiohttp takes 0.2 s to import, which `bouncestream --help` must not.
    code = (
        "import sys, bouncestream.config.load, bouncestream.config.example, bouncestream.providers.generic;"
        "sys.exit('aiohttp' in sys.modules or 'asyncio' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
