# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists that a provider keeps (bounces, complaints, unsubscriptions), as its file declares them: where a page
of each is, how one page leads to the next, and what an item says. Pure: the bytes of a page come in, its items and
the URL of the next page go out; `sources/backfill` asks for them.

Most lists share no id with the webhook's report, so an item's identity is the list, the address and the item's own
time; whether the outbox has heard of it before is asked there (`outbox.missed`).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from bouncestream.errors import Malformed
from bouncestream.event import BounceEvent
from bouncestream.providers._fields import canonical, dig, load_json, text
from bouncestream.providers._gathered import MALFORMED, Gathered, S
from bouncestream.record import record

if TYPE_CHECKING:
    from bouncestream.providers._contract import Provider

#: More items than that are no page of anybody's.
MOST_ITEMS = 20_000

#: Settings, from when on, and now → the URL of the first page; of several domains or streams, one for each.
First = Callable[[S, datetime, datetime], Sequence[str]]
#: The URL of a page, its JSON, and how many items it has → the URL of the next page; empty: it was the last.
Next = Callable[[str, Any, int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[S]):
    """One list of a provider's."""

    name: str
    first: First[S]
    items: tuple[str, ...] = ()  #: where they are in the JSON of a page
    next: Next
    bare: bool = False  #: an empty list is an empty object
    one: Callable[[Any, Gathered[S]], None]  #: an item → `into.report(…)`, as `parse` does with a webhook's


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill(Generic[S]):
    """How a provider is asked for what its webhooks may have missed. Everything is a GET over https."""

    read: date  #: the day on which its documentation was read
    source: str  #: its pages, by their titles
    key: str  #: which key `api_key` takes, and where it is made; a sentence
    permission: str  #: what the key has to be allowed, and no more; completes "Next: "
    hosts: str  #: a regular expression of the whole host
    headers: Callable[[S, str, datetime], Mapping[str, str]]  #: settings, URL, now → what proves us
    lists: tuple[Listing[S], ...]
    needs: tuple[str, ...] = ()  #: options that it does not work without
    #: So long the provider itself sends a webhook again that was not taken. An item younger than that is left for a
    #: later run: stored now, the webhook's own report would count beside it.
    patience: timedelta = timedelta(hours=24)
    pause: float = 0.0  #: seconds between two calls, where its rate limit asks for it
    pair: bool = False  #: the key is written as "one:other"
    #: What its settings lack, as the name of an option and words that follow it; None: nothing.
    lacks: Callable[[S], tuple[str, str] | None] = lambda settings: None
    left_out: str = ""  #: which of its lists are not asked for, and why; a sentence

    def faults(self, settings: S) -> list[tuple[str, str]]:
        """What is wrong with the settings of a webhook with a key: name of an option, and words that follow it."""
        found = [(name, "is missing; api_key needs it") for name in self.needs if not getattr(settings, name)]
        key = settings.api_key.reveal() if settings.api_key else ""
        if self.pair and not all(key.partition(":")):
            found.append(("api_key", f"is not written as two parts with a colon between. {self.key}"))
        if (lack := self.lacks(settings)) is not None:
            found.append(lack)
        return found

    def listing(self, name: str) -> Listing[S]:
        """The list of that name. Raises LookupError."""
        return {one.name: one for one in self.lists}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its lists, in the order in which they are asked for."""
        return tuple(one.name for one in self.lists)


@record(frozen=True, slots=True)
class Item:
    """An item of a list: its JSON, and the event that it tells of, or why it is none."""

    raw: bytes
    event: BounceEvent | None = None
    why: str = ""
    unreadable: bool = False


@record(frozen=True, slots=True)
class Page:
    """A page of a list, read."""

    items: tuple[Item, ...]
    next: str = ""  #: the URL of the next one; empty: it is the last


def read_page(
    provider: Provider[S], listing: Listing[S], settings: S, url: str, content: bytes, now: datetime
) -> Page:
    """The items of a page, which stood at `url`. Raises Malformed when it is not what the documentation shows."""
    page = load_json(content, {})
    found = dig(page, *listing.items) if listing.items else page
    if found is None and isinstance(page, dict) and listing.items and listing.items[0] in page:
        found = []  # `null` where a list is empty
    if listing.bare and page == {}:
        found = []
    if not isinstance(found, list):
        raise Malformed(f"the answer has no list {'.'.join(listing.items) or 'of items'}")
    if len(found) > MOST_ITEMS:
        raise Malformed(f"the answer has {len(found)} items")
    items = tuple(read_item(provider, listing, settings, item, now) for item in found)
    try:
        return Page(items, listing.next(url, page, len(found)))
    except MALFORMED as error:
        raise Malformed(f"the answer does not tell where it goes on ({type(error).__name__})") from None


def read_item(provider: Provider[S], listing: Listing[S], settings: S, item: Any, now: datetime) -> Item:
    """What an item of a list says. It never raises: a bad one spoils no neighbour."""
    into: Gathered[S] = Gathered(settings, provider.title, provider.classes, now, provider.guide.suppressions)
    into.each([item], listing.one)
    raw = canonical(item)
    if not into.events:
        why = into.unreadable[0].why if into.unreadable else into.ignored[0] if into.ignored else "it says nothing"
        return Item(raw, None, why, unreadable=bool(into.unreadable))
    event = into.events[0]
    if event.occurred_at is None:
        return Item(raw, None, "it tells no time of its own", unreadable=True)
    if not event.stable_id:
        # The key of a mail, if it has one, stays: by that a webhook's report of it is known.
        own = f"{listing.name}/{event.occurred_at.astimezone(UTC).isoformat()}"
        event = replace(event, provider_event_id=own, stable_id=True, fingerprint=b"")
    return Item(raw, event)


# -- first pages, and next ones -----------------------------------------------------------------------------------


def url_of(base: str, **query: object) -> str:
    """A URL with a query; a tuple is a parameter that is given several times."""
    return f"{base}?{urlencode(query, doseq=True, quote_via=quote)}" if query else base


def changed(url: str, **query: object) -> str:
    """The URL with some parameters of its query set."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in query]
    asked = urlencode([*kept, *((name, str(value)) for name, value in query.items())], quote_via=quote)
    return parts._replace(query=asked).geturl()


def _parameter(url: str, name: str) -> str:
    return dict(parse_qsl(urlsplit(url).query)).get(name, "")


def by_offset(limit: int, name: str = "offset", most: int = 0) -> Next:
    """Pages of `limit` items, by how many are passed over; `most`: further it does not go."""

    def after(url: str, page: Any, items: int) -> str:
        passed = int(_parameter(url, name) or 0) + limit
        return changed(url, **{name: passed}) if items >= limit and not (most and passed + limit > most) else ""

    return after


def by_number(limit: int, name: str = "page") -> Next:
    """Pages of `limit` items, by their number."""

    def after(url: str, page: Any, items: int) -> str:
        return changed(url, **{name: int(_parameter(url, name) or 1) + 1}) if items >= limit else ""

    return after


def by_token(name: str, *path: str | int) -> Next:
    """By a token in the page, which becomes a parameter."""

    def after(url: str, page: Any, items: int) -> str:
        token = text(dig(page, *path), 4096)
        return changed(url, **{name: token}) if token else ""

    return after


def by_link(*path: str | int) -> Next:
    """By the URL of the next page, which stands in the page; one without items is behind the last."""

    def after(url: str, page: Any, items: int) -> str:
        link = text(dig(page, *path), 4096)
        return urljoin(url, link) if link and items else ""

    return after


# -- what proves us -----------------------------------------------------------------------------------------------


def by_bearer(settings: Any, url: str, now: datetime) -> Mapping[str, str]:
    """The key as a bearer token (RFC 6750 section 2.1)."""
    return {"Authorization": f"Bearer {settings.api_key.reveal()}", "Accept": "application/json"}


def by_key(name: str) -> Callable[[Any, str, datetime], Mapping[str, str]]:
    """The key in a header of its own."""
    return lambda settings, url, now: {name: settings.api_key.reveal(), "Accept": "application/json"}


def by_login(user: str = "") -> Callable[[Any, str, datetime], Mapping[str, str]]:
    """The key as the password of HTTP basic authentication; without a `user` the key is "user:password"."""

    def headers(settings: Any, url: str, now: datetime) -> Mapping[str, str]:
        login = f"{user}:{settings.api_key.reveal()}" if user else settings.api_key.reveal()
        return {"Authorization": f"Basic {b64encode(login.encode()).decode()}", "Accept": "application/json"}

    return headers
