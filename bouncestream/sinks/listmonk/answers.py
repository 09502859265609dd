# SPDX-License-Identifier: GPL-3.0-or-later
"""Listmonk's answers as values: the one front door, beyond which no other room meets its JSON. Pure.

What is not what Listmonk answers (a wrong type, a missing key, an impossible number, more than there can be) is a
SinkError that names the call and what is odd about it: never another exception, and never a value that looks like
an empty answer, since what follows from "it is not there" is done once more, or counted. Shapes as measured on
Listmonk 3.0 to 6.2 (July 2026), and its API documentation; unknown fields are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard

import orjson

from bouncestream.backoff import wished
from bouncestream.errors import SinkError, SinkRefused
from bouncestream.event import clean_uuid, clip
from bouncestream.ports import Answer, Campaign, ListedRow, PostOutcome, Subscriber
from bouncestream.printable import printable

#: Takes our credentials out of foreign words.
Blank = Callable[[str], str]

KINDS = ("soft", "hard", "complaint")
ACTIONS = ("none", "unsubscribe", "blocklist", "delete")
STATUSES = ("enabled", "disabled", "blocklisted")
#: Rows of one page, and pages of one label: it has at most 1,000 rows of ours.
PER_PAGE, PAGES = 2000, 20
#: An answer of more values than this would take more memory than a small server has.
VALUES = 1_000_000
#: PostgreSQL's largest whole number: no id of Listmonk's and no count is larger.
LARGEST = 2**63 - 1
#: So much of an answer that is not Listmonk's is looked at for its words; bytes.
WORDS = 4096
#: The longest text that is kept of one field, and the longest name of a campaign in 4.1 to 6.2; bytes.
TEXT, NAME = 512, 2000

_BOOT = re.compile(rb"\?v=([0-9a-f]{10})\b")


def answer(status: int, content: bytes, retry_after: str | None = None, *, blank: Blank = str) -> Answer:
    """The meaning of an HTTP answer to a bounce (docs/develop/rules.md, rule 2)."""
    found = _json(content)
    if status == 200 and isinstance(found, dict) and len(found) == 1 and found.get("data") is True:
        return Answer(PostOutcome.ACCEPTED, 200)
    said = words(found, content, blank)
    if status == 200:
        return Answer(PostOutcome.FOREIGN, 200, said)
    if 300 <= status < 400:
        return Answer(PostOutcome.FOREIGN, status, "a redirect")
    if status == 400 and isinstance(found, dict) and "message" in found:
        return Answer(PostOutcome.REFUSED, 400, said)
    if status == 429:
        return Answer(PostOutcome.BUSY, 429, said, wished(retry_after))
    if status == 408 or status >= 500:
        return Answer(PostOutcome.UNKNOWN, status, said, wished(retry_after))
    return Answer(PostOutcome.DENIED, status, said)


def boot_id(page: bytes) -> str:
    """The boot id in one of Listmonk's pages, or an empty string."""
    match = _BOOT.search(page)
    return match.group(1).decode() if match else ""


def data(path: str, status: int, content: bytes, *, cut: bool = False, blank: Blank = str) -> dict[str, Any]:
    """The object under `data` in the answer to `path`, of which these functions make values. Raises as `inside`."""
    found = inside(path, status, content, cut=cut, blank=blank)
    if not isinstance(found, dict):
        raise odd(path, f"its data is {_kind(found)}")
    return found


def inside(path: str, status: int, content: bytes, *, cut: bool = False, blank: Blank = str) -> Any:
    """The value under `data` in the answer to `path`.

    Raises SinkRefused for a status that says no, SinkError for all else that is not Listmonk's.
    """
    if status == 200:
        if cut:
            raise odd(path, "it is too large")
        # Counted where it is cheap: parsed, each of them takes some fifty bytes.
        if content.count(b",") + content.count(b"[") + content.count(b"{") > VALUES:
            raise odd(path, "it has too many values")
    found = _json(content)
    if status == 200 and isinstance(found, dict) and "data" in found:
        return found["data"]
    said = words(found, content, blank)
    if 400 <= status < 500 and status not in (408, 429):
        raise SinkRefused(status, said)
    raise odd(path, f"{status} {said}")


def odd(path: str, why: str) -> SinkError:
    """The error for an answer that Listmonk does not give."""
    return SinkError(f"the answer to {path} is not from Listmonk: {why}")


# -- bounces --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """A page of `GET /api/bounces`: its rows by Listmonk's own id, and how many rows there are on all pages."""

    rows: Mapping[int, Mapping[str, Any]]
    total: int


