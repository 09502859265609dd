# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP client that talks to Listmonk: thin, each call with a time limit, credentials to its URL only.

Source: Listmonk's API documentation, and what was measured on 3.0 to 6.2 (July 2026): HTTP basic works on all,
`per_page=all` is empty on older ones, `query=` is raw SQL.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import aiohttp
import orjson

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.event import BounceEvent
from bouncestream.ports import Answer, Claimed, Finding, Powers, Said, Seen, Subscriber
from bouncestream.sinks import payload

PER_PAGE = 2000
#: So many rows are looked at before others get their turn.
TURN = 200
#: A query travels in the URL; proxies often refuse a request line above 8 KiB.
LOOKUP_MANY, LOOKUP_CHARACTERS = 100, 4000
#: No answer of Listmonk that we ask for is larger; 2,000 rows with full `meta` are about 2 MB.
ANSWER_LIMIT = 32 * 1024 * 1024
#: A query that finds nobody, for every version.
NOBODY = "subscribers.id = 0"
KINDS = ("soft", "hard", "complaint")


def _socket(info: Any) -> socket.socket:
    """A socket whose close discards what was not sent yet, so that no byte leaves after we gave up."""
    family, kind, proto, _, _ = info
    made = socket.socket(family=family, type=kind, proto=proto)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return made


