# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails in files: which are found, what they hold, and when they arrived."""

from __future__ import annotations

import os
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bouncestream.mail.decode import LIMIT
from bouncestream.sources.mailfiles import reader
from bouncestream.sources.mailfiles.reader import FileMail, arrival, extent, files, read_mails

LETTER = b"From: a@example.com\nDate: Tue, 03 Nov 2026 09:00:00 +0000\nSubject: %s\n\nText.\n"
FROM = b"From a@example.com Tue Nov  3 10:00:00 2026\n"


def letter(subject: str) -> bytes:
    return LETTER % subject.encode()


def read(path: Path) -> list[FileMail]:
    return list(read_mails(path))


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# What is found


def test_a_file_is_one_mail_whatever_its_name(tmp_path: Path) -> None:
    path = put(tmp_path / "saved.txt", letter("one"))
    (mail,) = read(path)
    assert (mail.where, mail.raw, mail.size) == (str(path), letter("one"), len(letter("one")))


def test_of_a_folder_the_mails_are_found_at_any_depth_in_order(tmp_path: Path) -> None:
    for name in ("b.eml", "a/deep/x.EML", "c.mbox"):
        put(tmp_path / name, FROM + letter(name) if name.endswith("mbox") else letter(name))
    for name in ("notes.txt", "dovecot.index", ".eml.swp"):
        put(tmp_path / name, b"no mail")
    os.mkfifo(tmp_path / "pipe.eml")  # nobody may wait for what never comes
    found = [str(file.relative_to(tmp_path)) for file in files(tmp_path)]
    assert found == ["a/deep/x.EML", "b.eml", "c.mbox"]
    assert extent([tmp_path]) == sum((tmp_path / name).stat().st_size for name in found)


def test_a_maildir_is_read_with_its_sub_folders_and_without_what_is_being_delivered(tmp_path: Path) -> None:
    put(tmp_path / "cur/1.host:2,S", letter("read"))
    put(tmp_path / "new/2.host", letter("unread"))
    put(tmp_path / "tmp/3.host", letter("half delivered"))
    put(tmp_path / ".Bounces.2026/cur/4.host:2,", letter("in a sub folder"))
    put(tmp_path / "dovecot-uidlist", b"3 V1")
    (tmp_path / ".Bounces.2026/new").mkdir()
    assert sorted(mail.raw or b"" for mail in read(tmp_path)) == sorted(
        map(letter, ("read", "unread", "in a sub folder"))
    )


def test_a_mail_that_somebody_reads_meanwhile_is_found_under_its_new_name(tmp_path: Path) -> None:
    new = put(tmp_path / "new/1.host", letter("moved"))
    (tmp_path / "cur").mkdir()
    found = iter(read_mails(tmp_path))
    put(tmp_path / "cur/0.host:2,", letter("first"))
    assert next(found).raw == letter("first")
    new.rename(tmp_path / "cur/1.host:2,S")
    assert [mail.raw for mail in found] == []  # it is in a folder that was passed, and new is empty
    listed = files(tmp_path)
    next(listed)
    moved = next(listed)
    moved.rename(tmp_path / "cur/1.host:2,FS")
    assert [mail.raw for mail in reader._read_file(moved)] == [letter("moved")]


def test_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.eml").symlink_to(tmp_path / "a.eml")
    (tmp_path / "b.eml").symlink_to(tmp_path / "gone")
    put(tmp_path / "c.eml", letter("fine"))
    mails = read(tmp_path)
    assert [mail.raw for mail in mails] == [None, None, letter("fine")]
    assert mails[1].where == str(tmp_path / "b.eml")
    assert mails[1].why == "No such file or directory"


def test_a_folder_that_cannot_be_looked_into_is_named_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a/1.eml", letter("hidden"))
    put(tmp_path / "b.eml", letter("fine"))
    look = os.scandir

    def refused(path: Path) -> object:
        if path.name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", refused)  # root, as whom tests may run, is refused nothing
    mails = read(tmp_path)
    assert [(mail.where, mail.raw is None) for mail in mails] == [
        (str(tmp_path / "b.eml"), False),
        (str(tmp_path / "a"), True),
    ]
    assert mails[1].why == "Permission denied"


def test_of_a_huge_mail_no_more_is_kept_than_is_judged(tmp_path: Path) -> None:
    path = put(tmp_path / "huge.eml", letter("huge") + b"x" * (3 * LIMIT))
    (mail,) = read(path)
    assert len(mail.raw or b"") == LIMIT
    assert mail.size == path.stat().st_size


# mbox