def bounces(path: str, found: Mapping[str, Any], *, label: str, page: int, per_page: int = PER_PAGE) -> Page:
    """Page `page` (from 1) of the rows under `label`."""
    rows: dict[int, Mapping[str, Any]] = {}
    for row in rows_of(path, found):
        number = _whole(path, row, "id")
        if number in rows:
            raise odd(path, "it contains one id twice")
        if row.get("source", label) != label:
            raise odd(path, "it contains rows of another source: does a proxy answer from a cache?")
        rows[number] = row
    if not rows:
        return Page(rows, 0)  # Listmonk counts what it shows: a page behind the last one has none
    total = _whole(path, found, "total")
    shown = (page - 1) * per_page + len(rows)
    if len(rows) > per_page or total < shown or (len(rows) < per_page and total != shown):
        raise odd(path, f"it counts {total} rows, and page {page} shows {len(rows)}")
    if total > PAGES * per_page:
        raise odd(path, f"{total} rows under the label {label}: does another program post under this source name?")
    return Page(rows, total)


def seen(row: Mapping[str, Any], instance: str) -> ListedRow:
    """The row as it tells of us. Documentation of older versions had `meta` as an escaped string."""
    fields = row.get("meta")
    if isinstance(fields, str):
        fields = _json(fields.encode("utf-8", "replace"))
    if isinstance(fields, dict) and fields.get("bridge") == instance:
        event_id, attempt = fields.get("id"), fields.get("attempt")
        if isinstance(event_id, str) and 0 < len(event_id) <= 100:
            # Whatever became of the number: the row is there. The first attempt is the careful reading.
            return ListedRow(event_id, attempt if _is_whole(attempt) else 1, True, *_about(row))
    return ListedRow("", 0, False, *_about(row))


def _about(row: Mapping[str, Any]) -> tuple[int, int, str, str]:
    """The row's id, and of whom it is: id, UUID and status; 0 or empty where that is not told. What is odd here
    proves nothing against the row."""
    number, person = row.get("id"), row.get("subscriber_id")
    status = row.get("subscriber_status")
    return (
        number if _is_whole(number) else 0,
        person if _is_whole(person) else 0,
        clean_uuid(row.get("subscriber_uuid")),
        status if status in STATUSES else "",
    )


# -- what the token may do, and how Listmonk is set up --------------------------------------------------------


def version(found: Mapping[str, Any]) -> str:
    """Of `/api/config`, such as `v6.2.0`; empty: unknown."""
    text = found.get("version", "")
    if not isinstance(text, str):
        raise odd("/api/config", "its version is not text")
    return printable(text, 40)


def processing(found: Mapping[str, Any]) -> bool:
    """Of `/api/settings`: whether bounce processing is on."""
    return found.get("bounce.enabled") is not False


def counts(found: Mapping[str, Any]) -> dict[str, int] | None:
    """Of `/api/settings`: bounce type → the count at which Listmonk acts, above which it stores no more.

    None where they are not all to be had: an absence must not be explained by a count that may be wrong.
    """
    actions = found.get("bounce.actions")
    if not isinstance(actions, dict):
        return None
    told = {kind: a.get("count") for kind in KINDS if isinstance(a := actions.get(kind), dict)}
    kept = {kind: count for kind, count in told.items() if _is_whole(count)}
    return kept if len(kept) == len(told) > 0 else None


def actions(found: Mapping[str, Any]) -> dict[str, str]:
    """Of `/api/settings`: bounce type → what Listmonk does at its count: `none`, `unsubscribe`, `blocklist` or
    `delete`; without those that it does not tell."""
    told = found.get("bounce.actions")
    told = told if isinstance(told, dict) else {}
    kinds = {kind: a.get("action") for kind in KINDS if isinstance(a := told.get(kind), dict)}
    return {kind: action for kind, action in kinds.items() if isinstance(action, str) and action in ACTIONS}


# -- subscribers ----------------------------------------------------------------------------------------------


def people(path: str, found: Mapping[str, Any]) -> list[Subscriber]:
    """The subscribers of one page of `GET /api/subscribers`."""
    return [_person(path, row) for row in rows_of(path, found)]


def total(path: str, found: Mapping[str, Any]) -> int:
    """How many there are on all pages of a list that was asked for one of them a page. Raises SinkError."""
    rows = rows_of(path, found)
    if not rows:
        return 0
    number = _whole(path, found, "total")
    if len(rows) > 1:
        raise odd(path, f"it shows {len(rows)} of {number}, and was asked for one: does a proxy strip the query?")
    return number


