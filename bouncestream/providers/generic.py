# SPDX-License-Identifier: GPL-3.0-or-later
"""Events from your own scripts, or from an ESP that you translate yourself. See docs/providers/generic.md.

POST a JSON object, an array of them, or one on each line (NDJSON):
    {"kind": "hard", "recipient": "person@example.org", "message_id": "<…>", "diagnostic": "550 5.1.1 no such user"}
`kind` is hard, soft, complaint or unsubscribe; `recipient` or `subscriber_uuid` says who. Optional: campaign_uuid,
occurred_at, reason, reply_code, enhanced_status, diagnostic, message_id, provider_event_id. The rest is ignored.

A request proves itself with `Authorization: Bearer <token>`, or with a signature over time and body:
    X-Bouncestream-Timestamp: <unix seconds>
    X-Bouncestream-Signature: sha256=<hex HMAC-SHA256 of timestamp + "." + body as sent>
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import orjson

from bouncestream.crypto.location import Header
from bouncestream.crypto.proof import HeaderSecret
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import WINDOW, Hmac
from bouncestream.errors import Malformed, TooLarge
from bouncestream.event import DIAGNOSTIC_LIMIT, BounceEvent, Kind, clean_message_id, clean_uuid
from bouncestream.mail.address import mailed_to
from bouncestream.ports import Unreadable
from bouncestream.providers._contract import (
    MAX_EVENTS,
    Gathered,
    Guide,
    Provider,
    UnknownType,
    Webhook,
    WebhookRequest,
)
from bouncestream.providers._fields import (
    enhanced_status,
    fingerprint,
    moment,
    reply_code,
    text,
    to_text,
)
from bouncestream.settings.key import live_secret

_KINDS = {kind.value: kind for kind in Kind}
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")

SIGNED = Hmac(
    signature=Header("X-Bouncestream-Signature", prefix="sha256="),
    message="{timestamp}.{body}",
    timestamp=Header("X-Bouncestream-Timestamp"),
    window=WINDOW,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generic(Webhook):
    """Your own scripts, in the JSON of docs/providers/generic.md."""

    token: Secret | None = live_secret(
        "The script sends `Authorization: Bearer <token>`.",
        rotates=True,
        proof=HeaderSecret("Authorization", bearer=True),
    )
    hmac_secret: Secret | None = live_secret(
        "The script signs time and body instead (docs/providers/generic.md). If both are set, either is accepted.",
        rotates=True,
        proof=SIGNED,
    )


def parse(request: WebhookRequest, into: Gathered[Generic]) -> None:
    """The events of a request."""
    source = into.settings.name
    items = _items(request, into)
    if len(items) > MAX_EVENTS:
        raise TooLarge(f"more than {MAX_EVENTS} events in one request: send them in several")
    into.each(items, lambda item, into: into.add(_event(item, source)))


def _items(request: WebhookRequest, into: Gathered[Generic]) -> list[object]:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in _LINES:
        try:
            value = request.json()
            return value if isinstance(value, list) else [value]
        except Malformed:
            if b"\n" not in request.body.strip():
                raise
    return _lines(request, into)


def _lines(request: WebhookRequest, into: Gathered[Generic]) -> list[object]:
    """NDJSON. A body of which no line can be read is Malformed as a whole."""
    items: list[object] = []
    for line in to_text(request.body, request.headers).split("\n"):  # splitlines would split at U+2028 too
        if not line.strip():
            continue
        data = line.encode("utf-8", "surrogatepass")
        try:
            items.append(orjson.loads(data))
        except orjson.JSONDecodeError as error:
            into.unreadable.append(Unreadable(f"this line is not JSON ({error.msg})", part=data))
        if len(items) + len(into.unreadable) > MAX_EVENTS:
            raise TooLarge(f"more than {MAX_EVENTS} lines in one request: send them in several")
    if not items:
        raise Malformed("the body is neither JSON nor lines of JSON")
    return items


def _event(item: object, source: str) -> BounceEvent:
    if not isinstance(item, dict):
        raise Malformed("an event must be a JSON object")
    said = item.get("kind")
    kind = _KINDS.get(said.strip().lower()) if isinstance(said, str) else None
    if kind is None:
        if said is None:
            raise Malformed("kind is missing")
        raise UnknownType("kind must be hard, soft, complaint or unsubscribe", text(said, 100) or "?")
    get = item.get
    given = get("recipient")
    recipient = mailed_to(given) if isinstance(given, str) else ""
    subscriber = clean_uuid(get("subscriber_uuid"))
    if not recipient and not subscriber:
        raise Malformed(
            "recipient is not an address" if given else "neither a recipient nor a well-formed subscriber_uuid"
        )
    evidence = f"{source} says {kind.value}"
    if given and not recipient:
        evidence += "; its recipient is not an address"
    at = get("occurred_at")
    occurred_at = moment(at) if at is not None else None
    if at is not None and occurred_at is None:
        evidence += "; its occurred_at cannot be read"
    campaign = clean_uuid(get("campaign_uuid"))
    message_id = text(get("message_id"))
    event_id = text(get("provider_event_id"))
    known = event_id or (campaign and subscriber) or clean_message_id(message_id)
    return BounceEvent(
        kind=kind,
        recipient=recipient,
        source=source,
        provider="generic",
        occurred_at=occurred_at,
        subscriber_uuid=subscriber,
        campaign_uuid=campaign,
        reason=text(get("reason"), 64),
        reply_code=reply_code(get("reply_code")),
        enhanced_status=enhanced_status(get("enhanced_status")),
        diagnostic=text(get("diagnostic"), DIAGNOSTIC_LIMIT),
        message_id=message_id,
        provider_event_id=event_id,
        evidence=evidence,
        stable_id=bool(event_id),  # docs/providers/generic.md asks for one that stays when a script repeats
        fingerprint=b"" if known else fingerprint(item),
    )


PROVIDER = Provider(
    name="generic",
    title="Your script",
    summary="your own scripts, in a JSON of ours",
    settings=Generic,
    parse=parse,
    guide=Guide(
        read=date(2026, 11, 29),
        steps=(
            "Let your script POST to {url}",
            "with the header Authorization: Bearer {secret}",
        ),
        uuids="in its JSON",
        retries="as your script does it",
        suppressions="your script, and what it keeps",
    ),
    own_script=True,
)
