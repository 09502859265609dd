# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bouncestream.alert import Notice, What
from bouncestream.alerts import wording

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NOTICE = Notice(
    1, AT, What.FIRED, "warning", "A source is silent: shop", "Nothing.", "Look.", "silent-source", "shop", AT
)


@pytest.mark.parametrize(
    ("what", "subject", "kind"),
    [
        (What.FIRED, "⚠ bouncestream on news: A source is silent: shop", "warning"),
        (What.REPEATED, "⚠ bouncestream on news: ongoing: A source is silent: shop", "warning"),
        (What.RESOLVED, "✔ bouncestream on news: resolved: A source is silent: shop", "success"),
        (What.TEST, "✔ bouncestream on news: A source is silent: shop", "success"),
    ],
)
def test_the_subject_says_at_once_how_it_is(what: What, subject: str, kind: str) -> None:
    notice = replace(NOTICE, what=what)
    assert wording.subject(notice, "news") == subject
    assert wording.APPRISE_TYPES[wording.tone(notice)] == kind


def test_what_to_do_is_told_while_it_helps() -> None:
    assert "What to do: Look." in wording.body(NOTICE, "news")
    assert "Since 2026-03-02 12:00 UTC." in wording.body(replace(NOTICE, what=What.REPEATED), "news")
    assert "What to do" not in wording.body(replace(NOTICE, what=What.RESOLVED), "news")
    assert wording.body(NOTICE, "news").endswith("12:00:00 UTC, rule silent-source, warning")
