# SPDX-License-Identifier: GPL-3.0-or-later
"""Amazon SES: JSON of SES in a message of Amazon SNS, about one recipient or several.

Source: Amazon SES developer guide, "Amazon SNS notification contents for Amazon SES" and "Contents of event data
that Amazon SES publishes to Amazon SNS"; Amazon SNS developer guide, "HTTP/HTTPS subscription confirmation JSON
format", "Verifying the signatures of Amazon SNS messages" and "Message delivery retries", as stored in November
2026; SES API v2 reference, "ListSuppressedDestinations", read on 2026-11-30. A notification of an identity says its
type in `notificationType`, an event of a configuration set in `eventType`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bouncestream.crypto.sigv4 import signed
from bouncestream.crypto.sns import Sns
from bouncestream.errors import Malformed
from bouncestream.mail.address import mailed_to
from bouncestream.providers._backfill import Backfill, Listing, by_token, url_of
from bouncestream.providers._classes import info
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, WebhookRequest
from bouncestream.providers._fields import dig, header, joined, text
from bouncestream.providers._sns import unwrapped
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key

#: SNS in each of its regions, those of China and the European Sovereign Cloud too. A digit is taken at the region's
#: end only: sns.s3-eu-west-1.amazonaws.com would be the bucket "sns" of whoever has it.
HOSTS = r"sns\.[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}\.amazonaws\.(?:com|com\.cn|eu)"

#: Type of the event, and for some of them what SES says further → class.
CLASSES: Mapping[str, str] = {
    "Bounce/Permanent": "hard",
    "Bounce/Permanent/Suppressed": "suppressed-hard",
    "Bounce/Permanent/OnAccountSuppressionList": "suppressed-hard",
    "Bounce/Permanent/UnsubscribedRecipient": "suppressed-unsubscribe",
    # SES gave up; a domain that does not exist is transient to it too.
    "Bounce/Transient": "judge-hard",
    "Bounce/Transient/General/no report": "auto-reply",  # SES files vacation notices here, and they have no report
    "Bounce/Transient/MailboxFull": "soft",
    "Bounce/Transient/MessageTooLarge": "soft",
    "Bounce/Transient/ContentRejected": "soft",
    "Bounce/Transient/AttachmentRejected": "soft",
    "Bounce/Undetermined": "judge-hard",
    "Complaint": "complaint",
    "Complaint/OnAccountSuppressionList": "suppressed-complaint",
    **info("Complaint/not-spam", "Complaint/auth-failure", "Delivery", "Send", "Reject", "Open", "Click"),
    **info("Rendering Failure", "Received", "AmazonSnsSubscriptionSucceeded"),
    "Subscription/unsubscribeAll": "unsubscribe",
    "Subscription": "info",  # of single topics of SES, which are not Listmonk's lists
    "DeliveryDelay": "deferral",
    "list/suppression/BOUNCE": "hard",
    "list/suppression/COMPLAINT": "complaint",
}

#: The report about one recipient of several says that it is no failure (RFC 3464 section 2.3.3).
_ACTIONS = {"delayed": "deferral", "delivered": "info", "relayed": "info", "expanded": "info"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ses(Webhook):
    """Amazon SES, by way of an Amazon SNS topic that is subscribed to the webhook's URL by HTTPS."""

    topics: tuple[str, ...] = live_key(
        replace(shapes.TEXTS, words='a list of topics, such as ["arn:aws:sns:eu-central-1:123456789012:bounces"]'),
        "",
        "The ARNs of your SNS topics. SNS signs for everyone: messages and subscriptions of other topics "
        "are refused.",
        sample='["arn:aws:sns:eu-central-1:123456789012:bounces"]',
        default=(),
        proof=Sns(certificates=re.compile(rf"https://{HOSTS}/SimpleNotificationService-[0-9a-f]{{8,64}}\.pem")),
    )
    api_region: str = live_key(
        shapes.OPTIONAL,
        '""',
        'For `api_key`: the region of your SES, such as "eu-central-1"; not set: that of the first topic.',
    )


def parse(request: WebhookRequest, into: Gathered[Ses]) -> None:
    """The events of a message."""
    unwrapped(request, into, into.settings.topics, _one)


def _one(event: Any, into: Gathered[Ses]) -> None:
    said = text(event.get("notificationType") or event.get("eventType"), 100)
    mail = event.get("mail")
    if said == "Bounce":
        bounce = event["bounce"]
        said = f"Bounce/{bounce.get('bounceType')}/{bounce.get('bounceSubType')}"
        _each(said, bounce, bounce.get("bouncedRecipients"), mail, into)
    elif said == "Complaint":
        complaint = event["complaint"]
        why = complaint.get("complaintSubType") or complaint.get("complaintFeedbackType") or "of no type"
        _each(f"Complaint/{why}", complaint, complaint.get("complainedRecipients"), mail, into)
    elif said == "Subscription":
        change = event["subscription"]
        word = "unsubscribeAll" if dig(change, "newTopicPreferences", "unsubscribeAll") is True else "topics"
        people = [{"emailAddress": address} for address in mail["destination"]]
        _each(f"Subscription/{word}", change, people, mail, into)
    elif said:
        into.report(said, part=event, recipient=dig(mail, "destination", 0))
    else:
        raise Malformed("notificationType and eventType are missing")


