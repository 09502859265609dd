# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.config.reload import reloadable_difference
from bouncestream.errors import ConfigError

TOKEN = {"BOUNCESTREAM__LISTMONK__TOKEN": "a-token-of-good-length"}


def read(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return load(path, TOKEN | (environ or {}))


def test_everything_is_off_by_default(tmp_path: Path) -> None:
    alerts = read(tmp_path, "").alerts
    assert (alerts.apprise, alerts.email.host, alerts.webhook.url, alerts.heartbeat.url) == (None, "", None, None)
    assert alerts.summary.every == "never"


def test_apprise_urls_from_file_environment_and_secret_file(tmp_path: Path) -> None:
    urls = ("ntfy://topic", "tgram://bot/chat,other")
    config = read(tmp_path, '[alerts]\napprise = ["ntfy://topic", "tgram://bot/chat,other"]')
    assert config.alerts.apprise is not None
    assert config.alerts.apprise.reveal_all() == urls
    environ = {"BOUNCESTREAM__ALERTS__APPRISE": "\n".join(urls)}
    assert read(tmp_path, "", environ).alerts.apprise == config.alerts.apprise
    (tmp_path / "urls").write_text("\n".join(urls) + "\n")
    (tmp_path / "urls").chmod(0o600)
    assert read(tmp_path, f'[alerts]\napprise_file = "{tmp_path}/urls"').alerts.apprise == config.alerts.apprise
    assert "topic" not in repr(config)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[alerts]\napprise = ["s3cret"]', "entry 1 is not an Apprise URL"),
        ('[alerts]\nmute = ["dead-leters"]', "there is no rule 'dead-leters'"),
        ('[alerts]\nmute = ["Not a rule"]', "alerts.mute"),
        ('[alerts]\nlevel = "loud"', "alerts.level"),
        ('[alerts.email]\nhost = "smtp.example.org"', "alerts.email.sender: is missing"),
        ('[alerts.email]\nhost = "h"\nsender = "a@b.c"\nuser = "x"', "user and password belong together"),
        ('[alerts.email]\nsender = "Ann <a@b.c>"', "is not a bare e-mail address"),
        (
            '[alerts.email]\nhost = "h.example"\nsender = "a@b.c"\nuser = "x"\npassword = "s3cret"\ntls = "none"',
            "the password would be sent unencrypted",
        ),
        ('[alerts.webhook]\nurl = "ftp://s3cret"', "alerts.webhook.url: is not an http or https URL"),
        ('[alerts.heartbeat]\nurl = "s3cret"', "alerts.heartbeat.url: is not an http or https URL"),
        ('[alerts.webhook]\ntoken = "s3cret"', "a token is set, but no url"),
        ('[alerts.summary]\nat = "7:00"', "alerts.summary.at"),
    ],
)
def test_faults_are_told_without_the_secret(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path, text)
    assert words in str(wrong.value)
    assert "s3cret" not in str(wrong.value)


def test_findings_of_the_doctor_can_be_muted(tmp_path: Path) -> None:
    assert read(tmp_path, '[alerts]\nmute = ["doctor:tls-expiring", "wal-large"]').alerts.mute == (
        "doctor:tls-expiring",
        "wal-large",
    )


def test_all_of_it_takes_effect_at_a_reload(tmp_path: Path) -> None:
    before = read(tmp_path, "")
    after = read(
        tmp_path,
        '[alerts]\napprise = "ntfy://topic"\nrepeat = "1h"\n[alerts.email]\nhost = "h"\nsender = "a@b.c"\n'
        '[alerts.webhook]\nurl = "https://h/x"\n[alerts.heartbeat]\nurl = "https://h/y"\n'
        '[alerts.summary]\nevery = "daily"',
    )
    assert reloadable_difference(before, after) == ()
