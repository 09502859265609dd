# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path

import pytest

from bouncestream.config.load import load

BASE = """
[listmonk]
token = "a-token-of-good-length"
[webhooks.shop]
provider = "sendamatic"
secret = "a-secret-of-good-length"
"""


def warned(tmp_path: Path, section: str, line: str) -> tuple[str, ...]:
    header = f"[{section}]"
    text = BASE.replace(header, f"{header}\n{line}") if header in BASE else f"{BASE}\n{header}\n{line}\n"
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return load(path, {}).warnings


@pytest.mark.parametrize(
    ("section", "line", "words"),
    [
        (
            "mailboxes.b",
            'host = "imap.example.org"\nuser = "b"\npassword = "p"\nunproven = "accept"',
            "anyone who knows the bounce address can get any subscriber blocklisted",
        ),
        ("listmonk", 'url = "http://198.51.100.7:9000"', "the token is sent unencrypted to 198.51.100.7"),
        ("listmonk", 'url = "http://news.example.org"', "the token is sent unencrypted"),
        ("listmonk", 'url = "http://[2001:db8::1]:9000"', "the token is sent unencrypted"),
        ("server", 'listen = "0.0.0.0:8025"', "reachable from every network"),
        ("server", 'listen = ":8025"', "reachable from every network"),
        ("server", 'listen = "[::]:8025"', "reachable from every network"),
        ("server", 'public_url = "http://bounces.example.org"', "sent unencrypted"),
        ("server", 'trusted_proxies = ["0.0.0.0/0"]', "anyone forge X-Forwarded-For"),
        ("server", 'trusted_proxies = ["::/0"]', "anyone forge X-Forwarded-For"),
        ("server", 'trusted_proxies = ["10.0.0.1", "128.0.0.0/1"]', "anyone forge X-Forwarded-For"),
        ("outbox", 'path = "outbox.db"', "write an absolute path"),
        ("relay.verify", 'post_timeout = "1ms"', "relay.verify.post_timeout: 0.001 s is so short"),
        ("relay.verify", 'margin = "10ms"', "relay.verify.margin"),
        ("relay.verify", 'grace = "1s"', "relay.verify.grace"),
        ("relay.verify", 'grace = "52w"', "so long"),
        ("relay.verify", 'pulse = "10h"', "relay.verify.pulse"),
        ("retention", 'raw = "1s"', "retention.raw"),
        ("retention", 'events = "1h"', "retention.events"),
        ("webhooks.shop", 'allow_ips = ["0.0.0.0/0"]', "matches every address"),
        ("webhooks.shop", 'allow_ips = ["192.0.2.0/24"]', 'set server.trusted_proxies = ["127.0.0.1", "::1"]'),
        ("alerts.webhook", 'url = "http://hooks.example.org/x"', "is unencrypted"),
        ("alerts.heartbeat", 'url = "http://hc.example.org/x"', "is unencrypted"),
    ],
)
def test_a_risk_is_told_with_what_to_write(tmp_path: Path, section: str, line: str, words: str) -> None:
    (warning,) = warned(tmp_path, section, line)
    assert words in warning
    assert "write" in warning or "leave" in warning or "set " in warning


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("listmonk", 'url = "http://127.0.0.1:9000"'),
        ("listmonk", 'url = "http://[::1]:9000"'),
        ("listmonk", 'url = "http://localhost:9000"'),
        ("listmonk", 'url = "http://listmonk:9000"'),
        ("listmonk", 'url = "https://news.example.org"'),
        ("server", 'listen = "10.0.0.5:8025"'),
        ("server", 'public_url = "https://bounces.example.org"'),
        ("server", 'trusted_proxies = ["127.0.0.1", "::1", "10.0.0.0/8", "fd00::/16"]'),
        ("webhooks.shop", 'allow_ips = ["127.0.0.1"]'),
        ("relay.verify", 'grace = "5m"'),
        ("alerts.webhook", 'url = "http://127.0.0.1:8080/x"'),
    ],
)
def test_what_is_fine_is_not_warned_about(tmp_path: Path, section: str, line: str) -> None:
    assert warned(tmp_path, section, line) == ()


def test_a_user_name_with_the_token_in_it_is_refused(tmp_path: Path) -> None:
    from bouncestream.errors import ConfigError

    with pytest.raises(ConfigError, match=r"listmonk\.user: contains a colon") as told:
        warned(tmp_path, "listmonk", 'user = "bridge:a-token-in-the-wrong-place"')
    assert "wrong-place" not in str(told.value)
