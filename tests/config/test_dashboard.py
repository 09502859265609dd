# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.config.dashboard import PATHS, PLACE
from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.errors import ConfigError
from bouncestream.settings.shapes import Wrong

TOKEN = 'token = "a-token-of-nobody-1"'
USER = 'trusted_header = "X-User"\n'
SECRET = 'proxy_secret = "a-secret-of-the-proxy"\n'
PROXIES = 'trusted_proxies = ["127.0.0.1"]\n'


def loaded(tmp_path: Path, section: str, more: str = "") -> Config:
    file = tmp_path / "config.toml"
    file.write_text(f'[listmonk]\ntoken = "sandbox-token-of-bridge"\n{more}\n[dashboard]\n{section}')
    file.chmod(0o600)
    return load(str(file), {})


def problem(tmp_path: Path, section: str, more: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, section, more)
    (told,) = caught.value.problems
    return told


def test_it_is_off_unless_it_has_a_place(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").dashboard.listen == ""
    made = loaded(tmp_path, f'listen = "127.0.0.1:8026"\n{TOKEN}').dashboard
    assert (made.address, made.socket) == (("127.0.0.1", 8026), "")
    made = loaded(tmp_path, f'listen = "unix:/run/bouncestream/d.sock"\n{TOKEN}').dashboard
    assert made.socket == "/run/bouncestream/d.sock"


@pytest.mark.parametrize(
    "text", ["8026", "unix:", "unix:d.sock", "unix:/" + "a" * 107, "http://127.0.0.1:8026", 8026]
)
def test_what_is_no_place(text: object) -> None:
    with pytest.raises(Wrong):
        PLACE.parse(text)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ('listen = "127.0.0.1:8026"', "dashboard.token: is missing, so nobody could log in"),
        (f'listen = "127.0.0.1:8025"\n{TOKEN}', "has the port of server.listen"),
        (f'listen = "0.0.0.0:8026"\n{TOKEN}', "speaks no TLS"),
        (f'listen = ":8026"\n{TOKEN}', "speaks no TLS"),
        (f'listen = "192.0.2.1:8026"\n{TOKEN}', "unencrypted = true"),
        (f'listen = "127.0.0.1:8026"\n{USER}{SECRET}', "dashboard.trusted_proxies: is missing"),
        (f'listen = "127.0.0.1:8026"\n{USER}{PROXIES}', "dashboard.proxy_secret: is missing"),
    ],
)
def test_a_way_in_for_others_is_refused(tmp_path: Path, section: str, words: str) -> None:
    assert words in problem(tmp_path, section)


def test_access_logs_are_a_path_or_a_list_of_them(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").dashboard.access_log == ()
    assert loaded(tmp_path, 'access_log = ""').dashboard.access_log == ()
    assert loaded(tmp_path, 'access_log = "/var/log/a"').dashboard.access_log == ("/var/log/a",)
    both = 'access_log = ["/var/log/a", "/var/log/b", "/var/log/a"]'
    assert loaded(tmp_path, both).dashboard.access_log == ("/var/log/a", "/var/log/b")
    for wrong in ('"access.log"', '["/var/log/a", "b"]', "0", "false", '["/var/log/a", 1]', '[""]'):
        assert problem(tmp_path, f"access_log = {wrong}").startswith("dashboard.access_log: ")
    assert PATHS.from_text("/var/log/a") == ("/var/log/a",)
    assert PATHS.from_text('["/var/log/a", "/var/log/b"]') == ("/var/log/a", "/var/log/b")


def test_metrics_need_a_dashboard_to_be_on(tmp_path: Path) -> None:
    on_it = '[server]\nmetrics = "dashboard"\n'
    assert 'server.metrics = "dashboard" needs it' in problem(tmp_path, "", on_it)
    made = loaded(tmp_path, f'listen = "127.0.0.1:8026"\n{TOKEN}', on_it)
    assert made.told_url == "http://127.0.0.1:8026"
    assert loaded(tmp_path, f'listen = "unix:/run/d.sock"\n{TOKEN}', on_it).told_url == "unix:/run/d.sock"
    assert loaded(tmp_path, "").told_url == "http://127.0.0.1:8025"


def test_the_proxies_of_the_webhooks_are_not_those_of_the_dashboard(tmp_path: Path) -> None:
    section = f'listen = "127.0.0.1:8026"\n{USER}{SECRET}'
    assert "do not count here" in problem(tmp_path, section, f"[server]\n{PROXIES}")


@pytest.mark.parametrize(
    "section",
    [
        f'listen = "127.0.0.1:8026"\n{USER}{SECRET}{PROXIES}',
        f'listen = "unix:/run/d.sock"\n{USER}',
        f'listen = "[::1]:8026"\n{TOKEN}',
        f'listen = "localhost:8026"\n{TOKEN}\npublic_url = "https://bridge.example.org"',
    ],
)
def test_what_is_fine_is_not_warned_about(tmp_path: Path, section: str) -> None:
    assert loaded(tmp_path, section).warnings == ()


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (f'listen = "0.0.0.0:8026"\nunencrypted = true\n{TOKEN}', "can be reached without TLS"),
        (f'listen = "127.0.0.1:8026"\npublic_url = "http://b.example.org"\n{TOKEN}', "write https://"),
        (f'listen = "127.0.0.1:8026"\ntrusted_proxies = ["10.0.0.0/8"]\n{TOKEN}', "wider than"),
    ],
)
def test_a_risk_is_told(tmp_path: Path, section: str, words: str) -> None:
    (warning,) = loaded(tmp_path, section).warnings
    assert words in warning


def test_without_secrets_only_those_of_the_dashboard_are_read(tmp_path: Path) -> None:
    loaded(tmp_path, f'listen = "127.0.0.1:8026"\n{TOKEN}')
    file = str(tmp_path / "config.toml")
    assert load(file, {}, with_secrets=False).dashboard.token is None
    made = load(file, {}, with_secrets=False, dashboard=True)
    assert made.dashboard.token is not None
    assert made.listmonk.token is None
