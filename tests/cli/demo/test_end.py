# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of the demo must fail when something is wrong: each of its checks is made to."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream.cli.demo.end import Scene, Sent, checks, table
from bouncestream.cli.demo.mails import Case, cases, mail_cases, restart_cases, subscriber_uuid
from bouncestream.event import BounceEvent, Kind
from bouncestream.outbox.operator import Listed
from bouncestream.ports import State

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def row(number: int, case: Case) -> Listed:
    event = BounceEvent(Kind(case.kind), case.address, "sendamatic", "sendamatic")
    return Listed(
        row=number,
        event_id=f"id-{number}",
        state=State(case.state),
        event=event,
        received_at=NOW,
        label="",
        attempt=1,
        held_for="",
        next_attempt_at=None,
        finished_at=NOW,
        why="",
        raw_id=None,
        supersedes="",
        superseded_by=None,
    )


def good() -> Scene:
    told = [*cases(), *restart_cases()]
    receipts = {
        "accepted": {"accepted": 1},
        "duplicate": {"duplicates": 1},
        "unidentified": {"unidentified": 1},
    }
    sent = [Sent(case, case.status, receipts.get(case.outcome, {})) for case in told]
    mails = [Sent(case, 0, receipts.get(case.outcome, {})) for case in mail_cases()]
    everything = [*told, *mail_cases()]
    rows = [row(number, case) for number, case in enumerate(everything) if case.kind]
    people = {case.address: case.subscriber for case in everything if case.subscriber}
    sandbox = {
        "rows": [
            {"meta": {"id": r.event_id}} for r in rows if r.state == "verified" and r.event.kind != "unsubscribe"
        ],
        "subscribers": [
            {
                "email": address,
                "uuid": subscriber_uuid(address),
                "status": "enabled" if status == "unsubscribed" else status,
                "lists": {"1": "unsubscribed" if status == "unsubscribed" else "confirmed"},
            }
            for address, status in people.items()
        ],
    }
    folders = {"INBOX": 1, "Processed": 3, "Unidentified": 1}
    return Scene(sent, rows, sandbox, lost=24, ignored=1, settled=True, mails=mails, folders=folders)


def failed(scene: Scene) -> list[str]:
    return [text for good, text in checks(scene) if not good]


def changed(change: str) -> Scene:
    scene = good()
    sandbox: dict[str, Any] = copy.deepcopy(dict(scene.sandbox))
    if change == "a row too many":
        sandbox["rows"].append(sandbox["rows"][0])
    elif change == "a row lost":
        del sandbox["rows"][0]
    elif change == "a foreign row":
        sandbox["rows"].append({"meta": {}})
    elif change == "a status":
        sandbox["subscribers"][0]["status"] = "enabled"
    return replace(scene, sandbox=sandbox)


def test_a_good_end_passes() -> None:
    assert failed(good()) == []
    lines = table(good())
    assert len(lines) == 14
    assert {line[-1] for line in lines} == {"✔"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("a row too many", "counted twice"),
        ("a row lost", "nothing is lost"),
        ("a foreign row", "no unexpected bounces"),
        ("a status", "right status"),
    ],
)
def test_what_is_wrong_in_listmonk_fails(change: str, words: str) -> None:
    assert any(words in text for text in failed(changed(change)))


def test_what_is_wrong_in_the_outbox_fails() -> None:
    scene = good()
    first = replace(scene.rows[0], state=State.DEAD)
    assert any("reached the right state" in text for text in failed(replace(scene, rows=[first, *scene.rows[1:]])))
    soft = replace(scene.rows[0], event=replace(scene.rows[0].event, kind=Kind.SOFT))
    assert any("classified" in text for text in failed(replace(scene, rows=[soft, *scene.rows[1:]])))
    assert any("no other" in text for text in failed(replace(scene, rows=scene.rows[1:])))
    assert "✘" in [line[-1] for line in table(replace(scene, rows=[first, *scene.rows[1:]]))]


def test_a_mail_taken_for_something_else_or_in_a_wrong_folder_fails() -> None:
    scene = good()
    wrong = replace(scene.mails[1], receipt={"unidentified": 1})
    assert any("recognised" in text for text in failed(replace(scene, mails=[wrong, *scene.mails[2:]])))
    assert any("right folder" in text for text in failed(replace(scene, folders={"INBOX": 5})))
    assert failed(replace(scene, folders={})) == []  # there is no mailbox


def test_wrong_answers_and_no_loss_fail() -> None:
    scene = good()
    wrong = replace(scene.sent[0], status=500)
    assert any("answered" in text for text in failed(replace(scene, sent=[wrong, *scene.sent[1:]])))
    assert any("lost 0" in text for text in failed(replace(scene, lost=0)))
    assert any("auto-reply" in text for text in failed(replace(scene, ignored=0)))
    assert any("in time" in text for text in failed(replace(scene, settled=False)))
