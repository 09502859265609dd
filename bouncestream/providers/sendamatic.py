# SPDX-License-Identifier: GPL-3.0-or-later
"""Sendamatic: bounces, complaints and unsubscriptions, one per request.

Source: Sendamatic's documentation pages "Feedback webhooks", "Bounces", "Complaints", "Suspension list" and
"One-click unsubscribe", as stored in late 2026. There is no signature: a secret in a header of one's choice is all.
There is no event id and no time either; the returned mail in `body` gives the time, and X-Listmonk-*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bouncestream.crypto.proof import HeaderSecret
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed
from bouncestream.event import DIAGNOSTIC_LIMIT, BounceEvent, Kind, clean_message_id
from bouncestream.mail.address import mailed_to
from bouncestream.mail.verdict import Judgement, RecipientVerdict, Verdict
from bouncestream.providers._classes import class_of, classified
from bouncestream.providers._contract import Gathered, Guide, Provider, UnknownType, Webhook, WebhookRequest
from bouncestream.providers._fields import fingerprint, text
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key, live_secret

if TYPE_CHECKING:
    from bouncestream.mail.classify import Judged

#: So much of a returned mail is read; it is kept whole.
BODY_LIMIT = 256 * 1024

#: Sendamatic's classes by how they begin → what we make of them; the longest that fits counts.
#: `judge`: what our own reading of the returned mail says, even if that is "no bounce at all".
#: `judge-hard`: soft, unless our reading says hard.
#: `reputation`: hard if reputation_score is true ("should be removed from lists"), else soft.
CLASSES: Mapping[str, str] = {
    "undetermined": "judge",  # an auto-reply, or a format that their classifier cannot read
    "auto reply": "judge",  # not in the stored list, nor the next two: likely names of the same family
    "auto-reply": "judge",
    "challenge": "judge",
    "hard bounce": "reputation",
    "soft bounce": "soft",  # - General, - DNS failure, - Mailbox full
    "general bounce": "judge-hard",
    "mail block": "soft",  # - Spam detected, - Relay denied: never the address's fault
    "suspension list": "soft",  # a list with an end, which the address may leave
}

#: Feedback types that no recipient stands behind: one takes a complaint back (RFC 6430), the other is a receiver's
#: report about DKIM, SPF or DMARC (RFC 6591).
_NO_COMPLAINT = {
    "not-spam": "the report says that the mail is not spam",
    "auth-failure": "the report is about a failed authentication (DMARC), not a complaint",
}
_FEEDBACK_TYPE = re.compile(r"(?im)^feedback-type:[ \t]*([\w-]+)")

#: Where the address may stand.
_RECIPIENT = ("original_recipient", "recipient")
_MORE_NAMES = ("email", "email_address", "address", "to")

_KINDS = {kind.value: kind for kind in Kind}
_SHAPES = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sendamatic(Webhook):
    """Sendamatic's feedback webhook. It is not signed: a secret in a header of your choice is all."""

    secret: Secret | None = live_secret(
        "What the provider sends in `header`. A list of two while you rotate it.",
        rotates=True,
        proof=HeaderSecret(named_by="header"),
    )
    header: str = live_key(
        shapes.HEADER,
        '"X-Webhook-Secret"',
        'The header that holds the secret; with "Authorization", a leading "Bearer" is ignored.',
    )


def parse(request: WebhookRequest, into: Gathered[Sendamatic]) -> None:
    """The events of a request. One object is what is documented; a list of them costs nothing to understand."""
    into.each(request.json(), _one)


def _one(item: object, into: Gathered[Sendamatic]) -> None:
    if not isinstance(item, dict):
        raise Malformed("a notification must be a JSON object")
    kind = text(item.get("notification_type"), 100)
    word = kind.lower()
    if word == "bounce":
        _bounce(_inner(item, word), into)
    elif word == "complaint":
        _complaint(_inner(item, word), into)
    elif word.startswith("unsub"):  # its exact name is not in the stored pages
        _unsubscription(_inner(item, word), into)
    elif kind:
        raise UnknownType("this notification_type is unknown", kind)
    else:
        raise Malformed("notification_type is missing")


def _inner(item: dict[str, Any], word: str) -> dict[str, Any]:
    """The object beside notification_type, which is named like it (for unsubscriptions: likely)."""
    inner = next((value for key, value in item.items() if key.strip().lower() == word), None)
    if isinstance(inner, list) and len(inner) == 1:
        inner = inner[0]
    if isinstance(inner, dict):
        return inner
    if inner is not None and not word.startswith("unsub"):
        raise Malformed(f"{word} must be an object, not {_SHAPES.get(type(inner), 'something else')}")
    objects = [value for value in item.values() if isinstance(value, dict)]
    return objects[0] if len(objects) == 1 else item


