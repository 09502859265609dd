# SPDX-License-Identifier: GPL-3.0-or-later
"""Verified delivery: what was seen of Listmonk in, what to do with each event out (docs/develop/rules.md, rules 3
to 7). Pure; times are arguments.

Listmonk's 200 means "put in a memory queue". Four facts make certainty possible all the same: that queue is
first-in first-out with one worker, the stored row carries our event id and attempt, each start of Listmonk
shows another boot id, and only rows are counted, so that a second POST of an event whose row is absent *and
will stay so* does no harm. All that follows is about the words "and will stay so":

* the **mark** is the newest send time among attempts whose rows were seen. What entered the queue before it
  was recorded or lost. It is used from the next round on, as two reads are two snapshots;
* a **boot id** other than one that was read after the last possible entry: that queue is dead;
* where neither speaks, the **grace** time does, for one event at a time at first (a *scout*), since a stalled
  database may still record what it holds;
* a statement may outlive the Listmonk that sent it: unless the boot id is the one from before the POST, a
  further **margin** passes before the absence is believed.

No wait outlasts every stall, so the decision is not the last word: a row that is seen while its event waits to be
posted again settles it, and right before that its label is looked at once more.

The simulation of the tests takes rules away, one at a time, and each time events are lost or doubled. All times are
this process's monotonic clock, in seconds, and never outlive it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bouncestream.ports import Claimed, ListedRow, LookupResult, Move, Repost, State
from bouncestream.relay.schedule import Schedule
from bouncestream.relay.scouts import Scouts

#: As many failures or unexplained absences make a dead letter.
LIMIT = 8
#: The pause between two absences that count, and its growth; seconds.
GAP, GAP_GROWTH, GAP_LIMIT = 60.0, 5.0, 6 * 3600.0
#: How soon, and then how seldom, an event that is just not seen is looked up; seconds.
FIRST_LOOK, LOOK_GROWTH, LOOK_LIMIT = 1.0, 4.0, 300.0
#: So many events that were settled without a row are looked for in later reads: ten labels' worth, 2 MB.
ROWLESS_LIMIT = 10_000
#: How old a look at a label may be when an event of it is posted again; seconds.
LOOK_AGE = 2.0
NO_BOOT = "posted but not recorded, and without a boot id a loss looks like a refusal (grant subscribers:sql_query)"

#: By row (outbox.id).
Lookups = Mapping[int, LookupResult]


@dataclass(frozen=True, slots=True)
class Times:
    """The waiting times of the rules, in seconds; `[relay.verify]` of the configuration."""

    margin: float = 60.0  #: how long after its connection closed a request may still arrive
    grace: float = 600.0  #: how long a stall may last before silence is taken for absence


@dataclass(slots=True)
class Entry:
    """The entry of one event that is claimed or posted: what this run knows of it."""

    claimed: Claimed
    boot_before: str = ""  #: the boot id read before its batch; empty: unknown
    sent: float | None = None  #: stamped before the first byte; None: an earlier run sent it
    closed: float = 0.0  #: stamped after the answer, or after the connection was closed
    answered: bool = False  #: Listmonk said 200
    in_flight: bool = True  #: not answered, not closed: nothing can be said yet
    at_fault: bool = False  #: it was refused while posting as such was possible
    boot_after: str = ""  #: the first boot id asked for after the last possible entry
    gone: float | None = None  #: began the round that found that it cannot be in a living queue
    look_at: float = 0.0
    look_wait: float = FIRST_LOOK


@dataclass(slots=True)
class Round:
    """The result of one round of reading: what it decided, and whom to look up before anything is said of them."""

    moves: list[Move] = field(default_factory=list)
    absent: list[Entry] = field(default_factory=list)  #: will stay absent
    missing: list[Entry] = field(default_factory=list)  #: not seen yet; worth a look-up
    doubled: list[str] = field(default_factory=list)  #: event ids that Listmonk holds twice
    foreign: int = 0  #: rows under our labels that are not ours


class Ledger:
    """The attempts that are not settled, and the rules. One per run of bouncestream."""

    def __init__(self, times: Times, *, rows_shown: bool = False) -> None:
        self.times = times
        self.entries: dict[str, Entry] = {}  #: by event id
        self.boot = ""  #: the newest boot id; empty: none is to be had, or the last read failed
        self.restarts = 0
        #: Whether a read ever showed a row of ours (on this version of Listmonk). Until then absence is no proof.
        self.rows_shown = rows_shown
        self.mark = float("-inf")
        self.failed_at = float("-inf")  #: the newest failed read; inf: nobody looks for outages now
        self._known_boot = ""
        self.scouts = Scouts()
        self._labels: dict[str, Schedule] = {}
        self._marked_at = float("-inf")  #: began the round that moved the mark
        self._rowless: dict[str, int] = {}  #: settled without a row in this run: event id → outbox row
        self._told: set[str] = set()  #: doubled events that were told already

    # -- what the relay did ---------------------------------------------------------------------------------

    def claimed(self, claimed: Claimed) -> Entry:
        """The entry of an event that is about to be posted; its claim is committed."""
        entry = Entry(claimed, boot_before=self.boot)
        self.entries[claimed.event_id] = entry
        self.scouts.posted(claimed.event_id)
        return entry

    def recovered(self, claimed: Claimed, now: float) -> Entry:
        """The entry of an event that an earlier run (or a replay) left claimed or posted: it may have counted."""
        entry = Entry(claimed, closed=now, in_flight=False)
        self.entries[claimed.event_id] = entry
        self._schedule(claimed.label).reset(now)
        return entry

    def sending(self, entry: Entry, now: float) -> None:
        """Stamp an attempt: its first byte goes out next."""
        entry.sent = now

    def closed(self, entry: Entry, now: float, *, answered: bool) -> None:
        """Note that an attempt was answered 200, or that nothing more of it can leave this host."""
        entry.closed, entry.answered, entry.in_flight = now, answered, False
        entry.look_at = now + FIRST_LOOK
        self._schedule(entry.claimed.label).reset(now)

    def forget(self, entry: Entry) -> None:
        """Forget an entry: it was not sent, or settled without a read."""
        self.entries.pop(entry.claimed.event_id, None)

    def back_to_pending(self, entry: Entry, now: float) -> None:
        """Put an entry back: it will be posted again; a scout stays a scout until it ends."""
        self.forget(entry)
        self.scouts.waits(entry.claimed.event_id, now + self.times.grace)

    # -- what was seen ----------------------------------------------------------------------------------------

    def boot_read(self, boot: str, asked_at: float) -> bool:
        """A boot id was read (empty: Listmonk shows none); the request went out at `asked_at`. True: restarted."""
        self.boot = boot
        if not boot:
            return False
        for entry in self.entries.values():
            if not entry.boot_after and not entry.in_flight and asked_at >= self._last_entry(entry):
                entry.boot_after = boot
        restarted = bool(self._known_boot) and boot != self._known_boot
        self._known_boot = boot
        self.restarts += restarted
        return restarted

    def read_failed(self, now: float) -> None:
        """A read failed: its database may be away, and then its 200 means nothing."""
        self.boot = ""
        self.failed_at = max(self.failed_at, now)

    def labels_due(self, now: float) -> list[str]:
        """The labels to read in a round that begins now, the longest due first."""
        due: set[str] = set()
        wanted: set[str] = set()
        for entry in self.entries.values():
            label = entry.claimed.label
            wanted.add(label)
            if entry.in_flight or label in due:
                continue
            schedule = self._schedule(label)
            overtaken = schedule.read_at <= self._marked_at and self.mark > self._last_entry(entry)
            if schedule.at <= now or overtaken:
                due.add(label)
        for label in self._labels.keys() - wanted:
            del self._labels[label]
        return sorted(due, key=lambda label: self._schedule(label).at)

    def next_read(self) -> float | None:
        """When the next label is due, or None when nothing waits to be read."""
        return min(
            (self._schedule(e.claimed.label).at for e in self.entries.values() if not e.in_flight), default=None
        )

    def round(self, began: float, rows: Mapping[str, Sequence[ListedRow]]) -> Round:
        """Judge the entries of the labels that were read in a round that began at `began`.

        `boot_read` of the same round comes before. Settled entries are forgotten; those in `absent` and
        `missing` stay until `settle_absent` and `looked_up` say what becomes of them.
        """
        result = Round()
        mark = self.mark  # the one of earlier rounds: this round's labels are several snapshots
        found = self._take_rows(rows, began, result)
        fresh: set[str] = set()
        for entry in [e for e in self.entries.values() if e.claimed.label in rows and not e.in_flight]:
            event_id = entry.claimed.event_id
            if (attempt := found.get(event_id)) is not None:
                fresh.add(entry.claimed.label)
                result.moves.append(self._verified(entry, attempt))
            elif self.rows_shown and self._stays_absent(entry, mark, began):
                result.absent.append(entry)
            elif began >= entry.look_at:
                result.missing.append(entry)
        for label in rows:
            self._schedule(label).was_read(began, fresh=label in fresh)
        return result

    def settle_absent(
        self, absent: Iterable[Entry], lookups: Lookups | None, began: float, *, explains: bool
    ) -> list[Move]:
        """The moves of events that stay absent. `lookups` by row, where a look-up was possible (and the labels,
        read again after it, still lack the row); `explains`: it would have named every reason."""
        return [self._absent(e, lookups, began, explains) for e in absent if e.claimed.event_id in self.entries]

    def looked_up(self, missing: Iterable[Entry], lookups: Lookups, now: float) -> list[Move]:
        """The moves of events that may still be queued, but that Listmonk will not keep, by their look-up."""
        moves = []
        for entry in missing:
            if entry.claimed.event_id not in self.entries:
                continue
            looked_up = lookups.get(entry.claimed.row, LookupResult())
            if looked_up.reason and not looked_up.address_form:
                moves.append(self._rowless_end(entry, State.UNSTORED, looked_up.reason))
            else:
                entry.look_wait = min(entry.look_wait * LOOK_GROWTH, LOOK_LIMIT)
                entry.look_at = now + entry.look_wait
        return moves

    # -- the rules --------------------------------------------------------------------------------------------

    def _last_entry(self, entry: Entry) -> float:
        """The last moment at which it can have entered a queue."""
        return entry.closed if entry.answered else entry.closed + self.times.margin

    def _stays_absent(self, entry: Entry, mark: float, began: float) -> bool:
        last = self._last_entry(entry)
        if entry.gone is None:
            dead_queue = bool(self.boot and entry.boot_after and self.boot != entry.boot_after)
            silence = began > last + self.times.grace
            if not (
                mark > last
                or dead_queue
                or (silence and self.scouts.may_go(entry.claimed.event_id, began, self.entries))
            ):
                return False
            entry.gone = began
        unbroken = bool(self.boot) and entry.boot_before == self.boot
        return unbroken or began >= entry.gone + self.times.margin

    def _counts(self, entry: Entry) -> bool:
        """Whether nothing but Listmonk's own design explains the absence."""
        return (
            entry.answered
            and entry.sent is not None
            and bool(self.boot)
            and entry.boot_before == self.boot
            and self.failed_at < entry.sent
        )

    def _absent(self, entry: Entry, lookups: Lookups | None, began: float, explains: bool) -> Move:
        claimed = entry.claimed
        looked_up = lookups.get(claimed.row) if lookups is not None else None
        counts = self._counts(entry)
        absences = claimed.absences + counts
        blame = "refused on its own" if entry.at_fault else "" if self.boot else NO_BOOT
        if looked_up and looked_up.address_form:
            move = self._again(entry, began, looked_up.reason, address_form=looked_up.address_form)
        elif looked_up and looked_up.reason:
            return self._rowless_end(entry, State.UNSTORED, looked_up.reason)
        elif not (explains and looked_up) and counts and absences >= 2:
            self.scouts.moved(claimed.event_id)
            why = (
                "accepted twice but never stored, with no loss in between: most likely no such subscriber, already "
                "blocklisted, or above the count at which Listmonk acts"
            )
            return self._rowless_end(entry, State.UNSTORED, why, again=claimed.label)
        elif counts and absences >= LIMIT:
            why = f"accepted {absences} times but never stored"
            return self._rowless_end(entry, State.DEAD, why, again=claimed.label)
        elif blame and claimed.failures + 1 >= LIMIT:
            why = f"{blame}, {LIMIT} times"
            return self._rowless_end(entry, State.DEAD, why, failed=True, again=claimed.label)
        elif counts:
            wait = min(GAP * GAP_GROWTH ** (absences - 1), GAP_LIMIT)
            why = "accepted but not stored, for an unknown reason so far"
            move = self._again(entry, began, why, wait, absent=True)
        elif blame:
            move = self._again(entry, began, blame, GAP * 2.0**claimed.failures, failed=True)
        else:
            why = "its row is missing and will not appear: lost in Listmonk"
            move = self._again(entry, began, why, lost=entry.answered)
        if lookups is None and not self.boot and claimed.attempt > 1:
            self.scouts.moved(claimed.event_id)  # silence is all there will ever be: one by one it would take days
        return move

    def _again(
        self,
        entry: Entry,
        now: float,
        why: str,
        delay: float = 0.0,
        *,
        absent: bool = False,
        failed: bool = False,
        lost: bool = False,
        address_form: str | None = None,
    ) -> Move:
        self.back_to_pending(entry, now)
        return Move(
            entry.claimed.row,
            State.PENDING,
            f"attempt {entry.claimed.attempt}: {why}",
            delay=delay,
            failed=failed,
            absent=absent,
            lost=lost,
            address_form=address_form,
        )

    def _rowless_end(self, entry: Entry, state: State, why: str, *, failed: bool = False, again: str = "") -> Move:
        self._end(entry)
        if len(self._rowless) >= ROWLESS_LIMIT:  # the oldest has been looked for in many a read
            del self._rowless[next(iter(self._rowless))]
        self._rowless[entry.claimed.event_id] = entry.claimed.row
        return Move(entry.claimed.row, state, why, failed=failed, again=again)

    def _end(self, entry: Entry) -> None:
        self.forget(entry)
        self.scouts.ended(entry.claimed.event_id)

    def _verified(self, entry: Entry, attempt: int) -> Move:
        claimed = entry.claimed
        if attempt < claimed.attempt:
            self.scouts.stalled()
        elif attempt > 1:
            self.scouts.moved(claimed.event_id)
        self._end(entry)
        return Move(claimed.row, State.VERIFIED, _seen_text(entry, attempt), again=_again(claimed))

    def shown(self, waiting: Iterable[Repost], rows: Mapping[str, Sequence[ListedRow]]) -> list[Move]:
        """Settle those that wait to be posted again although these rows show them: the stall that held an attempt
        back is over, and another one would make it two."""
        found = {seen.event_id for seen_rows in rows.values() for seen in seen_rows if seen.ours}
        why = "its row is in Listmonk, recorded late: not posted again"
        moves = []
        for repost in [one for one in waiting if one.event_id in found]:
            self.scouts.ended(repost.event_id)
            self.scouts.stalled()
            moves.append(Move(repost.row, State.VERIFIED, why, again=_again(repost)))
        return moves

    def told(self, rows: Mapping[str, Sequence[ListedRow]]) -> Round:
        """The news of rows beside the state of their events: doubles, and those of another bridge."""
        result = Round()
        self._attempts(rows, result)
        return result

    def _attempts(self, rows: Mapping[str, Sequence[ListedRow]], result: Round) -> dict[str, int]:
        """Event id → attempt of what was seen."""
        found: dict[str, int] = {}
        for seen_rows in rows.values():
            for seen in seen_rows:
                if not seen.ours:
                    result.foreign += 1
                elif seen.event_id in found:
                    self._double(seen.event_id, result)
                else:
                    found[seen.event_id] = seen.attempt
        return found

    def _take_rows(self, rows: Mapping[str, Sequence[ListedRow]], began: float, result: Round) -> dict[str, int]:
        """The attempts in rows, as `_attempts` has them; also the mark of the next round, and late comers."""
        found = self._attempts(rows, result)
        for event_id, attempt in found.items():
            entry = self.entries.get(event_id)
            if entry is not None:
                if entry.sent is not None and attempt == entry.claimed.attempt and entry.sent > self.mark:
                    self.mark, self._marked_at = entry.sent, began
            elif (row := self._rowless.pop(event_id, None)) is not None:
                why = "its row is in Listmonk after all: the obstacle disappeared while it was queued"
                result.moves.append(Move(row, State.VERIFIED, why))
        self.rows_shown = self.rows_shown or bool(found)
        return found

    def _double(self, event_id: str, result: Round) -> None:
        if event_id not in self._told:
            self._told.add(event_id)
            result.doubled.append(event_id)

    def _schedule(self, label: str) -> Schedule:
        return self._labels.setdefault(label, Schedule())


def _again(seen: Claimed | Repost) -> str:
    """The label of an event that was seen, where one more row of it may come."""
    return seen.label if seen.posts > 1 else ""


def _seen_text(entry: Entry, attempt: int) -> str:
    late = f" (attempt {attempt} of {entry.claimed.attempt})" if attempt != entry.claimed.attempt else ""
    return f"its row is in Listmonk{late}"
