# SPDX-License-Identifier: GPL-3.0-or-later
"""The event: one piece of feedback about one recipient, and what makes two reports the same event.

Pure: no clock and no I/O; times come in as arguments.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

from bouncestream.record import record

#: Diagnostic texts are kept up to this many bytes of UTF-8.
DIAGNOSTIC_LIMIT = 2048

#: The provider of whatever came as a mail.
MAILBOX = "mailbox"

#: A claimed time of the bounce outside of these bounds around the time of receipt is not believed.
OLDEST = timedelta(days=400)
NEWEST = timedelta(hours=1)

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_NO_UUID = "00000000-0000-0000-0000-000000000000"


class Kind(StrEnum):
    """The kind of an event, in the words that Listmonk takes (and `unsubscribe`, which it does not)."""

    HARD = "hard"  #: the address or its domain does not exist, or is gone
    SOFT = "soft"  #: not delivered for good, but not the address's fault, or it may pass
    COMPLAINT = "complaint"  #: the recipient reported the mail as spam
    UNSUBSCRIBE = "unsubscribe"  #: the recipient left by way of the provider, or by mail

    @property
    def group(self) -> str:
        """Hard and soft are one group: the same bounce, seen with more or less certainty."""
        return _GROUPS[self]

    @property
    def gravity(self) -> int:
        """Within a group the higher one is the graver."""
        return 2 if self is Kind.HARD else 1


_GROUPS = {Kind.HARD: "bounce", Kind.SOFT: "bounce", Kind.COMPLAINT: "complaint", Kind.UNSUBSCRIBE: "unsubscribe"}


#: In the evidence of a mail that proves nothing; the query `known` looks for it.
NO_PROOF = "no proof of origin"


class Proof(StrEnum):
    """Why a bounce mail is believed. A webhook's event has none of these: its source proves itself."""

    UUID = "uuid"  #: it has a subscriber's UUID, which proves that person and nobody else
    ADDRESS = "address"  #: signed with our key in the address that it came to, or a From that our server found true
    NONE = "none"  #: anyone can have written it
    EXCESS = "excess"  #: the same, and its mail names more people than it may


#: What a mail is that anyone can have written.
UNPROVEN = frozenset({Proof.NONE, Proof.EXCESS})


@record(frozen=True, slots=True)
class BounceEvent:
    """An event: one piece of feedback about one recipient, normalised. Strings are empty where nothing is known."""

    kind: Kind
    recipient: str  #: bare address, lower case, domain as A-label; empty when only the UUID is known
    source: str  #: name of the webhook or mailbox that it came by
    provider: str  #: the ESP whose format the source speaks, or MAILBOX
    occurred_at: datetime | None = None  #: aware, UTC; None: not told
    subscriber_uuid: str = ""
    campaign_uuid: str = ""
    reason: str = ""  #: a word of the reason table
    reply_code: str = ""  #: SMTP reply code, RFC 5321 section 4.2
    enhanced_status: str = ""  #: RFC 3463, such as 5.1.1
    diagnostic: str = ""
    message_id: str = ""  #: Message-ID of the mail that bounced
    provider_event_id: str = ""
    evidence: str = ""  #: which rule decided, in words
    stable_id: bool = False  #: the provider repeats the same event id when it retries
    fingerprint: bytes = b""  #: digest of the canonical payload, for when nothing else tells two reports apart
    hold: str = ""  #: a reason to keep it back (`unproven`), or empty
    proof: str = ""  #: of a mail: a `Proof`; empty: the secret of the source is the proof
    reported: str = ""  #: an address that a mail names beside the recipient; only evidence, nobody is told of it
    sure: bool = True  #: False: a hard that rests on words alone; told as soft where `kind` says so
    confirms: bool = True  #: False: anyone may have posted it, so it is no sign for another report

    @property
    def by_uuid(self) -> bool:
        """Whether Listmonk is told by the UUID: a mail proves the person whose UUID it has, and no address."""
        return self.proof == Proof.UUID or bool(self.proof and not self.recipient)

    @property
    def person(self) -> str:
        """The name of the person whom Listmonk is told of: an address, or a UUID."""
        return self.subscriber_uuid if self.by_uuid else self.recipient or self.subscriber_uuid


def clean_uuid(text: object) -> str:
    """The UUID in lower case, or an empty string for anything else and for the all-zero UUID.

    Listmonk does not check a campaign UUID before it is cast in SQL: a malformed one would lose the bounce.
    """
    if not isinstance(text, str):
        return ""
    text = text.strip()
    if not _UUID.fullmatch(text):
        return ""
    lower = text.lower()
    return "" if lower == _NO_UUID else lower


def clean_message_id(text: str) -> str:
    """A Message-ID (RFC 5322 section 3.6.4) as it is compared: no angle brackets, no white space, lower case."""
    return "".join(text.split()).strip("<>").lower()


def clip(text: str, limit: int = DIAGNOSTIC_LIMIT) -> str:
    """At most `limit` bytes of UTF-8, never cut inside a character; NUL and lone surrogates are replaced."""
    if text.isascii():
        return text.replace("\x00", "�")[:limit] if "\x00" in text else text[:limit]
    data = text.replace("\x00", "�").encode("utf-8", "replace")
    return data[:limit].decode("utf-8", "ignore")


def believable(occurred_at: datetime | None, received_at: datetime) -> bool:
    """Whether a claimed time may be used: within 400 days before and one hour after the receipt."""
    return occurred_at is not None and received_at - OLDEST <= occurred_at <= received_at + NEWEST


def identity_keys(event: BounceEvent, secret: bytes) -> tuple[bytes, ...]:
    """The identity keys of an event, most telling first; two reports that share one are one event.

    Each is 16 bytes of HMAC-SHA256 under the database's own `secret`, so that the table of keys tells nobody
    an address. Never empty: without any mark of identity the fingerprint of the payload serves.
    """
    group = event.kind.group
    marks: list[tuple[str, ...]] = []
    if event.campaign_uuid and event.subscriber_uuid:
        marks.append(("sent", event.campaign_uuid, event.subscriber_uuid))
    person = event.recipient or event.subscriber_uuid
    message_id = clean_message_id(event.message_id)
    if person and message_id:
        marks.append(("message", person, message_id))
    if event.stable_id and event.provider_event_id:
        marks.append(("id", event.provider, event.provider_event_id, person))
    if not marks:
        marks.append(("payload", event.fingerprint.hex(), person))
    return tuple(
        hmac.digest(secret, "\x1f".join((group, *mark)).encode("utf-8", "surrogatepass"), "sha256")[:16]
        for mark in marks
    )


def person_key(name: str, secret: bytes) -> bytes:
    """The key of a person: 16 bytes, a digest of an address or a UUID under the database's own `secret`."""
    return blake2b(b"person\x1f" + name.encode("utf-8", "surrogatepass"), digest_size=16, key=secret).digest()


def new_id(now_ms: int) -> str:
    """A UUIDv7 (RFC 9562 section 5.7) for the time `now_ms`, milliseconds since 1970: sorts by time."""
    time = f"{now_ms & (1 << 48) - 1:012x}"
    chance = secrets.token_hex(10)
    variant = _VARIANT[chance[3]]
    return f"{time[:8]}-{time[8:]}-7{chance[:3]}-{variant}{chance[4:7]}-{chance[7:19]}"


#: A random hex digit → one that begins with the bits 10, the variant of RFC 9562 section 4.1.
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