def test_an_mbox_is_taken_apart_and_its_quoting_undone(tmp_path: Path) -> None:
    path = put(
        tmp_path / "mbox",
        FROM + letter("one") + b">From here on\n>>From there\n> From no\n\n"
        + FROM + letter("two") + b"\nFrom then on nothing.\n\n"  # a paragraph, no mail
        + FROM + letter("three"),
    )  # fmt: skip
    mails = read(path)
    assert [mail.where for mail in mails] == [f"{path}, mail {number}" for number in (1, 2, 3)]
    first, second, third = (mail.raw or b"" for mail in mails)
    assert first == letter("one") + b"From here on\n>From there\n> From no\n\n"
    assert second == letter("two") + b"\nFrom then on nothing.\n\n"
    assert third == letter("three")
    assert sum(mail.size for mail in mails) == path.stat().st_size


@pytest.mark.parametrize(
    "line",
    [
        b"From MAILER-DAEMON Tue Nov  3 10:00:00 2026",
        b"From a@example.com Tue Nov  3 10:00:00 2026 +0100",
        b"From - Tue Nov 03 10:00:00 2026",
        b"From 18446744073709551615@xxx Tue Nov 03 10:00:00 +0000 2026",
        b"From a@example.com Tue, 3 Nov 2026 10:00:00 +0000",
        b"From a@example.com  Tue Nov  3 10:00 CET 2026",
        b"From nobody",  # of no usual form, then the others of the file have none either
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_from_lines_of_many_programs(tmp_path: Path, line: bytes, end: bytes) -> None:
    mail = letter("x").replace(b"\n", end)
    assert len(read(put(tmp_path / "mbox", (line + end + mail + end) * 3))) == 3


def test_an_empty_mbox_and_one_that_ends_within_a_mail(tmp_path: Path) -> None:
    assert [mail.raw for mail in read(put(tmp_path / "mbox", FROM))] == [b""]
    (mail,) = read(put(tmp_path / "mbox", FROM + letter("cut")[:-5]))
    assert mail.raw == letter("cut")[:-5]


def test_a_big_mbox_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """With many mails, a mail without an end, and a line without one."""
    path = tmp_path / "mbox"
    with path.open("wb") as file:
        for _ in range(200):
            file.write(FROM + letter("small") + b"y\n" * 1000 + b"\n")
        for filling in (b"z" * 99 + b"\n", b"z" * 100):
            file.write(FROM + letter("big"))
            for _ in range(20):
                file.write(filling * 10_000)
            file.write(b"\n\n")
        file.write(FROM + letter("last"))
    tracemalloc.start()
    sizes = [len(mail.raw or b"") for mail in read_mails(path)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(sizes) == 203
    assert sizes[200:] == [LIMIT, LIMIT, len(letter("last"))]
    assert peak < 8 * LIMIT, "of 40 MB"


# When a mail arrived

DATED = b"Date: Sun, 01 Nov 2026 08:00:00 +0000\n\nText.\n"


@pytest.mark.parametrize(
    ("mail", "at"),
    [
        (
            b"Received: from a by b\n\tfor c; Tue, 03 Nov 2026 10:00:00 +0100\n"
            b"Received: from x by a; Mon, 02 Nov 2026 10:00:00 +0000\n" + DATED,
            datetime(2026, 11, 3, 9, tzinfo=UTC),
        ),
        (b"Received: by someone\r\n" + DATED.replace(b"\n", b"\r\n"), datetime(2026, 11, 1, 8, tzinfo=UTC)),
        (DATED, datetime(2026, 11, 1, 8, tzinfo=UTC)),
        (b"Subject: x\n\nDate: Sun, 01 Nov 2026 08:00:00 +0000\n", None),
        (b"Date: never\n\n", None),
        (b"", None),
    ],
)
def test_a_mail_arrived_when_the_last_server_says_so(mail: bytes, at: datetime | None) -> None:
    assert arrival(mail) == at


def test_without_dates_the_file_or_its_from_line_tells(tmp_path: Path) -> None:
    path = put(tmp_path / "a.eml", b"Subject: x\n\nText.\n")
    os.utime(path, (0, 1_700_000_000))
    assert read(path)[0].arrived_at == datetime.fromtimestamp(1_700_000_000, UTC)
    path = put(tmp_path / "mbox", FROM + b"Subject: x\n\nText.\n")
    assert read(path)[0].arrived_at == datetime(2026, 11, 3, 10, tzinfo=UTC)
    path = put(tmp_path / "mbox", b"From nobody\nSubject: x\n\nText.\n")
    assert read(path)[0].arrived_at is None


@pytest.mark.parametrize(
    ("name", "modified", "at"),
    [
        ("1700000000.M1P1.host:2,S", 1_700_000_500, 1_700_000_000),  # copied without its time
        ("1700000000.M1P1.host:2,S", 1_600_000_000, 1_600_000_000),  # delivered anew by a migration
        ("msg-7", 1_600_000_000, 1_600_000_000),
    ],
)
def test_in_a_maildir_the_name_or_the_file_tells(tmp_path: Path, name: str, modified: int, at: int) -> None:
    path = put(tmp_path / "cur" / name, letter("x"))
    os.utime(path, (modified, modified))
    assert read(tmp_path)[0].arrived_at == datetime.fromtimestamp(at, UTC)
