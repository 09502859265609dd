# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and sets on the wire: quoting, modified UTF-7, UIDs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.sources.imap.names import batches, decoded_folder, encoded_folder, quoted, uid_set, unquoted


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("INBOX", '"INBOX"'),
        ("inbox", '"INBOX"'),
        ("My Folder", '"My Folder"'),
        ("Zurück", '"Zur&APw-ck"'),
        ("A & B", '"A &- B"'),
        ('a "quoted" \\ one', '"a \\"quoted\\" \\\\ one"'),
        ("台北/日本語", '"&U,BTFw-/&ZeVnLIqe-"'),  # RFC 3501 section 5.1.3
        ("😀", '"&2D3eAA-"'),
    ],
)
def test_folders_as_they_go_over_the_wire(name: str, wire: str) -> None:
    assert encoded_folder(name) == wire
    if name != "inbox":
        assert decoded_folder(unquoted(wire.encode())) == name


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_name_comes_back(name: str) -> None:
    if name.upper() != "INBOX":
        assert decoded_folder(unquoted(encoded_folder(name).encode())) == name


@given(st.binary())
def test_whatever_a_server_calls_a_folder_can_be_read(wire: bytes) -> None:
    decoded_folder(unquoted(wire))


def test_what_is_no_modified_utf_7_stays() -> None:
    assert decoded_folder("Zurück".encode()) == "Zurück"
    assert decoded_folder(b"a &A- b") == "a &A- b"


def test_sets_of_uids() -> None:
    assert uid_set([7, 1, 2, 3, 3]) == "1:3,7"
    assert uid_set([]) == ""
    assert batches([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'
