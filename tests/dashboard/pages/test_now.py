# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import htpy as h
import pytest

from bouncestream.dashboard.pages.now import now_page
from bouncestream.dashboard.parts import Bars, Look
from bouncestream.dashboard.reading.now import Now
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.outbox.codec import stamp
from tests.dashboard.markup import HOSTILE, Page
from tests.outbox.make import NOW, later

LOOK = Look(NOW, ENGLISH)
SOURCE: dict[str, Any] = {
    "name": "ses", "type": "webhook", "provider": "ses", "state": "green", "why": "",
    "last_heard": stamp(later(minutes=-2)), "newest_hour": None, "day": 12, "week": 1080,
}  # fmt: skip
FOUND: dict[str, Any] = {
    "at": stamp(NOW), "running": True, "ready": True, "parts": {}, "sources": [SOURCE], "bridges": [],
    "outbox": {
        "path": "/x", "states": {"verified": 80}, "oldest_pending_seconds": 0, "held": {}, "quarantine": 0,
        "unidentified": 0, "duplicates": 0, "doubled": 0, "bytes": 1 << 20, "wal_bytes": 0,
        "disk_free_bytes": 1 << 31, "replication": None,
    },
    "alerts": {"active": [], "last": [], "channels": []},
    "sink": {
        "url": "http://127.0.0.1:9000", "state": "green", "why": "Listmonk v6", "by": "",
        "restarts": 1, "lost": None,
    },
}  # fmt: skip
SEEN = Now(found=FOUND, troubles=(), waiting=(), listmonk_at=later(hours=-1), bars={}, events=())


def page(look: Look = LOOK, **changed: Any) -> Page:
    return Page(str(h.div[now_page(look, replace(SEEN, **changed))]))


def test_green_says_what_was_proven_when() -> None:
    text = page().text
    assert text.startswith("All works Last bounce 2 min ago, 0 waiting.")
    assert "ses ses proven 2 min ago" in text
    assert "State proven 60 min ago Listmonk v6" in text
    assert "24 hours: 12 · 7 days: 1,080" in text
    assert "Restarts noticed 1 since the bridge started Lost by it, and posted again unknown" in text
    assert "2.0 GiB free" in text
    assert "The outbox has no events yet." in text
    assert "Needs you" not in text


def test_several_bridges_are_shown_with_what_they_do() -> None:
    jobs = {"relay": 12.0, "alerts": 9.0}
    one = {"name": "mx1", "alive": True, "seen_seconds": 2.0, "leads": True, "leases": jobs, "parts": {}}
    two = {"name": "mx2", "alive": False, "seen_seconds": 300.0, "leads": False, "leases": {}, "parts": {}}
    three = {"name": "mx3", "alive": True, "seen_seconds": 1.0, "leads": False, "leases": {}}
    three["parts"] = {"intake": {"state": "red", "why": "disk full"}}
    text = page(found=FOUND | {"bridges": [one, two, three]}).text
    assert "Bridges mx1 delivers, 12 s left of its lease alerts mx2 last seen 5 min ago mx3 takes in" in text
    assert "mx3 takes in intake: disk full" in text
    assert "Bridges" not in page().text


def test_a_bridge_that_does_not_deliver_tells_what_the_other_one_sees() -> None:
    text = page(found=FOUND | {"sink": FOUND["sink"] | {"by": "mx1"}}).text
    assert "Listmonk v6; as mx1 sees it, which delivers" in text


def test_the_standbys_of_postgresql_are_told() -> None:
    standby = {"name": "db2", "sync": "sync", "lag_seconds": None, "lag_bytes": 0}
    told = {"standbys": [standby], "synchronous": 1, "commits_wait": True, "visible": True}
    text = page(found=FOUND | {"outbox": FOUND["outbox"] | {"replication": told}}).text
    assert "Replication PostgreSQL has 1 standby, commits wait for db2; it is not behind" in text
    assert "Replication" not in page().text


def test_silence_of_listmonks_log_is_the_rule() -> None:
    log = SOURCE | {"name": "listmonk_log", "type": "log", "last_heard": None, "newest_hour": None}
    text = page(found=FOUND | {"sources": [SOURCE, log]}).text
    assert "no refusal while sending so far" in text
    assert "not proven yet" not in text


def test_what_was_never_proven_is_not_green() -> None:
    source = SOURCE | {"last_heard": None}
    made = page(found=FOUND | {"sources": [source]})
    assert made.text.startswith("Nothing is wrong, and not all is proven No bounce yet, 0 waiting.")
    assert "not proven yet" in made.text
    drawn = str(h.div[now_page(LOOK, replace(SEEN, found=FOUND | {"sources": [source]}, listmonk_at=None))])
    assert "light proven" not in drawn
    old = SOURCE | {"last_heard": stamp(later(days=-40))}
    assert "last proven 40 days ago" in page(found=FOUND | {"sources": [old]}).text


def test_what_waits_comes_with_its_command_the_urgent_first() -> None:
    alert = {"rule": "dead", "level": "error", "text": "New dead letters: 3.", "fix": "replay them", "subject": ""}
    made = page(
        found=FOUND | {"alerts": FOUND["alerts"] | {"active": [alert]}},
        waiting=(("·", "2 unidentified", "list --unidentified"), ("⚠", "1 held", "release")),
        troubles=("dead",),
    )
    assert made.text.startswith("Something does not work")
    assert (
        "Needs you New dead letters: 3. replay them 1 held release 2 unidentified list --unidentified" in made.text
    )
    assert page(waiting=(("·", "2 unidentified", "list"),)).text.startswith("All works"), "that is no trouble"


def test_without_a_bridge_or_a_source() -> None:
    made = page(found=FOUND | {"running": False, "sources": []}, troubles=("no bridge is running",))
    assert made.text.startswith("No bridge is running")
    assert "systemctl start bouncestream" in made.text
    assert "so nothing can arrive" in made.text
    parts = {
        "retention": {"state": "yellow", "why": "the clock is wrong"},
        "backfill:x": {"state": "red", "why": "-"},
    }
    assert "retention needs a look the clock is wrong" in page(found=FOUND | {"parts": parts}).text


def test_what_was_not_read_in_time_is_said() -> None:
    assert "takes longer" in page(events=None).text


def test_the_days_are_drawn() -> None:
    assert "hard soft complaint unsubscribe" in page(bars={"ses": Bars([{"hard": 2}])}).text


@pytest.mark.parametrize("text", HOSTILE)
def test_all_that_comes_from_elsewhere_is_text(text: str) -> None:
    source = SOURCE | {"name": text, "provider": text, "why": text, "state": "yellow"}
    alert = {"rule": text, "level": "warning", "text": text, "fix": text, "subject": text}
    found = FOUND | {
        "sources": [source],
        "parts": {"retention": {"state": "red", "why": text}},
        "alerts": FOUND["alerts"] | {"active": [alert]},
        "sink": FOUND["sink"] | {"why": text, "url": text},
        "outbox": FOUND["outbox"] | {"held": {text: 1}},
    }
    for look in (LOOK, replace(LOOK, shown=True)):
        page(look, found=found, troubles=(text,), waiting=(("⚠", text, text),))
