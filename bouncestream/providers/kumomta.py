# SPDX-License-Identifier: GPL-3.0-or-later
"""KumoMTA: your own mail server, whose log hook posts its records, one by one or in a list.

Source: KumoMTA's documentation, "Log record", "Publishing log events via webhooks" and "Bounce classification", as
noted in November 2026. The stock hook does not try again after an error 500. The recipient is a list if a mail had
several. Headers are part of a record only if `log_parameters` name them. A record's `id` is that of the mail.

Records of the types OOB and Feedback tell what a mail to KumoMTA says (RFC 3464, RFC 5965; kumomta's crates/kumod,
logging.rs: the recipient is the report's word). Anybody can write such a mail, and name whom he likes. So it is
believed as a bounce mail is: Listmonk's two UUIDs prove the person who has them; without them it is soft at most,
unless the operator's `classes` say what such a record means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bouncestream.crypto.proof import HeaderSecret
from bouncestream.crypto.secret import Secret
from bouncestream.event import BounceEvent, Kind, Proof
from bouncestream.providers._classes import class_of, info
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import dig, joined, needed, text
from bouncestream.settings.key import live_secret

_DEAD = ("InvalidRecipient", "BadDomain", "InactiveMailbox")
_NO_BOUNCE = ("AutoReply", "Subscribe", "ChallengeResponse")

#: type, of a bounce also /its classification, of a report /its type → class. OOB: one that came by mail.
CLASSES: Mapping[str, str] = {
    **dict.fromkeys(("Bounce", "OOB"), "judge-hard"),  # not classified, or by rules of yours
    **{f"{sort}/{why}": "hard" for sort in ("Bounce", "OOB") for why in _DEAD},
    **{f"{sort}/{why}": "auto-reply" for sort in ("Bounce", "OOB") for why in _NO_BOUNCE},
    **{f"{sort}/Unsubscribe": "unsubscribe" for sort in ("Bounce", "OOB")},
    **{f"{sort}/TooManyRecipients": "deferral" for sort in ("Bounce", "OOB")},
    **{f"{sort}/Spam": "soft" for sort in ("Bounce", "OOB")},
    "Expiration": "soft",
    "TransientFailure": "deferral",
    "Delayed": "deferral",
    **info("Feedback", "Reception", "Delivery", "AdminRebind", "DeferredInjectionRebind", "Xfer"),
    "Feedback/abuse": "complaint",
    "Feedback/fraud": "complaint",
    "AdminBounce": "info",  # a person did it
    "Rejection": "info",  # KumoMTA did not take the mail
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KumoMta(Webhook):
    """KumoMTA's log hook, with a header that its Lua sets."""

    token: Secret | None = live_secret(
        "The token that the log hook sends in the header Authorization, after Bearer.",
        rotates=True,
        proof=HeaderSecret("Authorization", bearer=True),
    )


def _one(item: Any, into: Gathered[KumoMta]) -> None:
    said, answer, report = needed(item, "type"), item.get("response"), item.get("feedback_report")
    by_mail = said in ("OOB", "Feedback")
    if said in ("Bounce", "OOB"):
        said = joined(said, item.get("bounce_classification"))
    recipient, headers = item.get("recipient"), item.get("headers")
    if said == "Feedback":
        said = joined(said, dig(report, "feedback_type"))
        recipient = dig(report, "supplemental_trace", "recipient") or dig(report, "original_rcpto_to", 0)
        headers = _headers(dig(report, "original_message"))
    code, before = dig(answer, "enhanced_code"), len(into.events)
    for one in recipient if isinstance(recipient, list) else [recipient]:
        into.report(
            said,
            part=item,
            recipient=one.strip("<>") if isinstance(one, str) else "",
            at=item.get("event_time") or item.get("timestamp"),
            diagnostic=dig(answer, "content"),
            code=dig(answer, "code"),
            status=f"{dig(code, 'class')}.{dig(code, 'subject')}.{dig(code, 'detail')}",
            vendor_message_id=item.get("id"),
            metadata=(headers, item.get("meta")),
        )
    if by_mail and class_of(said, into.settings.classes) is None:
        into.events[before:] = map(_of_mail, into.events[before:])


def _of_mail(event: BounceEvent) -> BounceEvent:
    """The event with the proof that the mail has which it came by."""
    if event.campaign_uuid and event.subscriber_uuid:
        words = "proof of origin: the mail has Listmonk's own headers"
        return replace(event, recipient="", proof=Proof.UUID, evidence=f"{event.evidence}; {words}")
    hold = "unproven" if event.kind is Kind.UNSUBSCRIBE else ""
    return replace(event, subscriber_uuid="", proof=Proof.NONE, hold=hold)


def _headers(mail: Any) -> dict[str, str]:
    """The headers of the mail that was complained about: a text, or its bytes as a list of numbers."""
    from email.parser import HeaderParser  # when it is needed: few records are complaints

    words = bytes(mail).decode("utf-8", "replace") if isinstance(mail, list) else text(mail, 100_000)
    return {name: str(value) for name, value in HeaderParser().parsestr(words, headersonly=True).items()}


PROVIDER = Provider(
    name="kumomta",
    title="KumoMTA",
    summary="KumoMTA's log hook (bounces, complaints)",
    settings=KumoMta,
    parse=json_events(_one),
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "In KumoMTA's policy, add a log hook that posts each record as JSON (log_hooks:new_json), with",
            "URL     {url}",
            "Header  Authorization: Bearer {secret}",
            "and log_parameters with headers X-Listmonk-Campaign and X-Listmonk-Subscriber, so that they come",
            "back. Let your Lua try again when it is not answered with 200: the stock hook drops the record then.",
            "Reports that KumoMTA gets by mail (log_oob, log_arf) can be forged: without both of these headers",
            "they are soft.",
        ),
        uuids="automatically, in the headers named in log_parameters",
        retries="never with the stock log_hooks:new_json; a Lua hook of your own can",
    ),
)
