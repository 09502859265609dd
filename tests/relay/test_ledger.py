# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of verified delivery, one by one, with observations and times as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bouncestream.ports import ListedRow, LookupResult, Move, Repost, State
from bouncestream.relay import ledger
from bouncestream.relay.ledger import GAP, LIMIT, Entry, Ledger, Times
from tests.simulation.play import SameRoundMark
from tests.sinks.listmonk.make import claimed

MARGIN, GRACE = 60.0, 600.0
A, B = "ses 2026-03-01", "ses 2026-03-01 #2"


class Story:
    """A ledger, told what happens to it in order. Times are seconds."""

    def __init__(self, kind: type[Ledger] = Ledger, *, rows_shown: bool = True, boot: str = "boot1") -> None:
        self.ledger = kind(Times(margin=MARGIN, grace=GRACE), rows_shown=rows_shown)
        self.boot = boot

    def post(self, number: int, at: float, *, answered: bool = True, took: float = 0.0, **fields: Any) -> Entry:
        """Boot id read, claimed, posted at `at`, answered or broken off after `took`."""
        self.ledger.boot_read(self.boot, at)
        entry = self.ledger.claimed(claimed(number, **fields))
        self.ledger.sending(entry, at)
        self.ledger.closed(entry, at + took, answered=answered)
        return entry

    def read(
        self,
        began: float,
        rows: Mapping[str, Sequence[ListedRow]],
        lookups: Mapping[int, LookupResult] | None = None,
    ) -> dict[int, Move]:
        """One round; with `lookups`, a look-up that explains everything. Row → move."""
        self.ledger.boot_read(self.boot, began)
        result = self.ledger.round(began, rows)
        moves = list(result.moves)
        moves += self.ledger.settle_absent(result.absent, lookups, began, explains=lookups is not None)
        if lookups is not None:
            moves += self.ledger.looked_up(result.missing, lookups, began)
        return {move.row: move for move in moves}


def seen(number: int, attempt: int = 1) -> ListedRow:
    return ListedRow(f"event-{number}", attempt)


def test_a_row_that_is_seen_is_verified() -> None:
    story = Story()
    story.post(1, 0.0)
    assert story.read(1.0, {A: [seen(1)]})[1].to is State.VERIFIED
    assert not story.ledger.entries


def test_a_200_alone_is_nothing() -> None:
    story = Story()
    story.post(1, 0.0)
    assert story.read(1.0, {A: []}) == {}
    assert story.read(300.0, {A: []}) == {}


def test_what_was_sent_before_a_recorded_one_is_recorded_or_lost() -> None:
    story = Story()
    story.post(1, 0.0)
    story.post(2, 1.0)
    assert set(story.read(2.0, {A: [seen(2)]})) == {2}
    move = story.read(3.0, {A: [seen(2)]})[1]
    assert (move.to, move.absent) == (State.PENDING, True)


def two_labels_are_two_snapshots(kind: type[Ledger]) -> None:
    """Event 1 was recorded after its label was read, and before the other label was, which shows event 2."""
    story = Story(kind)
    story.post(1, 0.0, label=A)
    story.post(2, 1.0, label=B)
    assert set(story.read(2.0, {A: [], B: [seen(2)]})) == {2}
    assert story.read(3.0, {A: [seen(1)]})[1].to is State.VERIFIED


def test_a_mark_is_used_from_the_next_round_on() -> None:
    two_labels_are_two_snapshots(Ledger)


def test_sabotage_the_mark_of_the_same_round_is_noticed() -> None:
    with pytest.raises(AssertionError):
        two_labels_are_two_snapshots(SameRoundMark)


