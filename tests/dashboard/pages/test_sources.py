# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import htpy as h
import pytest

from bouncestream import providers
from bouncestream.dashboard.pages.sources import sources_page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reading.sources import Request, Source
from bouncestream.dashboard.texts import ENGLISH
from tests.dashboard.markup import HOSTILE, Page
from tests.dashboard.pages.test_now import SOURCE
from tests.outbox.make import NOW, later

LOOK = Look(NOW, ENGLISH)
GUIDE = providers.get("sendamatic").guide
HOOK = Source(
    state=SOURCE,
    title="Sendamatic",
    url="https://b.example.org/webhooks/ses",
    guide=GUIDE,
    steps=("Click here", "Paste https://b.example.org/webhooks/ses"),
    requests=(Request(later(minutes=-2), "application/json", 1234),),
)
BOX = Source(state=SOURCE | {"name": "mx", "type": "mailbox", "provider": ""}, folders=("INBOX",), requests=())


def page(*found: Source) -> Page:
    return Page(str(h.div[sources_page(LOOK, found)]))


def test_a_webhook_and_a_mailbox_tell_how_to_try_them() -> None:
    made = page(HOOK, BOX)
    for told in (
        "ses Sendamatic proven 2 min ago",
        "https://b.example.org/webhooks/ses",
        "What to do at Sendamatic Click here Paste",
        "11:58:00 application/json 1,234",
        "curl -i -H 'Content-Type: application/json' -d '{}' 'https://b.example.org/webhooks/ses'",
        "bouncestream doctor --write",
        "mx mailbox",
        "bouncestream mailbox test mx",
        "INBOX",
    ):
        assert told in made.text, told
    assert made.ids == ["source-ses", "source-mx"]
    assert "Set [server] public_url" not in made.text


def test_what_is_not_known_is_said() -> None:
    assert "Set [server] public_url" in page(replace(HOOK, url="https://<your address>/webhooks/ses")).text
    text = page(replace(HOOK, url="https://bounces.example.org/webhooks/ses/<path_secret>")).text
    assert "Set [server] public_url" not in text, "it is set"
    assert "For <path_secret> write [webhooks] path_secret" in text
    assert "takes longer" in page(replace(HOOK, requests=None)).text
    assert "None among the newest." in page(BOX).text
    assert "so nothing can arrive" in page().text


@pytest.mark.parametrize("text", HOSTILE)
def test_all_that_comes_from_elsewhere_is_text(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    state: dict[str, Any] = SOURCE | {"name": text, "provider": text, "why": text, "state": "red"}
    hostile = replace(HOOK, state=state, title=text, url=text, steps=(text,), requests=(Request(NOW, text, 1),))
    page(hostile)
    page(replace(BOX, state=state | {"type": "mailbox"}, folders=(text,)))
