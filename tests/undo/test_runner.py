# SPDX-License-Identifier: GPL-3.0-or-later
"""The undo against a sandbox Listmonk, over the real relay: what is ours comes back, nothing else is touched."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bouncestream.errors import SinkError
from bouncestream.event import Kind
from bouncestream.outbox import caused, operator
from bouncestream.outbox.caused import Scope
from bouncestream.sandbox import Action, Sandbox
from bouncestream.undo import judge
from tests.undo.conftest import CAMPAIGN, Stage, acts

NOBODY: set[int] = set()


def shape(stage: Stage) -> dict[int, object]:
    """All that Listmonk knows of people but when they were last changed."""
    people = stage.sandbox.listmonk.database.people
    return {i: deepcopy((one.status, one.name, one.email, one.attribs, one.lists)) for i, one in people.items()}


async def test_what_a_bounce_of_ours_did_is_taken_back_and_nothing_else(stage: Stage) -> None:
    before = shape(stage)
    await stage.delivered(range(30))
    assert stage.blocklisted() == set(range(30))
    assert await stage.undo() == dict.fromkeys(range(30), "")
    assert shape(stage) == before
    assert stage.rows() == []
    assert stage.sandbox.state()["optins"] == 0
    assert set((await stage.events()).values()) == {"dropped"}
    assert await stage.undo() == {}


async def test_without_the_switch_it_would_mail(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the assertion above about opt-in letters is worth."""
    stage.person(1).lists[2].status = "unconfirmed"
    stage.sandbox.listmonk.database.ask_optin(stage.person(1))
    assert stage.sandbox.state()["optins"] == 1


async def test_a_dry_run_changes_nothing(stage: Stage) -> None:
    await stage.delivered(range(3))
    state = stage.sandbox.state()
    assert await stage.undo(dry_run=True) == dict.fromkeys(range(3), "")
    assert stage.sandbox.state() == state
    assert set((await stage.events()).values()) == {"verified"}


@pytest.mark.parametrize(
    ("scope", "back"),
    [
        ({"campaign_uuid": CAMPAIGN}, {0, 1}),
        ({"domain": "example.com"}, {0, 1, 2, 3}),
        ({"domain": "com"}, {0, 1, 2, 3}),
        ({"domain": "xample.com"}, NOBODY),
        ({"since": datetime.now(UTC) - timedelta(hours=1)}, {0, 1, 2, 3}),
        ({"since": datetime.now(UTC) + timedelta(hours=1)}, NOBODY),
        ({"domain": "example.com", "campaign_uuid": CAMPAIGN}, {0, 1}),
    ],
)
async def test_all_that_a_scope_names_must_fit(stage: Stage, scope: dict[str, object], back: set[int]) -> None:
    await stage.delivered(range(2), campaign_uuid=CAMPAIGN)
    await stage.delivered(range(2, 4))
    assert set(await stage.undo(**scope)) == back
    assert stage.blocklisted() == set(range(4)) - back


async def test_who_was_changed_since_is_left_alone(stage: Stage) -> None:
    await stage.delivered(range(6))
    person = stage.person
    person(0).set_status("blocklisted")  # by hand
    person(1).set_status("enabled")
    person(2).unsubscribe([1])
    stage.sandbox.listmonk.database.delete_person(person(3).id)
    for row in list(person(4).rows):
        stage.sandbox.listmonk.database.delete_row(row)
    found = await stage.undo()
    changed = "it was changed in Listmonk since"
    assert found[0].startswith(changed)
    assert found[1] == judge.ENABLED
    assert found[2].startswith(changed)
    assert judge.GONE in found.values()
    assert found[4] == judge.ROW_GONE
    assert found[5] == ""
    assert stage.blocklisted() == {0, 2, 4}
    assert person(2).lists[1].status == "unsubscribed"


