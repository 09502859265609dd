# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream provider list|guide`; `try` is in test_provider_try."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bouncestream import providers
from tests.cli.conftest import Cli, write_config

pytestmark = pytest.mark.process

HOOKS = """
[webhooks.main]
provider = "postmark"
password = "rAbbit-hole-9351-tunnel"
path_secret = "dOrmouse-7712-teapot-q"
[webhooks.feed]
provider = "ses"
topics = ["arn:aws:sns:eu-central-1:123456789012:bounces"]
"""


def test_the_list_needs_no_configuration(cli: Cli) -> None:
    told = cli("provider", "list")
    assert told.returncode == 0
    listed = [json.loads(line) for line in cli("provider", "list", "--json").stdout.splitlines()]
    assert [one["name"] for one in listed] == list(providers.names())
    for one in listed:
        assert one["name"] in told.stdout
        assert one["reports"]
        assert one["uuids"]
    mailgun = next(one for one in listed if one["name"] == "mailgun")
    assert mailgun["proof"] == {"signing_key": "HMAC"}
    assert mailgun["reports"] == "failures, spam complaints, unsubscriptions"
    assert mailgun["uuids"] == "by the campaign header"


@pytest.mark.parametrize("name", ["mailgun", "ses", "custom", "generic"])
def test_the_guide_of_a_provider(cli: Cli, name: str) -> None:
    told = cli("provider", "guide", name)
    assert told.returncode == 0
    assert f"https://<your address>/webhooks/{name}" in told.stdout
    assert f"`bouncestream init --provider {name}`" in told.stdout


def test_the_guide_of_a_webhook_has_its_url_and_hides_secrets(cli: Cli, tmp_path: Path) -> None:
    write_config(tmp_path, public="https://bounces.example.org", extra=HOOKS)
    told = cli("provider", "guide", "main").stdout
    assert "https://bouncestream:SECRET@bounces.example.org/webhooks/main/<path_secret>" in told
    assert "Postmark" in told
    assert "at times that are not documented" in told
    assert "X-PM-Metadata-listmonk_campaign" in told
    assert "rAbbit" not in told
    assert "dOrmouse" not in told
    shown = cli("provider", "guide", "main", "--reveal").stdout
    url = "https://bouncestream:rAbbit-hole-9351-tunnel@bounces.example.org/webhooks/main/dOrmouse-7712-teapot-q"
    assert url in shown
    told = cli("provider", "guide", "feed").stdout
    assert "https://bounces.example.org/webhooks/feed" in told
    assert "15 seconds for the answer" in told
    assert "topics proves requests" in told


def test_a_name_of_nothing(cli: Cli, tmp_path: Path) -> None:
    write_config(tmp_path)
    told = cli("provider", "guide", "nothing")
    assert told.returncode == 64
    assert "There is no provider or webhook nothing. Next: `bouncestream provider list`" in told.stderr


def test_a_guide_beside_a_configuration_that_cannot_be_used(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("listen = 5")
    assert cli("provider", "guide", "brevo").returncode == 0
    assert cli("provider", "guide", "main").returncode == 78
    assert cli("provider", "guide", "brevo", "-c", "config.toml").returncode == 78


def test_the_guide_says_which_key_asks_for_missed_webhooks(cli: Cli) -> None:
    def told(name: str) -> str:
        return " ".join(cli("provider", "guide", name).stdout.split())

    assert "Suppressions: Read Access, and nothing else." in told("sendgrid")
    assert "Set api_domains as well." in told("mailgun")
    assert "missed webhooks" not in told("azure")
