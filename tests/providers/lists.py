# SPDX-License-Identifier: GPL-3.0-or-later
"""What the APIs of providers answer, as their documentation shows it (see the docstring of each provider's file),
with values of our own: of each list a page with an item about a person, and what is to come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.event import Kind
from bouncestream.providers._settings import Webhook

#: When the items happened, and when they are asked for.
AT = datetime(2026, 11, 10, 8, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PERSON = "person@example.org"
KEY = "an-api-key-of-good-length"
#: Options beside `api_key`, and the key itself where it has a shape.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "mailgun": {"api_domains": ("mg.example.org",)},
    "mailjet": {"api_key": Secret("public-part:secret-part")},
    "ses": {"api_key": Secret("AKIDEXAMPLE:wJalrXUtnFEMI"), "api_region": "eu-central-1"},
    "postmark": {"api_streams": ("outbound",)},
}


@dataclass(frozen=True)
class Page:
    """A list, an item in it at a time, and the kind of the event that it is."""

    host: str
    path: str
    kind: Kind
    item: Any
    around: Any = field(default_factory=lambda: lambda items: items)  #: the items → the JSON of a page


def hook(provider: str, **options: Any) -> Webhook:
    """A webhook of the provider's that can ask."""
    given = {"api_key": Secret(KEY), **OPTIONS.get(provider, {}), **options}
    return providers.webhook("news", provider, **given)


