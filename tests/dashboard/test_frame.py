# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of each page; and the style sheet: its digest, its contrasts, and that it fetches nothing."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import htpy as h
import pytest

from bouncestream.dashboard.frame import POLICY, STYLE, Chrome, bare, form, page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.session import Session
from bouncestream.dashboard.texts import ENGLISH, Texts
from tests.dashboard.markup import HOSTILE, Page
from tests.outbox.make import NOW

LOOK = Look(NOW, ENGLISH)
CHROME = Chrome(
    Session(who="", name="n", until=NOW.timestamp() + 100),
    "the-token-of-forms",
    "/events?state=held",
    (("/", "Now"), ("/events", "Events")),
)


def test_a_page_has_its_landmarks_and_says_where_one_is() -> None:
    text = page(LOOK, "Events", h.h1["Events"], CHROME)
    Page(text)
    assert text.startswith("<!doctype html>")
    assert '<html lang="en">' in text
    assert "<title>Events · bouncestream</title>" in text
    assert 'name="viewport"' in text
    for landmark in ("<header", '<nav aria-label="Pages"', '<main id="content"', "<footer", 'href="#content"'):
        assert text.count(landmark) == 1
    assert re.findall(r'<a href="([^"]*)" aria-current="page"', text) == ["/events"]
    assert "http-equiv" not in text
    assert "<script" not in text
    at_home = page(LOOK, "Now", None, replace(CHROME, path="/?refresh=1", refresh=True))
    assert '<meta http-equiv="refresh" content="30">' in at_home
    assert re.findall(r'<a href="([^"]*)" aria-current="page"', at_home) == ["/"]
    below = page(LOOK, "Event", None, replace(CHROME, path="/events/7"))
    assert re.findall(r'<a href="([^"]*)" aria-current="page"', below) == ["/events"]


def test_each_form_carries_the_token_and_the_way_back() -> None:
    for made in Page(page(LOOK, "Events", None, CHROME)).forms:
        assert made["form"] == "the-token-of-forms"
        assert made["to"] == "/events?state=held"
        assert made["method"] == "post"
    actions = [one["action"] for one in Page(page(LOOK, "x", None, CHROME)).forms]
    assert actions == ["/show", "/logout"]
    by_proxy = replace(CHROME, can_logout=False)
    shown = replace(LOOK, shown=True)
    assert [one["action"] for one in Page(page(shown, "x", None, by_proxy)).forms] == ["/hide"]
    assert [*Page(str(form(CHROME, "/doctor", h.button["Run"]))).forms[0]] == ["action", "method", "form", "to"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_foreign_title_user_or_path_is_text(text: str) -> None:
    chrome = replace(CHROME, session=replace(CHROME.session, who=text), path=f"/{text}", hidden=True)
    Page(page(LOOK, text, text, chrome))
    Page(bare(LOOK, text, text))


def test_the_style_sheet_is_let_in_by_its_digest_and_fetches_nothing() -> None:
    text = bare(LOOK, "x", None)
    inside = text.partition("<style>")[2].partition("</style>")[0]
    assert f"'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}'" in POLICY
    assert not re.search(r"url\(|@import|@font-face|expression", STYLE)
    assert "</" not in STYLE


def _themes() -> list[dict[str, str]]:
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in STYLE.split("@media", 2)[:2])
    assert light.keys() == dark.keys()
    return [light, dark]


def _luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", _themes(), ids=["light", "dark"])
def test_what_is_written_can_be_read(theme: dict[str, str]) -> None:
    """WCAG 2.2, success criteria 1.4.3 (text, 4.5) and 1.4.11 (what is drawn, 3)."""
    for ink in ("text", "soft-text", "accent", "proven", "look", "bad", "calm", "complaint", "unsubscribe"):
        for ground in ("ground", "surface", "wash"):
            assert contrast(theme[ink], theme[ground]) >= 4.5, f"{ink} on {ground}"
    assert contrast(theme["on-accent"], theme["accent"]) >= 4.5
    assert contrast(theme["text"], theme["mark"]) >= 4.5
    for drawn in ("hard", "softly", "complaint", "unsubscribe"):
        assert contrast(theme[drawn], theme["surface"]) >= 3, drawn


def test_a_language_is_told() -> None:
    assert '<html lang="de">' in bare(Look(NOW, Texts(lang="de")), "x", None)