def none_but(path: str, found: Iterable[str], asked: Iterable[str]) -> None:
    """Refuse an answer with others than those that were asked for. Raises SinkError."""
    if not {value.lower() for value in found} <= {value.lower() for value in asked}:
        raise odd(path, "it lists subscribers outside the query: does a proxy strip the query?")


def _person(path: str, row: Mapping[str, Any]) -> Subscriber:
    lists = row.get("lists")
    if lists is None:
        lists = []
    if not isinstance(lists, list) or not all(isinstance(one, dict) for one in lists):
        raise odd(path, "a subscriber's lists are malformed")
    return Subscriber(
        _whole(path, row, "id"),
        _text(path, row, "uuid"),
        _text(path, row, "email"),
        _text(path, row, "status"),
        {_whole(path, one, "id"): _text(path, one, "subscription_status", "") for one in lists},
    )


@dataclass(frozen=True, slots=True)
class SubscriberState:
    """How a subscriber stands, and when it and its subscriptions were last changed."""

    id: int
    uuid: str
    status: str
    updated_at: datetime
    lists: Mapping[int, tuple[str, datetime]]  #: list id → status, and when that was last changed


def subscriber_state(path: str, row: Mapping[str, Any]) -> SubscriberState:
    """One row of `GET /api/subscribers`, with its times."""
    person = _person(path, row)
    lists = {
        _whole(path, one, "id"): (person.lists[one["id"]], _moment(path, one, "subscription_updated_at"))
        for one in row.get("lists") or []
    }
    return SubscriberState(person.id, person.uuid, person.status, _moment(path, row, "updated_at"), lists)


# -- the log, and campaigns -----------------------------------------------------------------------------------


def log_lines(path: str, found: Any) -> list[str]:
    """The lines of `GET /api/logs`."""
    if found is None:  # how Go writes a list of nothing
        return []
    if not isinstance(found, list) or not all(isinstance(line, str) for line in found):
        raise odd(path, "its lines are not a list of texts")
    return found


def campaigns(path: str, found: Mapping[str, Any]) -> list[Campaign]:
    """The campaigns of one page of `GET /api/campaigns`."""
    return [_campaign(path, row) for row in rows_of(path, found)]


def _campaign(path: str, row: Mapping[str, Any]) -> Campaign:
    sent, name = row.get("sent"), row.get("name")
    if not isinstance(sent, int) or isinstance(sent, bool) or sent < 0:
        raise odd(path, f"sent is {_kind(sent)}, not a number")
    return Campaign(
        _whole(path, row, "id"),
        clean_uuid(_text(path, row, "uuid")),
        clip(name, NAME) if isinstance(name, str) else "",  # whole: its log tells campaigns by it
        _text(path, row, "status"),
        sent,
        _told_at(row.get("started_at")),
        _told_at(row.get("updated_at")),
        _count(row.get("views")),
        _count(row.get("clicks")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _told_at(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None


# -- the pieces -----------------------------------------------------------------------------------------------


def words(found: Any, content: bytes, blank: Blank = str) -> str:
    """The words of an answer, for a person: Listmonk's own message, or else the beginning of what came. Blanked
    before it is cut, so that no piece of a secret is left at the end."""
    if isinstance(found, dict) and isinstance(found.get("message"), str):
        return clip(blank(found["message"][:WORDS]), 300)
    return clip(blank(" ".join(content[:WORDS].decode("utf-8", "replace").split())), 120)


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def rows_of(path: str, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of an answer that is a list of objects. Raises SinkError."""
    results = found.get("results")
    if results is None and "results" in found:  # how Go writes a list of nothing
        return []
    if not isinstance(results, list):
        raise odd(path, "its results are not a list")
    if not all(isinstance(row, dict) for row in results):
        raise odd(path, "a row of its results is not an object")
    return results


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST


def _whole(path: str, row: Mapping[str, Any], key: str) -> int:
    value = row.get(key)
    if not _is_whole(value):
        raise odd(path, f"{key} is {_kind(value)}, not a positive whole number")
    return value


def _text(path: str, row: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = row.get(key, default)
    if not isinstance(value, str):
        raise odd(path, f"{key} is {_kind(value)}, not text")
    if len(value) > TEXT:
        raise odd(path, f"{key} has {len(value)} characters")
    return value


def _moment(path: str, row: Mapping[str, Any], key: str) -> datetime:
    text = _text(path, row, key)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise odd(path, f"{key} is not a time")
    return at


def _kind(value: object) -> str:
    """The kind of a value, in JSON's words; a number is shown."""
    if value is None:
        return "null or missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)[:24]
    return "text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