def _bounce(fields: dict[str, Any], into: Gathered[Sendamatic]) -> None:
    verdict = _read_mail(fields.get("body"))
    asked = _address(fields.get("original_recipient"))
    if not asked and text(fields.get("original_recipient")):  # whom the report names is no substitute
        raise Malformed("original_recipient is no address")
    reporter = _address(fields.get("recipient"))
    found = _verdict_for(verdict, asked, reporter)
    said = text(fields.get("bounce_type"), 200)
    class_ = class_of(said, into.settings.classes, CLASSES)
    known = class_ is not None
    words = text(fields.get("reason"), DIAGNOSTIC_LIMIT)

    @cache
    def by_words() -> Judged:  # only where it decides: mostly the returned mail tells all
        return classified(diagnostic=words, heard=asked or reporter)

    kind, why, sure = _judged(class_ or "soft", fields, verdict, found, by_words, {asked, reporter} - {""})
    shown = said or "nothing"
    if not known:
        into.notes.append(f'"{shown}" is not in the table of bounce types; treated as soft')
        why = "not in the table of bounce types"
    if kind is None:
        into.ignored.append(f'Sendamatic says "{shown}", {why}')
        return
    evidence = f'Sendamatic says "{shown}"{", " if why else ""}{why} → {kind.value}'
    if reporter and asked and reporter != asked:
        evidence += f"; reported by {reporter}"
    told = _Told()
    if found is not None and found.kind != Judgement.IGNORE:
        told = _Told(found.reason, found.reply_code, found.status, found.diagnostic or words)
    elif words:
        told = _Told(by_words().reason, by_words().reply_code, by_words().status, words)
    recipient = asked or reporter or (found.address if found is not None else "")
    _add(kind, recipient, fields, verdict, told, evidence, into, sure=sure or kind is not Kind.HARD)


def _complaint(fields: dict[str, Any], into: Gathered[Sendamatic]) -> None:
    report = fields.get("report")
    said = _FEEDBACK_TYPE.search(report[:BODY_LIMIT]) if isinstance(report, str) else None
    if said is not None and (why := _NO_COMPLAINT.get(said[1].lower())):
        into.ignored.append(why)
        return
    verdict = _read_report(report, fields.get("original"))
    recipient = _address(fields.get("original_recipient")) or _address(fields.get("recipient"))
    if not recipient and verdict is not None:
        named = [r.reported or r.address for r in verdict.recipients if r.address]
        recipient = named[0] if len(named) == 1 else verdict.original.to
    told = _Told(diagnostic=text(fields.get("description"), DIAGNOSTIC_LIMIT))
    evidence = "Sendamatic says complaint"
    _add(Kind.COMPLAINT, recipient, fields, verdict, told, evidence, into)


def _unsubscription(fields: dict[str, Any], into: Gathered[Sendamatic]) -> None:
    recipient = next(filter(None, (_address(fields.get(name)) for name in (*_RECIPIENT, *_MORE_NAMES))), "")
    evidence = "Sendamatic says unsubscribed"
    listed = next((text(v, 200) for k, v in fields.items() if "list" in k.lower() and text(v)), "")
    if listed:
        evidence += f", list {listed}"
    _add(Kind.UNSUBSCRIBE, recipient, fields, None, _Told(), evidence, into)


@dataclass(frozen=True, slots=True)
class _Told:
    """The report, as far as it tells the cause."""

    reason: str = ""
    reply_code: str = ""
    enhanced_status: str = ""
    diagnostic: str = ""


def _add(
    kind: Kind,
    recipient: str,
    fields: dict[str, Any],
    verdict: Verdict | None,
    told: _Told,
    evidence: str,
    into: Gathered[Sendamatic],
    *,
    sure: bool = True,
) -> None:
    campaign = subscriber = ""
    message_id = text(fields.get("message_id"))
    if verdict is not None:
        campaign, subscriber = verdict.original.campaign_uuid, verdict.original.subscriber_uuid
        message_id = message_id or verdict.original.message_id
    if not recipient and not subscriber:
        raise Malformed("it names no recipient")
    mark = b""
    if not (campaign and subscriber) and not clean_message_id(message_id):
        # Their own fields may change from one try to the next; the report in the returned mail does not. A mail in
        # which nobody is reported has nothing to be told from others by.
        reported = verdict is not None and any(r.address for r in verdict.recipients)
        mark = verdict.report_digest if verdict is not None and reported else fingerprint(fields)
    into.add(
        BounceEvent(
            kind=kind,
            recipient=recipient,
            source=into.settings.name,
            provider="sendamatic",
            occurred_at=verdict.occurred_at if verdict is not None else None,
            subscriber_uuid=subscriber,
            campaign_uuid=campaign,
            reason=told.reason,
            reply_code=told.reply_code,
            enhanced_status=told.enhanced_status,
            diagnostic=told.diagnostic,
            message_id=message_id,
            evidence=evidence,
            fingerprint=mark,
            sure=sure,
        )
    )


