# SPDX-License-Identifier: GPL-3.0-or-later
"""The returned message (RFC 3462, RFC 6522 section 3): the headers that tell whose mail it was, and whether it
was ours.

Only its own header block is read. A returned message that is itself a bounce is not descended into.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from bouncestream.event import clean_uuid, clip
from bouncestream.mail.address import addresses, normalise
from bouncestream.mail.mime import Fields, parse_fields, unencoded
from bouncestream.mail.verdict import Original

_START = re.compile(
    r"(?mi)^(?:return-path|received|delivered-to|x-received|dkim-signature|message-id|from|to|subject|date|mime-version"
    r"|x-[\w-]{1,40}|content-type|arc-seal)[ \t]*:"
)
RETURNED_BEGINS = re.compile(
    r"(?i)\n[>| \t]{0,8}(?:received|return-path|dkim-signature|x-received|x-google-smtp-source"
    r"|x-listmonk-(?:campaign|subscriber))[ \t]{0,4}:"
)
"""The begin of a returned message in running text. A newline rather than "^", which would be asked for at every
character."""
_QUOTED = re.compile(r"(?mi)^([>| \t]{1,8})(?:return-path|received|message-id|x-listmonk-[a-z]{1,12})[ \t]*:")
_RECEIVED = re.compile(r"(?mi)^received[ \t]*:[^\n]{0,1000}(?:\n[ \t][^\n]{0,1000}){0,20}")
_FOR = re.compile(r"\sfor\s{1,10}<?([^\s<>;()]{1,320}@[^\s<>;()]{1,255})")
_ID = re.compile(r"<?([^\s<>]{1,500})>?")


def header_block(text: str) -> str:
    """The header block in a returned message or in what follows a notice; '' when there is none."""
    start = _START.search(text, 0, 4000)
    if start is None:
        quoted = _QUOTED.search(text, 0, 4000)
        return header_block(unquoted(text[quoted.start() :], quoted[1])) if quoted is not None else ""
    return text[start.start() :].partition("\n\n")[0][:60_000].rstrip("\n")


def unquoted(text: str, mark: str) -> str:
    """`text` without the mark (blanks, ">") that the lines of a quotation begin with; the others stay."""
    bare = mark.rstrip()
    return "\n".join(["" if line.rstrip() == bare else line.removeprefix(mark) for line in text.split("\n")])


def read_original(block: str) -> tuple[Original, Fields]:
    """The interesting headers of a header block, and all of them. Never raises."""
    if not block:
        return Original(), {}
    fields = parse_fields(block)
    get = fields.get
    to = _utf8(get("to", ""))
    named = [normalise(to)] if "," not in to and "@" in to else []
    if not named or not named[0]:
        named = addresses(unencoded(to)[:4000], limit=2) if to else []
    subject = get("subject", "")
    subscriber = clean_uuid(get("x-listmonk-subscriber", ""))
    return (
        Original(
            message_id=message_id(get("message-id", "")),
            from_=_first_address(_utf8(get("from", ""))),
            to=named[0] if len(named) == 1 else (first_hop(block) if subscriber else ""),
            copied="cc" in fields or "bcc" in fields,
            subject=clip(unencoded(subject), 500) if subject else "",
            date=moment(get("date", "")),
            campaign_uuid=clean_uuid(get("x-listmonk-campaign", "")),
            subscriber_uuid=subscriber,
        ),
        fields,
    )


def _utf8(value: str) -> str:
    """A field of an internationalised header (RFC 6532), of which each byte came as one character."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def first_hop(block: str) -> str:
    """Whom the oldest Received field (RFC 5321 section 4.4) of a header block names in its `for`; '' for nobody.
    Servers that a mail was forwarded by write theirs above it."""
    hops = _RECEIVED.findall(block)
    named = _FOR.search(hops[-1]) if hops else None
    return normalise(named[1]) if named is not None else ""


def _first_address(value: str) -> str:
    if not value:
        return ""
    return normalise(value) or next(iter(addresses(unencoded(value)[:4000], limit=1)), "")


def message_id(value: str) -> str:
    """A Message-ID (RFC 5322 section 3.6.4) without its brackets; of several (References) the last."""
    found = ""
    for match in _ID.finditer(value[:4000]):
        found = match[1]
    return found


def moment(value: str) -> datetime | None:
    """An RFC 5322 date as aware UTC; None when it cannot be read. A date without zone, or "-0000", is taken as
    UTC."""
    if not value or len(value) > 120:
        return None
    try:
        parts = parsedate_tz(value)
        if parts is None:
            return None
        offset = parts[9] or 0
        zone = UTC if offset == 0 else timezone(timedelta(seconds=offset))
        return datetime(*parts[:6], tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