def test_only_the_attempt_that_is_seen_makes_the_mark() -> None:
    """The row of an older attempt tells nothing of when the newest one was sent, nor does that of an earlier run:
    what was sent before may still be queued."""
    story = Story()
    story.post(1, 0.0)
    story.post(2, 100.0, attempt=2)
    story.ledger.recovered(claimed(3), 100.0)
    story.read(101.0, {A: [seen(2, attempt=1), seen(3)]})
    assert story.ledger.mark == float("-inf")
    assert story.read(102.0, {A: [seen(2, attempt=1), seen(3)]}) == {}
    story.post(4, 103.0)
    story.read(104.0, {A: [seen(4)]})
    assert story.ledger.mark == 103.0
    assert story.read(105.0, {A: [seen(4)]})[1].to is State.PENDING


def test_an_unanswered_post_may_arrive_for_a_margin_after_its_connection_closed() -> None:
    story = Story()
    story.post(1, 0.0, answered=False, took=5.0)
    story.post(2, 20.0)
    story.read(21.0, {A: [seen(2)]})
    assert story.read(22.0, {A: [seen(2)]}) == {}
    story.post(3, 5.0 + MARGIN + 1)
    story.read(67.0, {A: [seen(2), seen(3)]})
    assert story.read(68.0, {A: [seen(2), seen(3)]})[1].to is State.PENDING


def test_a_restart_ends_the_queue_but_a_statement_may_outlive_it() -> None:
    story = Story()
    story.post(1, 0.0)
    assert story.read(1.0, {A: []}) == {}
    story.boot = "boot2"
    assert story.read(2.0, {A: []}) == {}
    assert story.read(2.0 + MARGIN - 1, {A: []}) == {}
    move = story.read(2.0 + MARGIN, {A: []})[1]
    assert (move.to, move.absent, move.delay) == (State.PENDING, False, 0.0)
    assert story.ledger.restarts == 1


def test_a_boot_id_from_before_the_last_possible_entry_ends_nothing() -> None:
    story = Story()
    story.post(1, 0.0, answered=False, took=100.0)
    story.boot = "boot2"  # read while the request may still be on its way
    story.read(110.0, {A: []})
    assert story.read(110.0 + MARGIN - 20, {A: []}) == {}
    story.read(100.0 + MARGIN + 1, {A: []})  # boot2 is now known to be after the last entry
    assert story.read(400.0, {A: []}) == {}


def test_where_nothing_speaks_one_scout_goes_first() -> None:
    story = Story()
    for number in (1, 2, 3):
        story.post(number, 0.0)
    assert story.read(GRACE - 1, {A: []}) == {}
    assert set(story.read(GRACE + 1, {A: []})) == {1}
    story.post(1, GRACE + 2, attempt=2)
    assert story.read(GRACE + 3, {A: []}) == {}


def test_a_row_of_an_older_attempt_shows_a_stall() -> None:
    story = Story()
    story.post(1, 0.0)
    story.read(GRACE + 1, {A: []})
    story.post(1, GRACE + 2, attempt=2)
    story.post(2, GRACE + 2)
    assert story.read(GRACE + 3, {A: [seen(1, attempt=1)]})[1].to is State.VERIFIED
    assert story.ledger.scouts.allowed == 1


def repost(number: int, *, label: str = A, posts: int = 1) -> Repost:
    return Repost(number, f"event-{number}", label, posts)


def test_a_row_that_shows_while_its_event_waits_settles_it_and_shows_a_stall() -> None:
    story = Story()
    for number in (1, 2):
        story.post(number, 0.0)
    assert set(story.read(GRACE + 1, {A: []})) == {1}
    story.ledger.scouts.moved("event-1")
    assert story.ledger.scouts.allowed == 2
    moves = story.ledger.shown([repost(1), repost(3)], {A: [seen(1), seen(2)]})
    assert [(move.row, move.to, move.again) for move in moves] == [(1, State.VERIFIED, "")]
    assert "event-1" not in story.ledger.scouts, "its place is free"
    assert story.ledger.scouts.allowed == 1


def test_a_row_of_another_bridge_settles_nothing_that_waits() -> None:
    assert Story().ledger.shown([repost(1)], {A: [ListedRow("event-1", 1, ours=False)]}) == []


