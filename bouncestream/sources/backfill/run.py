# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a backfill: each list of a provider, page by page, from the API into the outbox.

Of a page only that is stored which happened within the asked time by its own date, is about an address that
Listmonk knows (a list belongs to an account, and holds what other applications bounced), is no soft bounce, and was
not reported before. A page is stored before the next one is asked for, and then it is noted where the run stands:
cut off at any point and begun again, it finds what it stored, and stores nothing twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from bouncestream.errors import ApiError
from bouncestream.event import Kind
from bouncestream.judging import webhook
from bouncestream.missed import LIST, KeepMissed, Missed, People
from bouncestream.policy import Rules
from bouncestream.ports import Clock, RawInput, Submission
from bouncestream.providers._backfill import Backfill, Item, Listing, Page, read_page
from bouncestream.providers._contract import Parsed, Provider, Webhook
from bouncestream.record import record
from bouncestream.sources.backfill.calls import Calls, PageGone, Stopped

#: No list of anybody's has more pages; a cursor without an end has.
MOST_PAGES = 2_000
#: Of a list whose cursor expired, so many times the beginning is asked for again.
RESTARTS = 2


@record(frozen=True, slots=True)
class Bookmark:
    """Where a run stands: the page that comes next."""

    listing: str  #: name of the list
    first: int  #: which of its first pages (domain, stream) led here
    url: str
    since: datetime
    hard: int  #: hard bounces that were found so far


@dataclass(slots=True)
class Counts:
    """What became of the items so far."""

    items: int = 0
    pages: int = 0
    found: Counter[str] = field(default_factory=Counter)  #: kind → new ones
    held: int = 0  #: of these
    duplicates: int = 0
    strangers: int = 0  #: addresses that Listmonk does not know
    blocklisted: int = 0  #: whom Listmonk has blocklisted already
    too_old: int = 0
    too_new: int = 0  #: the webhook may still come
    soft: int = 0
    ignored: int = 0  #: no bounce, complaint or unsubscription, or as `classes` say
    unreadable: int = 0
    notes: list[str] = field(default_factory=list)  #: what a person should know, in words
    cut: bool = False  #: a list was not read to its end
    interrupted: bool = False

    @property
    def new(self) -> int:
        return self.found.total()

    def results(self) -> dict[str, int]:
        """Each result with its number, by the names of the metric's label."""
        fixed = ("duplicates", "strangers", "blocklisted", "too_old", "too_new", "soft", "ignored", "unreadable")
        return {"new": self.new} | {name: getattr(self, name) for name in fixed}


@dataclass(eq=False)
class Run:
    """One run for one webhook. `told` is called after each page, `keep_bookmark` once all before it is kept."""

    provider: Provider[Any]
    hook: Webhook
    rules: Rules
    since: datetime
    clock: Clock
    calls: Calls
    people: People
    keep: KeepMissed
    told: Callable[[Counts, str], None] = lambda counts, listing: None
    keep_bookmark: Callable[[Bookmark], Awaitable[None]] | None = None
    counts: Counts = field(default_factory=Counts)
    hard: int = 0  #: hard bounces that were found before, by the part of the run that was cut off

    async def go(self, stopped: asyncio.Event, bookmark: Bookmark | None = None) -> Counts:
        """Until all lists are through, or `stopped` is set; from a bookmark on, if there is one. Raises ApiError,
        SinkError and StoreError; what was stored by then stays."""
        api = self.api
        names = list(api.names)
        if bookmark is not None and bookmark.listing in names:
            names = names[names.index(bookmark.listing) :]
        else:
            bookmark = None
        for name in names:
            listing = api.listing(name)
            firsts = listing.first(self.hook, self.since, self.clock.now())
            begin = (
                bookmark.first
                if bookmark is not None and bookmark.listing == name and bookmark.first < len(firsts)
                else 0
            )
            for number in range(begin, len(firsts)):
                at = (
                    bookmark.url
                    if bookmark is not None and (bookmark.listing, bookmark.first) == (name, number)
                    else ""
                )
                try:
                    await self._list(listing, number, firsts[number], at, stopped)
                except Stopped:
                    self.counts.interrupted = True
                if self.counts.interrupted:
                    return self.counts
        return self.counts

    @property
    def api(self) -> Backfill[Any]:
        assert self.provider.backfill is not None, "only such a provider is asked"
        return self.provider.backfill

    async def _list(self, listing: Listing[Any], number: int, first: str, at: str, stopped: asyncio.Event) -> None:
        """One list of one domain or stream, from its first page, or the page `at`, on."""
        url = at or first
        asked: set[str] = set()
        restarts = 0
        while url and url not in asked:
            if stopped.is_set():
                self.counts.interrupted = True
                return
            if len(asked) >= MOST_PAGES:
                self.counts.notes.append(
                    f"the list {listing.name} has more than {MOST_PAGES} pages: the rest is left"
                )
                self.counts.cut = True
                return
            asked.add(url)
            try:
                page = await self._page(listing, url)
            except PageGone as error:
                if url == first or restarts == RESTARTS:
                    raise ApiError(str(error)) from error
                restarts += 1
                asked.clear()
                url = first  # what was stored before is known by now
                continue
            await self._store(listing, page.items)
            self.told(self.counts, listing.name)
            url = page.next
            # A cursor that is an address is not written down: the list then begins again, which costs some calls.
            if url and self.keep_bookmark is not None and "@" not in unquote(url):
                await self.keep_bookmark(Bookmark(listing.name, number, url, self.since, self.hard))

    async def _page(self, listing: Listing[Any], url: str) -> Page:
        hook, now = self.hook, self.clock.now
        return await self.calls.page(
            url,
            lambda: self.api.headers(hook, url, now()),
            lambda content: read_page(self.provider, listing, hook, url, content, now()),
        )

    async def _store(self, listing: Listing[Any], items: Sequence[Item]) -> None:
        counts, now = self.counts, self.clock.now()
        counts.pages += 1
        counts.items += len(items)
        judged = [one for item in items if (one := self._judged(listing, item, now)) is not None]
        known = await self.people.known({one.events[0].recipient for one in judged}) if judged else {}
        missed = []
        for submission in judged:
            address = submission.events[0].recipient
            person = known.get(address)
            if person is None:
                counts.strangers += 1
            elif person.status == "blocklisted":
                counts.blocklisted += 1
            else:
                missed.append(Missed(submission, (address, person.uuid) if person.uuid else (address,)))
        found = await self.keep(missed, self.hard)
        counts.found.update(found.kinds)
        counts.held += found.held
        counts.duplicates += found.duplicates
        self.hard += found.kinds.count(Kind.HARD.value)

    def _judged(self, listing: Listing[Any], item: Item, now: datetime) -> Submission | None:
        """An item as it would be stored; None where it is not, which is counted."""
        counts, event = self.counts, item.event
        if event is None or event.occurred_at is None:
            if item.unreadable:
                counts.unreadable += 1
            else:
                counts.ignored += 1
            return None
        if event.occurred_at < self.since:
            counts.too_old += 1
            return None
        if event.occurred_at > now - self.api.patience:
            counts.too_new += 1
            return None
        came = RawInput(self.hook.name, self.provider.name, now, item.raw, "application/json", {LIST: listing.name})
        submission = webhook.judge(Parsed((event,)), came, self.rules, proven=True)
        event = submission.events[0]
        if event.kind is Kind.SOFT or not event.sure or not event.recipient:
            counts.soft += 1  # a list says too little for that
            return None
        return replace(submission, events=(event,))