def lists(provider: str, at: datetime = AT, person: str = PERSON) -> dict[str, Page]:
    """The lists of a provider, with one item each about a person at a time."""
    iso, unix, mail = at.isoformat().replace("+00:00", "Z"), int(at.timestamp()), format_datetime(at, usegmt=True)

    def mailgun(name: str, kind: Kind, item: Any) -> Page:
        def around(items: Any) -> Any:
            second = f"https://api.mailgun.net/v3/mg.example.org/{name}?p=2"
            return {"items": items, "paging": {"first": "", "previous": "", "next": second}}

        return Page("api.mailgun.net", f"/v3/mg.example.org/{name}", kind, item, around)

    def sendgrid(name: str, kind: Kind, **more: str) -> Page:
        item = {"created": unix, "email": person, **more}
        return Page("api.sendgrid.com", f"/v3/suppression/{name}", kind, item)

    def postmark(type_: str, kind: Kind, number: int) -> Page:
        item = {
            "RecordType": "Bounce", "ID": number, "Type": type_, "TypeCode": 1, "Name": type_, "Tag": "",
            "MessageID": f"2706ee8a-737c-4159-b030-bbcd317af{number:03d}", "ServerID": 23, "Email": person,
            "MessageStream": "outbound", "Description": "The server was unable to deliver your message",
            "Details": "smtp;550 5.1.1 the account does not exist", "From": "news@example.org", "BouncedAt": iso,
            "DumpAvailable": True, "Inactive": True, "CanActivate": True, "Subject": "News",
        }  # fmt: skip
        around = lambda items: {"TotalCount": len(items), "Bounces": items}  # noqa: E731
        return Page("api.postmarkapp.com", "/bounces", kind, item, around)

    def brevo(event: str, kind: Kind) -> Page:
        item = {
            "email": person, "date": iso, "subject": "News", "messageId": f"<{event}.1@example.org>",
            "event": event, "reason": "550 5.1.1 unknown", "tag": "", "ip": "192.0.2.1", "from": "news@example.org",
        }  # fmt: skip
        return Page("api.brevo.com", "/v3/smtp/statistics/events", kind, item, lambda items: {"events": items})

    def mailjet(status: str, kind: Kind, state: int) -> Page:
        item = {
            "ArrivedAt": iso, "AttachmentCount": 0, "AttemptCount": 0, "CampaignID": 5, "ContactAlt": person,
            "ContactID": 7, "ID": 576460752303423 + state, "IsClickTracked": False, "SenderID": 3, "StateID": state,
            "StatePermanent": True, "Status": status, "UUID": "c9c3f1b6-0000-4000-8000-000000000000",
        }  # fmt: skip
        around = lambda items: {"Count": len(items), "Data": items, "Total": len(items)}  # noqa: E731
        return Page("api.mailjet.com", "/v3/REST/message", kind, item, around)

    def mailersend(name: str, kind: Kind, **more: str) -> Page:
        there = {"id": "5ee0b174b251345e407c92dc", "email": person, "created_at": iso, "deleted_at": ""}
        item = {"id": "60f0b1", **more, "created_at": iso, "recipient": there}
        links = {"first": "", "last": "", "prev": None, "next": None}
        around = lambda items: {"data": items, "links": links, "meta": {"current_page": 1}}  # noqa: E731
        return Page("api.mailersend.com", f"/v1/suppressions/{name}", kind, item, around)

    sparkpost = lambda items: {"results": items, "links": [], "total_count": len(items)}  # noqa: E731
    found: dict[str, dict[str, Page]] = {
        "mailgun": {
            "events": mailgun(
                "events",
                Kind.HARD,
                {
                    "event": "failed", "id": "G9Bn5sl1TC6nu79C8C0bwg", "severity": "permanent", "reason": "bounce",
                    "timestamp": float(unix), "recipient": person, "user-variables": {},
                    "delivery-status": {"code": 550, "message": "5.1.1 unknown", "enhanced-code": "5.1.1"},
                    "message": {"headers": {"message-id": "one.1@example.org"}},
                },
            ),
            "bounces": mailgun(
                "bounces",
                Kind.HARD,
                {"address": person, "code": "550", "error": "5.1.1 no such user", "created_at": mail},
            ),
            "complaints": mailgun("complaints", Kind.COMPLAINT, {"address": person, "created_at": mail}),
            "unsubscribes": mailgun(
                "unsubscribes", Kind.UNSUBSCRIBE, {"address": person, "tags": ["*"], "created_at": mail}
            ),
        },
        "sendgrid": {
            "bounces": sendgrid("bounces", Kind.HARD, reason="550 5.1.1 does not exist", status="5.1.1"),
            "invalid_emails": sendgrid("invalid_emails", Kind.HARD, reason="Mail domain mentioned is unknown"),
            "spam_reports": sendgrid("spam_reports", Kind.COMPLAINT, ip="192.0.2.1"),
            "unsubscribes": sendgrid("unsubscribes", Kind.UNSUBSCRIBE),
        },
        "postmark": {
            "bounces/HardBounce": postmark("HardBounce", Kind.HARD, 692),
            "bounces/BadEmailAddress": postmark("BadEmailAddress", Kind.HARD, 693),
            "bounces/SpamComplaint": postmark("SpamComplaint", Kind.COMPLAINT, 694),
            "bounces/Unsubscribe": postmark("Unsubscribe", Kind.UNSUBSCRIBE, 695),
            "suppressions": Page(
                "api.postmarkapp.com",
                "/message-streams/outbound/suppressions/dump",
                Kind.UNSUBSCRIBE,
                {
                    "EmailAddress": person, "SuppressionReason": "ManualSuppression", "Origin": "Recipient",
                    "CreatedAt": at.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
                },
                lambda items: {"Suppressions": items},
            ),
        },
        "brevo": {
            "hardBounces": brevo("hardBounces", Kind.HARD),
            "invalid": brevo("invalid", Kind.HARD),
            "spam": brevo("spam", Kind.COMPLAINT),
            "unsubscribed": brevo("unsubscribed", Kind.UNSUBSCRIBE),
        },
        "mailjet": {
            "hardbounced": mailjet("hardbounced", Kind.HARD, 1),
            "spam": mailjet("spam", Kind.COMPLAINT, 0),
            "unsub": mailjet("unsub", Kind.UNSUBSCRIBE, 0),
        },
        "resend": {
            "suppressions": Page(
                "api.resend.com",
                "/suppressions",
                Kind.HARD,
                {
                    "object": "suppression", "id": "520784e2-887d-4c25-b53c-4ad46ad38100", "email": person,
                    "origin": "bounce", "source_id": "4ef9a417-02e9-4d39-ad75-9611e0fcc33c", "created_at": iso,
                },
                lambda items: {"object": "list", "has_more": False, "data": items},
            )
        },
        "mailersend": {
            "hard-bounces": mailersend("hard-bounces", Kind.HARD, reason="550 5.1.1 unknown user"),
            "spam-complaints": mailersend("spam-complaints", Kind.COMPLAINT),
            "unsubscribes": mailersend("unsubscribes", Kind.UNSUBSCRIBE, reason="NO_LONGER_WANT"),
        },
        "sparkpost": {
            "events": Page(
                "api.sparkpost.com",
                "/api/v1/events/message",
                Kind.HARD,
                {
                    "type": "bounce", "bounce_class": "10", "event_id": "92356927693813856", "error_code": "550",
                    "raw_reason": "550 5.1.1 unknown", "rcpt_to": person, "raw_rcpt_to": person, "rcpt_meta": {},
                    "message_id": "000443ee14578172be22", "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000+00:00"),
                },
                sparkpost,
            ),
            "suppression-list": Page(
                "api.sparkpost.com",
                "/api/v1/suppression-list",
                Kind.COMPLAINT,
                {
                    "recipient": person, "type": "non_transactional", "source": "Spam Complaint", "description": "",
                    "created": iso, "updated": iso, "non_transactional": True,
                },
                sparkpost,
            ),
        },
        "ses": {
            "suppression": Page(
                "email.eu-central-1.amazonaws.com",
                "/v2/email/suppression/addresses",
                Kind.HARD,
                {"EmailAddress": person, "Reason": "BOUNCE", "LastUpdateTime": float(unix)},
                lambda items: {"SuppressedDestinationSummaries": items},
            )
        },
    }  # fmt: skip
    return found[provider]


#: The providers that can be asked.
ASKED = tuple(name for name in providers.names() if providers.get(name).backfill is not None)