async def test_what_another_bridge_did_is_not_ours(stage: Stage) -> None:
    """Our soft bounce comes first and does nothing; then somebody else's hard one blocklists."""
    await stage.delivered(range(2), kind=Kind.SOFT)
    await stage.sink._wire.call(
        "POST",
        "/webhooks/bounce",
        within=5,
        limit=1000,
        body=b'{"email": "p0@example.com", "type": "hard", "source": "another"}',
    )
    await stage.sandbox.idle()
    assert stage.blocklisted() == {0}
    await stage.db.write(_journal_all(stage))
    assert set((await stage.undo()).values()) == {judge.LATER, judge.ENABLED}
    assert stage.blocklisted() == {0}
    assert len(stage.rows()) == 3


async def test_a_soft_bounce_is_no_cause_where_listmonk_does_nothing_at_it(stage: Stage) -> None:
    """The other's row is deleted since; ours alone is there, and did not do it."""
    await stage.delivered(range(1), kind=Kind.SOFT)
    stage.person(0).status = "blocklisted"
    await stage.db.write(_journal_all(stage))
    assert await stage.undo() == {0: judge.NOT_BY_US}


def _journal_all(stage: Stage):  # type: ignore[no-untyped-def]
    """Note every row of ours, as if its subscriber had been seen blocklisted with it."""
    from bouncestream.ports import ListedRow

    rows = [
        ListedRow(r["meta"]["id"], 1, True, r["id"], _id(stage, r["email"]), r["subscriber_uuid"], "blocklisted")
        for r in stage.rows()
        if r["meta"].get("id")
    ]
    return partial(caused.note, rows=rows, actions={}, now=datetime.now(UTC), without_effect=True)


def _id(stage: Stage, email: str) -> int:
    return stage.sandbox.listmonk.database.by_email[email].id


async def test_a_complaint_stands_unless_it_is_meant(stage: Stage) -> None:
    await stage.delivered(range(2), kind=Kind.COMPLAINT)
    assert await stage.undo() == {}
    assert await stage.undo(kinds=[Kind.COMPLAINT]) == {0: "", 1: ""}


async def test_earlier_bounces_of_the_scope_go_with_it_and_others_stay(stage: Stage) -> None:
    await stage.delivered(range(1), kind=Kind.SOFT, message_id="<one@x>", campaign_uuid=CAMPAIGN)
    await stage.delivered(range(1), kind=Kind.SOFT, message_id="<two@x>")
    await stage.delivered(range(1), message_id="<three@x>", campaign_uuid=CAMPAIGN)
    assert await stage.undo(campaign_uuid=CAMPAIGN) == {0: ""}
    assert [row["type"] for row in stage.rows()] == ["soft"]
    assert await stage.states() == {"verified": 1, "dropped": 2}


async def test_what_was_delivered_before_there_was_a_journal(stage: Stage) -> None:
    await stage.delivered(range(5))
    await stage.db.write(lambda conn: conn.execute("DELETE FROM caused"))
    assert await stage.undo() == dict.fromkeys(range(5), "")


async def test_a_row_that_the_relay_still_holds_is_not_touched(stage: Stage) -> None:
    """Its row deleted, the relay would take it for lost, and post it again."""
    await stage.delivered(range(1))
    await stage.db.write(lambda conn: conn.execute("UPDATE outbox SET state = 'posted', finished_at = NULL"))
    assert await stage.undo() == {}
    assert len(stage.rows()) == 1


async def test_listmonk_takes_people_off_their_lists(stage: Stage, sandbox: Sandbox) -> None:
    acts(sandbox, hard=Action(1, "unsubscribe"))
    await stage.kill()
    await stage.start()
    one, two, three = (stage.person(number) for number in range(3))
    one.lists[2].status = "unconfirmed"
    two.unsubscribe([1])
    before = shape(stage)
    await stage.delivered(range(3))
    assert {s.status for person in (one, two, three) for s in person.lists.values()} == {"unsubscribed"}
    three.unsubscribe([2])  # and then left that one himself
    assert await stage.undo() == {0: "", 1: "", 2: ""}
    after = shape(stage)
    assert after[one.id] == before[one.id]
    assert after[two.id] == before[two.id]
    assert {i: s.status for i, s in three.lists.items()} == {1: "confirmed", 2: "unsubscribed"}


