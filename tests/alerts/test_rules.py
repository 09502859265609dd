# SPDX-License-Identifier: GPL-3.0-or-later
"""What each rule calls bad, and what not: a table with a bad and a healthy snapshot for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bouncestream.alerts.rules import RULES, Verdict, span
from bouncestream.alerts.snapshot import Numbers, Snapshot, SourceSeen
from bouncestream.config.alerting import RULE_IDS, Alerts
from bouncestream.doctor.finding import Finding, Level
from bouncestream.health import Part, Status

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def red(why: str) -> Part:
    return Part(Status.RED, why)


def outbox(**numbers: float) -> Snapshot:
    known = {"oldest": 0.0, "quarantine": 0, "doubled": 0} | {k: v for k, v in numbers.items() if k != "dead"}
    return Snapshot({}, numbers=Numbers({"dead": int(numbers.get("dead", 0))}, **known))  # type: ignore[arg-type]


def test_an_alert_of_a_refused_login_says_what_the_mailbox_says() -> None:
    barred = Snapshot({MAILBOX: red("login refused: no IMAP here. Next: switch IMAP on.")})
    for snapshot, fix in ((barred, "Switch IMAP on."), (REFUSED, "Check the mailbox's user")):
        [reading] = BY_ID["mailbox-login"].look(snapshot, Alerts())
        assert reading.fix.startswith(fix)
        assert "Next:" not in reading.seen


def test_a_remedy_with_a_snippet_is_one_line() -> None:
    found = Finding("pixel", Level.ERROR, "t", "a login page", fix="set it:\n\n    [server]\n    listen = 1")
    [reading] = BY_ID["doctor"].look(Snapshot({}, findings=[found]), Alerts())
    assert reading.fix == "set it: [server] listen = 1"


def source(**seen: object) -> Snapshot:
    return Snapshot({}, now=NOW, sources=[SourceSeen("shop", **seen)])  # type: ignore[arg-type]


MAILBOX = "mailbox:bounces"
REFUSED = Snapshot({MAILBOX: red("INBOX: login refused: AUTHENTICATIONFAILED")})
CUT = Snapshot({MAILBOX: red("INBOX: connection lost: the login was good an hour ago")})
WEEK = 7 * 86400.0

BAD = [
    ("oldest-pending", outbox(oldest=3600.0), "waiting for 60 min"),
    ("listmonk-paused", Snapshot({"listmonk": red("x")}, paused="grant webhooks:post_bounce"), "Grant webhooks"),
    ("listmonk-away", Snapshot({"listmonk": red("connection refused")}), "Connection refused."),
    ("mailbox-login", REFUSED, "refuses the login"),
    ("mailbox-away", CUT, "INBOX: connection lost"),
    ("part-red", Snapshot({"intake": red("nothing can be stored")}), "intake is not working"),
    ("part-red", Snapshot({"relay": red("unsubscriptions are waiting")}), "relay is not working"),
    ("silent-source", source(newest=NOW - 15 * DAY, usual_pause=WEEK), "for 15 days"),
    ("bounce-surge", source(this_hour=301, usual_peak=100), "301 events this hour"),
    ("unknown-uuids", replace(outbox(), unknown_hour=21), "21 bounce mails"),
    ("unproven-flood", replace(outbox(), unproven_hour=51), "51 bounce mails"),
    ("backfill-waits", Snapshot({"backfill:news": Part(Status.YELLOW, "3 wait. Next: start it.")}), "3 wait."),
    ("brake", Snapshot({"brake": Part(Status.YELLOW, "57 hard bounces are held")}), "57 hard bounces are held."),
    ("disk-low", Snapshot({}, disk_free=(1 << 30) - 1), "Below 64 MiB"),
    ("bridge-missing", Snapshot({}, numbers=Numbers({}, 0, 0, 0, bridges={"mx2": 300})), 'The bridge "mx2"'),
    ("wal-large", Snapshot({}, wal=257 << 20), "257 MiB"),
    ("alerts-unsent", Snapshot({}, unsent={"email": "no answer"}), "No answer."),
    ("doctor", Snapshot({}, findings=[Finding("pixel", Level.ERROR, "t", "a login page")]), "a login page"),
    ("sending-failed", Snapshot({}, sending_hour={"authentication": 20}), "could not send 20 messages"),
]
FINE = [
    ("sending-failed", Snapshot({}, sending_hour={"authentication": 10})),
    ("oldest-pending", outbox(oldest=60.0)),
    ("listmonk-paused", Snapshot({"listmonk": red("connection refused")})),
    ("listmonk-away", Snapshot({"listmonk": red("x")}, paused="grant it")),
    ("listmonk-away", Snapshot({"listmonk": Part(Status.YELLOW, "cannot verify")})),
    ("mailbox-login", CUT),
    ("mailbox-away", REFUSED),
    ("unknown-uuids", replace(outbox(), unknown_hour=10)),
    ("unproven-flood", replace(outbox(), unproven_hour=25)),
    ("part-red", Snapshot({"listmonk": red("x"), MAILBOX: red("y"), "intake": Part(Status.YELLOW, "busy")})),
    ("silent-source", source(newest=NOW - 13 * DAY, usual_pause=WEEK)),
    ("silent-source", source(newest=NOW - timedelta(hours=23), usual_pause=3600.0)),
    ("silent-source", source(newest=NOW - 99 * DAY, usual_pause=None)),
    ("silent-source", source(newest=None, usual_pause=None)),
    ("bounce-surge", source(this_hour=99, usual_peak=1)),
    ("bounce-surge", source(this_hour=299, usual_peak=100)),
    ("bounce-surge", source(this_hour=100_000, usual_peak=None)),
    ("brake", Snapshot({"brake": Part(Status.GREEN, "")})),
    ("disk-low", Snapshot({}, disk_free=2 << 30)),
    ("disk-low", Snapshot({}, disk_free=None)),
    ("wal-large", Snapshot({}, wal=1 << 20)),
    ("alerts-unsent", Snapshot({})),
    ("doctor", Snapshot({}, findings=[Finding("pixel", Level.INFO, "t", "fine")])),
]
COUNTING = [
    ("dead-letters", outbox(dead=2)),
    ("quarantine", outbox(quarantine=2)),
    ("doubled", outbox(doubled=2)),
    ("unproven-many", outbox(excess=2)),
    ("webhooks-missed", outbox(backfilled=2)),
    ("acknowledged-lost", outbox(forgotten=2)),
]
BY_ID = {rule.id: rule for rule in RULES}


@pytest.mark.parametrize(("rule", "snapshot", "words"), BAD, ids=[case[0] for case in BAD])
def test_it_is_bad_in_words_with_a_fix(rule: str, snapshot: Snapshot, words: str) -> None:
    readings = BY_ID[rule].look(snapshot, Alerts())
    assert readings is not None
    (bad,) = [reading for reading in readings if reading.verdict is Verdict.BAD]
    assert words in bad.seen
    assert bad.fix or rule == "doctor"


@pytest.mark.parametrize(("rule", "snapshot"), FINE)
def test_it_is_not_bad(rule: str, snapshot: Snapshot) -> None:
    readings = BY_ID[rule].look(snapshot, Alerts()) or []
    assert [reading for reading in readings if reading.verdict is Verdict.BAD] == []


@pytest.mark.parametrize(("rule", "snapshot"), COUNTING)
def test_it_counts(rule: str, snapshot: Snapshot) -> None:
    readings = BY_ID[rule].look(snapshot, Alerts())
    assert readings is not None
    assert [reading.value for reading in readings] == [2]
    assert "{n}" in readings[0].seen


def test_every_rule_is_tried_here_and_can_be_muted() -> None:
    tried = {case[0] for case in BAD} | {case[0] for case in COUNTING} | {"events-lost"}
    assert tried == {rule.id for rule in RULES} == set(RULE_IDS)


def test_a_healthy_bridge_has_no_alert() -> None:
    parts = {
        name: Part(Status.GREEN, "") for name in ("listmonk", "intake", "outbox", "relay", MAILBOX, "webhook:shop")
    }
    healthy = Snapshot(
        parts,
        now=NOW,
        numbers=Numbers({"verified": 9}, 0.0, 0, 0),
        disk_free=9 << 30,
        sources=[SourceSeen("shop", NOW, WEEK, 10, 100)],
        findings=(),
    )
    for rule in RULES:
        readings = rule.look(healthy, Alerts())
        assert readings is not None
        assert all(reading.verdict is Verdict.FINE or not reading.value for reading in readings), rule.id


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (119, "119 s"), (600, "10 min"), (9000, "2.5 h"), (345600, "4 days")]
)
def test_a_span_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words
