# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter
from typing import Any

import htpy as h
import pytest

from bouncestream.dashboard.pages.numbers import campaigns_page, domains_page, reasons_page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reading.numbers import Numbers, Sum, Told
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.ports import Campaign
from tests.dashboard.markup import HOSTILE, Page
from tests.outbox.make import CAMPAIGN, NOW, later

LOOK = Look(NOW, ENGLISH)


def summed(**kinds: int) -> Sum:
    return Sum(Counter(kinds), Counter(spam=2, policy=1), 1, 2)


def found(*lines: tuple[str, Sum], **changed: Any) -> Numbers:
    told = {1: Told(later(days=-9), "550 first"), 2: Told(later(hours=-3), "554 blocked, ask ann@example.com")}
    given: dict[str, Any] = {"days": 30, "campaign": "", "lines": lines, "more": 0, "told": told, "back_to": None}
    return Numbers(**(given | changed))


def page(content: Any) -> Page:
    return Page(str(h.div[content]))


def test_a_campaign_has_its_name_and_rate_where_listmonk_tells_them() -> None:
    seen = found((CAMPAIGN, summed(hard=30, soft=20, complaint=1)), ("", summed(hard=1)))
    known = {CAMPAIGN: Campaign(1, CAMPAIGN, "Spring news", "finished", sent=10_000)}
    text = page(campaigns_page(LOOK, seen, known)).text
    assert "Spring news 30 20 1 · 51 0.50% 3 h ago" in text
    assert "without a campaign 1" in text
    assert "asks for them" not in text
    made = page(campaigns_page(LOOK, seen, {}))
    assert f"{CAMPAIGN} 30 20 1 · 51" in made.text
    assert "asks for them" in made.text
    assert f"/why?campaign={CAMPAIGN}" in made.links


def test_a_reason_says_what_it_means_and_leads_to_its_events() -> None:
    made = page(reasons_page(LOOK, found(("mailbox_full", summed(soft=7)), campaign=CAMPAIGN)))
    assert "mailbox_full · 7 · · 7 The mailbox is full. 3 h ago" in made.text
    assert f"Of the campaign {CAMPAIGN} alone." in made.text
    assert f"/events?reason=mailbox_full&campaign={CAMPAIGN}" in made.links
    assert f"/why?days=7&campaign={CAMPAIGN}" in made.links
    assert "Nothing came in" in page(reasons_page(LOOK, found())).text


def test_who_refuses_is_told_with_since_when_and_their_words() -> None:
    seen = found(("web.de", summed(soft=3)), refused=[("web.de", summed(soft=3))], refused_more=4)
    made = page(domains_page(LOOK, seen))
    words = "554 blocked, ask a•••@example.com"
    assert f"web.de {words} 3 spam, policy 9 days ago 3 h ago {words}" in made.text, "below it on a telephone"
    assert "And 4 more." in made.text
    assert made.links.count("/events?domain=web.de") == 2


def test_what_was_not_reached_is_said_with_what_to_do() -> None:
    text = page(campaigns_page(LOOK, found(back_to=later(days=-2)), {})).text
    assert "A moment reached back to 2026-02-27 12:00 UTC (2 days ago)" in text
    assert "Choose fewer days" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_all_that_comes_from_elsewhere_is_text(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    one = Sum(Counter(hard=1), Counter({text: 1}), 1, 2)
    told = {1: Told(NOW, text), 2: Told(NOW, text)}
    seen = found((text, one), refused=[(text, one)], told=told, campaign=text)
    page(campaigns_page(LOOK, seen, {text: Campaign(1, text, text, "x", sent=1)}))
    page(reasons_page(LOOK, seen))
    page(domains_page(LOOK, seen))
