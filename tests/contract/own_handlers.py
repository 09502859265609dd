# SPDX-License-Identifier: GPL-3.0-or-later
"""What Listmonk's own webhooks make of the reports that its six providers send, beside what we make of them.

`REPORTS` are posted to a real Listmonk by `test_own_handlers`; what it did is kept in `own_handlers.json`, from
which the table of docs/providers/listmonk-knows.md is made. What we make of them is worked out each time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bouncestream import providers
from tests.providers.case import Case, ask
from tests.providers.cases.azure import AZURE, AZURE_REPORT
from tests.providers.cases.azure import CASES as AZURE_CASES
from tests.providers.cases.forwardemail import CASES as FORWARD_EMAIL_CASES
from tests.providers.cases.forwardemail import FORWARD_EMAIL, FORWARD_EMAIL_BOUNCE
from tests.providers.cases.lettermint import CASES as LETTERMINT_CASES
from tests.providers.cases.lettermint import LETTERMINT
from tests.providers.cases.postmark import CASES as POSTMARK_CASES
from tests.providers.cases.postmark import POSTMARK
from tests.providers.cases.sendgrid import CASES as SENDGRID_CASES
from tests.providers.cases.sendgrid import SENDGRID
from tests.providers.cases.ses import CASES as SES_CASES
from tests.providers.cases.ses import SES_BOUNCE, SES_COMPLAINT, SES_FULL, SES_MAIL, SES_SUBSCRIPTION

SEEN = Path(__file__).with_suffix(".json")
PERSON = "person@example.org"
CASES: dict[str, Case] = {
    name: cases[name]
    for name, cases in {
        "azure": AZURE_CASES,
        "forwardemail": FORWARD_EMAIL_CASES,
        "lettermint": LETTERMINT_CASES,
        "postmark": POSTMARK_CASES,
        "sendgrid": SENDGRID_CASES,
        "ses": SES_CASES,
    }.items()
}


@dataclass(frozen=True)
class Report:
    """A report of one provider about one person."""

    provider: str
    title: str  #: in an operator's words
    document: Any
    proven: bool = True  #: False: without any proof of the provider's
    headers: Mapping[str, str] = field(default_factory=dict)  #: that the provider sends beside its proof

    @property
    def id(self) -> str:
        return f"{self.provider}: {self.title}"

    def about(self, address: str) -> Any:
        """The document, about a person of the test."""
        return json.loads(json.dumps(self.document).replace(PERSON, address))


def _azure(status: str, words: str) -> list[Any]:
    details = {"deliveryStatusDetails": {"statusMessage": words}}
    return [AZURE | {"data": AZURE_REPORT | {"status": status} | details}]


def _forward_email(category: str, code: int, words: str) -> Any:
    bounce = FORWARD_EMAIL_BOUNCE | {"category": category, "code": code, "message": words, "status": ""}
    return FORWARD_EMAIL | {"bounce": bounce, "message": words, "response": words, "response_code": code}


def _lettermint(event: str, code: int, status: str, words: str) -> Any:
    response = {"status_code": code, "enhanced_status_code": status, "content": words}
    return LETTERMINT | {"event": event, "data": LETTERMINT["data"] | {"response": response}}  # type: ignore[operator]


def _postmark(sort: str, words: str, record: str = "Bounce") -> Any:
    return POSTMARK | {"RecordType": record, "Type": sort, "Details": words}


def _sendgrid(words: str, status: str = "", **more: Any) -> list[Any]:
    return [SENDGRID | {"reason": words, "status": status} | more]


def _ses(sort: str, subtype: str, status: str, words: str) -> Any:
    failed = {"emailAddress": PERSON, "action": "failed", "status": status, "diagnosticCode": f"smtp; {words}"}
    bounce = SES_BOUNCE["bounce"] | {  # type: ignore[operator]
        "bounceType": sort,
        "bounceSubType": subtype,
        "bouncedRecipients": [failed],
    }
    return SES_BOUNCE | {"bounce": bounce}


def _feedback(event: dict[str, Any]) -> Any:
    """The same as a notification of a verified identity, not of a configuration set."""
    return {"notificationType": event["eventType"], **{key: event[key] for key in event if key != "eventType"}}


GONE = "550 5.1.1 no such user"
REPORTS = (
    Report("ses", "no such user", SES_BOUNCE),
    Report("ses", "the mailbox is full", SES_FULL | {"mail": SES_MAIL}),
    Report("ses", "the content is refused", _ses("Transient", "ContentRejected", "5.6.1", "552 spam content")),
    Report("ses", "the policy refuses", _ses("Permanent", "General", "5.7.1", "550 5.7.1 blocked by policy")),
    Report("ses", "complaint (feedback notification)", _feedback(SES_COMPLAINT)),
    Report("ses", "complaint (event publishing)", SES_COMPLAINT),
    Report(
        "ses", "suppressed after a bounce", _ses("Permanent", "OnAccountSuppressionList", "5.1.1", "suppressed")
    ),
    Report("ses", "unsubscribed at SES", SES_SUBSCRIPTION),
    Report("sendgrid", "no such user", [SENDGRID]),
    Report(
        "sendgrid",
        "blocked for its reputation",
        _sendgrid("550 5.7.1 blocked", "5.7.1", type="blocked", bounce_classification="Reputation"),
    ),
    Report(
        "sendgrid",
        "blocked for its content",
        _sendgrid("554 spam", "5.7.1", type="blocked", bounce_classification="Content"),
    ),
    Report(
        "sendgrid",
        "a technical failure",
        _sendgrid("451 try later", "4.3.0", type="blocked", bounce_classification="Technical Failure"),
    ),
    Report(
        "sendgrid",
        "the mailbox is full",
        _sendgrid("552 5.2.2 mailbox full", "5.2.2", bounce_classification="Mailbox Unavailable"),
    ),
    Report("sendgrid", "complaint", [SENDGRID | {"event": "spamreport"}]),
    Report("sendgrid", "unsubscribed", [SENDGRID | {"event": "unsubscribe"}]),
    Report("sendgrid", "suppressed after a bounce", _sendgrid("Bounced Address", event="dropped")),
    Report("postmark", "no such user", POSTMARK),
    Report("postmark", "soft bounce", _postmark("SoftBounce", "smtp;452 4.2.2 mailbox full")),
    Report("postmark", "blocked by the receiver", _postmark("Blocked", "smtp;550 5.7.1 blocked")),
    Report("postmark", "complaint", _postmark("SpamComplaint", "", "SpamComplaint")),
    Report("postmark", "unsubscribed", _postmark("Unsubscribe", "")),
    Report("postmark", "an automatic reply", _postmark("AutoResponder", "")),
    Report("azure", "no such user", _azure("Bounced", GONE)),
    Report("azure", "the mailbox is full", _azure("Bounced", "552 5.2.2 mailbox full")),
    Report("azure", "the policy refuses", _azure("Bounced", "550 5.7.1 blocked by policy")),
    Report("azure", "taken for spam", _azure("FilteredSpam", "554 5.7.1 spam, contact abuse@example.net")),
    Report("azure", "suppressed after a bounce", _azure("Suppressed", "")),
    Report("azure", "no such user, without any secret", _azure("Bounced", GONE), proven=False),
    Report("forwardemail", "no such user", FORWARD_EMAIL),
    Report("forwardemail", "greylisted or blocked for now", _forward_email("block", 421, "421 try again later")),
    Report("forwardemail", "taken for spam", _forward_email("spam", 554, "554 5.7.1 spam content")),
    Report("lettermint", "no such user", LETTERMINT),
    Report("lettermint", "soft bounce", _lettermint("message.soft_bounced", 452, "4.2.2", "mailbox full")),
    Report("lettermint", "complaint", LETTERMINT | {"event": "message.spam_complaint"}),
    Report("lettermint", "unsubscribed", LETTERMINT | {"event": "message.unsubscribed"}),
)


def ours(report: Report) -> str:
    """What we make of a report: the kind of its event, `nothing`, or `refused`."""
    case = CASES[report.provider]
    if not report.proven:
        return "refused"
    found = ask(case, case.request(report.document))
    if not found.events:
        return "nothing"
    [event] = found.events
    return "nothing" if event.reason == "provider_list" else str(event.kind)


def theirs(report: Report) -> dict[str, Any]:
    """What Listmonk was seen to do: its answer, the type of its row (or none), the subscriber's status after it."""
    return dict(json.loads(SEEN.read_text("utf-8"))["reports"][report.id])


def version() -> str:
    """The version of the Listmonk that was asked."""
    return str(json.loads(SEEN.read_text("utf-8"))["version"])


def title(name: str) -> str:
    """A provider's title."""
    return providers.get(name).title
