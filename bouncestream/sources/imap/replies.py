# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of IMAP servers, read into values (RFC 3501 section 7, RFC 5530 response codes). Pure; never raises on
whatever a server says: what cannot be read is missing.

aioimaplib hands over the lines of an answer as `bytes`, and each literal as a `bytearray` between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from bouncestream.printable import printable
from bouncestream.sources.imap.names import decoded_folder, unquoted

#: A UID, a UIDVALIDITY: RFC 3501 section 9, `nz-number`.
HIGHEST = 2**32 - 1

#: UIDs in one set that are counted; more were never asked for.
SET_LIMIT = 10_000

_FETCH = re.compile(rb"\A\d{1,10} FETCH \(", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"', re.IGNORECASE)
_BODY = re.compile(rb"\b(?:BODY\[\](?:<\d{1,20}>)?|RFC822) {0,9}(NIL|\"(?:[^\"\\]++|\\.)*+\")?", re.IGNORECASE)
#: What a literal is, from the text before it.
_NAME = re.compile(
    rb"(?:BODY\[\]|RFC822|(?:BODY\[|RFC822\.)(HEADER|TEXT)\]?)(?:<\d{1,20}>)? {0,9}~?\{\d{1,10}\+?\}\Z",
    re.IGNORECASE,
)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,18})\b", re.IGNORECASE)
_FLAGS = re.compile(rb"\bFLAGS \(([^()]*+)\)", re.IGNORECASE)
_APPENDED = re.compile(r"\A\s{0,9}(?:OK\s{1,9})?\[APPENDUID (\d{1,10}) (\d{1,10})\]", re.IGNORECASE | re.ASCII)
_EXPUNGED = re.compile(rb"\A\d{1,10} EXPUNGE", re.IGNORECASE)
_VANISHED = re.compile(rb"\AVANISHED (\d{1,10}(?::\d{1,10})?+(?:,\d{1,10}(?::\d{1,10})?+)*+)", re.IGNORECASE)
_COPIED = re.compile(
    rb"\[COPYUID \d{1,10} (\d{1,10}(?::\d{1,10})?+(?:,\d{1,10}(?::\d{1,10})?+)*+) "
    rb"(\d{1,10}(?::\d{1,10})?+(?:,\d{1,10}(?::\d{1,10})?+)*+)\]",
    re.IGNORECASE,
)
_EXISTS = re.compile(rb"\A(\d{1,10}) EXISTS", re.IGNORECASE)
_CODE = re.compile(r"\[([A-Za-z0-9-]{1,40})(?: ([^\[\]]*+))?\]")
_LIST = re.compile(rb"\A(?:LIST|LSUB) \(([^()]*+)\) (\"(?:[^\"\\]++|\\.)*+\"|NIL) ?(.*)", re.IGNORECASE | re.DOTALL)
_MIN = re.compile(rb"\bMIN (\d{1,10})\b", re.IGNORECASE)
_ITEMS = re.compile(rb"\(([^()]*+)\)\Z")
_PERSONAL = re.compile(rb"\ANAMESPACE \(\((\"(?:[^\"\\]++|\\.)*+\")", re.IGNORECASE)
_TIMING = re.compile(r" \([\d.]{1,20}(?: \+ [\d.]{1,20}){1,9} secs\)\.?$")  # Dovecot's, after what it says

