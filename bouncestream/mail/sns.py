# SPDX-License-Identifier: GPL-3.0-or-later
"""Amazon SES's notifications when Amazon SNS delivers them as mail: JSON in the body of a text/plain mail.

Source: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html and
https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html, read November 2026.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bouncestream.event import clean_uuid, clip
from bouncestream.mail.address import mailed_to, normalise
from bouncestream.mail.built import recipient_of, verdict_of
from bouncestream.mail.classify import Judged, classify
from bouncestream.mail.original import message_id, moment
from bouncestream.mail.verdict import Judgement, Original, RecipientVerdict, Verdict

MAX_RECIPIENTS = 100
MAX_TEXT = 200_000

_MARKS = ('"notificationType"', '"eventType"', '\\"notificationType\\"', '\\"eventType\\"')

#: bounceSubType → reason, where it tells more than a diagnostic that says nothing.
SUBTYPES = {
    "MailboxFull": "mailbox_full",
    "MessageTooLarge": "too_big",
    "ContentRejected": "content",
    "AttachmentRejected": "content",
    "CustomTimeoutExceeded": "expired",
    "Suppressed": "suppressed",
    "OnAccountSuppressionList": "suppressed",
}
_VAGUE = ("undetermined", "rejected")


def read_notification(notice: str) -> Verdict | None:
    """The verdict of a mail whose text is such a notification; None for any other. Never raises."""
    if len(notice) > MAX_TEXT or not any(mark in notice for mark in _MARKS):
        return None
    event = _object(notice)
    if event is not None and isinstance(event.get("Message"), str):
        event = _object(event["Message"])
    if event is None:
        return None
    kind = event.get("notificationType") or event.get("eventType")
    if not isinstance(kind, str):
        return None
    original = _original(_dict(event.get("mail")))
    part = json.dumps(event, sort_keys=True, default=str)[:MAX_TEXT]
    if kind == "Bounce":
        return _bounce(_dict(event.get("bounce")), original, part)
    if kind == "Complaint":
        return _complaint(_dict(event.get("complaint")), original, part)
    return verdict_of((), original, None, f"Amazon SES notification of type {kind[:40]!r}", part)


def _object(text: str) -> dict[str, Any] | None:
    """The first JSON object in a text; its lines may have been broken on the way, with "!" before the new line."""
    start = text.find("{")
    if start < 0:
        return None
    text = text[start:]
    unbroken = text.replace("!\n ", "").replace("!\n", "")
    for candidate in (text, unbroken, text.replace("\n ", "").replace("\n", "")):
        try:
            found, _ = json.JSONDecoder().raw_decode(candidate)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _recipients(value: object) -> list[dict[str, Any]]:
    return [item for item in value[:MAX_RECIPIENTS] if isinstance(item, dict)] if isinstance(value, list) else []


def _bounce(bounce: dict[str, Any], original: Original, part: str) -> Verdict:
    found = []
    subtype = _text(bounce.get("bounceSubType"))
    for item in _recipients(bounce.get("bouncedRecipients")):
        address = mailed_to(_text(item.get("emailAddress")))
        if address:
            words = _text(item.get("diagnosticCode")).partition(";")
            diagnostic = (words[2] if words[1] and len(words[0]) < 20 else words[0] + words[1] + words[2]).strip()
            judged = classify(status=_text(item.get("status")), reply_code="", diagnostic=diagnostic)
            judged = _by_subtype(judged, subtype)
            found.append(recipient_of(address, "bouncedRecipients", judged, diagnostic))
    at = _moment(bounce.get("timestamp"))
    return verdict_of(found, original, at, "Amazon SES notification of a bounce", part, failed=True)


def _by_subtype(judged: Judged, subtype: str) -> Judged:
    reason = SUBTYPES.get(subtype, "")
    if not reason or (judged.reason not in _VAGUE and reason != "suppressed"):
        return judged
    return replace(
        judged, kind=Judgement.SOFT.value, reason=reason, evidence=f"bounceSubType {subtype}", rule="report",
        matched=subtype, said_by="Amazon SES", against="",
    )  # fmt: skip


def _complaint(complaint: dict[str, Any], original: Original, part: str) -> Verdict:
    evidence = "Amazon SES notification of a complaint"
    kind = _text(complaint.get("complaintFeedbackType")).lower()
    at = _moment(complaint.get("timestamp"))
    if kind in ("not-spam", "auth-failure"):
        return verdict_of((), original, at, f"{evidence} of type {kind!r}, which no recipient stands behind", part)
    judged = Judgement.COMPLAINT.value
    named = [mailed_to(_text(r.get("emailAddress"))) for r in _recipients(complaint.get("complainedRecipients"))]
    found = [
        RecipientVerdict(a, judged, "complaint", evidence=evidence, source="complainedRecipients", rule="report")
        for a in dict.fromkeys(named)
        if a
    ]
    return verdict_of(found, original, at, evidence, part, failed=True)


def _original(mail: dict[str, Any]) -> Original:
    headers: dict[str, str] = {}
    listed = mail.get("headers")
    for item in listed[:200] if isinstance(listed, list) else ():
        if isinstance(item, dict):
            headers.setdefault(_text(item.get("name")).lower(), _text(item.get("value")))
    common = _dict(mail.get("commonHeaders"))
    to = common.get("to")
    named = [mailed_to(_text(a)) for a in to[:2]] if isinstance(to, list) else []
    return Original(
        message_id=message_id(headers.get("message-id", "") or _text(common.get("messageId"))),
        from_=normalise(headers.get("from", "") or _text(mail.get("source"))),
        to=named[0] if len(named) == 1 else "",
        subject=clip(_text(common.get("subject")), 500),
        date=moment(headers.get("date", "")),
        campaign_uuid=clean_uuid(headers.get("x-listmonk-campaign", "")),
        subscriber_uuid=clean_uuid(headers.get("x-listmonk-subscriber", "")),
    )


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(_text(value)[:40])
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
