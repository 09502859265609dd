# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.dashboard.pages.door import login, refused, remark
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.texts import ENGLISH
from tests.dashboard.markup import HOSTILE, Page
from tests.outbox.make import NOW

LOOK = Look(NOW, ENGLISH)


def test_the_login_asks_for_one_thing_and_says_what_was_wrong() -> None:
    page = Page(login(LOOK, "/events"))
    assert page.forms == [{"action": "/login", "method": "post", "to": "/events", "token": ""}]
    assert "[dashboard] token" in page.text
    assert "This is not the token" in Page(login(LOOK, "/", wrong=True)).text
    assert "wait 90 s" in Page(login(LOOK, "/", wait=90.0, wrong=True)).text
    assert 'role="alert"' in login(LOOK, "/", wrong=True)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_foreign_path_or_name_is_text(text: str) -> None:
    Page(login(LOOK, text))
    Page(refused(LOOK, text))
    Page(str(remark(LOOK, text)))