class Listmonk:
    """One Listmonk. Open it inside a running loop; `close` it in the end."""

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
    ) -> None:
        self._url = url.rstrip("/")
        self._instance = instance
        self._post_timeout = post_timeout
        self._read_timeout = read_timeout
        self._counts: Mapping[str, int] | None = None
        self._boot_page = "/"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections + 2, socket_factory=_socket, keepalive_timeout=60),
            headers={"Authorization": aiohttp.encode_basic_auth(user, token), "User-Agent": "bouncestream"},
            timeout=aiohttp.ClientTimeout(total=None, connect=10),
            auto_decompress=True,
        )

    async def close(self) -> None:
        await self._session.close()

    # -- recording ------------------------------------------------------------------------------------------

    async def post(self, claimed: Claimed) -> Answer:
        return await self._post(payload.body(claimed, self._instance))

    async def probe(self) -> Answer:
        return await self._post(b"{}")

    async def _post(self, data: bytes) -> Answer:
        try:
            async with (
                asyncio.timeout(self._post_timeout),
                self._session.post(
                    self._url + "/webhooks/bounce",
                    data=data,
                    headers={"Content-Type": "application/json"},
                    allow_redirects=False,
                ) as response,
            ):
                content = await response.content.read(65536)
                return payload.answer(response.status, content, response.headers.get("Retry-After"))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            return Answer(Said.NOT_SENT, 0, _reason(error))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer(Said.UNKNOWN, 0, _reason(error))

    # -- reading back ---------------------------------------------------------------------------------------

    async def boot_id(self) -> str:
        """Of the front page, or of the login page where the front page shows none."""
        status, page = await self._get(self._boot_page, {})
        if status >= 500 or status == 429:
            raise SinkError(f"Listmonk answered {status} to GET {self._boot_page}")
        found = payload.boot_id(page)
        if not found and self._boot_page == "/":
            status, page = await self._get("/admin/login", {})
            if found := payload.boot_id(page):
                self._boot_page = "/admin/login"
        return found

    async def read_label(self, label: str) -> Sequence[Seen]:
        rows: dict[int, Mapping[str, Any]] = {}  # by Listmonk's own id: pages may overlap while rows are added
        page = 1
        while True:
            query = {
                "source": label,
                "page": str(page),
                "per_page": str(PER_PAGE),
                "order_by": "created_at",
                "order": "desc",
            }
            data = await self._data("/api/bounces", query)
            results = data.get("results") or []
            rows.update((row["id"], row) for row in results)
            if len(results) < PER_PAGE or page * PER_PAGE >= int(data.get("total", 0)):
                break
            page += 1
        seen: list[Seen] = []
        for row in rows.values():
            if len(seen) % TURN == 0:
                await asyncio.sleep(0)  # a thousand rows are milliseconds: webhooks are answered meanwhile
            seen.append(payload.seen(row, self._instance))
        return seen

    async def powers(self) -> Powers:
        """What the token may do, found by trying each call harmlessly: true on every version of Listmonk."""
        probe = await self.probe()
        if probe.said in (Said.NOT_SENT, Said.BUSY) or not probe.status:
            raise SinkError(f"Listmonk cannot be asked: {probe.words or probe.status}")
        config = await self._try("/api/config", {})
        settings = await self._try("/api/settings", {})
        self._counts = _counts(settings) if settings is not None else None
        processing = settings is None or settings.get("bounce.enabled") is not False
        if probe.said is Said.UNKNOWN and processing and probe.status != 503:
            raise SinkError(f"Listmonk answers {probe.status} to a bounce: {probe.words}")
        none = {"query": NOBODY, "page": "1", "per_page": "1"}
        read = {"source": "~", "page": "1", "per_page": "1"}
        profile = await self._try("/api/profile", {})
        # Without subscribers:get_all the query answers 200 with nobody, just like for an unknown address.
        lookup = _may(profile, "subscribers:get_all") and await self._try("/api/subscribers", none) is not None
        return Powers(
            version=str((config or {}).get("version", "")),
            post=probe.said is Said.REFUSED,
            read=await self._try("/api/bounces", read) is not None,
            lookup=lookup,
            manage=_may(profile, "subscribers:manage"),
            counts=self._counts,
            processing=processing and probe.status != 503,
        )

    async def profile(self) -> Mapping[str, Any]:
        """Who we are there and what we may do, whatever else is switched off. Raises SinkRefused: 401 or 403 when
        Listmonk does not know us, 404 before version 4."""
        return await self._data("/api/profile", {})

    # -- subscribers ----------------------------------------------------------------------------------------

    async def look_up(self, claimed: Sequence[Claimed]) -> Mapping[int, Finding]:
        by_email: dict[str, dict[str, Any]] = {}
        by_uuid: dict[str, dict[str, Any]] = {}
        asked: set[str] = set()
        plain = {v for c in claimed for f, v in [payload.address(c)] if f == "email" and payload.is_plain(v)}
        uuids = {c.event.subscriber_uuid for c in claimed if c.event.subscriber_uuid}
        for column, values, known, key in (
            ("email", sorted(plain), by_email, "email"),
            ("uuid", sorted(uuids), by_uuid, "uuid"),
        ):
            for chunk in _chunks(values):
                for part, found in await self._query_bisected(f"subscribers.{column} IN", chunk):
                    asked.update(part)
                    known.update((str(row[key]).lower(), row) for row in found)
        people = {row["id"]: row for row in (*by_email.values(), *by_uuid.values())}
        full = {kind: await self._at_count(kind, sorted(people)) for kind in self._kinds(claimed)}
        return {
            c.row: finding
            for c in claimed
            if (finding := _finding(c, by_email, by_uuid, asked, full, self._counts or {})) is not None
        }

    def _kinds(self, claimed: Sequence[Claimed]) -> set[str]:
        return {c.event.kind.value for c in claimed} & set(self._counts or ())

    async def _at_count(self, kind: str, ids: Sequence[int]) -> set[int]:
        """Which of these subscribers hold as many stored bounces of the kind as Listmonk stores at most."""
        count = (self._counts or {})[kind]
        stored = "SELECT COUNT(*) FROM bounces WHERE bounces.subscriber_id = subscribers.id AND bounces.type ="
        enough = f"({stored} '{kind}') >= {count:d}"
        full: set[int] = set()
        for at in range(0, len(ids), LOOKUP_MANY):
            chosen = ", ".join(str(int(i)) for i in ids[at : at + LOOKUP_MANY])
            full.update(row["id"] for row in await self._query(f"subscribers.id IN ({chosen}) AND {enough}"))
        return full

    async def _query(self, where: str) -> list[dict[str, Any]]:
        data = await self._data("/api/subscribers", {"query": where, "page": "1", "per_page": str(PER_PAGE)})
        results: list[dict[str, Any]] = data.get("results") or []
        return results

    async def _query_bisected(
        self, condition: str, values: Sequence[str]
    ) -> list[tuple[Sequence[str], list[dict[str, Any]]]]:
        """The answers for `values`; what Listmonk refuses to answer is narrowed down to the one and left out."""
        try:
            return [(values, await self._query(f"{condition} ({payload.quoted(values)})"))]
        except SinkRefused as refused:
            if refused.status != 400:
                raise
            if len(values) == 1:
                await self._blame_no_outage()
                return []
        half = len(values) // 2
        first = await self._query_bisected(condition, values[:half])
        return first + await self._query_bisected(condition, values[half:])

    async def _blame_no_outage(self) -> None:
        """After a refused query: with its database away Listmonk answers 400 too, and a query that cannot be wrong
        tells the two apart. Raises SinkError in an outage."""
        try:
            await self._query(NOBODY)
        except SinkRefused as refused:
            raise SinkError(f"Listmonk answers no query just now: {refused.why}") from refused

    async def subscriber(self, event: BounceEvent) -> Subscriber | None:
        """By address in its forms, as far as they may be asked for, else by UUID."""
        forms = {event.recipient, payload.unicode_form(event.recipient)} if event.recipient else set()
        plain = sorted(form for form in forms if payload.is_plain(form))
        conditions = [f"subscribers.email IN ({payload.quoted(plain)})"] if plain else []
        if event.subscriber_uuid:
            conditions.append(f"subscribers.uuid IN ({payload.quoted([event.subscriber_uuid])})")
        if not conditions:
            raise SinkRefused(0, "its address cannot be asked for safely, and no UUID is known")
        for condition in conditions:
            try:
                rows = await self._query(condition)
            except SinkRefused as refused:
                if refused.status == 400:
                    await self._blame_no_outage()
                raise
            if rows:
                row = rows[0]
                lists = {int(i["id"]): str(i.get("subscription_status", "")) for i in row.get("lists") or ()}
                return Subscriber(int(row["id"]), row["uuid"], row["email"], row["status"], lists)
        return None

    async def unsubscribe(self, subscriber: Subscriber, *, blocklist: bool) -> None:
        if blocklist:
            await self._put("/api/subscribers/blocklist", {"ids": [subscriber.id]})
            return
        lists = sorted(i for i, status in subscriber.lists.items() if status != "unsubscribed")
        body = {"ids": [subscriber.id], "action": "unsubscribe", "target_list_ids": lists}
        await self._put("/api/subscribers/lists", body)

    # -- the wire -------------------------------------------------------------------------------------------

    async def _try(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """The data, or None where the token may not ask for it or this version does not know it."""
        try:
            return await self._data(path, query)
        except SinkRefused:
            return None

    async def _data(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        status, content = await self._get(path, query)
        return _checked(path, status, content)

    async def _get(self, path: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        return await self._call("GET", path, params=query)

    async def _put(self, path: str, body: Mapping[str, Any]) -> None:
        headers = {"Content-Type": "application/json"}
        status, content = await self._call("PUT", path, data=orjson.dumps(body), headers=headers)
        if status != 200:
            _checked(path, status, content)

    async def _call(self, method: str, path: str, **options: Any) -> tuple[int, bytes]:
        try:
            async with (
                asyncio.timeout(self._read_timeout),
                self._session.request(method, self._url + path, allow_redirects=False, **options) as response,
            ):
                content = bytearray()
                async for chunk in response.content.iter_any():
                    content += chunk
                    if len(content) > ANSWER_LIMIT:
                        raise SinkError(f"the answer to {method} {path} is larger than any of Listmonk's")
                return response.status, bytes(content)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SinkError(f"{method} {path}: {_reason(error)}") from error


def _checked(path: str, status: int, content: bytes) -> dict[str, Any]:
    """The `data` of one of Listmonk's JSON answers."""
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = None
    if status == 200 and isinstance(answer, dict) and isinstance(answer.get("data"), dict):
        data: dict[str, Any] = answer["data"]
        return data
    words = payload.answer(status, content).words
    if 400 <= status < 500 and status not in (408, 429):
        raise SinkRefused(status, words)
    raise SinkError(f"the answer to {path} is not one of Listmonk's: {status} {words}")


def _finding(
    claimed: Claimed,
    by_email: Mapping[str, Mapping[str, Any]],
    by_uuid: Mapping[str, Mapping[str, Any]],
    asked: set[str],
    full: Mapping[str, set[int]],
    counts: Mapping[str, int],
) -> Finding | None:
    """Why Listmonk would not store this one; None when it could not be asked."""
    field, value = payload.address(claimed)
    if value not in asked:
        return None
    person = (by_email if field == "email" else by_uuid).get(value.lower())
    kind = claimed.event.kind.value
    if person is None:
        owner = by_uuid.get(claimed.event.subscriber_uuid) if field == "email" else None
        if owner is not None and payload.same_address(str(owner["email"]), claimed.event.recipient):
            return Finding("known to Listmonk by another form of the address", address_form="uuid")
        if claimed.address_form == "email" and payload.unicode_form(value) != value:
            return Finding("not known by the ASCII form of the domain", address_form="unicode")
        return Finding("Listmonk has no such subscriber")
    if person["status"] == "blocklisted":
        return Finding("the subscriber is blocklisted already")
    if person["id"] in full.get(kind, ()):
        return Finding(f"Listmonk keeps at most {counts[kind]} {kind} bounces of a subscriber, and has them")
    return Finding()


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    chunk: list[str] = []
    size = 0
    for value in values:
        if chunk and (len(chunk) == LOOKUP_MANY or size + len(value) > LOOKUP_CHARACTERS):
            yield chunk
            chunk, size = [], 0
        chunk.append(value)
        size += len(value) + 4
    if chunk:
        yield chunk


def _counts(settings: Mapping[str, Any]) -> dict[str, int] | None:
    """Bounce type → the count at which Listmonk acts, above which it stores no more."""
    actions = settings.get("bounce.actions")
    if not isinstance(actions, dict):
        return None
    return {
        kind: int(actions[kind]["count"])
        for kind in KINDS
        if isinstance(actions.get(kind), dict) and isinstance(actions[kind].get("count"), int)
    }


def _may(profile: Mapping[str, Any] | None, permission: str) -> bool:
    """Whether the user's role has the permission. Listmonk 3 has no profile, and one user who may do all."""
    if profile is None:
        return True
    role = profile.get("user_role")
    return isinstance(role, dict) and permission in (role.get("permissions") or ())


def _reason(error: BaseException) -> str:
    """An error of the network in words, without credentials or addresses."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno:
        return os.strerror(error.os_error.errno).lower()
    if isinstance(error, aiohttp.ClientResponseError):  # its text has the URL, and so an address
        return f"the answer is broken: {error.message}"
    return str(error) or type(error).__name__
