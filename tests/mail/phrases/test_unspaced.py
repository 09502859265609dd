# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of languages that put no blanks between words."""

from __future__ import annotations

import pytest

from bouncestream.mail.phrases.abroad import NAMES
from bouncestream.mail.phrases.clauses import folded
from bouncestream.mail.phrases.saying import read
from bouncestream.mail.phrases.unspaced import JOINED


@pytest.mark.parametrize("language", JOINED)
def test_each_row_has_a_name(language: str) -> None:
    rows = [row.partition(":") for row in JOINED[language].split(";")]
    assert all(name.strip() in NAMES and words.strip() for name, _, words in rows)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("该用户不存在", "not there"),
        ("我们没有名为a的用户", "not there"),
        ("用户已注销", "gone"),
        ("メールボックスは削除されました", "gone"),
        ("アカウントは削除されることはありません", ""),
        ("사용자를 찾을 수 없습니다", "not there"),
    ],
)
def test_states(text: str, state: str) -> None:
    said = [one.state for one in read(folded(text), "mailbox") if one.state]
    assert (said[0] if said else "") == state
