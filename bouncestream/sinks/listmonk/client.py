# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP client that talks to Listmonk: thin, each call with a time limit, credentials to its URL only.

Source: Listmonk's API documentation, and what was measured on 3.0 to 6.2 (July 2026): HTTP basic works on all,
`per_page=all` is empty on older ones, `query=` is raw SQL.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Self

import orjson

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.event import BounceEvent, clean_uuid
from bouncestream.ports import Answer, Capabilities, Claimed, ListedRow, LookupResult, PostOutcome, Subscriber
from bouncestream.sinks.listmonk import answers, payload, permissions
from bouncestream.sinks.listmonk.answers import PER_PAGE
from bouncestream.sinks.listmonk.lookup import chunks, finding
from bouncestream.sinks.listmonk.strangers import strangers
from bouncestream.sinks.listmonk.wire import NoAnswer, NotSent, Wire, patience

#: So many rows are looked at before others get their turn.
TURN = 200
#: No answer of Listmonk's that we ask for is larger: 2,000 rows with full `meta` are about 2 MB. Then what is read
#: of a page that may show the boot id, and of the answer to a bounce; bytes.
ANSWER_LIMIT, PAGE_LIMIT, POST_LIMIT = 8 << 20, 1 << 20, 1 << 16
#: All pages of a label, and all calls of a look-up, may take so many times as long as one call.
LABEL_PATIENCE, LOOKUP_PATIENCE = 3, 10
#: Where subscribers are asked for, and a query that finds nobody, for every version.
SUBSCRIBERS = "/api/subscribers"
NOBODY = "subscribers.id = 0"


