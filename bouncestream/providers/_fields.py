# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading values that strangers wrote: JSON with faults, texts, times, codes. Unreadable ones are None or empty."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from bouncestream.errors import Malformed
from bouncestream.event import clean_uuid, clip
from bouncestream.mail.charsets import charset_of

_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}\"?([\w.:-]{1,40})", re.ASCII | re.IGNORECASE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{0,9})?", re.ASCII)

_UUID_KEY = re.compile(r"x?listmonk(campaign|subscriber)(?:uuid)?")
_NOT_A_LETTER = re.compile(r"[^a-z]")

#: Metadata lies no deeper, and a longer text of it is not read.
_DEEPEST, _LONGEST = 4, 20_000

#: Unix times above this are milliseconds: as seconds it would be the year 5138.
_MILLISECONDS = 1e11


def load_json(body: bytes, headers: Mapping[str, str]) -> object:
    """The JSON value of a body. Takes what strict JSON does not: a byte order mark, another charset than UTF-8,
    lone surrogates. Raises Malformed."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if not body.strip(b" \t\r\n\x00"):
            raise Malformed("the body is empty") from None
        try:
            return json.loads(to_text(body, headers))
        except (ValueError, RecursionError):
            raise Malformed(f"the body is not JSON ({error.msg} at byte {error.pos})") from None


def to_text(body: bytes, headers: Mapping[str, str]) -> str:
    """The body as text, in the charset that it says or UTF-8; what is wrong in it is replaced."""
    name = "utf-8-sig"
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        name = "utf-16"
    elif not body.startswith(codecs.BOM_UTF8):
        match = _CHARSET.search(headers.get("Content-Type", "")[:500])
        name = charset_of(match[1].lower()) if match else ""
    try:
        return body.decode(name or "utf-8-sig", "replace")
    except ValueError:
        return body.decode("utf-8", "replace")


def text(value: object, limit: int = 998) -> str:
    """A text or number as stripped text of at most `limit` bytes, without NUL and lone surrogates; else ''."""
    if isinstance(value, str):
        return clip(value.strip(), limit)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return clip(str(value), limit)
    return ""


def needed(item: Any, key: str) -> str:
    """The word in a field of an event that each event has. Raises Malformed."""
    if word := text(item.get(key), 100):
        return word
    raise Malformed(f"{key} is missing")


def joined(*words: object) -> str:
    """What a provider calls a piece of feedback, in several fields: those that are there, with slashes between."""
    return "/".join(word for value in words if (word := text(value, 100)))


def moment(value: object) -> datetime | None:
    """A time in UTC: from RFC 3339 (without an offset: UTC), or unix seconds or milliseconds, also as text."""
    try:
        if isinstance(value, str):
            value = value.strip()
            if not _NUMBER.fullmatch(value):
                at = datetime.fromisoformat(value)
                return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
            value = float(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) > _MILLISECONDS else value, UTC)
    except (ArithmeticError, OSError, ValueError):
        pass
    return None


def rfc_822(value: object) -> str:
    """A time in the form of mails (RFC 5322 section 3.3), such as `Fri, 18 Oct 2024 18:28:14 UTC`, as RFC 3339;
    anything else as it is."""
    from email.utils import parsedate_to_datetime  # few need it

    said = text(value, 100)
    try:
        return parsedate_to_datetime(said).isoformat()
    except (TypeError, ValueError, OverflowError):
        return said


def reply_code(value: object) -> str:
    """An SMTP reply code (RFC 5321 section 4.2), or ''."""
    code = text(value)
    return code if len(code) == 3 and code.isascii() and code.isdigit() and code[0] in "245" else ""


def enhanced_status(value: object) -> str:
    """An enhanced status code (RFC 3463), or ''."""
    code = text(value)
    return code if _STATUS.fullmatch(code) else ""


def canonical(value: object) -> bytes:
    """A value as JSON, the same bytes for the same value however it was written."""
    if isinstance(value, bytes):
        return value
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # lone surrogates, numbers beyond 64 bits
        return json.dumps(value, sort_keys=True).encode()


def dig(value: Any, *path: str | int) -> Any:
    """The value that keys and indexes lead to, or None where the way ends."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def header(headers: object, name: str) -> object:
    """The value of a header or field, its name in any case, out of an object or a list of `{"name": …, "value": …}`
    (or `key`). None: it is not there."""
    if isinstance(headers, dict):
        return next((value for key, value in headers.items() if key.lower() == name.lower()), None)
    for one in headers if isinstance(headers, list) else ():
        if text(dig(one, "name") or dig(one, "key"), 200).lower() == name.lower():
            return dig(one, "value")
    return None


def uuids(metadata: object) -> tuple[str, str]:
    """Listmonk's UUIDs of campaign and subscriber, out of what a provider gives back: an object, a list of
    `{"name": …, "value": …}`, JSON in a text, several of these in a list or tuple, or a bare UUID (a tag: that of
    the campaign; not below another name, where it is anything). The names are known in every spelling:
    X-Listmonk-Campaign, listmonk_campaign, …"""
    found: dict[str, str] = {}
    _collect(metadata, found, _DEEPEST)
    return found.get("campaign", ""), found.get("subscriber", "")


def _collect(value: object, found: dict[str, str], deeper: int, bare: bool = True) -> None:
    if deeper < 0:
        return
    if isinstance(value, str):
        if value[:1] in "{[" and len(value) <= _LONGEST:
            try:
                _collect(orjson.loads(value), found, deeper - 1, bare)
            except orjson.JSONDecodeError:
                return
        elif bare and (uuid := clean_uuid(value)):
            found.setdefault("campaign", uuid)
    elif isinstance(value, list | tuple):
        for item in value:
            _collect(item, found, deeper - 1, bare)
    elif isinstance(value, dict):
        name = value.get("name", value.get("key"))
        pairs = {name: value["value"]} if isinstance(name, str) and "value" in value else value
        for key, inner in pairs.items():
            named = _UUID_KEY.fullmatch(_NOT_A_LETTER.sub("", str(key).lower()))
            only = inner[0] if isinstance(inner, list) and len(inner) == 1 else inner
            if named is not None and (uuid := clean_uuid(only)):
                found.setdefault(named[1], uuid)
            elif isinstance(inner, dict | list):
                _collect(inner, found, deeper - 1, bare=False)


def fingerprint(value: object) -> bytes:
    """The digest by which a payload without any other mark of identity is known again."""
    return sha256(canonical(value)).digest()