@pytest.mark.parametrize(("attempt", "unsent", "again"), [(2, 0, A), (2, 1, ""), (3, 1, A), (1, 0, "")])
@pytest.mark.parametrize("newest", [True, False])
def test_where_more_than_one_attempt_was_sent_the_label_is_read_again(
    attempt: int, unsent: int, again: str, newest: bool
) -> None:
    """Whichever of them is shown, the other may come later."""
    story = Story()
    story.post(1, 0.0, attempt=attempt, unsent=unsent)
    assert story.read(1.0, {A: [seen(1, attempt if newest else 1)]})[1].again == again
    waiting = story.ledger.shown([repost(2, posts=attempt - unsent)], {A: [seen(2)]})
    assert [move.again for move in waiting] == [again]


def test_what_ends_without_a_row_for_no_reason_that_is_known_is_read_again() -> None:
    story = Story()
    story.post(1, 0.0, attempt=2, absences=1)
    story.post(2, 1.0)
    story.read(2.0, {A: [seen(2)]})
    move = story.read(3.0, {A: [seen(2)]})[1]
    assert (move.to, move.again) == (State.UNSTORED, A)
    story.post(3, 4.0)
    assert story.read(6.0, {A: []}, {3: LookupResult("no such subscriber")})[3].again == ""


def silent_scout(story: Story, looked_up: LookupResult | None = None) -> Move:
    """Event 1 of many is posted twice, each time into a silence of the grace time. The move that follows."""
    for number in (1, 2, 3, 4):
        story.post(number, 0.0)
    lookups = dict.fromkeys((1, 2, 3, 4), looked_up) if looked_up else None
    story.read(GRACE + 1, {A: []}, lookups)
    at = GRACE + 1 + GAP
    story.post(1, at, attempt=2, absences=1)
    return story.read(at + GRACE + 1, {A: []}, lookups)[1]


def test_silence_makes_no_more_scouts() -> None:
    story = Story()
    assert silent_scout(story, LookupResult()).to is State.PENDING
    assert story.ledger.scouts.allowed == 1


def test_the_verdict_of_a_look_up_makes_no_more_scouts() -> None:
    """It tells what Listmonk would do, not that it does anything."""
    story = Story()
    for number in (1, 2, 3):
        story.post(number, 0.0)
    silent = {number: LookupResult() for number in (1, 2, 3)}
    story.read(GRACE + 1, {A: []}, silent)
    story.post(1, GRACE + 100, attempt=2, absences=1)
    lookups = silent | {1: LookupResult("the subscriber is already blocklisted")}
    assert story.read(2 * GRACE + 200, {A: []}, lookups)[1].to is State.UNSTORED
    assert story.ledger.scouts.allowed == 1


def test_without_a_look_up_absences_are_all_that_ever_ends_a_scout() -> None:
    story = Story()
    assert silent_scout(story).to is State.UNSTORED
    assert story.ledger.scouts.allowed == 2


def test_without_look_up_and_boot_id_silence_is_all_there_will_ever_be() -> None:
    story = Story(boot="")
    for number in (1, 2, 3):
        story.post(number, 0.0)
    story.read(GRACE + 1, {A: []})
    story.read(GRACE + MARGIN + 1, {A: []})
    assert story.ledger.scouts.allowed == 1, "once is not enough"
    story.post(1, 1000.0, attempt=2, failures=1)
    story.read(1000.0 + GRACE + 1, {A: []})
    assert story.read(1000.0 + GRACE + MARGIN + 1, {A: []})[1].failed
    assert story.ledger.scouts.allowed == 2


def test_a_scout_that_is_recorded_makes_more() -> None:
    story = Story()
    for number in (1, 2, 3):
        story.post(number, 0.0)
    story.read(GRACE + 1, {A: []})
    story.post(1, GRACE + 100, attempt=2)
    assert story.read(GRACE + 101, {A: [seen(1, attempt=2)]})[1].to is State.VERIFIED
    assert story.ledger.scouts.allowed == 2


