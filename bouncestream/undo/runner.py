# SPDX-License-Identifier: GPL-3.0-or-later
"""The undo at work: who is in its scope, what is done with each, and that it is done once, whatever ends it.

For some subscribers at a time: how they stand is read, and judged; what is about to be done is committed; our rows
are deleted by their ids, and the subscribers brought back; they are read again, and only then is it written down as
done. Whatever ends it between two of these steps, the next undo goes on there: a subscriber with whom it had begun
is brought back only if nobody has changed it since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.event import Kind, person_key
from bouncestream.outbox import caused
from bouncestream.outbox.caused import Scope
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.people import secret_of
from bouncestream.ports import Cause, Clock, ListedRow
from bouncestream.sinks.listmonk.answers import SubscriberState
from bouncestream.sinks.listmonk.repairs import Repairs, Told
from bouncestream.undo.judge import Verdict, judge

#: Subscribers that are handled together, and calls at once.
TOGETHER, AT_ONCE = 50, 4


@dataclass(slots=True)
class Case:
    """A subscriber in the scope of an undo, and what became of it."""

    causes: list[Cause]
    person: SubscriberState | None = None
    mine: list[ListedRow] = field(default_factory=list)  #: our rows that go
    verdict: Verdict = field(default_factory=Verdict)
    left: str = ""  #: why it was left alone; empty: it is brought back
    began: str = ""  #: when this undo began with it, as it is stored
    rows: list[int] = field(default_factory=list)  #: of the outbox: the events that are undone

    @property
    def cause(self) -> Cause:
        """The bounce that did it: the newest; with all lists that any of them took."""
        newest = max(self.causes, key=lambda one: one.bounce_id)
        return replace(newest, lists={k: v for one in self.causes for k, v in one.lists.items()})

    @property
    def subscriber_id(self) -> int:
        return self.causes[0].subscriber_id


@dataclass(eq=False)
class Undo:
    """One undo. `tell` gets each case once it has ended. Raises SinkError when Listmonk went away: what was begun
    is written down, and another undo goes on with it."""

    db: Database
    sink: Repairs
    clock: Clock
    scope: Scope
    tell: Callable[[Case], None] = lambda case: None
    dry_run: bool = False  #: only say what would be done
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, told: Told) -> None:
        """Undo what is in the scope, after what an earlier undo has begun with. `told`: by `sink.told`."""
        self.told = told
        self.ahead = await self.sink.ahead(self.clock.now())
        self.secret = await self.db.read(secret_of)
        self._ended: set[int] = set()
        await self._read_labels()
        await self._all(await self.db.read(caused.begun))
        found: list[Cause] = []
        while more := await self.db.read(
            partial(caused.causes, scope=self.scope, after_row=found[-1].row if found else 0)
        ):
            found += more
        await self._all(found)

    async def _read_labels(self) -> None:
        """Note the effects of what was delivered before there was a journal, or without its being seen."""
        acts = [kind for kind in self.scope.kinds if self.told.actions.get(kind, "blocklist") != "none"]
        if not self.told.actions:
            acts = [kind for kind in acts if kind is not Kind.SOFT]
        for label in await self.db.read(partial(caused.unread_labels, scope=replace(self.scope, kinds=acts))):
            if self.stopped.is_set():
                return
            rows = await self.sink.read_label(label)
            await self.db.write(partial(caused.note, rows=rows, actions={}, now=self.clock.now()))

    async def _all(self, found: Iterable[Cause]) -> None:
        ordered = sorted(found, key=lambda one: (one.subscriber_id, one.bounce_id))
        people = groupby(ordered, key=lambda one: one.subscriber_id)
        cases = [Case(list(some)) for number, some in people if number not in self._ended]
        for at in range(0, len(cases), TOGETHER):
            if self.stopped.is_set():
                return
            some = cases[at : at + TOGETHER]
            await self._judge(some)
            if not self.dry_run:
                await self._do([case for case in some if not case.verdict.left and not case.verdict.done])
                await self._write_down(some)
            for case in some:
                self._ended.add(case.subscriber_id)
                self.tell(case)

    async def _judge(self, cases: Sequence[Case]) -> None:
        people = await self.sink.states([case.subscriber_id for case in cases])

        async def look(case: Case) -> None:
            case.person = people.get(case.subscriber_id)
            rows = await self.sink.bounces_of(case.subscriber_id) if case.person is not None else []
            begun = {cause.event_id: cause.row for cause in case.causes if cause.begun}
            known = [row.event_id for row in rows if row.ours]
            ours = begun or await self.db.read(partial(caused.in_scope, event_ids=known, scope=self.scope))
            case.mine = [row for row in rows if row.ours and row.event_id in ours]
            case.rows = sorted({*ours.values()} | {cause.row for cause in case.causes})
            cause, person = case.cause, case.person
            same = person is not None and person_key(person.uuid.lower(), self.secret) == cause.subscriber
            action = cause.action or self.told.actions.get(cause.kind, "")
            case.verdict = judge(cause, person, same, rows, ours, action, self.ahead)
            case.left = case.verdict.left

        await _some_at_once(look, cases)

    async def _do(self, cases: Sequence[Case]) -> None:
        """Bring subscribers back. What Listmonk refuses for one of them alone is its own fault, and said of it."""
        if not cases:
            return
        found = {case.subscriber_id: case.person.updated_at.isoformat() for case in cases if case.person}
        now, actions = self.clock.now(), self.told.actions

        def begin(conn: Conn) -> list[str]:
            return [
                caused.begin(conn, case.causes, case.mine, found[case.subscriber_id], actions, now)
                for case in cases
            ]

        for case, began in zip(cases, await self.db.write(begin, rows=len(cases)), strict=True):
            case.began = began
            case.left = "" if began else "another undo is at work on it"
        cases = [case for case in cases if case.began]
        await self.sink.remove_bounces([row.number for case in cases for row in case.mine])
        await _some_at_once(self._bring_back, cases)
        after = await self.sink.states([case.subscriber_id for case in cases])
        for case in cases:
            if not case.left and not _is_back(case.verdict, after.get(case.subscriber_id)):
                case.left = "Listmonk said yes, but nothing changed. It is tried again by the next undo"

    async def _bring_back(self, case: Case) -> None:
        try:
            if case.verdict.enable:
                await self.sink.enable(case.subscriber_id)
            for status in sorted(set(case.verdict.lists.values())):
                lists = [number for number, of in case.verdict.lists.items() if of == status]
                await self.sink.put_back(case.subscriber_id, lists, status)
        except SinkRefused as refused:
            if refused.status in (401, 403):
                raise
            await self.sink.states([case.subscriber_id])  # does its database answer at all?
            case.left = f"Listmonk refused it: {refused.why}. It is tried again by the next undo"

    async def _write_down(self, cases: Sequence[Case]) -> None:
        now = self.clock.now()

        def write(conn: Conn) -> None:
            for case in cases:
                cause, person = case.cause, case.subscriber_id
                began = case.began or cause.begun
                if not case.left:
                    case.rows = caused.finish(conn, person, began, now, _back(case.verdict)) or case.rows
                elif cause.begun and case.verdict.left and not case.mine:
                    # our rows are out of Listmonk, and what came after is somebody's own
                    caused.finish(conn, person, began, now, f"its bounces are deleted; {case.left}")
                elif case.verdict.left:
                    caused.leave(conn, cause.row, person, began, now, case.left)

        await self.db.write(write, rows=2 * len(cases))


def _is_back(verdict: Verdict, person: SubscriberState | None) -> bool:
    if person is None:
        return False
    lists = all(
        person.lists[number][0] == status for number, status in verdict.lists.items() if number in person.lists
    )
    return lists and not (verdict.enable and person.status == "blocklisted")


def _back(verdict: Verdict) -> str:
    if verdict.lists:
        return "the subscriber is on its lists again"
    return "the subscriber is off the blocklist again"


async def _some_at_once(do: Callable[[Case], Awaitable[None]], cases: Sequence[Case]) -> None:
    """Do it for all, some at once; the first error is raised once all that was begun has ended."""
    todo = iter(cases)
    errors: list[SinkError] = []

    async def work() -> None:
        for case in todo:
            if errors:
                return
            try:
                await do(case)
            except SinkError as error:
                errors.append(error)

    await asyncio.gather(*(work() for _ in range(min(AT_ONCE, len(cases)))))
    if errors:
        raise errors[0]
