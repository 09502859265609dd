# SPDX-License-Identifier: GPL-3.0-or-later
"""Distinct requests, signed in advance and of one size, for the load generators to send as they are."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson

from bouncestream.crypto.secret import Secret
from bouncestream.providers.generic import SIGNED

HMAC_SECRET = "the-hmac-secret-of-the-benchmarks"
HEADER_SECRET = "the-header-secret-of-the-benchmarks"

#: The sandbox has this campaign.
CAMPAIGN = "5a0db0c5-0000-4000-8000-000000000001"

BODY = 2048  #: bytes of a generic event
DSN = 4096  #: bytes of the returned mail in Sendamatic's


@dataclass(frozen=True)
class Prepared:
    """A file of requests, one after the other, each of `size` bytes."""

    path: Path
    size: int
    number: int
    events: int = 1  #: in each

    def request(self, index: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(index * self.size)
            return file.read(self.size)

    def requests(self) -> list[bytes]:
        data = self.path.read_bytes()
        return [data[at : at + self.size] for at in range(0, len(data), self.size)]


def address(number: int) -> str:
    return f"reader{number:07d}@example.org"


def subscriber_uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def generic(path: Path, number: int, keys: int = 1, first: int = 0) -> Prepared:
    """Events of the generic provider, signed now; the signature is good for five minutes."""
    make = partial(_generic, keys=keys, secret=Secret(HMAC_SECRET), at=int(time.time()))
    return write(path, range(first, first + number), make)


def sendamatic(path: Path, number: int) -> Prepared:
    """Sendamatic's bounces with a returned mail of 4 KB."""
    return write(path, range(number), _sendamatic)


def dsns(number: int) -> Iterator[bytes]:
    """Returned mails of 4 KB, each about another subscriber."""
    for index in range(number):
        yield _dsn(index, hashlib.sha256(b"%d" % index).hexdigest()).encode()


def generic_batches(events: Sequence[bytes], size: int) -> list[bytes]:
    """Events as requests of many events each, signed now."""
    secret, at = Secret(HMAC_SECRET), int(time.time())
    batches = [b"[" + b",".join(events[i : i + size]) + b"]" for i in range(0, len(events), size)]
    return [_signed(body, secret, at) for body in batches]


def generic_body(number: int, keys: int = 1, diagnostic: int = 600) -> bytes:
    """One event of `BODY` bytes with one, two or three identity keys."""
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    event: dict[str, object] = {
        "kind": "hard",
        "recipient": address(number),
        "message_id": f"<{digest[:24]}.{number:07d}@news.example.org>",
        "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "reply_code": "550",
        "enhanced_status": "5.1.1",
        "reason": "unknown_user",
    }
    if keys > 1:
        event |= {"campaign_uuid": CAMPAIGN, "subscriber_uuid": subscriber_uuid(number)}
    if keys > 2:
        event["provider_event_id"] = f"bench-{number:08d}"
    event["diagnostic"] = _words(digest, diagnostic)
    head = orjson.dumps(event)[:-1]
    # What a script passes on beside what we ask for: headers of the mail.
    room = BODY - len(head) - len(b',"headers":""}')
    return head + b',"headers":"' + _words(digest[::-1], room).encode() + b'"}'


def _words(digest: str, size: int) -> str:
    """Text as servers write it, different for each event: neither noise nor a single repeated line."""
    text = (
        f"smtp; 550-5.1.1 The email account that you tried to reach does not exist ({digest[:16]}). Please try "
        f"double-checking the recipient's address for typos or needless spaces; host mx{digest[16:20]}.example.net "
        f"said so in reply to RCPT TO at session {digest[20:44]}. "
    )
    count = size // len(text) + 1
    lines = (text if at == 0 else f"line {at} {hashlib.md5((digest + str(at)).encode()).hexdigest()} {text}"
             for at in range(count))  # fmt: skip
    return "".join(lines)[:size]


def _generic(number: int, keys: int, secret: Secret, at: int) -> bytes:
    return _signed(generic_body(number, keys), secret, at)


def _signed(body: bytes, secret: Secret, at: int) -> bytes:
    signed = SIGNED.sign(secret, body, timestamp=str(at))
    proof = f"X-Bouncestream-Timestamp: {at}\r\nX-Bouncestream-Signature: sha256={signed}\r\n"
    return request("generic", proof, body)


def _sendamatic(number: int) -> bytes:
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    fields = {
        "bounce_type": "Hard bounce",
        "reputation_score": True,
        "original_recipient": address(number),
        "recipient": "MAILER-DAEMON@mx.example.net",
        "reason": "550 5.1.1 The email account that you tried to reach does not exist",
        "body": _dsn(number, digest),
    }
    body = orjson.dumps({"notification_type": "bounce", "bounce": fields})
    return request("sendamatic", f"X-Webhook-Secret: {HEADER_SECRET}\r\n", body)


def _dsn(number: int, digest: str) -> str:
    """A delivery status notification (RFC 3464) as Postfix writes it, of `DSN` bytes."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
    mark = f"{digest[:10].upper()}.{number:07d}/mx.example.net"
    who = address(number)
    head = f"""Return-Path: <>
Received: by mx.example.net (Postfix) id {digest[:11].upper()}; {date}
Date: {date}
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounces@news.example.org
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="{mark}"
Message-Id: <{digest[12:32]}@mx.example.net>

This is a MIME-encapsulated message.

--{mark}
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.net.

I'm sorry to have to inform you that your message could not be delivered to one or more recipients.

<{who}>: host mx1.example.org[192.0.2.25] said: 550 5.1.1 <{who}>: Recipient address rejected: User unknown in
    virtual mailbox table (in reply to RCPT TO command)

--{mark}
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: {digest[:11].upper()}
X-Postfix-Sender: rfc822; bounces@news.example.org
Arrival-Date: {date}

Final-Recipient: rfc822; {who}
Original-Recipient: rfc822;{who}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx1.example.org
Diagnostic-Code: smtp; 550 5.1.1 <{who}>: Recipient address rejected: User unknown in virtual mailbox table

--{mark}
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <bounces@news.example.org>
Date: {date}
From: The letter <letter@news.example.org>
To: {who}
Subject: What happened this week, and what did not
Message-Id: <{digest[32:56]}.{number:07d}@news.example.org>
X-Listmonk-Campaign: {CAMPAIGN}
X-Listmonk-Subscriber: {subscriber_uuid(number)}
List-Unsubscribe: <https://news.example.org/subscription/{CAMPAIGN}/{subscriber_uuid(number)}>
"""
    tail = f"\n--{mark}--\n"
    room = DSN - len(head) - len(tail)
    words = _words(digest, room)
    lines = [f"X-Trace-{at // 70}: {words[at : at + 60]}" for at in range(0, room, 70)]
    return head + ("\n".join(lines)[: room - 1] + "\n") + tail


def request(name: str, proof: str, body: bytes) -> bytes:
    """A request to the webhook of that name; `proof`: header lines."""
    head = (
        f"POST /webhooks/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{proof}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def write(path: Path, numbers: range, make: Callable[[int], bytes], events: int = 1) -> Prepared:
    """A file of the requests that `make` gives for these numbers."""
    size = len(make(0))
    with path.open("wb") as file:
        for index in numbers:
            request = make(index)
            assert len(request) == size, "the load generator takes requests of one size"
            file.write(request)
    return Prepared(path, size, len(numbers), events)