def test_a_look_tells_doubles_and_moves_no_mark() -> None:
    story = Story()
    story.post(1, 0.0)
    assert story.ledger.told({A: [seen(1), seen(1, 2)]}).doubled == ["event-1"]
    assert story.ledger.mark == float("-inf")


def test_absence_proves_nothing_before_a_read_has_shown_a_row_of_ours() -> None:
    story = Story(rows_shown=False)
    story.post(1, 0.0)
    assert story.read(GRACE + MARGIN + 1, {A: []}) == {}
    story.post(2, GRACE + 100)
    assert story.read(GRACE + 101, {A: [seen(2)]})[1].to is State.PENDING


def test_two_absences_that_nothing_explains_are_by_design() -> None:
    story = Story()
    story.post(1, 0.0)
    story.post(2, 1.0)
    story.read(2.0, {A: [seen(2)]})
    first = story.read(3.0, {A: [seen(2)]})[1]
    assert (first.to, first.absent, first.delay) == (State.PENDING, True, GAP)
    story.post(1, 70.0, attempt=2, absences=1)
    story.post(3, 71.0)
    story.read(72.0, {A: [seen(2), seen(3)]})
    second = story.read(73.0, {A: [seen(2), seen(3)]})[1]
    assert second.to is State.UNSTORED
    assert "accepted twice" in second.why


@pytest.mark.parametrize("spoiler", ["a failed read", "a restart", "no answer", "no boot id"])
def test_an_absence_that_something_else_explains_does_not_count(spoiler: str) -> None:
    story = Story(boot="" if spoiler == "no boot id" else "boot1")
    story.post(1, 0.0, absences=1, answered=spoiler != "no answer")
    if spoiler == "a failed read":
        story.ledger.read_failed(0.5)
    if spoiler == "a restart":
        story.boot = "boot2"
    later = MARGIN + 1
    story.post(2, later)
    moves = [
        move
        for began in (later + 1, later + 2, 2 * later + MARGIN + 2)
        if (move := story.read(began, {A: [seen(2)]}).get(1))
    ]
    assert [(move.to, move.absent) for move in moves] == [(State.PENDING, False)]


@pytest.mark.parametrize(
    ("failed_at", "ends"), [(-0.5, State.UNSTORED), (0.0, State.PENDING), (0.5, State.PENDING)]
)
def test_a_read_that_failed_since_the_post_explains_an_absence(failed_at: float, ends: State) -> None:
    """Listmonk's database may have been away when it said 200. What failed before says nothing about that."""
    story = Story()
    story.ledger.read_failed(failed_at)
    story.post(1, 0.0, absences=1)
    story.ledger.read_failed(failed_at)
    story.post(2, 1.0)
    story.read(2.0, {A: [seen(2)]})
    assert story.read(3.0, {A: [seen(2)]})[1].to is ends


def test_a_look_up_settles_at_once_what_listmonk_will_not_keep() -> None:
    story = Story()
    story.post(1, 0.0)
    move = story.read(2.0, {A: []}, {1: LookupResult("the subscriber is already blocklisted")})[1]
    assert (move.to, move.why) == (State.UNSTORED, "the subscriber is already blocklisted")


def test_with_a_look_up_that_names_no_reason_an_event_is_never_called_unstored() -> None:
    story = Story()
    for attempt in range(1, LIMIT):
        at = attempt * 100_000.0
        story.post(1, at, attempt=attempt, absences=attempt - 1)
        story.post(100 + attempt, at + 1)
        story.read(at + 2, {A: [seen(100 + attempt)]}, {1: LookupResult()})
        move = story.read(at + 3, {A: [seen(100 + attempt)]}, {1: LookupResult()})[1]
        assert (move.to, move.absent) == (State.PENDING, True)
    story.post(1, 1e6, attempt=LIMIT, absences=LIMIT - 1)
    story.post(999, 1e6 + 1)
    story.read(1e6 + 2, {A: [seen(999)]}, {1: LookupResult()})
    assert story.read(1e6 + 3, {A: [seen(999)]}, {1: LookupResult()})[1].to is State.DEAD


