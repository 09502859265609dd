# SPDX-License-Identifier: GPL-3.0-or-later
"""PURE. A posted bounce: which bytes Listmonk accepts, which it refuses and in what words.

Measured on 4.1.0, 5.1.0 and 6.2.0 (2026-11). It accepts more than its database can store: what would fail there
is marked `poison` here, and is dropped after the 200.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from bouncestream.sandbox.model import EMAIL, UUID

TYPES = frozenset({"soft", "hard", "complaint"})
_KNOWN = frozenset(
    {"email", "subscriber_uuid", "campaign_uuid", "type", "source", "meta", "created_at", "id", "campaign"}
)
_TEXTS = ("email", "subscriber_uuid", "campaign_uuid", "type", "source")


class Refused(Exception):
    """An answer that is not 200: its status, and the words of its `message`."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


@dataclass(slots=True)
class Bounce:
    """An accepted bounce on its way through the queue."""

    email: str
    subscriber_uuid: str
    campaign_uuid: str
    type: str
    source: str
    meta: Any
    created_at: datetime
    poison: str = ""  #: the words of the database when it refuses the row


def read_bounce(raw: bytes, now: datetime, blocked_domains: frozenset[str] = frozenset()) -> Bounce:
    """The bounce in a request's body, or Refused (400) in Listmonk's words."""
    body, poison = _decode(raw)
    if not _KNOWN.issuperset(body):
        # Listmonk's decoder does not mind the case of a key; it ignores the keys that it does not know.
        body = {**{key.lower(): value for key, value in body.items()}, **body}
    for key in _TEXTS:
        if (value := body.get(key)) is not None and not isinstance(value, str):
            kind = _kind(value)
            raise Refused(
                400, f"Invalid data:json: cannot unmarshal {kind} into Go struct field Bounce.{key} of type string"
            )
    created_at = _time(body.get("created_at"), now)
    email: str = body.get("email") or ""
    subscriber = body.get("subscriber_uuid") or ""
    if not email and not subscriber:
        raise Refused(400, "Invalid fields: email / subscriber_uuid")
    if email:
        email = email.strip().lower()
        if not EMAIL.fullmatch(email):
            raise Refused(400, "Invalid email.")
        if blocked_domains and email.rpartition("@")[2] in blocked_domains:
            raise Refused(400, "The e-mail domain is blocklisted.")
    if subscriber and not UUID.fullmatch(subscriber):
        raise Refused(400, "Invalid fields: subscriber_uuid")
    bounce_type = body.get("type") or ""
    if bounce_type not in TYPES:
        raise Refused(400, "Invalid fields: type")
    campaign = body.get("campaign_uuid") or ""
    source = body.get("source") or ""
    if campaign and not UUID.fullmatch(campaign):
        poison = f'pq: invalid input syntax for type uuid: "{campaign}"'
    elif "\0" in source:
        poison = 'pq: invalid byte sequence for encoding "UTF8": 0x00'
    elif not poison and b"\\u" in raw:
        poison = _poison(body.get("meta"))
    return Bounce(
        email, subscriber.lower(), campaign.lower(), bounce_type, source, body.get("meta", {}), created_at, poison
    )


def _decode(raw: bytes) -> tuple[dict[str, Any], str]:
    """The object in the bytes, and why the database will refuse it although the decoder does not."""
    poison = ""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as strict:
        # Lone surrogates and bytes that are no UTF-8 pass Listmonk's decoder, and fail in its database.
        try:
            body = _lenient(raw.decode("utf-8"))
        except UnicodeDecodeError:
            poison = 'pq: invalid byte sequence for encoding "UTF8"'
            try:
                body = _lenient(raw.decode("utf-8", "replace"))
            except ValueError as error:
                raise Refused(400, f"Invalid data:{error}") from error
        except ValueError:
            what = "unexpected end of JSON input" if raw.strip() in (b"", b"{") else str(strict)
            raise Refused(400, f"Invalid data:{what}") from strict
    if body is None:
        return {}, poison
    if not isinstance(body, dict):
        kind = _kind(body)
        raise Refused(400, f"Invalid data:json: cannot unmarshal {kind} into Go value of type models.Bounce")
    return body, poison


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _time(value: object, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        if not isinstance(value, str) or "T" not in value:
            raise ValueError(value)
        # More than six digits of a second are rounded by the database: so they are here.
        head, dot, tail = value.partition(".")
        if dot:
            digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
            zone = tail[len(digits) :]
            value = f"{head}.{min(round(float('0.' + digits) * 1_000_000), 999_999):06d}{zone}"
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise ValueError(value)
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        words = f'Invalid data:parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}"'
        raise Refused(400, words) from error


def _poison(meta: object) -> str:
    """JSONB takes neither NUL nor half a surrogate pair, in a key or in a value, at any depth."""
    waiting = [meta]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            if "\0" in part:
                return "pq: unsupported Unicode escape sequence"
            if any("\ud800" <= letter <= "\udfff" for letter in part):
                return "pq: invalid input syntax for type json"
        elif isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            waiting += part
    return ""


def _lenient(text: str) -> Any:
    """JSON with half surrogate pairs; ValueError for what is none (Python alone takes NaN)."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("exceeded max depth") from error


def _no_constant(word: str) -> None:
    raise ValueError(f"invalid character '{word[0]}' looking for beginning of value")
