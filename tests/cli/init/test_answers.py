# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream import providers
from bouncestream.cli.init.answers import Answers, made_here


@pytest.mark.parametrize("name", providers.names())
def test_each_provider_has_a_webhook_with_a_proof(name: str) -> None:
    answers = Answers()
    hook = answers.hook(name)
    assert made_here(name) in hook.verifiable
    assert hook.secrets[0].reveal() == answers.secret(name)


def test_a_secret_is_made_once_and_one_that_is_given_counts() -> None:
    answers = Answers(made={"ses": "given"})
    assert answers.secret("generic") == answers.secret("generic") != answers.secret("mailgun")
    assert len(answers.secret("generic")) >= 32
    assert answers.secret("ses") == "given"


def test_without_a_token_there_is_none() -> None:
    assert Answers(listmonk_url="http://a").listmonk().token is None
