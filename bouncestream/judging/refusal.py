# SPDX-License-Identifier: GPL-3.0-or-later
"""A message that Listmonk could not send, as its log tells → an event about the person, or a cause of nobody's.

An SMTP server that refuses a recipient while the campaign is sent says so to Listmonk, which writes one line and
counts nothing. What is about the recipient (not there, full, switched off, suppressed) becomes an event, judged by
`mail.classify` as an answer to RCPT; everything else (login, protocol, rate, content, the way to the server) is no
bounce of a person, and is counted by its cause. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson

from bouncestream.errors import Malformed
from bouncestream.event import BounceEvent, Kind, clean_uuid, clip
from bouncestream.judging.unsure import settled
from bouncestream.mail.address import mailed_to
from bouncestream.policy import Rules
from bouncestream.ports import RawInput, Submission
from bouncestream.record import record

#: The name of the source, and of what it speaks.
LISTMONK_LOG = "listmonk_log"
#: The type of the source that is Listmonk's own log, beside `webhook` and `mailbox`. Its silence is no trouble, and
#: what of it could not be told is told although it works.
LOG = "log"

#: Reasons that are about the recipient.
ABOUT_THE_PERSON = frozenset(
    {"user_unknown", "host_unknown", "no_mail_domain", "moved", "mailbox_full", "mailbox_disabled"}
    | {"user_filtered", "suppressed", "provider_list", "moved_owner", "list_problem"}
)
#: Reasons that tell nothing; with a code that blames the address they are about the recipient all the same.
_VAGUE = frozenset({"rejected", "undetermined", "protocol"})
#: Why messages are not sent, where that is no person's doing: for metrics and alerts.
CAUSES: Mapping[str, str] = {
    "authentication": "it refuses Listmonk's login",
    "temporary": "it answers that Listmonk shall try again later",
    "protocol": "it does not accept how Listmonk speaks to it",
    "size": "the message is too large for it",
    "sender": "it refuses the sender's address or domain",
    "relaying": "it does not send mail to other servers for Listmonk",
    "content": "it refuses the content of the message",
    "reputation": "it refuses Listmonk's server, or has blocklisted it",
    "rate": "too much is sent in a short time",
    "policy": "it refuses the messages by a rule of its own",
    "tls": "no encrypted connection can be made",
    "connection": "it cannot be reached",
    "unknown": "its answer tells no cause that we understand",
}
#: The causes for which refusals of recipients are held: nearly all were refused; or many, and it is not known how
#: many were not.
EVERYBODY, MANY = "everybody", "many"
_BY_REASON = {
    "too_big": "size",
    "sender_rejected": "sender",
    "no_mail_sender": "sender",
    "auth_failure": "sender",
    "relaying": "relaying",
    "content": "content",
    "spam": "content",
    "virus": "content",
    "not_rfc": "content",
    "blocklisted": "reputation",
    "no_ptr": "reputation",
    "too_many": "rate",
    "policy": "policy",
    "rejected": "policy",
    "protocol": "protocol",
    "tls": "tls",
    "network": "connection",
}
_REPLY = re.compile(r"([2-5]\d\d)(?:[ -]|$)", re.ASCII)
#: Replies to what is no recipient (RFC 5321 section 4.2.2, RFC 4954 section 6, RFC 5248 section 2.4, RFC 3207).
_LOGIN = frozenset({"525", "530", "532", "534", "535", "538"})
_SPEECH = frozenset({"500", "501", "502", "503", "504", "521", "555"})
#: Of logins alone, whatever the reply is (RFC 5248 section 2.4): bad credentials, a mechanism that is too weak or
#: wants encryption, a disabled account.
_LOGIN_STATUS = frozenset({"5.7.8", "5.7.9", "5.7.11", "5.7.13"})
_TLS = re.compile(r"\b(?:tls|x509|certificate|starttls)\b", re.IGNORECASE)


@record(frozen=True, slots=True)
class Refusal:
    """A message that was not sent to a person, as it is kept raw."""

    subscriber: int  #: his id in Listmonk
    words: str  #: the SMTP server's
    campaign: str = ""  #: its name
    campaign_uuid: str = ""
    subscriber_uuid: str = ""
    address: str = ""
    at: datetime | None = None  #: aware, UTC; None: the log's clock is not known
    day: str = ""  #: of the log's own clock
    everybody: bool = False  #: the server refused nearly everybody in that minute, as far as is known

    def raw(self) -> bytes:
        """What is kept, to be judged again."""
        return orjson.dumps(asdict(self))


def read(body: bytes) -> Refusal:
    """What was kept. Raises Malformed."""
    try:
        told: dict[str, Any] = orjson.loads(body)
        at = told.pop("at")
        return Refusal(**told, at=datetime.fromisoformat(at).astimezone(UTC) if at else None)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Malformed(f"it is no refusal of Listmonk's log: {type(error).__name__}") from None


def judge(refusal: Refusal, came: RawInput, rules: Rules) -> Submission | str:
    """The submission with its one event; or the cause, a word of `CAUSES`, where it is no person's."""
    found = _event(refusal)
    if isinstance(found, str):
        return found
    event = settled(rules.judged(found), rules.unsure)
    return Submission(came.source, came.provider, (event,), (), came.body, came.content_type, way="Listmonk's log")


def _event(refusal: Refusal) -> BounceEvent | str:
    # Imported when it is needed: the alerts need the causes, but not the whole mail reader.
    from bouncestream.mail.classify import classify

    reply = _REPLY.match(refusal.words)
    if reply is None:
        return "tls" if _TLS.search(refusal.words) else "connection"
    code = reply[1]
    if code in _LOGIN:
        return "authentication"
    if code[0] != "5":
        return "rate" if code in ("421", "450", "451", "452") and "rate" in refusal.words.lower() else "temporary"
    judged = classify(status="", reply_code=code, diagnostic=refusal.words, at_rcpt=True)
    if judged.status in _LOGIN_STATUS:
        return "authentication"
    addressed = judged.status.startswith("5.1.")
    if code in _SPEECH and not addressed:
        return "protocol"
    if judged.reason not in ABOUT_THE_PERSON and not (addressed and judged.reason in _VAGUE):
        return _BY_REASON.get(judged.reason, "unknown")
    # Listmonk does not tell which command was refused: what only that makes hard is unsure.
    alone = classify(status="", reply_code=code, diagnostic=refusal.words)
    event_id = "" if refusal.campaign_uuid and refusal.subscriber_uuid else _own_id(refusal)
    return BounceEvent(
        kind=Kind.HARD if judged.kind == Kind.HARD else Kind.SOFT,
        recipient=mailed_to(refusal.address),
        source=LISTMONK_LOG,
        provider=LISTMONK_LOG,
        occurred_at=refusal.at,
        subscriber_uuid=clean_uuid(refusal.subscriber_uuid),
        campaign_uuid=clean_uuid(refusal.campaign_uuid),
        reason=judged.reason,
        reply_code=judged.reply_code,
        enhanced_status=judged.status,
        diagnostic=clip(refusal.words),
        provider_event_id=event_id,
        stable_id=bool(event_id),
        evidence=f"refused while the campaign was sent; {judged.evidence}",
        hold="operator" if refusal.everybody else "",
        sure=judged.sure and (judged.kind != Kind.HARD or alone.kind == Kind.HARD),
    )


def _own_id(refusal: Refusal) -> str:
    return f"{refusal.subscriber}/{refusal.day}/{refusal.campaign}"
