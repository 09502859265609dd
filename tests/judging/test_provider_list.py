# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bouncestream.errors import UsageError
from bouncestream.judging.provider_list import entries

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("status,reason,email,created", "5.1.1,550 unknown,Ann@Example.com,1772366400"),  # SendGrid
        ("address,code,error,created_at", "ann@example.com,550,No such mailbox,\"Sun, 01 Mar 2026 12:00:00 UTC\""),
        (
            "EmailAddress,SuppressionReason,Origin,CreatedAt",
            "ann@example.com,HardBounce,Recipient,2026-03-01T07:00:00-05:00",
        ),
        ("EmailAddress,Reason,LastUpdateTime", "ann@example.com,BOUNCE,2026-03-01T12:00:00Z"),  # Amazon SES
        ("event,email,id,date,ts,messageId", "hard_bounce,ann@example.com,1,2026-03-01 12:00:00,1,<1@x>"),  # Brevo
        (  # as Sendamatic calls them in its reports: `recipient` is who sent the bounce
            "created_at;bounce_type;recipient;original_recipient;reason",
            "2026-03-01T12:00:00Z;Hard bounce;mailer-daemon@mx.example.net;ann@example.com;no such user",
        ),
        ("\ufeffTime;Recipient;Type", "2026-03-01T12:00:00.000Z;ann@example.com;Hard bounce"),
    ],
)  # fmt: skip
def test_the_columns_are_found_by_their_names(head: str, line: str) -> None:
    (entry,) = entries([head, line, ",,,,,"])
    assert (entry.address, entry.at, entry.feedback, entry.line) == ("ann@example.com", AT, True, 2)


@pytest.mark.parametrize(
    "word", ["delivered", "Sent", "opened", "clicked", "deferred", "First Opening", "processed"]
)
def test_what_is_no_bounce_is_told_apart(word: str) -> None:
    found = list(entries(["event,email", f"{word},ann@example.com", "spam,ann@example.com", ",ann@example.com"]))
    assert [entry.feedback for entry in found] == [False, True, True]


def test_a_column_that_is_named_by_hand() -> None:
    (entry,) = entries(["Kunde,E-Post", "1,ann@example.com"], "e-post")
    assert entry.address == "ann@example.com"
    with pytest.raises(UsageError, match=r"no column 'x'; it has 'Kunde'"):
        list(entries(["Kunde"], "x"))


@pytest.mark.parametrize("lines", [[], [""], ["Kunde,Ort", "1,2"], ["\x00"]])
def test_a_list_without_addresses_names_the_way_out(lines: list[str]) -> None:
    with pytest.raises(UsageError, match="--address-column"):
        list(entries(lines))


def test_odd_cells_break_nothing() -> None:
    lines = [
        "email,created",
        "ann@example.com",
        'bob@example.com,"99999999999999999999"',
        "nobody,2026",
        "cy@example.com,x,y",
    ]
    assert [(entry.address, entry.at) for entry in entries(lines)] == [
        ("ann@example.com", None), ("bob@example.com", None), ("cy@example.com", None),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="not valid CSV"):
        list(entries(["email", "x" * 200_000]))