Lines = Sequence["bytes | bytearray"]
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Selected:
    """A folder as it was when it was opened."""

    uidvalidity: int  #: 0: the server did not say
    uidnext: int  #: what the next mail will get, at least; 0: the server did not say
    exists: int  #: mails in it
    permanent_flags: frozenset[str] = frozenset()
    read_only: bool = False

    @property
    def keywords(self) -> bool:
        """Whether flags of our own can be kept."""
        return "\\*" in self.permanent_flags


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail, or the beginning of it."""

    uid: int
    raw: bytes | None  #: None: the server did not give it
    arrived_at: datetime | None  #: INTERNALDATE


def fetched(lines: Lines) -> list[Fetched]:
    """The mails in an answer to UID FETCH, in whatever form they were asked for. What other clients did (`2 FETCH
    (FLAGS …)`) has no body and is left out, as is a mail without its UID: the caller asks for that one alone."""
    found = []
    for texts, literals in _items(lines):
        joined = b" ".join(texts)
        uid = _UID.search(joined)
        body = _BODY.search(joined)
        parts = _parts(texts, literals)
        if uid is None or not (parts or body):
            continue
        raw = _mail_of(parts)
        if raw is None and body is not None and body[1] and body[1][:1] == b'"':
            raw = unquoted(body[1])
        found.append(Fetched(int(uid[1]), raw or None, _arrival(joined)))
    return found


def header_of(lines: Lines, uid: int) -> bytes:
    """The header of one mail in an answer to UID FETCH; empty: it is not there."""
    for texts, literals in _items(lines):
        told = _UID.search(b" ".join(texts))
        if told is not None and int(told[1]) == uid:
            return _parts(texts, literals).get("HEADER", b"")
    return b""


def _parts(texts: list[bytes], literals: list[bytearray]) -> dict[str, bytes]:
    """The literals of a FETCH response: `HEADER`, `TEXT`, and the whole mail as empty name."""
    parts: dict[str, bytes] = {}
    for number, literal in enumerate(literals):
        name = _NAME.search(texts[number][-100:]) if number < len(texts) else None
        parts.setdefault(name[1].decode().upper() if name is not None and name[1] else "", bytes(literal))
    return parts


def _mail_of(parts: dict[str, bytes]) -> bytes | None:
    """A mail from its parts; None: they are not enough."""
    if parts.get(""):
        return parts[""]
    header, text = parts.get("HEADER", b""), parts.get("TEXT")
    if text is None or not header:
        return None
    return header.rstrip(b"\r\n") + b"\r\n\r\n" + text


def sizes(lines: Lines) -> dict[int, int]:
    """UID → bytes (RFC822.SIZE), of the mails in an answer to UID FETCH."""
    return _of_each(lines, lambda text: int(found[1]) if (found := _SIZE.search(text)) else None)


def flags(lines: Lines) -> dict[int, frozenset[str]]:
    """UID → flags, of the mails in an answer to UID FETCH (FLAGS)."""

    def names(text: bytes) -> frozenset[str] | None:
        found = _FLAGS.search(text)
        return frozenset(found[1].decode("ascii", "replace").split()) if found else None

    return _of_each(lines, names)


def dates(lines: Lines) -> dict[int, datetime]:
    """UID → INTERNALDATE, of the mails in an answer to UID FETCH (INTERNALDATE)."""
    return _of_each(lines, _arrival)


def shown(lines: Lines) -> set[int]:
    """The UIDs of the mails in an answer to UID FETCH."""
    return set(_of_each(lines, len))


def _of_each(lines: Lines, read: Callable[[bytes], Told | None]) -> dict[int, Told]:
    """UID → what is read in the text of a FETCH response; those in which there is none are missing."""
    found: dict[int, Told] = {}
    for texts, _ in _items(lines):
        text = b" ".join(texts)
        uid, told = _UID.search(text), read(text)
        if uid is not None and told is not None:
            found[int(uid[1])] = told
    return found


def _arrival(text: bytes) -> datetime | None:
    found = _DATE.search(text)
    return internal_date(found[1].decode("ascii", "replace")) if found else None


def _items(lines: Lines) -> Iterator[tuple[list[bytes], list[bytearray]]]:
    """The FETCH responses in an answer: of each its texts and its literals."""
    texts: list[bytes] = []
    literals: list[bytearray] = []
    for line in lines:
        if isinstance(line, bytearray):
            if texts:
                literals.append(line)
        elif _FETCH.match(line):
            if texts:
                yield texts, literals
            texts, literals = [line], []
        elif texts and literals:  # what follows a literal belongs to the same response
            texts.append(line)
    if texts:
        yield texts, literals


def selected(lines: Lines) -> Selected:
    """The answer to SELECT."""
    numbers = {"UIDVALIDITY": 0, "UIDNEXT": 0}
    exists = 0
    permanent: frozenset[str] = frozenset()
    read_only = False
    for line in texts(lines):
        if match := _EXISTS.fullmatch(line.strip()):
            exists = int(match[1])
        name, value = code(line.decode("utf-8", "replace"))
        if name in numbers and value.isascii() and value.isdigit() and len(value) <= 10:
            numbers[name] = int(value) if int(value) <= HIGHEST else 0
        elif name == "PERMANENTFLAGS":
            permanent = frozenset(value.strip("()").split())
        elif name == "READ-ONLY":
            read_only = True
    return Selected(numbers["UIDVALIDITY"], numbers["UIDNEXT"], exists, permanent, read_only)


def numbers(lines: Lines, keyword: bytes = b"SEARCH") -> list[int]:
    """The UIDs that a SEARCH found, ascending and each once. The last line of an answer is its status."""
    found: set[int] = set()
    for line in texts(lines[:-1]):
        words = line.split()
        if words and words[0].upper() == keyword:
            words = words[1:]
        if all(word.isdigit() and len(word) <= 10 for word in words):
            found.update(map(int, words))
    return sorted(uid for uid in found if 0 < uid <= HIGHEST)


def minimum(lines: Lines) -> int | None:
    """The MIN that an extended search (RFC 4731) found; None: nothing."""
    for line in texts(lines[:-1]):
        if line[:8].upper() == b"ESEARCH " and (match := _MIN.search(line)):
            return int(match[1])
    return None


def status(lines: Lines) -> dict[str, int]:
    """The answer to STATUS, by item."""
    for line in texts(lines):
        match = _ITEMS.search(line.rstrip())
        if match and b"STATUS" in line[:8].upper():
            words = match[1].decode("ascii", "replace").upper().split()
            pairs = zip(words[::2], words[1::2], strict=False)
            return {name: int(value) for name, value in pairs if value.isdigit() and len(value) <= 20}
    return {}


def folders(lines: Lines) -> list[tuple[str, str, frozenset[str]]]:
    """Name, separator and attributes of each folder in an answer to LIST."""
    found = []
    for number, line in enumerate(lines):
        if isinstance(line, bytearray):
            continue
        match = _LIST.match(line)
        if match is None:
            continue
        after = lines[number + 1] if number + 1 < len(lines) else b""
        name = bytes(after) if isinstance(after, bytearray) else unquoted(match[3].strip())
        separator = "" if match[2].upper() == b"NIL" else decoded_folder(unquoted(match[2]))
        attributes = frozenset(match[1].decode("ascii", "replace").lower().split())
        if name:
            found.append((decoded_folder(name), separator, attributes))
    return found


def capabilities(lines: Lines) -> frozenset[str]:
    """The capabilities that CAPABILITY listed, in capitals."""
    words: set[str] = set()
    for line in texts(lines[:-1]):
        found = line.decode("ascii", "replace").upper().split()
        words.update(found[1:] if found[:1] == ["CAPABILITY"] else found)
    return frozenset(words)


def appended(text: str) -> tuple[int, int] | None:
    """UIDVALIDITY and UID that an appended mail got (RFC 4315 section 3, APPENDUID); None where the server does not
    say, or says what cannot be."""
    match = _APPENDED.match(text)
    uidvalidity, uid = (int(match[1]), int(match[2])) if match else (0, 0)
    return (uidvalidity, uid) if 0 < uidvalidity <= HIGHEST and 0 < uid <= HIGHEST else None


def copied(lines: Lines) -> frozenset[int]:
    """The UIDs that an answer to COPY says to have copied (RFC 4315 section 3, COPYUID); none where it does not
    say, or does not name a copy for each."""
    last = next((bytes(line) for line in reversed(lines) if not isinstance(line, bytearray)), b"")
    match = _COPIED.search(last)
    if match is None:
        return frozenset()
    sources, copies = (_expanded(one) for one in match.groups())
    return frozenset(sources) if len(sources) == len(copies) else frozenset()


def _expanded(uids: bytes) -> list[int]:
    """The UIDs of a set (`uid-set`), at most `SET_LIMIT`."""
    found: list[int] = []
    for part in uids.split(b","):
        low, _, high = part.partition(b":")
        first, last = sorted((int(low), int(high or low)))
        found.extend(range(first, min(last, first + SET_LIMIT) + 1))
        if len(found) > SET_LIMIT:
            return []
    return found


def expunged(lines: Lines) -> int:
    """The number of mails that an answer reports gone: `n EXPUNGE`, or `VANISHED` (RFC 7162 section 3.2.10.2)."""
    count = 0
    for line in texts(lines[:-1]):
        if _EXPUNGED.fullmatch(line.strip()):
            count += 1
        elif match := _VANISHED.fullmatch(line.strip()):
            for part in match[1].split(b","):
                low, _, high = part.partition(b":")
                count += abs(int(high or low) - int(low)) + 1
    return count


def code(text: str) -> tuple[str, str]:
    """The response code of a status line, in capitals, and its argument; both empty where there is none."""
    match = _CODE.search(text)
    return (match[1].upper(), match[2] or "") if match else ("", "")


def words_of(lines: Lines, blank: Callable[[str], str] = str) -> str:
    """The server's own words in the status line of an answer, safe to print. `blank` takes secrets out."""
    last = next((line for line in reversed(lines) if not isinstance(line, bytearray)), b"")
    text = _TIMING.sub("", bytes(last[:4000]).decode("utf-8", "replace").strip()).rstrip(".")
    return printable(blank(text), 200)


def texts(lines: Iterable[bytes | bytearray]) -> Iterator[bytes]:
    """The lines without the literals."""
    return (bytes(line) for line in lines if not isinstance(line, bytearray))


def internal_date(text: str) -> datetime | None:
    """An INTERNALDATE (RFC 3501 section 9, `date-time`) as aware UTC; None when it is none."""
    try:
        return datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def search_date(moment: datetime) -> str:
    """A day as SEARCH takes it (RFC 3501 section 9, `date`): 1-Feb-2026."""
    return f"{moment.day}-{moment:%b-%Y}"


def prefix(lines: Lines) -> str:
    """The prefix of the first personal namespace (RFC 2342), such as `INBOX.`; '' where there is none."""
    for line in texts(lines):
        match = _PERSONAL.match(line)
        if match:
            return decoded_folder(unquoted(match[1]))
    return ""
