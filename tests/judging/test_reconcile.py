# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bouncestream.judging.reconcile import (
    CAUSES,
    UNEXPLAINED,
    Compared,
    Entry,
    Facts,
    Ours,
    against_listmonk,
    against_provider,
    in_words,
    missing,
)
from bouncestream.ports import ListedRow, State

NOW = datetime(2026, 3, 1, tzinfo=UTC)
V, U = State.VERIFIED, State.UNSTORED


def ours(state: State = V, why: str = "", kind: str = "hard", **more: bool) -> Ours:
    return Ours(1, "e1", state, kind, why, **{"finished": True} | more)  # type: ignore[arg-type]


def compared(one: Ours, rows: int) -> Compared:
    into = Compared()
    against_listmonk(into, {"e1": one}, [ListedRow("e1", 1)] * rows, (), "")
    return into


@pytest.mark.parametrize(
    ("one", "rows", "cause"),
    [
        (ours(), 1, ""),
        (ours(), 2, "counted twice"),
        (ours(kind="unsubscribe"), 0, ""),
        (ours(erased=True), 0, "erased"),
        (ours(erased=True), 1, ""),
        (ours(undone=True), 0, "undone"),
        (ours(undone=True), 1, "counted all the same"),
        (ours(State.POSTED), 1, ""),
        (ours(State.POSTED), 0, "never read back"),
        (ours(State.POSTED, finished=False), 0, "in transit"),
        (ours(State.PENDING, finished=False), 0, "in transit"),
        (ours(State.CLAIMED, finished=False), 1, "in transit"),
        (ours(State.HELD, finished=False), 0, "held"),
        (ours(State.DEAD), 0, "dead"),
        (ours(State.DEAD), 1, "counted all the same"),
        (ours(State.DROPPED), 0, "dropped"),
        (ours(State.DROPPED), 1, "counted all the same"),
        (ours(U, "the subscriber is already blocklisted"), 0, "blocklisted"),
        (
            ours(U, "Listmonk stores at most 2 soft bounces of a subscriber, and already has them"),
            0,
            "above the count",
        ),
        (ours(U, "Listmonk has no such subscriber"), 0, "no subscriber"),
        (ours(U, "not sent: Listmonk has no subscriber with this UUID (spoofed)"), 0, "no subscriber"),
        (ours(U, "accepted twice: most likely no such subscriber, already blocklisted"), 0, "not stored"),
        (ours(U, "erased", erased=True), 0, "erased"),
        (ours(U, "Listmonk has no such subscriber"), 1, "counted all the same"),
    ],
)
def test_the_cause_of_each_difference(one: Ours, rows: int, cause: str) -> None:
    found = compared(one, rows)
    assert list(found.causes) == ([cause] if cause else [])
    assert found.missing == []
    assert found.events == {one.kind: 1}
    assert bool(found.unexplained) == (cause in UNEXPLAINED)


def test_what_was_stored_once_and_is_gone_was_deleted_there() -> None:
    found = compared(ours(), 0)
    assert (found.missing, found.causes) == ([1], {})
    missing(found, [1, 2], {2})
    assert found.causes == {"subscriber deleted": 1, "row deleted": 1}
    assert not found.unexplained


def test_rows_that_are_not_of_these_events() -> None:
    into = Compared()
    rows = [ListedRow("e0", 1), ListedRow("e5", 1), ListedRow("e7", 1), ListedRow("", 0, ours=False)]
    against_listmonk(into, {}, rows, {"e5"}, "e3")
    assert into.causes == {"another bridge": 1, "older than retention": 1, "unknown event": 1}
    assert [one.what for one in into.unexplained] == ["e7"]


def test_the_entries_of_a_provider() -> None:
    old, into = datetime(2025, 1, 1, tzinfo=UTC), Compared()
    names = ["known", "suppressed", "stranger", "old", "lost", "asked"]
    facts = {
        "known": Facts((NOW,)),
        "suppressed": Facts(suppressed=True),
        "stranger": Facts(subscriber=False),
        "old": Facts(subscriber=True),
        "lost": Facts(subscriber=True),
        "asked": Facts(),
    }
    entries = [Entry(name, line, old if name == "old" else NOW) for line, name in enumerate(names, 2)]
    against_provider(into, [*entries, Entry("known", 8, NOW, feedback=False)], facts, NOW)
    assert (into.listed, into.matched) == (6, 1)
    assert into.causes == {
        "suppressed": 1, "another application": 1, "before the outbox": 1, "other feedback": 1, "missing here": 2,
    }  # fmt: skip
    assert [one.what for one in into.unexplained] == ["line 6", "line 7"], (
        "whom nobody could ask about is not explained"
    )


def test_what_is_unexplained_is_a_cause() -> None:
    assert CAUSES.keys() > UNEXPLAINED


def test_the_words_of_the_summary() -> None:
    told = in_words(compared(ours(), 2)).splitlines()
    assert told[0] == "  1 events in the outbox, 1 of them in Listmonk"
    assert told[1].startswith("  1 counted twice: ")
    assert "1 unexplained" in told[2]
    assert len(in_words(compared(ours(), 1)).splitlines()) == 1
