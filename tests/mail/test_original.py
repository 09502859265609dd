# SPDX-License-Identifier: GPL-3.0-or-later
"""The headers of the returned message: they prove whose mail it was, so they must not be guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bouncestream.mail.original import header_block, message_id, moment, read_original

UUID = "5d1f7a52-6d0e-4a51-9c5d-0a1b2c3d4e5f"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (UUID, UUID),
        (UUID.upper(), UUID),
        (f" {UUID} ", UUID),
        ("00000000-0000-0000-0000-000000000000", ""),  # Listmonk's "no subscriber"
        ("5d1f7a52", ""),
        (f"{UUID}' OR 1=1", ""),
        ("", ""),
    ],
)
def test_only_well_formed_uuids_are_taken(value: str, kept: str) -> None:
    original, _ = read_original(f"X-Listmonk-Campaign: {value}\nX-Listmonk-Subscriber: {value}\n")
    assert (original.campaign_uuid, original.subscriber_uuid) == (kept, kept)


@pytest.mark.parametrize(
    ("to", "kept"),
    [
        ("reader@example.com", "reader@example.com"),
        ("Reader <Reader@Example.com>", "reader@example.com"),
        ('"Doe, Reader" <reader@example.com>', "reader@example.com"),
        ("a@example.com, b@example.com", ""),  # which of them bounced is not told by the header
        ("undisclosed-recipients:;", ""),
    ],
)
def test_to_is_taken_when_it_names_exactly_one(to: str, kept: str) -> None:
    assert read_original(f"To: {to}\n")[0].to == kept


def test_message_ids() -> None:
    assert message_id("<a.1@example.org>") == "a.1@example.org"
    assert message_id(" a.1@example.org ") == "a.1@example.org"
    assert message_id("<first@example.org>\n <last@example.org>") == "last@example.org"
    assert message_id("") == ""


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("Tue, 3 Nov 2026 09:00:00 +0100", datetime(2026, 11, 3, 8, tzinfo=UTC)),
        ("3 Nov 2026 09:00:00 -0000", datetime(2026, 11, 3, 9, tzinfo=UTC)),
        ("Tue, 3 Nov 2026 09:00:00", datetime(2026, 11, 3, 9, tzinfo=UTC)),
        ("Tue, 3 Nov 2026 09:00:00 GMT (comment)", datetime(2026, 11, 3, 9, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 -0900", None),  # after the last day there is
        ("Tue, 31 Feb 2026 09:00:00 +0000", None),
        ("Tue, 3 Nov 2026 09:00:00 +999999", None),
        ("x" * 500, None),
        ("", None),
    ],
)
def test_dates(value: str, at: datetime | None) -> None:
    assert moment(value) == at


def test_the_header_block_ends_at_the_blank_line() -> None:
    text = "some words\n\nReturn-Path: <a@example.org>\nTo: b@example.com\n\nX-Listmonk-Campaign: in the body\n"
    assert header_block(text) == "Return-Path: <a@example.org>\nTo: b@example.com"
    assert header_block("no headers here") == ""


@pytest.mark.parametrize("mark", ["> ", ">", "| ", "    ", "\t"])
def test_headers_that_a_notice_quotes(mark: str) -> None:
    lines = ("Received: from a.example", "\tby b.example", f"X-Listmonk-Subscriber: {UUID}", "", "Hello")
    quoted = "\n".join((mark + line).rstrip() for line in lines)
    block = header_block(f"It failed.\n\n{quoted}\n")
    assert block == "\n".join(lines[:3])
    assert read_original(block)[0].subscriber_uuid == UUID


def test_words_that_are_indented_are_no_headers() -> None:
    assert header_block("  The message-id was lost.\n  From here on\n") == ""
