# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounces that follow no RFC: a table of families and one engine that reads them.

A family is known by its marks (sentences that its server always writes) and by how a recipient's lines begin. The engine
cuts off the returned message, finds the recipients, gives each its own lines, and leaves the judging to `classify`.
To teach it a server, add a row to `FAMILIES`; what a text *means* belongs into `phrase_table`.
Sources: notqmail's qmail-send.c, Exim's deliver.c, Postfix bounce(5), Sendmail's savemail.c, OpenSMTPD's bounce.c, the
vendors' public bounce texts, read in November 2026; facts/MTA.md, from servers that were made to bounce.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bouncestream.mail.address import addresses, normalise
from bouncestream.mail.mime import Fields, unencoded

MAX_ENTRIES = 1000
ENTRY_TEXT = 4000  #: characters kept of what is said about one address
_A = r"(?P<a>[^\s<>\"'()\[\],;:*]{1,64}@[^\s<>\"'()\[\],;:*]{1,255})"


@dataclass(frozen=True, slots=True)
class Family:
    """How one kind of server writes its bounces."""

    name: str
    marks: tuple[str, ...]  #: lower-case sentences; one of them must occur. Empty: fits any notice
    start: re.Pattern[str]  #: where a recipient's lines begin; group "a" is the address
    before: bool = False  #: the reason stands before the address, not after it
    certain: bool = False  #: the mark alone makes it a bounce, whoever it comes from


@dataclass(frozen=True, slots=True)
class Entry:
    """One recipient and the lines about it."""

    address: str
    text: str
    alias: str = ""  #: the address that was mailed, when the server says that `address` came from it


@dataclass(frozen=True, slots=True)
class Notice:
    """What a free-form bounce says."""

    family: str  #: name of the family, '' when none fitted
    entries: tuple[Entry, ...]
    text: str  #: the notice without the returned message
    returned: str  #: what stands of the returned message in the same text
    delayed: bool  #: the server still tries
    bounce: bool  #: it is a bounce at all
    strong: bool  #: and marked as one beyond doubt, so that it cannot be an automatic answer


def _start(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("{A}", _A), re.MULTILINE | re.IGNORECASE)


_LINE = _start(r"^[ \t]{0,8}[\"<]?{A}[\">]?:?[ \t]*$")
_ANY_LINE = _start(r"^[ \t]{0,24}(?:>>> |[*-]{1,5}[ \t]{1,4})?[\"'<]?{A}(?=[\"'>\s:,\[<]|\.\.\.|$)")

FAMILIES: tuple[Family, ...] = (
    Family(
        "qmail",
        (
            "hi. this is the",
            "wasn't able to deliver your message",
            "was not able to deliver your message",
            "unable to deliver message to the following address",
            "unable to deliver your message to the following",
            "your mail message to the following address",
            "your mail was not delivered to the following address",
        ),
        _LINE,
        certain=True,
    ),
    # Postfix bounce(8), before it wrote delivery-status parts or without them.
    Family(
        "postfix",
        ("sorry to have to inform you that", "this is the mail system at host", "this is the postfix program"),
        _start(r"^<{A}>(?: \(expanded from <[^>\n]{1,320}>\))?: "),
        certain=True,
    ),
    # Sendmail 5 to 8: one line of the transcript for each address, the server's own words (<<<) above it.
    Family(
        "sendmail",
        ("transcript of session follows",),
        _start(r"^[245]\d\d (?:[245]\.\d{1,3}\.\d{1,3} )?<?{A}>?\.\.\."),
        before=True,
        certain=True,
    ),
    # Exim's transport errors; 1&1, GMX, MXLogic, Zoho and Mail.ru print the same first sentence.
    Family(
        "exim",
        ("created automatically by mail delivery", "created automatically by the mail"),
        _start(r"^(?: {0,2}|\t)[\"<]?{A}[\">]?(?=:|[ \t]*$| invalid address| error,)"),
        certain=True,
    ),
    Family(
        "exchange",
        ("did not reach the following recipient", "following recipient(s) could not be reached"),
        _start(r"^[ \t]{0,24}(?:recipient: \[smtp:)?{A}(?:\]| on )"),
        certain=True,
    ),
    Family("opensmtpd", ("this is the mailer-daemon, please do not reply",), _start(r"^{A}: "), certain=True),
    Family("notes", ("failure reasons",), _LINE, before=True),
    Family("lsmtp", ("error-for:",), _start(r"^error-for:[ \t]{1,8}{A}")),
    Family("zoho", ("----- the following addresses had fatal errors",), _start(r"address: <{A}>")),
    Family(
        "gateway",
        ("each of the following recipients was rejected", "failed recipient", "could not be delivered to:"),
        _start(r"^[ \t]{0,8}(?:failed |could not be delivered to|)(?:recipient)?:?[ \t]{0,8}<?{A}>?"),
    ),
    Family(
        "fml",
        ("not a member of this mailing list", "duplicated message-id in"),
        _start(r"^(?:you are not a member of this mailing list|duplicated message-id in) <{A}>"),
        certain=True,
    ),
    Family(
        "one sentence",
        (),
        _start(
            r"(?:unable to deliver (?:your )?message to|error delivering your mail to|delivering your (?:mail|message) to|"
            r"unknown user:|delivery failed \d{1,3} attempts:|invalid final delivery userid:|originally addressed to|"
            r"addressed to|permanent errors:|quota violation for|mailbox is full:|generated (?:from|by)|rcpt to:[ \t]{0,4}|"
            r"could not be delivered to:|following user:\s{1,4}\"[^\"\n]{0,320}\"|message to) [<'\"]?{A}"
        ),
    ),
    Family("address first", (), _ANY_LINE),
    Family("labelled", (), _start(r"^[^\n:]{0,40}(?:recipient|address|to)[ \t]{0,4}:[ \t]{0,8}(?:\"[^\"\n]{0,100}\" )?<?{A}>?")),
)
"""In the order in which they are tried; those without marks are for whatever no server of the table wrote."""