class ListmonkClient:
    """The client of one Listmonk. Open it inside a running loop; `close` it in the end.

    `may_post`: asked right before the first byte of a bounce goes out; one that may not is not sent.
    """

    def __init__(
        self,
        url: str,
        user: str,
        token: str,
        *,
        instance: str,
        post_timeout: float = 120.0,
        read_timeout: float = 30.0,
        connections: int = 4,
        may_post: Callable[[], bool] | None = None,
    ) -> None:
        self._wire = Wire(url, user, token, connections=connections + 2)
        self._instance = instance
        self._post_timeout = post_timeout
        self._read_timeout = read_timeout
        self.may_post = may_post
        self._counts: Mapping[str, int] | None = None
        self._boot_page = "/"

    async def close(self) -> None:
        await self._wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- recording ------------------------------------------------------------------------------------------

    async def post(self, claimed: Claimed) -> Answer:
        return await self._post(payload.body(claimed, self._instance), self.may_post)

    async def probe(self) -> Answer:
        return await self._post(b"{}")

    async def _post(self, body: bytes, may: Callable[[], bool] | None = None) -> Answer:
        call = partial(self._wire.call, "POST", "/webhooks/bounce", within=self._post_timeout, limit=POST_LIMIT)
        try:
            reply = await call(body=body, may=may)
        except NotSent as error:
            return Answer(PostOutcome.NOT_SENT, 0, error.why)
        except NoAnswer as error:
            return Answer(PostOutcome.UNKNOWN, 0, error.why)
        return answers.answer(reply.status, reply.content, reply.retry_after, blank=self._wire.blank)

    # -- reading back ---------------------------------------------------------------------------------------

    async def boot_id(self) -> str:
        """Of the front page, or of the login page where the front page shows none."""
        found = await self._boot_id_of(self._boot_page)
        if not found and self._boot_page == "/" and (found := await self._boot_id_of("/admin/login")):
            self._boot_page = "/admin/login"
        return found

    async def _boot_id_of(self, path: str) -> str:
        reply = await self._wire.call("GET", path, within=self._read_timeout, limit=PAGE_LIMIT)
        if reply.status >= 500 or reply.status == 429:
            raise SinkError(f"Listmonk answered {reply.status} to GET {path}")
        return answers.boot_id(reply.content)

    async def read_label(self, label: str) -> Sequence[ListedRow]:
        rows: dict[int, ListedRow] = {}  # by Listmonk's own id: pages may overlap while rows are added
        path, number = "/api/bounces", 1
        async with patience(LABEL_PATIENCE * self._read_timeout, f"reading the label {label}"):
            while True:
                query = {
                    "source": label,
                    "page": str(number),
                    "per_page": str(PER_PAGE),
                    "order_by": "created_at",
                    "order": "desc",
                }
                data = await self._data(path, query)
                page = answers.bounces(path, data, label=label, page=number, per_page=PER_PAGE)
                for key, row in page.rows.items():
                    if len(rows) % TURN == 0:
                        await asyncio.sleep(0)  # a thousand rows are milliseconds: webhooks are answered meanwhile
                    rows[key] = answers.seen(row, self._instance)
                if number * PER_PAGE >= page.total:
                    break
                number += 1
        if len(rows) < page.total:
            raise answers.odd(path, f"its pages show {len(rows)} of {page.total} rows")
        return list(rows.values())

    async def strangers(self, names: Collection[str]) -> Counter[str]:
        """Of the newest bounces: source name → how many were told by another outbox under it."""
        query = {"page": "1", "per_page": str(PER_PAGE), "order_by": "created_at", "order": "desc"}
        data = await self._data("/api/bounces", query)
        return strangers(answers.rows_of("/api/bounces", data), names, self._instance)

    async def capabilities(self) -> Capabilities:
        """The capabilities of the token, found by trying each call harmlessly: true on every version of
        Listmonk."""
        probe = await self.probe()
        if probe.outcome in (PostOutcome.NOT_SENT, PostOutcome.BUSY) or not probe.status:
            raise SinkError(f"Listmonk cannot be queried: {probe.words or probe.status}")
        config = await self._try("/api/config")
        settings = await self._try("/api/settings")
        self._counts = answers.counts(settings) if settings is not None else None
        processing = settings is None or answers.processing(settings)
        if probe.outcome is PostOutcome.UNKNOWN and processing and probe.status != 503:
            raise SinkError(f"Listmonk answers {probe.status} to a bounce: {probe.words}")
        return Capabilities(
            version=answers.version(config or {}),
            post=probe.outcome is PostOutcome.REFUSED,
            read=await self._may(self.read_label("~")),
            lookup=await self.may_look_up(),
            counts=self._counts,
            actions=answers.actions(settings) if settings is not None else {},
            processing=processing and probe.status != 503,
        )

    async def may_look_up(self) -> bool:
        """Whether the token may look people up. Listmonk 3 has no profile, and one user who may do all."""
        granted = permissions.granted(await self._try("/api/profile")).names
        # Without subscribers:get_all the query answers 200 with nobody, just like for an unknown address.
        return (granted is None or "subscribers:get_all" in granted) and await self._may(self._nobody())

    # -- subscribers ----------------------------------------------------------------------------------------

    async def people(self, claimed: Sequence[Claimed]) -> dict[int, Subscriber]:
        """By row: the subscriber that Listmonk will be told of, where it knows one."""
        async with patience(LOOKUP_PATIENCE * self._read_timeout, "looking up subscribers"):
            by_email, by_uuid, _ = await self._known(claimed)
        found: dict[int, Subscriber] = {}
        for one in claimed:
            field, value = payload.address(one)
            if person := (by_email if field == "email" else by_uuid).get(value.lower()):
                found[one.row] = person
        return found

    async def _known(
        self, claimed: Sequence[Claimed]
    ) -> tuple[dict[str, Subscriber], dict[str, Subscriber], set[str]]:
        """The subscribers by address and by UUID, and which of these could be asked for."""
        by_email: dict[str, Subscriber] = {}
        by_uuid: dict[str, Subscriber] = {}
        asked: set[str] = set()
        plain = {v for c in claimed for f, v in [payload.address(c)] if f == "email" and payload.is_plain(v)}
        uuids = {c.event.subscriber_uuid for c in claimed if c.event.subscriber_uuid}
        for column, values, known in (("email", sorted(plain), by_email), ("uuid", sorted(uuids), by_uuid)):
            for chunk in chunks(values):
                for part, found in await self._query_bisected(column, chunk):
                    asked.update(part)
                    known.update((str(getattr(person, column)).lower(), person) for person in found)
        return by_email, by_uuid, asked

    async def look_up(self, claimed: Sequence[Claimed]) -> Mapping[int, LookupResult]:
        async with patience(LOOKUP_PATIENCE * self._read_timeout, "looking up subscribers"):
            by_email, by_uuid, asked = await self._known(claimed)
            people = {person.id for person in (*by_email.values(), *by_uuid.values())}
            full = {kind: await self._at_count(kind, sorted(people)) for kind in self._kinds(claimed)}
        return {
            c.row: found
            for c in claimed
            if (found := finding(c, by_email, by_uuid, asked, full, self._counts or {})) is not None
        }

    async def find(self, emails: Collection[str], uuids: Collection[str]) -> tuple[set[str], list[Subscriber]]:
        """The names that could be asked for, and the subscribers who have one of them. Raises SinkError."""
        asked: set[str] = set()
        people: list[Subscriber] = []
        plain = sorted(one for one in emails if payload.is_plain(one))
        async with patience(LOOKUP_PATIENCE * self._read_timeout, "looking up subscribers"):
            for column, values in (("email", plain), ("uuid", sorted(filter(None, map(clean_uuid, uuids))))):
                for chunk in chunks(values):
                    for part, found in await self._query_bisected(column, chunk):
                        asked.update(part)
                        people += found
        return asked, people

    async def owners(self, uuids: Sequence[str]) -> Mapping[str, str]:
        owners: dict[str, str] = {}
        wanted = {uuid for uuid in map(clean_uuid, uuids) if uuid}
        async with patience(LOOKUP_PATIENCE * self._read_timeout, "looking up subscribers"):
            for chunk in chunks(sorted(wanted)):
                for part, found in await self._query_bisected("uuid", chunk):
                    owners.update(dict.fromkeys(part, ""))
                    owners.update((person.uuid.lower(), person.email) for person in found)
        return owners

    async def known(self, addresses: Collection[str]) -> Mapping[str, Subscriber]:
        """By address in its forms. One that cannot be queried safely is as one that Listmonk has not."""
        forms = payload.forms(addresses)
        return {forms[person.email.lower()]: person for person in (await self.find(forms, ()))[1]}

    def _kinds(self, claimed: Sequence[Claimed]) -> set[str]:
        return {c.event.kind.value for c in claimed} & set(self._counts or ())

    async def _at_count(self, kind: str, ids: Sequence[int]) -> set[int]:
        """Those of these subscribers who hold as many stored bounces of the kind as Listmonk stores at most."""
        count = (self._counts or {})[kind]
        stored = "SELECT COUNT(*) FROM bounces WHERE bounces.subscriber_id = subscribers.id AND bounces.type ="
        enough = f"({stored} '{kind}') >= {count:d}"
        return {person.id for person in await self._of_ids(ids, f" AND {enough}")}

    async def _of_ids(self, ids: Collection[int], also: str = "") -> list[Subscriber]:
        """The subscribers of these ids for whom `also`, the rest of a condition, holds."""
        found: list[Subscriber] = []
        for chosen in chunks([str(int(i)) for i in ids]):
            found += await self._query(f"subscribers.id IN ({', '.join(chosen)}){also}", "id", chosen)
        return found

    async def _query(self, where: str, column: str, asked: Collection[str]) -> list[Subscriber]:
        """The subscribers for whom `where` holds: none but those whose `column` is one of `asked`."""
        people = answers.people(SUBSCRIBERS, await self._page(where))
        answers.none_but(SUBSCRIBERS, (str(getattr(person, column)) for person in people), asked)
        return people

    async def _page(self, where: str) -> Mapping[str, Any]:
        """The answer about the subscribers for whom `where` holds."""
        return await self._data(SUBSCRIBERS, {"query": where, "page": "1", "per_page": str(PER_PAGE)})

    async def _named(self, column: str, values: Sequence[str]) -> list[Subscriber]:
        """The subscribers whose `column`, `email` or `uuid`, is one of `values`."""
        return await self._query(f"subscribers.{column} IN ({payload.quoted(values)})", column, values)

    async def _nobody(self) -> None:
        """A query that cannot be wrong."""
        await self._query(NOBODY, "id", ())

    async def _query_bisected(
        self, column: str, values: Sequence[str]
    ) -> list[tuple[Sequence[str], list[Subscriber]]]:
        """The answers for `values`; what Listmonk refuses to answer is narrowed down to the one and left out."""
        try:
            return [(values, await self._named(column, values))]
        except SinkRefused as refused:
            if refused.status != 400:
                raise
            if len(values) == 1:
                await self._blame_no_outage()
                return []
        half = len(values) // 2
        first = await self._query_bisected(column, values[:half])
        return first + await self._query_bisected(column, values[half:])

    async def _blame_no_outage(self) -> None:
        """After a refused query: with its database away Listmonk answers 400 too, and a query that cannot be wrong
        tells the two apart. Raises SinkError in an outage."""
        try:
            await self._nobody()
        except SinkRefused as refused:
            raise SinkError(f"Listmonk does not answer queries at the moment: {refused.why}") from refused

    async def subscriber(self, event: BounceEvent) -> Subscriber | None:
        """By address in its forms, as far as they may be asked for, else by UUID."""
        forms = {event.recipient, payload.unicode_form(event.recipient)} if event.recipient else set()
        plain = sorted(form for form in forms if payload.is_plain(form))
        ways = [("email", plain)] if plain else []
        if event.subscriber_uuid:
            ways.append(("uuid", [event.subscriber_uuid]))
        if not ways:
            raise SinkRefused(0, "its address cannot be queried safely, and its UUID is unknown")
        for column, values in ways:
            try:
                people = await self._named(column, values)
            except SinkRefused as refused:
                if refused.status == 400:
                    await self._blame_no_outage()
                raise
            if people:
                return people[0]
        return None

    async def campaign_lists(self, subscriber: Subscriber, campaign_uuid: str) -> frozenset[int]:
        """By a query, which needs no permission beyond the look-up's and finds a campaign by its UUID; listing the
        campaigns does neither. A query tells people and no lists, so the lists are narrowed down by halves."""
        found: list[str] = []
        async with patience(LOOKUP_PATIENCE * self._read_timeout, "looking up the lists of a campaign"):
            for chunk in chunks([str(list_id) for list_id in sorted(subscriber.lists)]):
                found += await self._of_campaign(subscriber.id, campaign_uuid, chunk)
        return frozenset(map(int, found))

    async def _of_campaign(self, person: int, campaign_uuid: str, lists: Sequence[str]) -> Sequence[str]:
        sent = "SELECT 1 FROM campaign_lists JOIN campaigns ON campaigns.id = campaign_id WHERE"
        of_it = f"campaigns.uuid IN ({payload.quoted([campaign_uuid])}) AND list_id IN ({', '.join(lists)})"
        where = f"subscribers.id IN ({person:d}) AND EXISTS ({sent} {of_it})"
        try:
            people = await self._query(where, "id", [str(person)])
        except SinkRefused as refused:
            if refused.status == 400:
                await self._blame_no_outage()
            raise
        if not people or len(lists) == 1:
            return lists if people else ()
        half = len(lists) // 2
        first = await self._of_campaign(person, campaign_uuid, lists[:half])
        return [*first, *await self._of_campaign(person, campaign_uuid, lists[half:])]

    async def unsubscribe(self, subscriber: Subscriber, lists: Collection[int]) -> None:
        on = sorted(i for i in lists if subscriber.lists.get(i, "unsubscribed") != "unsubscribed")
        body = {"ids": [subscriber.id], "action": "unsubscribe", "target_list_ids": on}
        await self._put("/api/subscribers/lists", body)

    async def blocklist(self, subscriber: Subscriber) -> None:
        await self._put("/api/subscribers/blocklist", {"ids": [subscriber.id]})

    # -- the wire -------------------------------------------------------------------------------------------

    async def _may(self, call: Awaitable[object]) -> bool:
        """Whether Listmonk lets the token make the call."""
        try:
            await call
        except SinkRefused:
            return False
        return True

    async def _try(self, path: str) -> dict[str, Any] | None:
        """The data, or None where the token may not ask for it or this version does not know it."""
        try:
            return await self._about(path)
        except SinkRefused:
            return None

    async def _about(self, path: str) -> dict[str, Any]:
        """The object that Listmonk tells of itself or of us: without our credentials, wherever it may repeat
        them."""
        reply = await self._wire.call("GET", path, within=self._read_timeout, limit=ANSWER_LIMIT)
        content = self._wire.blank.bytes(reply.content)
        return answers.data(path, reply.status, content, cut=reply.cut, blank=self._wire.blank)

    async def _data(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        reply = await self._wire.call("GET", path, within=self._read_timeout, limit=ANSWER_LIMIT, query=query)
        return answers.data(path, reply.status, reply.content, cut=reply.cut, blank=self._wire.blank)

    async def _put(self, path: str, body: Mapping[str, Any]) -> None:
        await self._change("PUT", path, body)

    async def _change(self, method: str, path: str, body: Mapping[str, Any] | None) -> None:
        call = partial(self._wire.call, method, path, within=self._read_timeout, limit=ANSWER_LIMIT)
        reply = await call(body=orjson.dumps(body) if body is not None else None)
        if reply.status != 200:
            answers.data(path, reply.status, reply.content, cut=reply.cut, blank=self._wire.blank)
