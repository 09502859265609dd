# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads both sides of `judging.reconcile`: the events of the outbox, and what Listmonk has under their labels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from bouncestream.event import person_key
from bouncestream.judging.reconcile import Compared, Entry, Facts, Ours, against_listmonk, against_provider, missing
from bouncestream.mail.spellings import names_of
from bouncestream.outbox import codec, suppression
from bouncestream.outbox.delivery import rows_of
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.people import secret_of
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import ListedRow, State, Subscriber

#: Rows of the outbox that are read at a time, and names that are looked up in Listmonk at a time.
PAGE, NAMES = 5000, 50
#: So many rows that are missing in Listmonk, or addresses of a list, are looked up there.
LOOKED_UP = 5000

T = TypeVar("T")


class Read(Protocol):
    """Reads the outbox, on one consistent view for each call."""

    def __call__(self, fn: Callable[[Conn], T], /) -> Awaitable[T]: ...


class Listmonk(Protocol):
    """The part of the sink that is needed here. Each call raises SinkError."""

    async def read_label(self, label: str) -> Sequence[ListedRow]: ...

    async def find(self, emails: Collection[str], uuids: Collection[str]) -> tuple[set[str], list[Subscriber]]: ...


async def reconcile(
    read: Read, listmonk: Listmonk, *, since: datetime | None, before: datetime, campaign: str = ""
) -> Compared:
    """Compare the events since a time, of one campaign or of all, with Listmonk. `before`: what is older has left
    the outbox. Raises StoreError and SinkError."""
    labels = await _labels(read, since, campaign)
    compared = Compared()
    oldest = codec.id_bound(before)
    for label, ours in labels.items():
        rows = await listmonk.read_label(label) if label else []
        strangers = [row.event_id for row in rows if row.ours and row.event_id not in ours]
        others = await read(partial(rows_of, event_ids=strangers)) if strangers else {}
        against_listmonk(compared, ours, rows, others, oldest)
    if compared.missing:
        missing(compared, compared.missing, await _known(read, listmonk, compared.missing[:LOOKED_UP]))
    return compared


async def with_provider(
    compared: Compared, read: Read, listmonk: Listmonk, entries: Sequence[Entry], before: datetime
) -> None:
    """Compare a provider's list with the outbox as well. Raises StoreError and SinkError."""
    facts: dict[str, Facts] = {}
    addresses = list(dict.fromkeys(entry.address for entry in entries if entry.feedback))
    for at in range(0, len(addresses), PAGE):
        facts.update(await read(partial(_facts, addresses=addresses[at : at + PAGE])))
    unknown = [name for name in addresses if not facts[name].times and not facts[name].suppressed]
    facts.update(await _subscribers(listmonk, unknown[:LOOKED_UP]))
    oldest = await read(_oldest)
    first = max(filter(None, (oldest, before))) if oldest else before
    against_provider(compared, entries, facts, first)


async def _labels(read: Read, since: datetime | None, campaign: str) -> Mapping[str, dict[str, Ours]]:
    """Label → event id → event."""
    labels: dict[str, dict[str, Ours]] = {}
    after = 0
    while True:
        bounds = {
            "since_id": codec.id_bound(since) if since else "",
            "after": after,
            "campaign": campaign,
            "limit": PAGE,
        }
        found = await read(lambda conn, bounds=bounds: conn.execute(QUERIES["reconciled"], bounds).fetchall())  # type: ignore[misc]
        for row, event_id, state, kind, label, why, finished_at, erased, undone in found:
            one = Ours(row, event_id, State(state), kind, why, finished_at is not None, bool(erased), bool(undone))
            labels.setdefault(label, {})[event_id] = one
        if len(found) < PAGE:
            return labels
        after = found[-1][0]


async def _known(read: Read, listmonk: Listmonk, rows: Sequence[int]) -> set[int]:
    """Those of the rows whose subscriber Listmonk still has."""
    known: set[int] = set()
    for at in range(0, len(rows), NAMES):
        names = await read(partial(_names, rows=rows[at : at + NAMES]))
        emails = [name for told in names.values() for name in told if "@" in name]
        uuids = [name for told in names.values() for name in told if "@" not in name]
        _, found = await listmonk.find(emails, uuids)
        there = {name.lower() for one in found for name in (one.email, one.uuid)}
        known |= {row for row, told in names.items() if not there.isdisjoint(told)}
    return known


def _names(conn: Conn, rows: Iterable[int]) -> dict[int, tuple[str, ...]]:
    names = {}
    for row in rows:
        if (found := conn.execute(QUERIES["row"], (row,)).fetchone()) is not None:
            told = codec.row(found).event
            names[row] = (*names_of(told.recipient), *names_of(told.subscriber_uuid))
    return names


async def _subscribers(listmonk: Listmonk, addresses: Sequence[str]) -> dict[str, Facts]:
    facts = {}
    for at in range(0, len(addresses), NAMES):
        forms = {name: names_of(name) for name in addresses[at : at + NAMES]}
        asked, found = await listmonk.find([form for told in forms.values() for form in told], ())
        there = {one.email.lower() for one in found}
        for name, told in forms.items():
            known = None if name not in asked else not there.isdisjoint(told)
            facts[name] = Facts(subscriber=known)
    return facts


def _facts(conn: Conn, addresses: Sequence[str]) -> dict[str, Facts]:
    secret, found = secret_of(conn), {}
    for address in addresses:
        keys = [person_key(name, secret) for name in names_of(address)]
        times = [codec.moment(at) for key in keys for (at,) in conn.execute(QUERIES["times_of_person"], (key,))]
        found[address] = Facts(times, suppression.suppressed_since(conn, names_of(address)) is not None)
    return found


def _oldest(conn: Conn) -> datetime | None:
    found = conn.execute(QUERIES["oldest_event"]).fetchone()
    return codec.moment(found[0]) if found else None