def _each(said: str, part: Mapping[str, Any], people: Any, mail: Any, into: Gathered[Ses]) -> None:
    """An event for each recipient. Whom a report names is what some mail server wrote, after a forwarding, or a
    forger: only those count to whom the mail was sent. Listmonk sends to one; of a mail to several the headers tell
    nothing about the person."""
    from bouncestream.mail.sns import SUBTYPES  # when it is needed: the configuration needs no mail reader

    if not isinstance(people, list) or not people:
        raise Malformed("it names no recipient")
    headers, destination = dig(mail, "headers"), dig(mail, "destination") or []
    sent_to = {clean for address in destination if (clean := mailed_to(text(address)))}
    if destination and not sent_to:
        raise Malformed("the mail was sent to what is no address")  # else the report alone would say to whom
    alone = len(sent_to) == 1 or (not sent_to and len(people) == 1)
    if headers is None:
        into.notes.append(
            "without original headers the campaign is unknown. Next: include them in the identity's notifications"
        )

    def one(person: Any, into: Gathered[Ses]) -> None:
        named = mailed_to(text(person.get("emailAddress")))
        if len(sent_to) > 1 and named not in sent_to:
            raise Malformed("it names a recipient to whom the mail was not sent")
        report = any(person.get(name) for name in ("action", "status", "diagnosticCode"))
        into.report(
            f"{said}/no report" if said == "Bounce/Transient/General" and not report else said,
            part=[part, person, mail],
            recipient=next(iter(sent_to)) if len(sent_to) == 1 else named,
            at=part.get("timestamp"),
            diagnostic=person.get("diagnosticCode"),
            status=person.get("status"),
            message_id=header(headers, "Message-ID"),  # SES puts its own in its place when it sends
            vendor_message_id=dig(mail, "messageId"),
            event_id=part.get("feedbackId"),
            metadata=(headers, dig(mail, "tags")) if alone else None,
            class_=_ACTIONS.get(text(person.get("action"), 20).lower(), ""),
            reason=SUBTYPES.get(text(part.get("bounceSubType"), 100), ""),
        )

    into.each(people, one)


# -- the suppression list of the account --------------------------------------------------------------------------


def _region(settings: Ses) -> str:
    of_topic = settings.topics[0].split(":")[3:4] if settings.topics else []
    return settings.api_region or "".join(of_topic)


def _lacks(settings: Ses) -> tuple[str, str] | None:
    if re.fullmatch(r"[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}", _region(settings)):
        return None
    if settings.api_region:
        return "api_region", 'is not a region; write one such as "eu-central-1"'
    return "api_region", "is missing, and there is no topic that tells it; api_key needs it"


def _headers(settings: Ses, url: str, now: datetime) -> Mapping[str, str]:
    key_id, _, secret = settings.api_key.reveal().partition(":") if settings.api_key else ("", "", "")
    return signed(url, key_id, secret, region=_region(settings), service="ses", now=now)


def _suppressions(settings: Ses, since: datetime, now: datetime) -> list[str]:
    at = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    host = f"email.{_region(settings)}.amazonaws.com"
    return [url_of(f"https://{host}/v2/email/suppression/addresses", PageSize=1000, StartDate=at)]


def _suppressed(item: Any, into: Gathered[Ses]) -> None:
    into.report(
        joined("list/suppression", item.get("Reason")),
        part=item,
        recipient=item.get("EmailAddress"),
        at=item.get("LastUpdateTime"),
    )


BACKFILL = Backfill(
    read=date(2026, 11, 30),
    source="Amazon SES API v2 reference, ListSuppressedDestinations",
    key='An access key of an IAM user, as "access key ID:secret access key"; its one permission is '
    "ses:ListSuppressedDestinations.",
    permission="give the IAM user a policy that allows ses:ListSuppressedDestinations, and check api_region",
    hosts=r"email\.[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}\.amazonaws\.com",
    headers=_headers,
    pair=True,
    lacks=_lacks,
    patience=timedelta(hours=2),
    pause=1.0,
    lists=(
        Listing(
            name="suppression",
            first=_suppressions,
            items=("SuppressedDestinationSummaries",),
            next=by_token("NextToken", "NextToken"),
            one=_suppressed,
        ),
    ),
    left_out="The list is empty where the account's suppression is switched off; it knows no unsubscriptions.",
)

PROVIDER = Provider(
    name="ses",
    title="Amazon SES",
    summary="Amazon SES's notifications and events, through Amazon SNS",
    settings=Ses,
    parse=parse,
    classes=CLASSES,
    backfill=BACKFILL,
    hosts=HOSTS,
    guide=Guide(
        read=date(2026, 11, 29),
        steps=(
            "At Amazon SNS, in the region of your SES, create a standard topic and add its ARN to topics.",
            "Once bouncestream runs with it, create a subscription to the topic: protocol HTTPS, endpoint",
            "URL     {url}",
            "with raw message delivery off (raw messages are not signed). bouncestream confirms it by itself.",
            "In the subscription's delivery policy set more retries (up to an hour in all): by default",
            "SNS gives up after one minute and the event is lost.",
            "At Amazon SES, add an event destination to the configuration set of Listmonk's mails: Amazon SNS,",
            "this topic, with the events Hard bounces, Complaints and Subscriptions. Or choose the topic for the",
            "bounce and complaint feedback of your identity, with the original headers (they name the campaign).",
        ),
        uuids="automatically, in the headers of the mail",
        retries="3 times, 20 seconds apart, unless the subscription's delivery policy says more",
    ),
    deadline=15,
)