# Where the notice ends and the returned message begins, in the words of the servers.
_CUT = re.compile(
    r"^[ \t>|<-]{0,40}(?:below this line is a copy|this is a copy of (?:the|your) message|included is a copy|"
    r"enclosed is a copy|attachment is a copy|a copy of the original message|here is a copy|below is a copy|"
    r"the header of the original message|"
    r"original message(?: headers?| info)?(?: follows)?[.:]?[ \t-]*$|original mail(?: info)?[ \t-]*$|"
    r"message headers? follows?|unsent message (?:follows|below)|undelivered message follows|returned (?:message|mail)|"
    r"message text follows|start of returned message|the first \d{1,4} lines of your|your message reads|"
    r"the header and top \d{1,4} lines|text of message|the text of the message|bounced message|your message follows)",
    re.MULTILINE | re.IGNORECASE,
)
_HEADERS = re.compile(r"^(?:received|return-path|dkim-signature|x-received|x-google-smtp-source)[ \t]{0,2}:", re.M | re.I)

_DELAYED = re.compile(
    r"has not yet been delivered|not yet been delivered|not been delivered yet|could not be delivered yet|warning message only|"
    r"this is just a warning|delivery attempts will continue|will be retried|has been delayed|is delayed for|been delayed for|"
    r"delayed \d{1,4} hours|temporary failure report|has been postponed|will continue to (?:try|attempt)|will continue trying|"
    r"still being retried|could not send mail for past|continue to be made|not need to resend|no need to resend|"
    r"delivery is delayed|delivery delayed|message still undelivered|will keep trying|notification: warning|\(delay\)|"
    r"advisory-only|still trying to deliver|is still in the queue|zustellung verzögert"
)
_GIVEN_UP = re.compile(
    r"envelope expired|giving up|given up|failed permanently|permanent error|permanent fatal|removed from the queue|queue too long"
)
_SUBJECT = re.compile(
    r"undeliver|failure notice|returned mail|mail delivery fail|delivery fail|delivery status|delivery report|mail failure|"
    r"returning message|returned to sender|returning to sender|non-?delivery|not delivered|mail system error|mail failed|"
    r"delivery problem|failed delivery|could not be delivered|could not deliver|error sending your mail|delivery notification|"
    r"delivery error|message delivery has failed|bounce|rejected mail|unzustellbar|non remis|échec de la remise|"
    r"no entregado|devuelto|не доставлено|недоставленное|nameserver error report|delivery warning|^mail$|配信不能|エラーメール"
)
_GENERATED = _start(r"(?:(?:ultimately )?generated from|expanded from:?|generated by) <?{A}>?")
_TALKING = re.compile(r"while talking to", re.IGNORECASE)
_DAEMON = re.compile(r"^(?:mailer-daemon|mail-daemon|double-bounce)@")


