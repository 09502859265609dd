# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse

import pytest

from bouncestream import providers
from bouncestream.cli.init.answers import Answers
from bouncestream.cli.init.dialogue import Question
from bouncestream.cli.init.questions import PARTS, PROVIDER
from bouncestream.cli.init.questions_provider import OPTIONS
from bouncestream.config.model import NAMED, SECTIONS
from bouncestream.providers._settings import Webhook
from bouncestream.settings.key import keys_of

EVERY = [one for part in PARTS for one in part.questions]
#: Those about the options of single providers have no option of the command: test_questions_provider.
QUESTIONS = [one for one in EVERY if one not in OPTIONS]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)
def test_each_is_answered_by_an_option_and_by_the_variable_of_its_key(question: Question) -> None:
    assert question.name in Answers.__dataclass_fields__
    assert question.flag.endswith("-file") == (question.secret or question.name == "imap_ca_file")
    assert question.help
    if question.key:
        section, _, name = question.key.rpartition(".")
        first = section.partition(".")[0]
        model = Webhook if first == "webhooks" else NAMED[first] if first in NAMED else SECTIONS[section]
        key = keys_of(model)[name]
        assert key.secret == question.secret
    else:
        assert question.name == "alerts", "that has no key of its own"


def test_names_and_options_are_single() -> None:
    assert len({one.name for one in EVERY}) == len(EVERY)
    assert len({one.flag for one in QUESTIONS}) == len(QUESTIONS)


def asked(name: str, **answers: object) -> bool:
    question = next(one for one in QUESTIONS if one.name == name)
    return question.asked(Answers(**answers))  # type: ignore[arg-type]


def test_the_public_address_is_asked_for_a_provider_only() -> None:
    assert asked("public_url", providers=("ses",))
    assert not asked("public_url")


def test_a_proxy_is_asked_for_where_only_this_machine_can_come_in() -> None:
    public = {"public_url": "https://bounces.example.org"}
    assert asked("trusted_proxies", **public)
    assert asked("trusted_proxies", listen="[::1]:1", **public)
    assert not asked("trusted_proxies", listen="0.0.0.0:8025", **public)
    assert not asked("trusted_proxies", listen=":8025", **public)
    assert not asked("trusted_proxies")


def test_all_providers_can_be_chosen_by_number_name_and_title() -> None:
    read = PROVIDER.questions[0].read
    for number, name in enumerate(providers.names(), start=1):
        assert read(str(number)) == read(name) == read(providers.get(name).title) == (name,)


def test_options_have_nothing_that_argparse_takes_as_its_own() -> None:
    parser = argparse.ArgumentParser()
    for one in QUESTIONS:
        parser.add_argument(one.flag, help=one.help)
    parser.format_help()  # a lone % would not be
