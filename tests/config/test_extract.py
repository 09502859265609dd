# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bouncestream.cli.init.answers import Answers
from bouncestream.cli.init.writing import render
from bouncestream.config.example import render as example
from bouncestream.config.extract import changed, extract
from bouncestream.config.load import load
from bouncestream.errors import UsageError

ONE, TWO = "kR8w-one #not-a-comment", 'hJ2k "quoted" two-secret'


def test_what_init_writes(tmp_path: Path) -> None:
    """The whole way: the new text and its files are the old configuration."""
    answers = Answers(
        listmonk_url="http://127.0.0.1:9000",
        listmonk_user="bouncestream",
        listmonk_token="hJ2-kR8wQz5-Lm-T3vXc9YbN",
        providers=("sendamatic",),
        made={"sendamatic": "Lm-T3vXc9YbN-hJ2-kR8wQz5"},
        outbox="/o.db",
    )
    text = render(answers)
    old = tmp_path / "old.toml"
    old.write_text(text)
    done = extract(text, str(tmp_path))
    assert set(done.moved) == {"listmonk.token", "webhooks.sendamatic.secret"}
    for dotted, content in done.moved.items():
        (tmp_path / dotted).write_text(content)
        assert content.strip() not in done.text
    new = tmp_path / "new.toml"
    new.write_text(done.text)
    assert load(new, {}) == load(old, {})
    assert "It holds secrets" not in done.text
    assert [line for line in done.text.splitlines() if line.startswith("#")][1:] == [
        line for line in text.splitlines() if line.startswith("#")
    ][1:]


def test_comments_order_and_spaces_stay() -> None:
    text = f"""\
# first
[webhooks.a]   # the webhook
provider = "generic"
  token   =   {ONE!r}   # told by Ann
hmac_secret = [   # new first
  "secret-of-good-length",   # since May
  'the # older one of two',
]
  # between
[listmonk]
"token" = \"\"\"token of the # bridge\"\"\"
url = "http://127.0.0.1:9000"
"""
    done = extract(text, "/etc/b")
    assert (
        done.text
        == """\
# first
[webhooks.a]   # the webhook
provider = "generic"
  token_file = "/etc/b/webhooks.a.token"   # told by Ann
hmac_secret_file = "/etc/b/webhooks.a.hmac_secret"
  # between
[listmonk]
token_file = "/etc/b/listmonk.token"
url = "http://127.0.0.1:9000"
"""
    )
    assert done.moved == {
        "listmonk.token": "token of the # bridge\n",
        "webhooks.a.token": f"{ONE}\n",
        "webhooks.a.hmac_secret": "secret-of-good-length\nthe # older one of two\n",
    }
    assert done.files == {dotted: f"/etc/b/{dotted}" for dotted in done.moved}
    assert "webhooks.a.path_secret" in done.unset


def test_the_same_key_in_several_sections_and_texts() -> None:
    """Even where the same secret, or its line, stands elsewhere, too."""
    text = f"""\
listmonk.token = {TWO!r}
policy.reasons = {{}}
[log]
format = '''
token = {TWO!r}
'''
[webhooks.a]
provider = "generic"
token = {TWO!r}
"""
    done = extract(text, "/f")
    assert done.text == (
        text.replace("listmonk.token = " + repr(TWO), 'listmonk.token_file = "/f/listmonk.token"').replace(
            '"generic"\ntoken = ' + repr(TWO), '"generic"\ntoken_file = "/f/webhooks.a.token"'
        )
    )


def test_windows_line_ends_stay() -> None:
    done = extract('[listmonk]\r\ntoken = "abc" # x\r\nuser = "b"\r\n', "/f")
    assert done.text == '[listmonk]\r\ntoken_file = "/f/listmonk.token" # x\r\nuser = "b"\r\n'


def test_a_key_within_braces_is_refused_and_not_shown() -> None:
    with pytest.raises(UsageError, match=r"webhooks\.a\.token is not written on lines of its own") as refused:
        extract(f'[webhooks]\na = {{provider = "generic", token = "{ONE}"}}\n', "/f")
    assert ONE not in str(refused.value)


def test_what_is_in_files_already_stays_there() -> None:
    text = '[listmonk]\ntoken_file = "/mine"\n'
    done = extract(text, "/f")
    assert (done.text, done.moved, done.files) == (text, {}, {"listmonk.token": "/mine"})


def test_every_secret_of_the_example_is_found() -> None:
    """Whatever section it is in: each is set, and each goes."""
    lines = example().splitlines()
    text = "\n".join(
        line.removeprefix("# ") if line.startswith(("# [", "# provider =")) else line for line in lines
    )
    for name in (
        "token",
        "path_secret",
        "secret",
        "password",
        "signing_key",
        "hmac_secret",
        "verp_secret",
        "apprise",
    ):
        text = text.replace(f"# {name} = ", f"{name} = ")
    count = sum(line.partition(" = ")[0].endswith(("token", "secret", "password", "key", "apprise"))
                for line in text.splitlines() if not line.startswith("#"))  # fmt: skip
    done = extract(text, "/f")
    assert len(done.moved) == count > 6
    assert not {*tomllib.loads(done.text)["listmonk"]} & {"token"}


def test_comments_that_look_like_a_secret() -> None:
    """The samples of the example are none."""
    assert extract(example(), "/f").commented == ()
    text = f"""\
# listmonk.token = "{ONE}"
[listmonk]
# url = "http://127.0.0.1:9000"
# token = "{ONE}"
# a token = 5
# [webhooks.mine]
## secret = ["at least 16 characters"]
# hmac_secret = "{ONE}"
[alerts]
#apprise=["tgram://123/x"]
[alerts.heartbeat]
# url = "https://hc.example.org/0815"
[mailboxes.bounces]
# password = 'x'
"""
    assert extract(text.replace("[mailboxes.bounces]", "# [mailboxes.bounces]"), "/f").commented == (
        1,
        4,
        8,
        10,
        12,
        14,
    )


def test_a_key_is_changed_or_added() -> None:
    path = ("outbox",)
    assert changed('[outbox]\npath = "/a" # x\n', path, "path", "path", "/b") == '[outbox]\npath = "/b" # x\n'
    assert changed("[outbox] # x\n\n[log]\n", path, "path", "path", "/b") == '[outbox] # x\npath = "/b"\n\n[log]\n'
    assert changed("a = 1\n", path, "path", "path", '/"b') == 'a = 1\n\n[outbox]\npath = "/\\"b"\n'