async def test_an_undone_event_is_marked_and_not_replayed_by_mistake(stage: Stage) -> None:
    await stage.delivered(range(1))
    await stage.undo()
    now = datetime.now(UTC)
    assert await stage.db.read(partial(caused.undone, row=1)) is not None
    refused = await stage.db.write(partial(operator.replay, rows=[1], now=now))
    assert "it was undone" in refused.refused[1]
    done = await stage.db.write(partial(operator.replay, rows=[1], now=now, again=True))
    assert done.done == [1]
    stage.relay._left_behind = True
    stage.relay.wake()
    await stage.until(lambda: stage.blocklisted() == {0})
    await stage.idle()
    assert await stage.undo() == {0: ""}


async def test_two_undos_at_once_harm_nobody(stage: Stage) -> None:
    """The command lets one run at a time (tests/cli/test_undo). Without that the outbox gives each subscriber to
    one of them."""
    before = shape(stage)
    await stage.delivered(range(60))
    patched: list[str] = []
    real = stage.sandbox._respond

    async def respond(request):  # type: ignore[no-untyped-def]
        if request.method == "PATCH":
            patched.append(request.path)
        return await real(request)

    stage.sandbox._respond = respond  # type: ignore[method-assign]
    await asyncio.gather(stage.undo(), stage.undo(), stage.undo())
    assert shape(stage) == before
    assert await stage.states() == {"dropped": 60}
    assert len(patched) == len(set(patched)) == 60
    assert await stage.db.read(caused.begun) == []


async def test_listmonk_goes_away_in_the_middle_and_the_next_one_goes_on(stage: Stage, sandbox: Sandbox) -> None:
    before = shape(stage)
    await stage.delivered(range(120))
    real, calls = sandbox._respond, 0

    async def respond(request):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += request.method == "PATCH"
        if calls == 70:
            sandbox.fault("db_away")
        return await real(request)

    sandbox._respond = respond  # type: ignore[method-assign]
    with pytest.raises(SinkError):
        await stage.undo()
    assert 0 < len(stage.blocklisted()) < 120
    sandbox.fault("clear")
    await stage.undo()
    assert shape(stage) == before
    assert await stage.states() == {"dropped": 120}
    assert await stage.db.read(caused.begun) == []


async def test_one_whom_listmonk_refuses_does_not_stop_the_others(stage: Stage) -> None:
    await stage.delivered(range(3))
    stage.person(1).email = "no address"
    found = await stage.undo()
    assert (found[0], found[2]) == ("", "")
    assert "Listmonk refused it: Invalid email." in found[1]
    stage.person(1).email = "p1@example.com"
    assert await stage.undo() == {1: ""}


async def test_a_clock_that_is_wrong(stage: Stage, sandbox: Sandbox) -> None:
    """Listmonk's clock is an hour behind: what was changed a moment ago bears a time before our POST."""
    sandbox.settings.clock_seconds = -3600
    await stage.delivered(range(2))
    for number in range(2):
        person = stage.person(number)
        for one in (person, *person.lists.values()):
            one.updated_at = datetime.now(UTC) - timedelta(days=1)
    stage.person(0).updated_at = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=5)
    found = await stage.undo()
    assert found[0].startswith("it was changed")
    assert found[1] == ""


async def test_what_still_waits_is_counted(stage: Stage) -> None:
    await stage.delivered(range(2))
    await stage.emit(range(2, 5), hold="operator")
    assert await stage.db.read(partial(caused.waiting, scope=Scope())) == {"operator": 3}
