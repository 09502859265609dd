# SPDX-License-Identifier: GPL-3.0-or-later
"""Nouns that stand together, words that are denied, and things that turn what is said."""

from __future__ import annotations

import pytest

from bouncestream.mail.phrases.clauses import folded
from bouncestream.mail.phrases.saying import read, strange_in
from bouncestream.mail.phrases.subjects import Subjects
from bouncestream.mail.phrases.tagging import joined, tagged, tokens


def subjects(text: str) -> list[str]:
    words = tokens(folded(text))
    return [tag.name for tag in Subjects(tagged(words), words, text, "").subjects]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sender domain", ["sender"]),
        ("the address of the sender", ["sender"]),
        ("your message to a@example.com", ["content"]),
        ("la cuenta y su buzón", ["mailbox", "mailbox"]),  # here "su" is his, not yours
    ],
)
def test_nouns_that_stand_together_are_one(text: str, names: list[str]) -> None:
    assert subjects(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "the account was not deleted",
        "the account has never been removed",
        "konto nie zostało usunięte",
        "das postfach ist nicht gelöscht",
        "posta kutusu dolu değildir",
        "la boîte n'est pas pleine",
        "アカウントは削除されていません",
        "账号未被删除",
    ],
)
def test_what_is_denied_is_not_said(text: str) -> None:
    assert not [said for said in read(folded(text), "mailbox") if said.state in ("gone", "full")]


@pytest.mark.parametrize(
    "text",
    [
        "user folder not found",
        "no such user folder",
        "mailbox does not exist on this node",
        "user not found in the list of contacts",
        "gebruiker niet gevonden in de cache",
        "benutzer wurde auf diesem clusterknoten nicht gefunden",
        "用户在此节点上未找到",
    ],
)
def test_a_thing_in_the_wrong_place_turns_what_is_said(text: str) -> None:
    assert [said.strange for said in read(folded(text), "mailbox") if said.state and said.strange] or strange_in(
        text
    )


@pytest.mark.parametrize(
    "text",
    [
        "user not found in our directory",
        "recipient is not in our list of users",
        "no such user on the mail host",
        "the mailbox was deleted in the year of the great move",
        "adres nie istnieje na naszych serwerach",
    ],
)
def test_a_word_that_is_known_or_stands_elsewhere_turns_nothing(text: str) -> None:
    hard = [said for said in read(folded(text), "mailbox") if said.state in ("not there", "gone")]
    assert hard and not any(said.strange for said in hard)


def test_a_word_in_latin_letters_is_one_letter_where_words_are_not_told_apart() -> None:
    text = folded("ユーザーNeko (kijitora@example.com) は Domino には見つかりません")
    assert [said.state for said in read(text, "") if said.state] == ["not there"]
    assert joined("用户 a@example.com 不存在")[-1].at == 3
