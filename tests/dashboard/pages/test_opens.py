# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import htpy as h
import pytest

from bouncestream.dashboard.pages.opens import opens_page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reading.opens import BROKEN, DENIED, MISSING, PACKED, STRANGE, Opens, Unread
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.doctor.logs.campaigns import Requests, Seen
from bouncestream.doctor.logs.paths import APPLE
from bouncestream.ports import Campaign
from tests.dashboard.markup import HOSTILE, Page
from tests.outbox.make import CAMPAIGN, NOW, later

LOOK = Look(NOW, ENGLISH)


def readers(number: int) -> frozenset[bytes]:
    return frozenset(b"%d" % one for one in range(number))


def found(**changed: Any) -> Opens:
    opens = Requests(1000, {APPLE: 600}, {"Gmail's image proxy": 250}, readers(200))
    clicks = Requests(120, {"security scanners": 80}, {}, readers(30))
    given: dict[str, Any] = {
        "campaigns": (Seen(CAMPAIGN, opens, clicks),),
        "first": later(days=-2),
        "size": 5_200_000,
    }
    return Opens(**(given | changed))


def campaign(**changed: Any) -> Campaign:
    given: dict[str, Any] = {"sent": 2000, "views": 1100, "clicks": 140, "started_at": later(days=-1)}
    return Campaign(1, CAMPAIGN, "Spring news", "finished", **(given | changed))


def page(content: Any) -> Page:
    return Page(str(h.div[content]))


def test_the_honest_rate_stands_beside_listmonks() -> None:
    text = page(opens_page(LOOK, found(), {CAMPAIGN: campaign()})).text
    assert "Spring news 1,000 600 (60%) 250 150 200 10.0% 1,100 (55.0%)" in text
    assert "Spring news 120 80 (67%) 40 30 1.5% 140 (7.0%)" in text
    assert "Apple Mail Privacy Protection 600 ·" in text
    assert "security scanners · 80" in text
    assert "Readers' programs 150 40" in text
    assert "read back to 2026-02-27 12:00 UTC (2 days ago), 5.2 MB" in text
    assert "opens are missing" not in text
    assert "What is older" not in text


def test_without_listmonks_numbers_there_are_those_of_the_log() -> None:
    text = page(opens_page(LOOK, found(), {})).text
    assert f"{CAMPAIGN} 1,000 600 (60%) 250 150 200" in text
    assert "asks for them" in text


def test_a_log_that_begins_later_than_the_campaign_says_so() -> None:
    text = page(opens_page(LOOK, found(whole=False), {CAMPAIGN: campaign(started_at=later(days=-9))})).text
    assert "opens are missing here" in text
    assert "What is older is not read" in text


def test_where_nobody_is_named_requests_make_the_rate() -> None:
    seen = Seen(CAMPAIGN, Requests(100, {APPLE: 60}, {}), Requests(10))
    text = page(opens_page(LOOK, found(campaigns=(seen,)), {CAMPAIGN: campaign()})).text
    assert "100 60 (60%) · 40 not named 2.0%" in text
    assert "Spring news 10 · 10 not named 0.5%" in text


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (MISSING, "is not there. Next: correct [dashboard] access_log"),
        (DENIED, "SupplementaryGroups=adm"),
        (PACKED, "doctor logs /var/log/x"),
        (STRANGE, "not an access log"),
        (BROKEN, "could not be read: Input/output error"),
    ],
)
def test_a_file_that_was_not_read_is_told_with_its_fix(why: str, words: str) -> None:
    text = page(opens_page(LOOK, Opens(unread=(Unread("/var/log/x", why, "Input/output error"),)), {})).text
    assert "/var/log/x " in text
    assert words in text
    assert "No open or click" not in text


def test_nothing_and_not_in_time_are_told_apart() -> None:
    assert "No open or click" in page(opens_page(LOOK, Opens(), {})).text
    assert "could not be read in time" in page(opens_page(LOOK, None, {})).text


@pytest.mark.parametrize("text", HOSTILE)
def test_all_that_comes_from_elsewhere_is_text(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    unread = (Unread(text, BROKEN, text),)
    page(opens_page(LOOK, found(unread=unread), {CAMPAIGN: Campaign(1, CAMPAIGN, text, "x", sent=1)}))
