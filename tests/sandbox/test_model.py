# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings, versions and subscriber files."""

from __future__ import annotations

import pytest

from bouncestream.errors import UsageError
from bouncestream.sandbox import ApiUser, Sandbox, SandboxSettings, read_subscribers
from bouncestream.sandbox.model import Version

MARK = "0193aaaa-0000-7000-8000-00000000000A"


@pytest.mark.parametrize(("text", "shown"), [("6.2.0", "v6.2.0"), ("5.1", "v5.1.0"), ("v4.1.0", "v4.1.0")])
def test_versions(text, shown):
    assert str(Version.read(text)) == shown


@pytest.mark.parametrize("text", ["", "3.0.0", "7", "6.2.0-rc", "x"])
def test_versions_that_are_not_played(text):
    with pytest.raises(UsageError, match="plays Listmonk"):
        Sandbox(SandboxSettings(version=text))


def test_subscribers_of_a_file(tmp_path):
    path = tmp_path / "subscribers"
    path.write_text(f"# people\nA@example.com\n\n b@example.com , {MARK}  # the boss\na@EXAMPLE.com\n")
    one, two = read_subscribers(path)
    assert (one.email, two.email, two.uuid) == ("a@example.com", "b@example.com", MARK.lower())
    assert len(one.uuid) == 36
    Sandbox(SandboxSettings(subscribers=[one, two]))


@pytest.mark.parametrize(
    "text", ["not an address\n", "a@example.com,nope\n", f"a@example.com,{MARK}\nb@example.com,{MARK}\n"]
)
def test_wrong_lines_are_named(tmp_path, text):
    path = tmp_path / "subscribers"
    path.write_text("# x\n" + text)
    with pytest.raises(UsageError, match=r"line [23]"):
        read_subscribers(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="Cannot read"):
        read_subscribers(tmp_path / "nosuch")


def test_tokens_do_not_print():
    assert "hush" not in repr(ApiUser("bridge", "hush-hush-hush"))