def _judged(
    class_: str,
    fields: dict[str, Any],
    verdict: Verdict | None,
    found: RecipientVerdict | None,
    by_words: Callable[[], Judged],
    mailed: set[str],
) -> tuple[Kind | None, str, bool]:
    """The kind (None: no event), which rule decided, whether a hard is sure. `mailed`: whom Sendamatic names."""
    if class_ == "ignore":
        return None, "ignored as configured", True
    if class_ == "reputation":
        harmed = text(str(fields.get("reputation_score"))).lower() in ("true", "1", "1.0")
        return (Kind.HARD if harmed else Kind.SOFT), f"reputation_score {'true' if harmed else 'false'}", True
    if class_ in _KINDS:
        return _KINDS[class_], "", True
    # Left are the two that ask our own reader.
    if verdict is not None and verdict.recognised and not verdict.unidentified:
        judged = found.kind if found is not None else verdict.kind
        why = f"the mail itself: {found.evidence if found is not None else verdict.evidence}"
        if judged == Judgement.IGNORE:
            if class_ == "judge":
                return None, why, True
            return Kind.SOFT, "the mail itself shows no permanent failure", True
        return _KINDS[judged], why, found.sure if found is not None else False
    words = by_words()
    if words.reason != "undetermined" or words.status or words.reply_code:
        return _KINDS[words.kind], f"its reason: {words.evidence}", words.sure
    if verdict is not None and verdict.unidentified:
        return Kind.SOFT, f"the mail itself: {verdict.evidence}", True
    if class_ == "judge" and verdict is not None and verdict.letter_by in mailed:
        return None, "the mail itself: a letter by the recipient", True
    if class_ == "judge":  # an automatic answer as well as a bounce: a person, or a later version, may tell
        raise Malformed("neither Sendamatic nor bouncestream can classify it")
    return Kind.SOFT, "with nothing to judge it by", True


def _verdict_for(verdict: Verdict | None, *addresses: str) -> RecipientVerdict | None:
    """The verdict of the mail on the recipient. A mail about one recipient is about ours, whatever it calls it:
    behind a forwarding, the address in the report is another one."""
    if verdict is None:
        return None
    for address in addresses:
        for recipient in verdict.recipients:
            if address and recipient.address == address:
                return recipient
    return verdict.recipients[0] if len(verdict.recipients) == 1 else None


def _read_mail(body: object) -> Verdict | None:
    if not isinstance(body, str) or not body.strip():
        return None
    return _decode(body[:BODY_LIMIT].lstrip().encode("utf-8", "replace"), limit=BODY_LIMIT)


def _read_report(report: object, original: object) -> Verdict | None:
    """The verdict on an ARF report (RFC 5965) whose parts come one by one: they are put together again."""
    report = report.strip() if isinstance(report, str) else ""
    original = original.lstrip() if isinstance(original, str) else ""
    if not report and not original:
        return None
    first = report[: BODY_LIMIT // 2].encode("utf-8", "replace").replace(b"\r\n", b"\n")
    second = original[: BODY_LIMIT // 2].encode("utf-8", "replace").replace(b"\r\n", b"\n")
    boundary = b"=_" + sha256(first + second).hexdigest().encode()  # cannot be in what it is the digest of
    lines = [
        b'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary="%b"\n'
        % boundary,
        b"--%b\nContent-Type: message/feedback-report\n\n%b\n" % (boundary, first),
        b"--%b\nContent-Type: message/rfc822\n\n%b\n" % (boundary, second),
        b"--%b--\n" % boundary,
    ]
    mail = b"\n".join(lines)
    return _decode(mail, limit=len(mail))


def _decode(mail: bytes, limit: int) -> Verdict:
    # Imported when it is needed: reading the configuration needs this file, but not the whole mail reader.
    from bouncestream.mail.decode import read

    return read(mail, limit=limit)


def _address(value: object) -> str:
    return mailed_to(value) if isinstance(value, str) else ""


PROVIDER = Provider(
    name="sendamatic",
    title="Sendamatic",
    summary="Sendamatic's feedback webhook (bounces, complaints, unsubscriptions)",
    settings=Sendamatic,
    parse=parse,
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 20),
        steps=(
            "At Sendamatic, in your mail identity, choose a webhook as the feedback method.",
            "URL     {url}",
            "Header  {header}: {secret}",
        ),
        uuids="automatically, in the returned mail",
    ),
    busy=503,  # their retry policy is not documented; 503 says best what it is
)
