# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail that came back → what is stored of it. Every mail goes this one way, whether it is heard of over IMAP,
read from a file or judged again after an upgrade: so that the same mail is the same event wherever it comes from.

The mail reader (`mail/decode`) says what happened to whom; here it is decided whether that is believed
(docs/develop/identity.md#proof). A bounce mail is signed by nobody: whoever knows the bounce address can write
one and name a victim. So who is told is who was proven:

1. a subscriber's **UUID**, in the return address that the mail came to or in the returned message's X-Listmonk
   headers (both of them), proves the person whose UUID it is, as only Listmonk and that person know it.
   The event is told by the UUID; what addresses the mail names is evidence, and the relay looks up whether they are
   that person's;
2. a **signed return address** (`bouncestream verp`) proves the address in it.

An unsubscription by mail is a person's own letter, to an address that only he was sent: the UUID or the signed
address in that proves him; so does his From, where the receiving server says that it is true.

All else is a **hint**: a return address that is not signed, To, a returned Message-ID or From of `own_domains`.
Anybody can write these. Without proof nothing graver than soft is told to Listmonk (`unproven = "soft"`). That goes
for a complaint too, as Listmonk blocklists at the first one: it is told as a soft bounce, with the reason
"complaint". And one mail names no more than `max_unproven` people without proof; the rest is held.

Pure: bytes and the time of arrival come in, values go out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from bouncestream.config.model import Config
from bouncestream.crypto.secret import Secret
from bouncestream.event import MAILBOX, NO_PROOF, BounceEvent, Kind, Proof, believable
from bouncestream.folders import Filing
from bouncestream.judging.unsure import settled, soft_at_most
from bouncestream.mail import decode
from bouncestream.mail.address import a_label
from bouncestream.mail.verdict import Judgement, RecipientVerdict, Verdict, Wish
from bouncestream.policy import Rules
from bouncestream.ports import Submission, Unreadable

#: What a mail is to be read for later, when its raw body is looked at.
CONTENT_TYPE = "message/rfc822"

#: What stays with a mail wherever it is copied to (RFC 5322 sections 3.6.1 and 3.6.4), unlike Received.
_OWN_MARKS = re.compile(rb"(?im)^(?:message-id|date)[ \t]*:[^\n]{0,1000}")


@dataclass(frozen=True, slots=True)
class Judging:
    """The settings that the judgement of a mailbox's mails hangs on."""

    source: str  #: name of the mailbox: BounceEvent.source
    unproven: str = "soft"  #: what a bounce without proof gets: `soft`, `hold` or `accept`
    own_domains: tuple[str, ...] = ()  #: A-labels, lower case
    verp: tuple[str, ...] = ()  #: return addresses with a * for the recipient
    rules: Rules = field(default_factory=Rules)  #: the policy on reasons
    max_unproven: int = 5  #: people whom one mail may name without proof
    verp_secret: Secret | None = None  #: of signed return addresses
    unsubscribe: tuple[str, ...] = ()  #: addresses for unsubscriptions, with a * for the person
    authserv_id: str = ""  #: by which the receiving server's Authentication-Results are told from others
    keeps_all: bool = False  #: a mail has no other place than here, so what is no bounce is set aside too

    @property
    def way(self) -> str:
        """By which way a mail came in, in words; empty: out of a mailbox."""
        return f"mail listener {self.source}" if self.keeps_all else ""

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys of signed return addresses."""
        return self.verp_secret.keys if self.verp_secret is not None else ()


@dataclass(frozen=True, slots=True)
class Returned:
    """The judgement of one returned mail."""

    submission: Submission | None  #: None: it is no bounce
    filing: Filing | None  #: where it belongs once that is stored; None: it is left untouched
    why: str  #: in words, without any address
    bug: bool = False  #: the mail reader failed on it, so it is set aside raw


def judging_for(config: Config, source: str) -> Judging:
    """The settings that mails of a mailbox are judged by; the defaults where it is not configured."""
    mailbox, listener = config.mailboxes.get(source), config.smtp.get(source)
    found = mailbox or listener
    unproven = found.unproven if found is not None else "soft"
    mail = config.mail
    # Where other machines connect, nobody has removed forged Authentication-Results.
    authserv_id = mail.authserv_id if listener is None or listener.near else ""
    return Judging(
        source,
        unproven,
        mail.own_domains,
        mail.verp,
        config.policy.rules,
        mail.max_unproven,
        mail.verp_secret,
        mail.unsubscribe,
        authserv_id,
        keeps_all=listener is not None,
    )


def verdict_on(raw: bytes, judging: Judging, *, explain: bool = False) -> Verdict:
    """The mail reader's verdict, with the settings that it hangs on. Never raises, as `decode.read`."""
    return decode.read(
        raw,
        verp=judging.verp,
        keys=judging.keys,
        unsubscribe=judging.unsubscribe,
        authserv_id=judging.authserv_id,
        explain=explain,
    )


def read_mail(raw: bytes, judging: Judging, arrived_at: datetime | None) -> Returned:
    """The judgement of a mail. `raw`: as it was fetched, perhaps cut off; `arrived_at`: aware; None: not known.

    Never raises: a mail that cannot be read is no bounce, and one on which the reader fails, which no input should
    bring about, is set aside in quarantine.
    """
    try:
        return _read(raw, judging, arrived_at)
    except Exception as error:  # a bug in the mail parser takes no other mail down
        why = f"a bug in the mail parser: {type(error).__name__}"
        return Returned(troubled(judging.source, why, raw, judging.way), None, why, bug=True)


def troubled(source: str, why: str, raw: bytes, way: str = "") -> Submission:
    """A mail that is set aside in quarantine, with the reason in words."""
    return Submission(source, MAILBOX, (), (Unreadable(why),), raw, CONTENT_TYPE, way=way)


def _read(raw: bytes, judging: Judging, arrived_at: datetime | None) -> Returned:
    verdict = verdict_on(raw, judging)
    if verdict.unidentified:
        what = "a bounce whose recipient" if verdict.wish is None else "an unsubscription whose sender"
        why = f"{what} cannot be identified: {verdict.evidence}"
        unreadable = Unreadable(why, unidentified=True, fingerprint=_mark(raw, verdict))
        return Returned(_submission(judging, raw, unreadable=(unreadable,)), Filing.UNIDENTIFIED, why)
    alone = len(verdict.recipients) == 1
    found = [
        _event(verdict, recipient, judging, arrived_at, alone=alone)
        for recipient in verdict.recipients
        if recipient.kind != Judgement.IGNORE and _named(verdict, recipient, alone=alone)
    ]
    events = tuple(_few(found, judging.max_unproven))
    if not events and judging.keeps_all:
        why = verdict.evidence if verdict.evidence.startswith("no bounce") else f"no bounce: {verdict.evidence}"
        unreadable = Unreadable(why, unidentified=True, fingerprint=_mark_whole(raw, verdict))
        return Returned(_submission(judging, raw, unreadable=(unreadable,)), Filing.UNIDENTIFIED, why)
    if not events:
        return Returned(None, None, verdict.evidence)
    why = ", ".join(f"{event.kind} ({event.reason})" for event in events[:5])
    if len(events) > 5:
        why += f" and {len(events) - 5} more"
    return Returned(_submission(judging, raw, events=events), Filing.DONE, why)


def _submission(
    judging: Judging, raw: bytes, events: tuple[BounceEvent, ...] = (), unreadable: tuple[Unreadable, ...] = ()
) -> Submission:
    return Submission(judging.source, MAILBOX, events, unreadable, raw, CONTENT_TYPE, way=judging.way)


def _mark(raw: bytes, verdict: Verdict) -> bytes:
    """By what a mail that names nobody is known again. The words of its report are not enough, since servers word
    such notices alike; the whole mail is too much, since each copy has other Received lines."""
    head = raw[: decode.LIMIT].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    own = sorted(line.rstrip() for line in _OWN_MARKS.findall(head))
    return sha256(verdict.report_digest + b"\n".join(own)).digest()


def _mark_whole(raw: bytes, verdict: Verdict) -> bytes:
    """By what a mail that is no bounce is known again: also by its body, as it may have neither Message-ID nor
    Date."""
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    return sha256(_mark(raw, verdict) + body).digest()


def _named(verdict: Verdict, recipient: RecipientVerdict, *, alone: bool) -> bool:
    """Whether it is known who the recipient is."""
    return bool(recipient.address or (alone and verdict.original.subscriber_uuid))


def _event(
    verdict: Verdict, recipient: RecipientVerdict, judging: Judging, arrived_at: datetime | None, *, alone: bool
) -> BounceEvent:
    original = verdict.original
    if verdict.wish is not None:
        return _wished(verdict, verdict.wish, recipient, judging, arrived_at)
    person, reported = _mailed(verdict, recipient, judging, alone=alone)
    # Listmonk writes to one person at a time; of several recipients its headers are about that one.
    his = alone or person == original.to
    campaign, subscriber = (original.campaign_uuid, original.subscriber_uuid) if his else ("", "")
    evidence = recipient.evidence
    if not evidence.startswith(verdict.evidence):
        evidence = f"{verdict.evidence}; {evidence}"
    proof, words = _proof(verdict, person, campaign, subscriber)
    event = BounceEvent(
        kind=Kind(recipient.kind),
        recipient=person,
        source=judging.source,
        provider=MAILBOX,
        occurred_at=_occurred(verdict.occurred_at, arrived_at),
        subscriber_uuid=subscriber,
        campaign_uuid=campaign,
        reason=recipient.reason,
        reply_code=recipient.reply_code,
        enhanced_status=recipient.status,
        diagnostic=recipient.diagnostic,
        message_id=original.message_id,
        evidence=evidence,
        fingerprint=verdict.report_digest,
        proof=proof,
        reported=reported,
        sure=recipient.sure or recipient.kind != Judgement.HARD,
    )
    if proof is Proof.NONE:
        words = _hint(verdict, person, judging, alone=alone)
    return settled(_believed(judging.rules.judged(event), words, judging.unproven), judging.rules.unsure)


def _wished(
    verdict: Verdict, wish: Wish, recipient: RecipientVerdict, judging: Judging, arrived_at: datetime | None
) -> BounceEvent:
    """A wish to unsubscribe. Without a proof it waits for a person: there is no milder thing to do of it."""
    uuid, evidence = verdict.original.subscriber_uuid, recipient.evidence
    if uuid:
        proof, words = Proof.UUID, "the address that it was sent to has the subscriber's UUID"
    elif wish.signed:
        proof, words = Proof.ADDRESS, "the address that it was sent to is signed"
    elif wish.proven:
        proof, words = Proof.ADDRESS, f"{judging.authserv_id} found that From is true ({wish.proven})"
    else:
        proof, words = Proof.NONE, ""
    held = proof is Proof.NONE and judging.unproven != "accept"
    doubt = f"{NO_PROOF}: {'held' if held else 'accepted as configured'}; only a hint: {recipient.source}"
    return BounceEvent(
        kind=Kind.UNSUBSCRIBE,
        recipient=recipient.address,
        source=judging.source,
        provider=MAILBOX,
        occurred_at=_occurred(verdict.occurred_at, arrived_at),
        subscriber_uuid=uuid,
        campaign_uuid=verdict.original.campaign_uuid,
        reason=recipient.reason,
        evidence=f"{evidence}; {f'proof of origin: {words}' if words else doubt}",
        fingerprint=verdict.report_digest,
        hold="unproven" if held else "",
        proof=proof,
        reported=wish.sender if wish.sender != recipient.address else "",
    )


def _mailed(verdict: Verdict, recipient: RecipientVerdict, judging: Judging, *, alone: bool) -> tuple[str, str]:
    """The address that was mailed, which is the one that Listmonk knows, and another one that the report names."""
    to = verdict.original.to
    own = alone and not verdict.original.copied and bool(to) and to not in (recipient.address, recipient.reported)
    if own and not verdict.verp and not _own(to, judging.own_domains) and _of_ours(verdict, judging):
        return to, recipient.address  # a letter of ours to one person, whose mail is forwarded
    proven = verdict.original.subscriber_uuid and (verdict.original.campaign_uuid or verdict.verp_trusted)
    if alone and proven and recipient.address and not (to or recipient.reported or "@" in verdict.verp):
        return "", recipient.address  # only the UUID says who was mailed; the report may name where that led to
    return recipient.address, recipient.reported


def _proof(verdict: Verdict, person: str, campaign: str, subscriber: str) -> tuple[Proof, str]:
    """The proof of the report about a person, and that in words."""
    if verdict.verp_trusted and verdict.verp_signed and verdict.verp == person:
        return Proof.ADDRESS, "the return address is signed (VERP)"
    if subscriber and verdict.verp_trusted and verdict.verp == subscriber:
        return Proof.UUID, "the return address has the subscriber's UUID (VERP)"
    if subscriber and campaign:
        return Proof.UUID, "the returned message has Listmonk's own headers"
    return Proof.NONE, ""


def _hint(verdict: Verdict, person: str, judging: Judging, *, alone: bool) -> str:
    """The hint for the report about a person, which proves nothing, as anybody can write it; empty: nothing."""
    if verdict.verp and (alone or verdict.verp == person):
        where = "" if verdict.verp_trusted else ", but only in a header that the sender controls"
        return f"the return address names the recipient (VERP){where}"
    return _of_ours(verdict, judging)


def _of_ours(verdict: Verdict, judging: Judging) -> str:
    """Why the returned message looks like one of ours, by its own domain; empty: it does not."""
    for what, address in (("Message-ID", verdict.original.message_id), ("From", verdict.original.from_)):
        domain = _own(address, judging.own_domains)
        if domain:
            return f"the returned {what} is of {domain}"
    return ""


def _believed(event: BounceEvent, words: str, unproven: str) -> BounceEvent:
    """The event as far as it is believed. This comes after the policy."""
    if event.proof != Proof.NONE:
        return replace(event, evidence=f"{event.evidence}; proof of origin: {words}")
    hint = f"; only a hint: {words}" if words else ""
    evidence = f"{event.evidence}; {NO_PROOF}: "
    if unproven == "hold":
        return replace(event, hold="unproven", evidence=f"{evidence}held{hint}")
    if unproven == "accept":
        return replace(event, evidence=f"{evidence}accepted as configured{hint}")
    return soft_at_most(event, hint)


def _few(events: Sequence[BounceEvent], most: int) -> Iterator[BounceEvent]:
    """The events of one mail, of which no more than `most` without proof go ahead: a forgery names a thousand."""
    unproven = 0
    for event in events:
        unproven += event.proof == Proof.NONE
        if event.proof == Proof.NONE and unproven > most:
            evidence = f"{event.evidence}; held because its mail names more than {most} recipients without proof"
            yield replace(event, proof=Proof.EXCESS, hold="unproven", evidence=evidence)
        else:
            yield event


def _own(address: str, own_domains: tuple[str, ...]) -> str:
    """The own domain that an address or a Message-ID is of; empty: none."""
    domain = a_label(address.rpartition("@")[2]) if "@" in address and own_domains else ""
    return next((own for own in own_domains if domain == own or domain.endswith(f".{own}")), "")


def _occurred(told: datetime | None, arrived_at: datetime | None) -> datetime | None:
    """The time of the bounce: the report's, unless the mail arrived at quite another time."""
    if arrived_at is None or believable(told, arrived_at):
        return told
    return arrived_at
