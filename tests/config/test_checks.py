# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import pytest

from bouncestream.config.checks import NAME, check
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config, Mail, Retention
from bouncestream.crypto.secret import Secret
from bouncestream.providers import webhook
from bouncestream.providers._settings import Webhook

KEY = Secret("a-secret-of-good-length")


def judged(hook: Webhook, **more: object) -> tuple[list[str], list[str]]:
    problems: list[str] = []
    warnings: list[str] = []
    check(Config(webhooks={hook.name: hook}), problems, warnings, **more)  # type: ignore[arg-type]
    return problems, warnings


@pytest.mark.parametrize(
    "hook",
    [
        webhook(name="a", provider="generic", token=KEY),
        webhook(name="a", provider="generic", hmac_secret=KEY),
        webhook(name="a", provider="generic", path_secret=KEY),
        webhook(name="a", provider="sendamatic", secret=KEY, header="Authorization", classes={"Hard": "judge"}),
        webhook(name="a", provider="sendamatic", path_secret=KEY),
    ],
)
def test_one_proof_is_enough(hook: Webhook) -> None:
    assert judged(hook) == ([], [])


def test_none_is_refused_unless_asked_for() -> None:
    hook = webhook(name="a", provider="generic")
    (problem,), _ = judged(hook)
    assert "unverified = true" in problem
    assert judged(replace(hook, unverified=True)) == (
        [],
        ["webhooks.a is not verified: anyone who finds its URL can get your subscribers blocklisted"],
    )


@pytest.mark.parametrize("both", ["bounces+*@example.org", "*@example.org", "Bounces*@Example.org"])
def test_an_address_is_for_bounces_or_for_unsubscriptions(both: str) -> None:
    problems: list[str] = []
    unsubscribe = ("unsub+*@example.org", "bounces@example.org", "bounces+*@example.com", both)
    check(Config(mail=Mail(verp=("bounces+*@example.org",), unsubscribe=unsubscribe)), problems, [])
    (problem,) = problems
    assert problem.startswith(f"mail.unsubscribe: {both} is in mail.verp too, or fits an address there")
    assert problem.endswith("write another address here")


def test_sections_with_problems_are_not_judged_again() -> None:
    assert judged(Webhook(name="a", provider=""), skip={"webhooks.a"}) == ([], [])
    problems: list[str] = []
    config = Config(retention=Retention(dedupe=1.0))
    check(config, problems, [], skip={"retention.events"})
    assert problems == []
    check(config, problems, [])
    assert len(problems) == 1


MISSED: list[tuple[str, dict[str, object], str]] = [
    (
        "sendgrid",
        {"api_key": KEY, "backfill": 60.0},
        "webhooks.a.backfill: asks the provider too often; write at least",
    ),
    ("sendgrid", {"backfill": 3600.0}, "webhooks.a.backfill: needs webhooks.a.api_key, which is not set"),
    (
        "generic",
        {"api_key": KEY},
        "webhooks.a.api_key: generic cannot be asked for missed webhooks; remove the key",
    ),
    ("generic", {"backfill": 3600.0}, "webhooks.a.backfill: generic cannot be asked for missed webhooks; remove"),
    ("mailgun", {"api_key": KEY}, "webhooks.a.api_domains: is missing; api_key needs it"),
    (
        "mailjet",
        {"api_key": KEY},
        "webhooks.a.api_key: is not written as two parts with a colon between. The API key",
    ),
    (
        "ses",
        {"api_key": Secret("AKIDEXAMPLE:"), "api_region": "eu-central-1"},
        "webhooks.a.api_key: is not written as two parts",
    ),
]


@pytest.mark.parametrize(("provider", "options", "said"), MISSED)
def test_a_backfill_that_cannot_be(provider: str, options: dict[str, object], said: str) -> None:
    (problem,), _ = judged(webhook("a", provider, path_secret=KEY, **options))
    assert problem.startswith(said)


def test_a_backfill_that_can_be() -> None:
    assert judged(webhook("a", "sendgrid", path_secret=KEY, api_key=KEY, backfill=900.0)) == ([], [])
    assert judged(webhook("a", "mailgun", path_secret=KEY, api_key=KEY, api_domains=("mg.example.org",)))[0] == []
    assert judged(webhook("a", "ses", path_secret=KEY, api_key=Secret("AKIDEXAMPLE:secret")))[0] == [
        "webhooks.a.api_region: is missing, and there is no topic that tells it; api_key needs it"
    ]


def test_names_fit_a_url_and_a_label() -> None:
    assert all(map(NAME.fullmatch, ("a", "A-b_9", "x" * 64)))
    assert not any(map(NAME.fullmatch, ("", "a b", "a/b", "ä", "a.b", "x" * 65, "a\n")))


def mailbox(**settings: object) -> list[str]:
    """The problems of a mailbox with these settings."""
    given = {"name": "bounces", "host": "imap.example.org", "user": "b", "password": KEY} | settings
    box = Mailbox(**given)  # type: ignore[arg-type]
    problems: list[str] = []
    check(Config(mailboxes={box.name: box}), problems, [])
    return problems


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"tls": "none", "host": "localhost"},
        {"tls": "none", "host": "127.8.0.1"},
        {"tls": "none", "host": "::1"},
        {"after": "leave", "move_to": "INBOX"},  # not used
        {"after": "move", "move_to": "Done", "folders": ("INBOX", "Junk")},
        {"folders": tuple("abcdefgh")},
    ],
)
def test_mailboxes_that_are_fine(settings: dict[str, object]) -> None:
    assert mailbox(**settings) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tls": "none"}, "mailboxes.bounces.tls: the password would be sent unencrypted"),
        ({"tls": "none", "host": "127.0.0.1.example.org"}, "mailboxes.bounces.tls: "),
        ({"password": None}, "mailboxes.bounces.password: is missing"),
        ({"name": "a b"}, "is not a valid mailbox name"),
        ({"after": "move", "move_to": "inbox"}, "mailboxes.bounces.move_to: is one of the folders that are read"),
        ({"after": "move", "move_to": ""}, "mailboxes.bounces.move_to: is empty"),
        ({"unidentified": "Junk", "folders": ("INBOX", "Junk")}, "mailboxes.bounces.unidentified: is one of"),
        ({"folders": tuple("abcdefghi")}, "mailboxes.bounces.folders: each folder needs its own connection"),
    ],
)
def test_mailboxes_that_cannot_be_right(settings: dict[str, object], said: str) -> None:
    (problem,) = mailbox(**settings)
    assert said in problem


def test_a_mailbox_and_a_webhook_of_one_name_are_refused() -> None:
    box = Mailbox(name="a", host="imap.example.org", user="b", password=KEY)
    hook = webhook(name="a", provider="generic", token=KEY)
    problems: list[str] = []
    check(Config(mailboxes={"a": box}, webhooks={"a": hook}), problems, [])
    (problem,) = problems
    assert "both name an event source" in problem
