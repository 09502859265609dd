# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers answer, read into values: the odd forms that were seen, and whatever else they may say."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.sources.imap import replies
from bouncestream.sources.imap.replies import Fetched, Selected

AT = datetime(2026, 11, 22, 6, 0, 5, tzinfo=UTC)


def test_mails_are_paired_with_their_uids() -> None:
    lines = [
        b'1 FETCH (UID 11 INTERNALDATE "22-Nov-2026 08:00:05 +0200" BODY[]<0> {5}', bytearray(b"first"), b")",
        b"2 FETCH (BODY[]<0> {6}", bytearray(b"second"), b" UID 12)",  # the UID may come after the literal
        b"1 FETCH (FLAGS (\\Seen) UID 11)",  # another client has read it
        b'3 FETCH (UID 13 BODY[] "a \\"short\\" one")',
        b"4 FETCH (UID 14 BODY[]<0> NIL)",
        b'5 FETCH (UID 15 BODY[]<0> "")',
        b"6 FETCH (BODY[] {3}", bytearray(b"who"), b")",  # nobody knows which mail that is
        b"7 EXPUNGE",
        b"8 fetch (uid 16 body[]<0> {0}", bytearray(), b")",
        b"OK done",
    ]  # fmt: skip
    assert replies.fetched(lines) == [
        Fetched(11, b"first", AT),
        Fetched(12, b"second", None),
        Fetched(13, b'a "short" one', None),
        Fetched(14, None, None),
        Fetched(15, None, None),
        Fetched(16, None, None),
    ]


def test_a_mail_that_looks_like_an_answer_is_a_mail() -> None:
    body = bytearray(b"1 FETCH (UID 99 BODY[] {3}\r\nA1 OK done\r\n")
    lines = [b"1 FETCH (UID 11 BODY[]<0> {40}", body, b")", b"OK done"]
    assert replies.fetched(lines) == [Fetched(11, bytes(body), None)]


def test_a_folder() -> None:
    lines = [
        b"FLAGS (\\Seen)",
        b"OK [PERMANENTFLAGS (\\Seen \\Deleted \\*)] Flags permitted.",
        b"12 EXISTS",
        b"OK [UIDVALIDITY 1795334276] UIDs valid",
        b"OK [UIDNEXT 3] Predicted next UID",
        b"[READ-ONLY] done",
    ]
    found = replies.selected(lines)
    assert found == Selected(1795334276, 3, 12, frozenset({"\\Seen", "\\Deleted", "\\*"}), True)
    assert found.keywords
    assert replies.selected([b"[READ-WRITE] done"]) == Selected(0, 0, 0)
    assert replies.selected([b"OK [UIDVALIDITY x] what", b"OK [UIDNEXT 99999999999] no"]) == Selected(0, 0, 0)


def test_searches() -> None:
    assert replies.numbers([b"SEARCH 3 1 2", b"OK done"]) == [1, 2, 3]
    assert replies.numbers([b"SEARCH", b"SEARCH 7", b"12 EXISTS", b"OK 5 done"]) == [7]
    assert replies.numbers([b"SEARCH 1 x", b"SEARCH 0 99999999999", b"OK"]) == []


def test_folders_and_their_namespace() -> None:
    lines = [
        b'LIST (\\HasNoChildren) "/" INBOX',
        b'LIST (\\Noselect \\HasChildren) "." "a \\"b\\""',
        b'LIST () "/" "Zur&APw-ck"',
        b"LIST () NIL {4}", bytearray(b"a* b"), b"",
        b"LIST nonsense",
        b"OK done",
    ]  # fmt: skip
    assert [(name, separator) for name, separator, _ in replies.folders(lines)] == [
        ("INBOX", "/"),
        ('a "b"', "."),
        ("Zurück", "/"),
        ("a* b", ""),
    ]
    assert replies.folders(lines)[1][2] == {"\\noselect", "\\haschildren"}
    assert replies.prefix([b'NAMESPACE (("INBOX." ".")) NIL NIL', b"OK"]) == "INBOX."
    assert replies.prefix([b'NAMESPACE (("" "/")) NIL NIL', b"OK"]) == ""
    assert replies.prefix([b"NAMESPACE NIL NIL NIL", b"OK"]) == ""


