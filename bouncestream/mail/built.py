# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting a `Verdict` together: the mail's kind from its recipients', and the digest that knows a report again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bouncestream.event import clip
from bouncestream.mail.classify import Judged
from bouncestream.mail.original import message_id
from bouncestream.mail.report import Report
from bouncestream.mail.verdict import Original, RecipientVerdict, Verdict, gravest


def verdict_of(
    recipients: Iterable[RecipientVerdict],
    original: Original,
    at: datetime | None,
    evidence: str,
    *parts: str,
    failed: bool = False,
) -> Verdict:
    """`failed`: the mail is a final failure or complaint, even if it names nobody."""
    found = tuple(recipients)
    kind = gravest([r.kind for r in found])
    nobody = not original.subscriber_uuid and not any(r.address for r in found)
    return Verdict(kind, found, original, at, evidence, _digest(original.message_id, *parts), failed and nobody)


def recipient_of(address: str, source: str, judged: Judged, words: str) -> RecipientVerdict:
    """The verdict on one recipient. `source`: where the address stood; `words`: what the server said."""
    return RecipientVerdict(
        address, judged.kind, judged.reason, judged.status, judged.reply_code, clip(words),
        f"{source}; {judged.evidence}", source, judged.rule, judged.matched, judged.said_by, judged.against,
        subject=judged.subject, state=judged.state, sure=judged.sure,
    )  # fmt: skip


def _digest(*parts: str) -> bytes:
    """SHA-256 of report parts, without blank lines and white space at line ends: transports change these."""
    digest = hashlib.sha256()
    for part in parts:
        lines = [line.strip() for line in part.split("\n") if line and not line.isspace()]
        digest.update("\n".join(lines).encode("utf-8", "replace") + b"\x00")
    return digest.digest()


def identified(original: Original, report: Report) -> Original:
    """The original with the Message-ID that the report itself refers to, when no headers came back."""
    if original.message_id:
        return original
    for name in ("x-original-message-id", "in-reply-to", "references"):
        found = message_id(report.fields.get(name, ""))
        if found:
            return replace(original, message_id=found)
    return original


def senders(report: Report, original: Original) -> tuple[str, ...]:
    """The addresses that the returned mail came from: its From, and where its bounces go."""
    return tuple({original.from_, *report.to} - {original.to, ""})
