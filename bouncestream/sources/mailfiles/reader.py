# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails in files, one at a time: .eml files, folders of them, Maildirs and mboxes.

* A file that begins with "From " is an mbox (RFC 4155 and its cousins mboxo and mboxrd: ">From " at the beginning
  of a line stands for "From "); any other file is one mail.
* Of a folder, whatever its depth: files named *.eml, *.mbox or *.mbx, and everything in folders named `cur` and
  `new`, which make a Maildir. The sub folders of a Maildir++ are folders with a `cur` and a `new` of their own, so
  nothing is special about them.

However long a mail, a line or an mbox is, no more than `LIMIT` bytes of one mail are kept in memory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from bouncestream.mail.decode import LIMIT
from bouncestream.mail.mime import parse_fields
from bouncestream.mail.original import moment

#: Names of files in a folder that are taken for mails or mboxes.
SUFFIXES = (".eml", ".mbox", ".mbx")

#: Names of the folders of a Maildir that hold mails.
MAILDIR = ("cur", "new")

#: Bytes of a header that are searched for the time of arrival.
_HEADER = 65_536

#: The line between two mails as nearly all programs write it; "From " may also begin a paragraph of a letter.
_FROM_LINE = re.compile(
    rb"\AFrom .{0,500}?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .{0,12}?\d{1,2}:\d\d.{0,40}?\d\d\d\d|"
    rb"\AFrom .{0,500}?\b\d\d? \w\w\w \d{4} \d\d:\d\d"
)
_QUOTED = re.compile(rb"\A>+From ")
_FROM_DATE = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .+")
_STAMP = re.compile(r"(\d{9,11})\.")


@dataclass(frozen=True, slots=True)
class FileMail:
    """A mail of a file."""

    where: str  #: the path, and in an mbox the number of the mail
    raw: bytes | None  #: at most LIMIT bytes; None: it could not be read
    arrived_at: datetime | None  #: aware, UTC; None: nothing tells
    size: int  #: bytes of the file that it takes
    why: str = ""  #: why it could not be read


def files(path: Path, failed: list[OSError] | None = None) -> Iterator[Path]:
    """The files below a path that hold mails, in the order of their names. Folders that cannot be looked into are
    added to `failed`, and the rest is found all the same."""
    if not path.is_dir():
        yield path
        return
    try:
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        if failed is not None:
            failed.append(error)
        return
    inside = path.name in MAILDIR
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from files(Path(entry.path), failed)
        elif (inside or entry.name.lower().endswith(SUFFIXES)) and _is_file(entry):
            yield Path(entry.path)


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Also a link that leads nowhere: opening it tells what is wrong with it. A pipe would be waited for."""
    if entry.is_symlink():
        return os.path.isfile(entry.path) or not os.path.exists(entry.path)
    return entry.is_file()


def extent(paths: Sequence[Path]) -> int:
    """Bytes of all files that hold mails, for a progress bar."""
    total = 0
    for path in paths:
        for file in files(path):
            with suppress(OSError):
                total += file.stat().st_size
    return total


def read_mails(path: Path) -> Iterator[FileMail]:
    """The mails at a path. What cannot be read comes as a mail without bytes."""
    failed: list[OSError] = []
    for file in files(path, failed):
        yield from _read_file(file)
    for error in failed:
        yield FileMail(str(error.filename or path), None, None, 0, error.strerror or str(error))


def _read_file(path: Path) -> Iterator[FileMail]:
    in_maildir = path.parent.name in MAILDIR
    try:
        with _open(path, in_maildir) as file:
            about = os.fstat(file.fileno())
            raw = file.read(LIMIT)
            if raw[:64].lstrip(b"\r\n").startswith(b"From ") and not in_maildir:
                file.seek(0)
                yield from _read_mbox(file, str(path))
                return
    except OSError as error:
        yield FileMail(str(path), None, None, 0, error.strerror or str(error))
        return
    if in_maildir:
        arrived_at = _arrived_in_maildir(path.name, about.st_mtime)
    else:
        arrived_at = arrival(raw) or _moment(about.st_mtime)
    yield FileMail(str(path), raw, arrived_at, about.st_size)


def _open(path: Path, in_maildir: bool) -> BinaryIO:
    """A file of a Maildir gets another name when somebody reads it, and moves from `new` to `cur`."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        if not in_maildir:
            raise
        unique = path.name.partition(":")[0]
        for folder in MAILDIR:
            for name in os.listdir(path.parent.parent / folder):
                if name.partition(":")[0] == unique:
                    return (path.parent.parent / folder / name).open("rb")
        raise


# When a mail arrived: files have no INTERNALDATE


def arrival(raw: bytes) -> datetime | None:
    """The time a mail arrived, by its headers: by the topmost Received (RFC 5322 section 3.6.7), which the last
    server wrote, else by Date. None: they do not."""
    text = raw[:_HEADER].decode("latin-1").replace("\r\n", "\n").lstrip("\n")
    fields = parse_fields(text.partition("\n\n")[0])
    received = fields.get("received", "").rpartition(";")[2].strip()
    return moment(received) or moment(fields.get("date", ""))


def _arrived_in_maildir(name: str, modified: float) -> datetime | None:
    """The earlier one of the name's time of delivery and the file's time: a copy has a new one of the one kind or
    of the other, depending on who made it."""
    stamp = _STAMP.match(name)
    times = [modified, float(stamp[1])] if stamp else [modified]
    return _moment(min(times))


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


# mbox


def _read_mbox(file: BinaryIO, name: str) -> Iterator[FileMail]:
    """The mails of an mbox: one begins at each "From " line that stands after a blank line. Where the first such
    line has the usual form, the others have it too."""
    number = 0
    head = b""  # the From line of the mail in hand
    parts: list[bytes] = []
    kept = size = 0
    strict = True
    blank = begins = True  # the line before was blank; a line begins here
    while line := file.readline(_HEADER):
        if begins and blank and line.startswith(b"From ") and (not strict or _FROM_LINE.match(line) or not number):
            if number:
                yield _of_mbox(name, number, head, parts, size)
            else:
                strict = _FROM_LINE.match(line) is not None
            number += 1
            head, parts, kept, size = line, [], 0, 0
        elif kept < LIMIT and number:
            piece = line[1:] if begins and line.startswith(b">") and _QUOTED.match(line) else line
            parts.append(piece[: LIMIT - kept])
            kept += len(piece)
        size += len(line)
        blank = begins and line in (b"\n", b"\r\n")
        begins = line.endswith(b"\n")
    if number:
        yield _of_mbox(name, number, head, parts, size)


def _of_mbox(name: str, number: int, head: bytes, parts: list[bytes], size: int) -> FileMail:
    raw = b"".join(parts)
    arrived_at = arrival(raw)
    if arrived_at is None and (date := _FROM_DATE.search(head.decode("latin-1"))):
        arrived_at = moment(date[0].strip())
    return FileMail(f"{name}, mail {number}", raw, arrived_at, size)