def read_notice(text: str, fields: Fields, daemon: bool, wanted: str = "") -> Notice:
    """Read a notice. `fields`: the mail's headers; `daemon`: it comes from a mail system; `wanted`: the only To of the
    returned message, '' when unknown. Never raises."""
    notice, returned = cut(text)
    lower = notice.lower()
    subject = unencoded(fields.get("subject", ""))[:500].lower()
    failed = addresses(unencoded(fields.get("x-failed-recipients", ""))[:20_000], MAX_ENTRIES)
    family, entries = _entries(notice, lower, _strangers(fields, wanted, failed))
    telling = bool(_SUBJECT.search(subject))
    marked = family is not None and bool(family.marks)
    certain = family is not None and family.certain
    delayed = bool(_DELAYED.search(lower) or _DELAYED.search(subject)) and not _GIVEN_UP.search(lower)
    bounce = bool(failed) or certain
    bounce = bounce or (daemon and (telling or marked or delayed or bool(entries)))
    bounce = bounce or (telling and (marked or bool(entries)))
    entries = _with_failed(entries, failed, notice, wanted)
    strong = bounce and (bool(failed) or certain or daemon or marked)
    return Notice(family.name if family else "", tuple(entries), notice, returned, delayed, bounce, strong)


def cut(text: str) -> tuple[str, str]:
    """The notice, and what stands below it of the returned message."""
    ends = [m.start() for m in (_CUT.search(text), _HEADERS.search(text)) if m is not None and m.start() > 0]
    if not ends:
        return text, ""
    end = min(ends)
    return text[:end], text[end:]


def _strangers(fields: Fields, wanted: str, failed: list[str]) -> set[str]:
    """Addresses that stand in a notice and are no recipients: who is written to, and who writes."""
    own = set(addresses(fields.get("to", "")[:4000], 20)) | set(addresses(fields.get("from", "")[:2000], 5))
    return own - {wanted, *failed}


def _entries(notice: str, lower: str, strangers: set[str]) -> tuple[Family | None, list[Entry]]:
    named = next((f for f in FAMILIES if any(mark in lower for mark in f.marks)), None)
    if "@" not in notice:
        return named, []
    for family in FAMILIES:
        if family.marks and not any(mark in lower for mark in family.marks):
            continue
        # A server that lists its failures in lines of their own may list the sender; a loose sentence only names it.
        entries = _extract(notice, family, set() if family.certain else strangers)
        if entries:
            return named or family, entries
    found = [a for a in addresses(notice, 20) if a not in strangers and not _DAEMON.match(a)]
    return named, [Entry(found[0], notice[:ENTRY_TEXT])] if len(found) == 1 else []


def _extract(notice: str, family: Family, strangers: set[str]) -> list[Entry]:
    matches = []
    for match in family.start.finditer(notice):
        matches.append(match)
        if len(matches) > MAX_ENTRIES:
            break
    texts: dict[str, str] = {}
    last = 0
    for i, match in enumerate(matches):
        address = normalise(match["a"].rstrip("."))
        if family.before:
            line_end = notice.find("\n", match.end())
            end = len(notice) if line_end < 0 else line_end
            block = notice[max(last, end - ENTRY_TEXT) : end]
            last = end
            talks = [m.start() for m in _TALKING.finditer(block)]
            block = block[talks[-1] :] if talks else block
        else:
            block = notice[match.start() : matches[i + 1].start() if i + 1 < len(matches) else len(notice)]
        if address and address not in strangers and not _DAEMON.match(address):
            known = texts.get(address, "")
            texts[address] = (known + "\n" + block[:ENTRY_TEXT])[:ENTRY_TEXT].lstrip("\n")
    return [_entry(address, text) for address, text in texts.items()]


def _entry(address: str, text: str) -> Entry:
    origin = _GENERATED.search(text)
    return Entry(address, text, normalise(origin["a"]) if origin else "")


def _with_failed(entries: list[Entry], failed: list[str], notice: str, wanted: str) -> list[Entry]:
    """Entries and X-Failed-Recipients (Exim, Google, chasquid) together: the header names all that failed, and no others."""
    if not failed:
        return entries
    known = {name: e for e in entries for name in (e.alias, e.address) if name}
    if len(failed) == 1 and len(entries) == 1:
        entry = entries[0]
        names = {entry.address, entry.alias, failed[0]} - {""}
        chosen = wanted if wanted in names else entry.alias or (entry.address if failed[0] not in known else failed[0])
        return [Entry(chosen, entry.text)]
    return [known.get(address) or Entry(address, notice[:ENTRY_TEXT] if len(failed) == 1 else "") for address in failed]