def test_the_other_form_of_an_address_is_tried() -> None:
    story = Story()
    story.post(1, 0.0)
    story.post(2, 1.0)
    lookups = {1: LookupResult("another form of the address", address_form="uuid"), 2: LookupResult()}
    story.read(2.0, {A: [seen(2)]}, lookups)
    move = story.read(3.0, {A: [seen(2)]}, lookups)[1]
    assert (move.to, move.address_form, move.delay) == (State.PENDING, "uuid", 0.0)


def test_what_an_earlier_run_left_is_read_back_before_any_repost() -> None:
    story = Story()
    story.ledger.recovered(claimed(1), now=0.0)
    story.ledger.boot_read("boot1", 0.0)
    assert story.read(1.0, {A: []}) == {}
    story.post(2, 10.0)
    story.read(11.0, {A: [seen(2)]})
    assert story.read(12.0, {A: [seen(2)]}) == {}, "its request may have been on its way when that run died"
    story.post(3, MARGIN + 1)
    story.read(MARGIN + 2, {A: [seen(2), seen(3)]})
    assert story.read(MARGIN + 3, {A: [seen(2), seen(3)]}) == {}, "a statement may outlive its Listmonk"
    assert story.read(2 * MARGIN + 5, {A: [seen(2), seen(3)]})[1].to is State.PENDING


def test_a_row_of_an_unstored_event_makes_it_verified_after_all() -> None:
    story = Story()
    story.post(1, 0.0)
    story.read(2.0, {A: []}, {1: LookupResult("no such subscriber")})
    story.post(2, 3.0)
    assert story.read(4.0, {A: [seen(1), seen(2)]})[1].to is State.VERIFIED


def test_of_the_unstored_only_the_newest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most soft bounces end so: remembered for ever, they would be all of the memory."""
    monkeypatch.setattr(ledger, "ROWLESS_LIMIT", 2)
    story = Story()
    for number in (1, 2, 3):
        story.post(number, 0.0)
        story.read(2.0, {A: []}, {number: LookupResult("the subscriber is already blocklisted")})
    found = story.read(3.0, {A: [seen(1), seen(2), seen(3)]})
    assert {number for number, move in found.items() if move.to is State.VERIFIED} == {2, 3}


def test_an_event_that_listmonk_holds_twice_is_told_once() -> None:
    story = Story()
    story.post(1, 0.0)
    story.ledger.boot_read("boot1", 1.0)
    rows = {A: [seen(1, 1), seen(1, 2)]}
    assert story.ledger.round(1.0, rows).doubled == ["event-1"]
    assert story.ledger.round(2.0, rows).doubled == []


def test_rows_of_another_bridge_are_told_and_prove_nothing() -> None:
    story = Story(rows_shown=False)
    story.post(1, 0.0)
    result = story.ledger.round(1.0, {A: [ListedRow("", 0, ours=False)]})
    assert result.foreign == 1
    assert not story.ledger.rows_shown


def test_a_label_is_read_less_and_less_often_and_at_once_when_overtaken() -> None:
    story = Story()
    story.post(1, 0.0, label=A)
    assert story.ledger.labels_due(0.0) == [A]
    times, at = [], 0.0
    for _ in range(5):
        story.read(at, {A: []})
        following = story.ledger.next_read()
        assert following is not None
        times.append(following - at)
        at = following
    assert times == sorted(times)
    assert times[-1] > times[0]
    story.post(2, at, label=B)
    story.read(at + 0.01, {B: [seen(2)]})
    assert story.ledger.labels_due(at + 0.02) == [A], "the mark has passed it"


def test_in_flight_events_are_left_alone() -> None:
    story = Story()
    story.ledger.boot_read("boot1", 0.0)
    entry = story.ledger.claimed(claimed(1))
    story.ledger.sending(entry, 0.0)
    assert story.ledger.labels_due(1000.0) == []
    assert story.read(GRACE * 3, {A: []}) == {}
