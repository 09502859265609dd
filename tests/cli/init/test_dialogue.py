# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bouncestream.cli.init.dialogue import Dialogue, Part, Question, given, variable
from bouncestream.cli.init.person import Person
from bouncestream.config.load import load
from bouncestream.errors import UsageError
from tests.cli.conftest import TOKEN
from tests.cli.init.conftest import Terminal

Start = Callable[..., Terminal]


def test_a_person_corrects_goes_back_and_writes_at_the_end(terminal: Start, sandbox: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    at = terminal("init")
    at.wait_for("Have ready:")
    at.answer("Listmonk's URL, as this machine reaches it", "localhost:9000")
    at.wait_for("✘ 'localhost:9000' is not an http or https URL. Next: write a URL such as")
    at.answer("[http://127.0.0.1:9000]", sandbox)
    shown = at.answer("Name of Listmonk's API user", "bridge")
    assert "webhooks:post_bounce" in shown
    at.answer("Its token", "<")
    at.answer("[bridge]", "")
    at.answer("Its token", "sandbox-token-of-somebody")
    at.wait_for("[listmonk-token]")
    at.answer("Enter lets you correct these answers; k keeps them", "")
    at.answer("Listmonk's URL", "<")
    at.wait_for("this is the first question")
    at.answer(f"[{sandbox}]", "")
    at.answer("[bridge]", "")
    at.answer("Its token", TOKEN)
    at.wait_for("accepts bridge")
    at.answer("The provider that delivers your mail", "99")
    at.wait_for("There is no '99' here")
    at.answer("[sendamatic]", "Mailgun, postmark")
    at.answer("Public address of this bridge", "https://bounces.invalid")
    at.answer("[127.0.0.1, ::1]", "<")
    at.answer("[https://bounces.invalid]", "https://hooks.invalid")
    at.answer("[127.0.0.1, ::1]", "")
    at.answer("Mailgun, signing_key", "")
    at.answer("Mailbox that bounces are sent to", "<")
    at.answer("Mailgun, signing_key", "<")
    at.answer("reverse proxy", "-")
    at.answer("Mailgun, signing_key", "kEy-of-the-domain-0193")
    at.answer("Mailbox that bounces are sent to", "")
    at.answer("How shall alerts reach you?", "none")
    assert not path.exists()
    at.answer("Encrypt addresses", "")
    at.answer("That is all. Enter writes config.toml.", "<")
    at.answer("Encrypt addresses", "<")
    at.answer("How shall alerts reach you?", "")
    at.answer("Encrypt addresses", "")
    at.answer("That is all", "")
    assert at.end() == 0
    config = load(path, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (config.listmonk.url, config.listmonk.user) == (sandbox, "bridge")
    assert [*config.webhooks] == ["mailgun", "postmark"]
    assert config.webhooks["mailgun"].signing_key.reveal() == "kEy-of-the-domain-0193"  # type: ignore[attr-defined]
    assert "kEy-of-the-domain" not in at.screen
    assert (config.server.public_url, config.server.trusted_proxies) == ("https://hooks.invalid", ())
    assert at.screen.count("lists:manage_all, a list role") == 1, "what the user may do is told once"
    assert TOKEN not in at.screen
    assert "somebody" not in at.screen
    for line in at.screen.splitlines():
        whole = any(word in line for word in ("https://", "http://", '": "', "bouncestream proxy", "permissions"))
        assert len(line) <= 80 or whole, line


def test_no_listmonk_yet(terminal: Start, tmp_path: Path) -> None:
    at = terminal("init", "--provider", "sendamatic", "--public-url", "")
    at.answer("Listmonk's URL", "http://127.0.0.1:1")
    at.answer("API user", "")
    at.answer("Its token, which Listmonk shows only once (-: none yet)", "")
    at.answer("✘ It is needed. Next: write it, or - for none yet.", "-")
    at.wait_for("without a token Listmonk is not tried")
    at.answer("Mailbox", "")
    at.answer("alerts", "")
    at.answer("Encrypt addresses", "")
    at.answer("That is all", "")
    assert at.end() == 1
    assert "listmonk.token: is missing" in at.screen
    assert load(tmp_path / "config.toml", {}, with_secrets=False).listmonk.user == "bouncestream"


def test_what_does_not_work_is_written_if_a_person_insists(terminal: Start, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    at = terminal("init", "--token-file", "token", "--provider", "brevo", "--public-url", "")
    at.answer("Listmonk's URL", "http://127.0.0.1:1")
    at.answer("API user", "")
    at.wait_for("[listmonk-unreachable]")
    at.answer("k keeps them", "k")
    at.answer("Mailbox", "")
    at.answer("alerts", "")
    at.answer("Encrypt addresses", "")
    at.answer("That is all", "")
    assert at.end() == 1
    assert load(tmp_path / "config.toml", {}).listmonk.url == "http://127.0.0.1:1"


def question(name: str, **more: object) -> Question:
    standard = {"flag": f"--{name}", "metavar": "X", "help": "", "read": str}
    return Question(name=name, **(standard | more))  # type: ignore[arg-type]


def test_what_was_chosen_before_is_forgotten_where_it_no_longer_counts() -> None:
    from bouncestream.cli.init.answers import Answers

    answers = Answers(public_url="https://old")
    part = Part("p", (question("public_url", asked=lambda _: False),), lambda *_: [])
    args = argparse.Namespace(public_url=None)
    Dialogue((part,), answers, Person(asks=False), args, {}).run()
    assert answers.public_url == ""
    args.public_url = "https://given"
    Dialogue((part,), answers, Person(asks=False), args, {}).run()
    assert answers.public_url == "https://given", "what is given counts, whether it would be asked or not"


def test_where_an_answer_comes_from(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(" s \n")
    nothing = argparse.Namespace(x=None)
    key = question("x", key="listmonk.user")
    environ = {"BOUNCESTREAM__LISTMONK__USER": "u", "BOUNCESTREAM__LISTMONK__USER_FILE": str(tmp_path / "secret")}
    assert given(key, nothing, {}) is None
    assert given(key, nothing, environ) == ("u", "BOUNCESTREAM__LISTMONK__USER")
    assert given(key, argparse.Namespace(x="o"), environ) == ("o", "--x")
    secret = question("x", key="listmonk.user", secret=True)
    assert given(secret, argparse.Namespace(x=str(tmp_path / "secret")), {}) == ("s", "--x")
    del environ["BOUNCESTREAM__LISTMONK__USER"]
    assert given(key, nothing, environ) is None
    assert given(secret, nothing, environ) == ("s", "BOUNCESTREAM__LISTMONK__USER_FILE")
    with pytest.raises(UsageError, match=r"--x .*/missing cannot be read"):
        given(secret, argparse.Namespace(x=str(tmp_path / "missing")), {})


def test_names_of_sections_are_any() -> None:
    environ = {
        "BOUNCESTREAM__WEBHOOKS__A__PROVIDER": "ses",
        "BOUNCESTREAM__WEBHOOKS__B__PROVIDER": "generic",
        "BOUNCESTREAM__WEBHOOKS__B__TOKEN": "x",
    }
    assert variable("webhooks.*.provider", environ) == ("ses,generic", "BOUNCESTREAM__WEBHOOKS__A__PROVIDER")
    assert variable("webhooks.*.provider", {}) is None