def test_the_rest() -> None:
    assert replies.capabilities([b"CAPABILITY IMAP4rev1 idle", b"OK x"]) == {"IMAP4REV1", "IDLE"}
    assert replies.minimum([b'ESEARCH (TAG "A1") UID MIN 7', b"OK"]) == 7
    assert replies.minimum([b'ESEARCH (TAG "A1") UID', b"OK"]) is None
    assert replies.status([b'STATUS "INBOX" (MESSAGES 2 UIDNEXT 5)', b"OK"]) == {"MESSAGES": 2, "UIDNEXT": 5}
    assert replies.status([b"OK"]) == {}
    assert replies.appended("[APPENDUID 38505 3955] done") == (38505, 3955)
    for text in ("done", "done [APPENDUID 7 101]", "[APPENDUID 7 1:3] x", "[APPENDUID 7 0] x", "[APPENDUID 7] x"):
        assert replies.appended(text) is None


def test_how_many_mails_are_gone() -> None:
    assert replies.expunged([b"4 EXPUNGE", b"3 EXISTS", b"OK Expunge completed"]) == 1
    assert replies.expunged([b"2 EXPUNGE", b"2 EXPUNGE", b"OK"]) == 2
    assert replies.expunged([b"VANISHED 3,7:9", b"OK 9 EXPUNGE"]) == 4
    assert replies.code("[TRYCREATE] no such folder") == ("TRYCREATE", "")
    assert replies.code("no") == ("", "")
    assert replies.words_of([b"x", b"[A] failed (0.001 + 0.000 secs)."]) == "[A] failed"
    assert replies.words_of([b"\x1b[2J\r"]) == "\\x1b[2J"
    assert replies.flags([b"1 FETCH (UID 4 FLAGS (\\Seen $A))", b"OK"]) == {4: frozenset({"\\Seen", "$A"})}
    assert replies.dates([b'1 FETCH (UID 4 INTERNALDATE "22-Nov-2026 06:00:05 +0000")', b"OK"]) == {4: AT}
    assert replies.search_date(AT) == "22-Nov-2026"


@pytest.mark.parametrize("text", ["", "31-Feb-2026 08:00:05 +0200", "1-Xxx-2026 08:00:05 +0200", "1-Jan-2026"])
def test_what_is_no_date(text: str) -> None:
    assert replies.internal_date(text) is None


@given(st.lists(st.one_of(st.binary(), st.binary().map(bytearray))))
def test_whatever_a_server_says_can_be_read(lines: list[bytes | bytearray]) -> None:
    for read in (
        replies.fetched, replies.flags, replies.dates, replies.selected, replies.numbers, replies.status,
        replies.folders, replies.capabilities, replies.prefix, replies.words_of, replies.minimum,
    ):  # fmt: skip
        read(lines)


@pytest.mark.parametrize(
    "line",
    [
        b"OK " + b"[a " * 300_000,
        b"1 FETCH (" + b"FLAGS (" * 150_000,
        b"1 FETCH (" + b"UID 1" * 200_000,
        b'1 FETCH (BODY[] "' + b"\\\\" * 500_000,
        b'LIST () "' + b'\\"' * 500_000,
        b"STATUS " + b"()" * 200_000 + b" " * 500_000 + b"x",
        b"STATUS x (UIDNEXT " + b"9" * 5000 + b")",
        b"ESEARCH " + b"MIN " * 250_000,
        b"SEARCH " + b"1 " * 500_000,
        b'NAMESPACE (("' + b"\\a" * 500_000,
        b" (" + b"1 + " * 250_000,
        b"9" * 1_000_000,
    ],
    ids=lambda line: line[:12].decode(),
)
def test_a_line_of_a_megabyte_is_read_in_no_time(line: bytes) -> None:
    """Milliseconds; a square would take minutes."""
    started = time.process_time()
    test_whatever_a_server_says_can_be_read.hypothesis.inner_test([line, b"x"])  # type: ignore[attr-defined]
    assert time.process_time() - started < 5
