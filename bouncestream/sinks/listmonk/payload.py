# SPDX-License-Identifier: GPL-3.0-or-later
"""An event as the JSON that Listmonk's `POST /webhooks/bounce` takes, and what of it may be asked for. Pure.

Source: Listmonk's API documentation ("Bounces") and what was measured on 3.0 to 6.2 in July 2026: a malformed
campaign UUID, a NUL or a lone surrogate is answered 200 and then lost, so none of these may ever be sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

import orjson

from bouncestream.event import clean_uuid, clip
from bouncestream.mail.address import a_label, u_label
from bouncestream.ports import Claimed

#: The row's `meta` stays below this many bytes, since each read-back carries all of them.
META_LIMIT = 512
DIAGNOSTIC_CHARACTERS = 200

#: Only such addresses may enter a query, which Listmonk takes as SQL; the domain may have U-labels.
_PLAIN = re.compile(r"[a-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)*")
#: What Listmonk's parser takes as a bare address: atoms without empty ones, or a literal as domain; no quoting.
_ATOM = r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"]+"
BARE = re.compile(rf"\A{_ATOM}(?:\.{_ATOM})*@(?:{_ATOM}(?:\.{_ATOM})*|\[[0-9a-fA-F:.]+\])")
#: What Listmonk expands in a query.
_EXPANDED = ("%query%", "%order%")


def address(claimed: Claimed) -> tuple[str, str]:
    """The field and the value that name the person: `email`, or `subscriber_uuid`, which wins in Listmonk and
    is sent only where no address is known or the address alone is not found."""
    event = claimed.event
    if not event.recipient or (claimed.address_form == "uuid" and event.subscriber_uuid):
        return "subscriber_uuid", event.subscriber_uuid
    if claimed.address_form == "unicode":
        return "email", unicode_form(event.recipient)
    return "email", event.recipient


def unicode_form(recipient: str) -> str:
    """The address with its domain as U-labels (RFC 5890), or unchanged where that is not possible."""
    local, _, domain = recipient.rpartition("@")
    return f"{local}@{u_label(domain)}"


def forms(addresses: Iterable[str]) -> dict[str, str]:
    """Each form in which Listmonk may have an address, in lower case → the address."""
    return {form.lower(): one for one in addresses for form in (unicode_form(one), one)}


def body(claimed: Claimed, instance: str) -> bytes:
    """The request body. `instance` tells our rows from those of another bouncestream under the same label."""
    event = claimed.event
    field, value = address(claimed)
    payload: dict[str, Any] = {
        field: clip(value, 512),
        "type": event.kind.value,
        "source": claimed.label,
        "meta": meta(claimed, instance),
    }
    if campaign := clean_uuid(event.campaign_uuid):
        payload["campaign_uuid"] = campaign
    if event.occurred_at is not None:
        payload["created_at"] = event.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds")
    return orjson.dumps(payload)


def meta(claimed: Claimed, instance: str) -> dict[str, Any]:
    """The `meta` that the row carries of us, within 512 bytes of JSON: identity first, then as much of the why as
    fits."""
    event = claimed.event
    fields: dict[str, Any] = {"bridge": instance, "id": claimed.event_id, "attempt": claimed.attempt}
    for name, text in (("reason", event.reason), ("status", event.enhanced_status or event.reply_code)):
        if text:
            fields[name] = clip(text, 40)
    text = clip(event.diagnostic)[:DIAGNOSTIC_CHARACTERS]
    if text:
        room = META_LIMIT - len(orjson.dumps(fields)) - len(b',"diagnostic":""')
        if kept := _fit(text, room):
            fields["diagnostic"] = kept
    return fields


def _fit(text: str, room: int) -> str:
    """The beginning of `text`, as much as takes at most `room` bytes inside a JSON string."""
    while text and (size := len(orjson.dumps(text)) - 2) > room:
        # An escape takes up to 6 bytes and a character up to 4: shorten by what must go at least.
        text = text[: max(0, len(text) - max(1, (size - room) // 6))]
    return text


def is_bare(recipient: str) -> bool:
    """Whether Listmonk takes it as an address at all (measured on 4.1.0, 5.1.0 and 6.2.0, 2026-11)."""
    return BARE.fullmatch(recipient) is not None


def is_plain(recipient: str) -> bool:
    """Whether an address may enter a query."""
    if any(word in recipient for word in _EXPANDED):
        return False
    return len(recipient) <= 254 and _PLAIN.fullmatch(recipient) is not None


def quoted(values: Sequence[str]) -> str:
    """SQL string literals, for values that passed `is_plain` (or are clean UUIDs)."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def same_address(one: str, other: str) -> bool:
    """Whether two addresses differ only by case and by the form of their domain."""
    return _folded(one) == _folded(other)


def _folded(text: str) -> str:
    local, _, domain = text.strip().lower().rpartition("@")
    return f"{local}@{a_label(domain) or domain}"
