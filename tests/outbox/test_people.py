# SPDX-License-Identifier: GPL-3.0-or-later
"""A hard that rests on words alone is told as one when the same person bounces so again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bouncestream.event import BounceEvent, Kind, Proof, person_key
from bouncestream.judging.mail import Judging, read_mail
from bouncestream.judging.webhook import judge
from bouncestream.outbox import arrivals, operator, people
from bouncestream.policy import Rules
from bouncestream.ports import RawInput, State
from bouncestream.providers._contract import Parsed
from tests.judging.make import mail
from tests.outbox import make
from tests.outbox.make import NOW, SUBSCRIBER, event, later

CAMPAIGNS = [f"{n}1111111-1111-4111-8111-111111111111" for n in range(1, 6)]


def words(n: int = 0, at: datetime | None = None, **fields: object) -> BounceEvent:
    """A hard by words alone in a mail of the nth campaign, proven by the UUID."""
    fields = {
        "provider": "mailbox", "message_id": f"<{n}@example.org>", "campaign_uuid": CAMPAIGNS[n],
        "subscriber_uuid": SUBSCRIBER, "proof": Proof.UUID, "occurred_at": at, "sure": False,
    } | fields  # fmt: skip
    return event(**fields)  # type: ignore[arg-type]


def hook(n: int = 0, at: datetime | None = None, **fields: object) -> BounceEvent:
    """The same by a webhook, whose secret proves what it says."""
    return words(
        n, at, **{"provider": "sendamatic", "proof": "", "subscriber_uuid": "", "campaign_uuid": ""} | fields
    )


def told(conn: sqlite3.Connection) -> list[object]:
    return [kind for (kind,) in make.rows(conn, "kind")]


def test_the_second_campaign_makes_it_hard_and_says_which_event_did(conn: sqlite3.Connection) -> None:
    for n in range(3):
        make.submit(conn, words(n))
    assert told(conn) == ["soft", "hard", "hard"], "Listmonk counts by type, so each is an event of its own"
    (first,), *_ = make.rows(conn, "event_id")
    assert f"confirmed by event {first} of 2026-03-01 (another campaign)" in str(make.rows(conn, "evidence")[1])
    assert make.rows(conn, "sure") == [(0,)] * 3
    assert conn.execute("SELECT count(*) FROM unsure").fetchone() == (3,)


def test_two_in_one_batch_and_in_one_submission(conn: sqlite3.Connection) -> None:
    items = [(make.submission(words(n), event("bob@example.com")), NOW) for n in range(2)]
    stored = arrivals.take_many(conn, items)
    assert told(conn) == ["soft", "hard", "hard"]
    assert [one.unsure for one in stored] == [[Kind.SOFT], [Kind.HARD]]
    make.submit(conn, words(2, subscriber_uuid=CAMPAIGNS[0]), words(3, subscriber_uuid=CAMPAIGNS[0]))
    assert told(conn)[3:] == ["soft", "hard"]
    make.check_tally(conn)


def test_a_batch_is_written_at_once_unless_somebody_is_in_it_twice(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = []
    monkeypatch.setattr(arrivals._Batch, "write", lambda self: writes.append(self))
    uuids = [f"{n}2222222-2222-4222-8222-222222222222" for n in range(5)]
    arrivals.take_many(
        conn, [(make.submission(words(n, subscriber_uuid=uuid)), NOW) for n, uuid in enumerate(uuids)]
    )
    assert not writes


def test_another_day_is_enough_where_no_campaign_is_known_by_the_mails_own_dates(conn: sqlite3.Connection) -> None:
    """An import brings old mails in any order and within a second."""
    for n, days in enumerate((30, 29.5, 40, 3)):
        make.submit(conn, hook(n, NOW - timedelta(days=days)))
    assert told(conn) == ["soft", "soft", "hard", "hard"]


def test_the_same_report_again_confirms_nothing(conn: sqlite3.Connection) -> None:
    make.submit(conn, words(0, NOW))
    receipt = make.submit(conn, words(0, later(days=20)), now=later(days=20))
    assert (receipt.accepted, receipt.duplicates) == (0, 1)
    make.submit(conn, words(1, later(days=21)), now=later(days=21))
    make.submit(conn, words(0, later(days=22)), now=later(days=22))
    assert told(conn) == ["soft", "hard"], "neither does what came later make the first one hard"


def test_a_sure_hard_is_a_first_report_too_and_a_plain_soft_or_a_dropped_one_is_none(
    conn: sqlite3.Connection,
) -> None:
    make.submit(conn, words(0, kind=Kind.SOFT, sure=True))
    make.submit(conn, words(1))
    make.settle(conn, 2, State.DROPPED)
    make.submit(conn, words(2))
    make.settle(conn, 3, State.DROPPED)
    make.submit(conn, words(3, sure=True))
    make.submit(conn, words(4))
    assert told(conn) == ["soft", "soft", "soft", "hard", "hard"]


def test_a_sure_hard_that_was_accepted_without_proof_confirms_nothing(conn: sqlite3.Connection) -> None:
    make.submit(conn, hook(0, NOW, provider="mailbox", proof=Proof.NONE, sure=True))
    make.submit(conn, hook(1, later(days=2)), now=later(days=2))
    assert told(conn) == ["hard", "soft"]


def test_a_soft_bounce_of_which_another_report_says_more_is_a_first_report(conn: sqlite3.Connection) -> None:
    make.submit(conn, words(0, kind=Kind.SOFT, sure=True))
    make.submit(conn, words(0))
    make.submit(conn, words(1))
    assert told(conn) == ["soft", "hard"]


def test_address_and_uuid_are_found_by_whom_both_are_proven(conn: sqlite3.Connection) -> None:
    make.submit(conn, hook(0, NOW, subscriber_uuid=SUBSCRIBER))  # both are proven
    make.submit(conn, words(1, later(days=2)), now=later(days=2))
    make.submit(conn, hook(2, later(days=4)), now=later(days=4))
    assert told(conn) == ["soft", "hard", "hard"]


def test_one_with_the_uuid_and_one_with_the_address_stay_soft(conn: sqlite3.Connection) -> None:
    """That both are the same person is what a mail says, and proves of the UUID alone."""
    make.submit(conn, words(0, NOW))
    make.submit(conn, hook(1, later(days=2)), now=later(days=2))
    assert told(conn) == ["soft", "soft"]


@pytest.mark.parametrize("unproven", ["soft", "accept", "hold"])
def test_the_same_forged_mail_on_three_days_under_two_names_stays_soft(
    conn: sqlite3.Connection, unproven: str
) -> None:
    for n in range(6):
        at = later(days=n // 2 * 2)
        raw = mail(number=n, date=format_datetime(at))
        judging = Judging(("bounces", "more")[n % 2], unproven=unproven, own_domains=("example.org",))
        returned = read_mail(raw, judging, at)
        assert returned.submission is not None
        arrivals.take(conn, returned.submission, at)
    assert told(conn) == ["soft"] * 6
    assert make.rows(conn, "sure") == [(None,)] * 6
    make.submit(conn, hook(4, later(days=9)), now=later(days=9))
    assert told(conn)[-1] == "soft", "nor are they a first report for a proven one"


@pytest.mark.parametrize(("unsure", "sure"), [("repeat", True), ("hard", True), ("hard", False)])
def test_what_anyone_may_post_is_no_first_report_however_sure_it_is(
    conn: sqlite3.Connection, unsure: str, sure: bool
) -> None:
    came = RawInput("shop", "generic", NOW, b"{}")
    parsed = Parsed((hook(0, NOW - timedelta(days=9), sure=sure),))
    arrivals.take(conn, judge(parsed, came, Rules(unsure=unsure), proven=False), NOW)
    make.submit(conn, hook(1))
    assert make.rows(conn, "kind, sure") == [("hard", None), ("soft", 0)]


def test_somebody_elses_uuid_beside_the_address_confirms_nothing(conn: sqlite3.Connection) -> None:
    make.submit(conn, hook(0, NOW))
    forged = words(1, later(days=2), subscriber_uuid=CAMPAIGNS[4])
    make.submit(conn, forged, now=later(days=2))
    make.submit(conn, hook(2, later(hours=3)), now=later(days=2))
    assert told(conn) == ["soft"] * 3


def test_judged_again_it_is_told_as_it_was(conn: sqlite3.Connection) -> None:
    for n in range(2):
        make.submit(conn, words(n))
    for row, kind in ((1, "soft"), (2, "hard")):
        assert people.judged_again(conn, words(row - 1), row, NOW).kind == kind
        assert operator.rejudge(conn, row, words(row - 1), later(days=3), "judged again")
    assert told(conn) == ["soft", "hard"]


def test_judged_again_it_stays_what_a_later_report_of_it_made_it(conn: sqlite3.Connection) -> None:
    make.submit(conn, words(0, kind=Kind.SOFT, sure=True))
    make.submit(conn, words(1))
    make.submit(conn, words(0))
    assert told(conn) == ["hard", "soft"], "in place, by what came in after the row"
    assert people.judged_again(conn, words(0), 1, NOW).kind is Kind.HARD
    assert operator.rejudge(conn, 1, words(0), later(days=3), "judged again")
    assert told(conn) == ["hard", "soft"]


def test_a_row_whose_address_another_report_proves_is_found_by_it(conn: sqlite3.Connection) -> None:
    make.submit(conn, words(0))
    make.submit(conn, hook(0))
    assert make.rows(conn, "address_form") == [("email",)]
    make.submit(conn, hook(1, later(days=2)), now=later(days=2))
    assert told(conn) == ["soft", "hard"]


def test_a_row_has_the_digest_of_who_is_told_and_the_domain(conn: sqlite3.Connection) -> None:
    make.submit(conn, words(0), hook(1), words(2, recipient=""))
    secret = people.secret_of(conn)
    by_uuid, by_address = person_key(SUBSCRIBER, secret), person_key("ann@example.com", secret)
    assert make.rows(conn, "person, domain") == [
        (by_uuid, "example.com"), (by_address, "example.com"), (by_uuid, ""),
    ]  # fmt: skip
    assert len(by_uuid) == 16


def test_no_person_is_looked_up_for_what_is_sure_or_soft(file_conn: sqlite3.Connection) -> None:
    asked: list[str] = []
    file_conn.set_trace_callback(asked.append)
    make.submit(file_conn, event(), event("bob@example.com", Kind.SOFT), event("cy@example.com", Kind.COMPLAINT))
    assert not [sql for sql in asked if "WHERE person" in sql]


def test_a_flood_about_one_person_stays_cheap(conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MOST", 2)
    make.submit(conn, words(0))
    make.submit(
        conn, *(words(3, campaign_uuid="", message_id=f"<{n}>", kind=Kind.SOFT, sure=True) for n in range(2))
    )
    make.submit(conn, words(1))
    assert told(conn) == ["soft"] * 4, "the first report is not among the newest rows"


def test_an_older_outbox_is_filled_in_small_steps(tmp_path: Path) -> None:
    with closing(make.connect(tmp_path / "outbox.db")) as conn:
        make.submit(conn, words(0), hook(1), words(2, recipient=""), event("bob@example.net"))
        before = make.rows(conn, "person, domain")
        conn.execute("UPDATE outbox SET person = x'', domain = ''")
        assert people.fill(conn, 3)
        assert not people.fill(conn, 3)
        assert make.rows(conn, "person, domain") == before
        assert not people.fill(conn, 3)
