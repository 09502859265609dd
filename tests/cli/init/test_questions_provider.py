# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream import providers
from bouncestream.cli.init.answers import Answers, made_here
from bouncestream.cli.init.questions_provider import OPTIONS, wanted
from bouncestream.config.load import load
from bouncestream.crypto.secret import Secret
from bouncestream.errors import UsageError
from bouncestream.providers._settings import Webhook, proofs_of
from bouncestream.settings.key import keys_of
from tests.cli.conftest import TOKEN, Cli

ASKED = {question.name: question for question in OPTIONS}
TOPIC = "arn:aws:sns:eu-central-1:123456789012:bounces"


@pytest.mark.parametrize("name", providers.names())
def test_what_is_needed_and_not_made_here_is_asked(name: str) -> None:
    settings, common = providers.get(name).settings, keys_of(Webhook)
    keys = keys_of(settings)
    required = {key.name for key in keys.values() if key.required and key.name not in common}
    assert required <= {key.name for key, _ in wanted(name)}
    for key in keys.values():
        theirs = key.proof is not None and (key.foreign or not key.secret)
        if theirs and key.name != made_here(name) and not required:
            assert f"{name}.{key.name}" in ASKED
    assert made_here(name) not in {key.name for key, _ in wanted(name)}
    assert proofs_of(settings) or not [*wanted(name)]


def test_only_of_what_was_chosen() -> None:
    answers = Answers(providers=("mandrill",), public_url="https://b.example.org")
    assert ASKED["mandrill.webhook_key"].asked(answers)
    assert not ASKED["mandrill.url"].asked(answers), "without the key it says nothing"
    assert not ASKED["ses.topics"].asked(answers)
    answers.put("mandrill.webhook_key", "kEy-0193-of-theirs")
    assert ASKED["mandrill.url"].asked(answers)
    assert ASKED["mandrill.url"].default(answers).startswith("https://b.example.org/webhooks/mandrill/")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ses.topics", TOPIC, TOPIC),
        ("ses.topics", f"{TOPIC}, {TOPIC}2", [TOPIC, f"{TOPIC}2"]),
        ("ses.topics", f'["{TOPIC}"]', [TOPIC]),
        ("custom.kind", "type, bounce.type", ["type", "bounce.type"]),
        ("custom.recipient", "to[0]", "to[0]"),
        ("custom.words", "bounce* = hard, spam=complaint", {"bounce*": "hard", "spam": "complaint"}),
        ("custom.words", '{ "a, b" = "soft" }', {"a, b": "soft"}),
        ("mailgun.signing_key", "kEy-0193-of-theirs", "kEy-0193-of-theirs"),
        ("ses.topics", "", ""),
        ("mailgun.signing_key", "", ""),
    ],
)
def test_how_an_answer_is_read(name: str, text: str, value: object) -> None:
    assert ASKED[name].read(text) == value


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("custom.kind", "a..b", "kind is no path: it cannot be read from character 2 on. Next: write a path"),
        ("custom.kind", "", "kind is needed. Next: write a path"),
        ("custom.words", "bounce = hrad", "words at 'bounce': is not one of the words. Next: write {"),
        ("resend.signing_secret", "whsec_!!!!", "signing_secret is not base64 after whsec_; copy the whole secret"),
        ("mailgun.signing_key", "changeme", "is a placeholder that was not filled in"),
    ],
)
def test_what_is_wrong_is_told(name: str, text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        ASKED[name].read(text)
    assert why in str(caught.value)


def test_what_was_answered_is_in_the_webhook() -> None:
    answers = Answers(providers=("ses", "mailgun"))
    answers.put("ses.topics", [TOPIC])
    answers.put("mailgun.signing_key", "kEy-0193-of-theirs")
    assert answers.hook("ses").topics == (TOPIC,)  # type: ignore[attr-defined]
    assert answers.hook("mailgun").signing_key == Secret("kEy-0193-of-theirs")  # type: ignore[attr-defined]
    answers.put("ses.topics", "")
    assert answers.of("ses") == {}


@pytest.mark.process
def test_a_described_provider_from_questions_to_a_configuration(cli: Cli, tmp_path: Path) -> None:
    given = ("--listmonk-url", "http://127.0.0.1:1", "--user", "bridge", "--provider", "custom,ses")
    stdin = (
        "\n".join([TOKEN, "https://b.example.org", "", "type", "b* = hard, x=info", "to", TOPIC, "", "", ""]) + "\n"
    )
    done = cli("init", *given, stdin=stdin)
    assert "is written (mode 0600)" in done.stdout, done.stdout + done.stderr
    hooks = load(tmp_path / "config.toml", {}).webhooks
    assert hooks["custom"].words == {"b*": "hard", "x": "info"}  # type: ignore[attr-defined]
    assert hooks["ses"].topics == (TOPIC,)  # type: ignore[attr-defined]
    assert "Then set topics" not in done.stdout


@pytest.mark.process
def test_what_is_needed_can_come_from_the_environment(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    command = (
        "init",
        "--yes",
        "--token-file",
        "token",
        "--provider",
        "custom",
        "--public-url",
        "https://b.example.org",
    )
    done = cli(*command)
    assert done.returncode == 64
    assert "webhooks.custom.kind is missing. Next: set BOUNCESTREAM__WEBHOOKS__CUSTOM__KIND." in done.stderr
    prefix = "BOUNCESTREAM__WEBHOOKS__CUSTOM__"
    env = {f"{prefix}KIND": "type", f"{prefix}WORDS": '{ "b*" = "hard" }', f"{prefix}RECIPIENT": "to"}
    done = cli(*command, env=env)
    assert "is written (mode 0600)" in done.stdout, done.stdout + done.stderr
    assert load(tmp_path / "config.toml", {}).webhooks["custom"].words == {"b*": "hard"}  # type: ignore[attr-defined]
