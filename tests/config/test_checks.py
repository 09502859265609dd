# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import pytest

from bouncestream.config.checks import NAME, check
from bouncestream.config.model import Config, Retention, Webhook
from bouncestream.crypto.secret import Secret

KEY = Secret("a-secret-of-good-length")


def judged(hook: Webhook, **more: object) -> tuple[list[str], list[str]]:
    problems: list[str] = []
    warnings: list[str] = []
    check(Config(webhooks={hook.name: hook}), problems, warnings, **more)  # type: ignore[arg-type]
    return problems, warnings


@pytest.mark.parametrize(
    "hook",
    [
        Webhook(name="a", provider="generic", token=KEY),
        Webhook(name="a", provider="generic", hmac_secret=KEY),
        Webhook(name="a", provider="generic", path_secret=KEY),
        Webhook(name="a", provider="sendamatic", secret=KEY, header="Authorization", classes={"Hard": "judge"}),
        Webhook(name="a", provider="sendamatic", path_secret=KEY),
    ],
)
def test_one_proof_is_enough(hook: Webhook) -> None:
    assert judged(hook) == ([], [])


def test_none_is_refused_unless_asked_for() -> None:
    hook = Webhook(name="a", provider="generic")
    (problem,), _ = judged(hook)
    assert "unverified = true" in problem
    assert judged(replace(hook, unverified=True)) == (
        [],
        ["webhooks.a is not verified: whoever finds its URL can have your subscribers blocklisted"],
    )


def test_sections_with_problems_are_not_judged_again() -> None:
    assert judged(Webhook(name="a", provider=""), skip={"webhooks.a"}) == ([], [])
    problems: list[str] = []
    config = Config(retention=Retention(dedupe=1.0))
    check(config, problems, [], skip={"retention"})
    assert problems == []
    check(config, problems, [])
    assert len(problems) == 1


def test_names_fit_a_url_and_a_label() -> None:
    assert all(map(NAME.fullmatch, ("a", "A-b_9", "x" * 64)))
    assert not any(map(NAME.fullmatch, ("", "a b", "a/b", "ä", "a.b", "x" * 65, "a\n")))
