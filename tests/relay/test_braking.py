# SPDX-License-Identifier: GPL-3.0-or-later
"""The brake in the relay: what is held is not told, the rest goes on, and a person's word is final."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bouncestream.brake import Threshold
from bouncestream.errors import SinkError, SinkRefused, StoreUnavailable
from bouncestream.event import BounceEvent, Kind
from bouncestream.health import Status
from bouncestream.metrics import BRAKE_HELD, BRAKED_TOTAL
from bouncestream.outbox import braking, operator
from bouncestream.ports import Campaign, Submission
from bouncestream.relay.braking import Braking
from tests.relay.conftest import Bridge

MARK = "5a0db0c5-0000-4000-8000-000000000001"
THRESHOLD = Threshold(50, timedelta(minutes=10), 0.05)
RUNNING = Campaign(1, MARK, "The letter", "running", 1000)


def brake(**more: object) -> Braking:
    return Braking(THRESHOLD, **{"shown": 0.0} | more)  # type: ignore[arg-type]


async def with_brake(bridge: Bridge, made: Braking) -> Bridge:
    await bridge.start()
    bridge.relay.braking = made
    return bridge


async def until_waiting(bridge: Bridge, number: int) -> None:
    """Until so many were judged, and wait for more to come."""
    async with asyncio.timeout(20):
        while True:
            rows = await bridge.db.read(partial(operator.list_rows, limit=1000))
            if sum(row.why.startswith("waits until") for row in rows) == number:
                return
            await asyncio.sleep(0.01)


async def test_what_is_alike_is_held_and_the_rest_goes_on(bridge: Bridge) -> None:
    await with_brake(bridge, brake())
    await bridge.emit(range(300), reason="user_unknown")
    await bridge.emit(range(300, 310), kind=Kind.COMPLAINT)
    await bridge.emit(range(310, 320), kind=Kind.SOFT)
    await bridge.idle()
    states = await bridge.states()
    assert states["held"] >= 200
    assert states["verified"] <= 120
    assert states["held"] + states["verified"] == 320
    assert {row["type"] for row in bridge.rows()} >= {"complaint", "soft"}
    part = bridge.health.parts["brake"]
    assert part.state is Status.YELLOW
    assert "alike are example.com (user unknown)" in part.why
    assert bridge.health.ready
    assert bridge.metrics.get(BRAKE_HELD) == bridge.metrics.get(BRAKED_TOTAL) == states["held"]


async def test_in_a_flood_the_board_is_written_now_and_then(
    bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    """Each change there is a line of the log."""
    await with_brake(bridge, brake(shown=10.0))
    for at in range(0, 400, 20):
        await bridge.emit(range(at, at + 20))
        await bridge.idle()
    assert (await bridge.states())["held"] > 300
    assert 1 <= caplog.text.count("brake is yellow") <= 2


async def test_few_are_let_through(bridge: Bridge) -> None:
    await with_brake(bridge, brake())
    await bridge.emit(range(50))
    await bridge.idle()
    assert await bridge.states() == {"verified": 50}
    assert "brake" not in bridge.health.parts


async def test_what_a_person_releases_is_not_held_again(bridge: Bridge) -> None:
    await with_brake(bridge, brake())
    await bridge.emit(range(200))
    await bridge.idle()
    rows = await bridge.db.read(braking.held_rows)
    assert len(rows) >= 100
    await bridge.db.write(partial(operator.release, rows=rows[:60], now=datetime.now(UTC)))
    await bridge.db.write(partial(operator.drop, rows=rows[60:], now=datetime.now(UTC)))
    bridge.relay.braking.changed = True
    bridge.relay.wake()
    await bridge.until_states({"verified": 200 - len(rows) + 60, "dropped": len(rows) - 60})
    await bridge.until(lambda: bridge.metrics.get(BRAKE_HELD) == 0)
    bridge.exactly_once(200 - len(rows) + 60)


async def test_a_kill_and_a_start_change_nothing(bridge: Bridge) -> None:
    await with_brake(bridge, brake())
    await bridge.emit(range(100))
    await bridge.idle()
    held = (await bridge.states())["held"]
    await bridge.kill()
    await with_brake(bridge, brake())
    await bridge.emit(range(100, 150))
    await bridge.idle()
    assert (await bridge.states())["held"] == held + 50


async def test_only_the_window_is_known_after_a_start(bridge: Bridge) -> None:
    await with_brake(bridge, brake())
    await bridge.emit(range(40))
    await bridge.idle()
    await bridge.kill()
    await with_brake(bridge, brake())
    await bridge.emit(range(40, 60))
    await bridge.idle()
    assert (await bridge.states())["held"] == 20


@pytest.mark.parametrize(("sent", "held"), [(1000, True), (100_000, False)])
async def test_the_share_is_of_what_the_campaign_has_sent(bridge: Bridge, sent: int, held: bool) -> None:
    asked = []

    async def campaigns() -> Mapping[str, Campaign]:
        asked.append(sent)
        return {MARK: Campaign(1, MARK, "The letter", "running", sent)}

    await with_brake(bridge, brake(campaigns=campaigns))
    await bridge.emit(range(200), campaign_uuid=MARK)
    if held:
        await bridge.idle()
        assert "held" in await bridge.states()
    else:  # at this speed there would be too many soon
        await bridge.until_states({"verified": 50, "pending": 150})
    assert len(asked) == 1


async def test_what_is_sent_is_asked_anew_before_the_brake_begins(bridge: Bridge) -> None:
    """A campaign sends thousands in a minute: what was known of it says nothing."""
    sent = [100, 100_000]

    async def campaigns() -> Mapping[str, Campaign]:
        return {MARK: Campaign(1, MARK, "The letter", "running", sent.pop(0))}

    await with_brake(bridge, brake(campaigns=campaigns))
    await bridge.emit(range(1), campaign_uuid=MARK)
    await bridge.idle()
    bridge.relay.braking._asked_at -= 10
    await bridge.emit(range(1, 60), campaign_uuid=MARK)
    await bridge.until(lambda: sent == [])
    await bridge.until(lambda: len(bridge.rows()) >= 50)
    assert "held" not in await bridge.states()
    assert "brake" not in bridge.health.parts


async def test_what_a_campaign_has_sent_that_began_since_is_asked_before_the_brake_begins(bridge: Bridge) -> None:
    """Else it is braked by a count that is far below what it has sent."""
    began = "5a0db0c5-0000-4000-8000-000000000002"
    sent = [{MARK: 100}, {MARK: 100, began: 100_000}]

    async def campaigns() -> Mapping[str, Campaign]:
        return {mark: Campaign(1, mark, "The letter", "running", sent) for mark, sent in sent.pop(0).items()}

    await with_brake(bridge, brake(campaigns=campaigns))
    await bridge.emit(range(1), campaign_uuid=MARK)
    await bridge.idle()
    bridge.relay.braking._asked_at -= 10
    await bridge.emit(range(1, 201), campaign_uuid=began)
    await bridge.until(lambda: sent == [])
    await bridge.until_states({"verified": 51, "pending": 150})  # not held; but it sees whether more come
    assert "brake" not in bridge.health.parts


async def test_a_source_that_is_used_to_many(bridge: Bridge) -> None:
    await with_brake(bridge, brake(peak=lambda source: 1000 if source == "hook" else None))
    await bridge.emit(range(60))
    await bridge.emit(range(60, 200))
    await bridge.until_states({"verified": 50, "pending": 150})  # not held; but it sees whether more come
    assert "brake" not in bridge.health.parts


async def test_the_campaign_is_paused_once(bridge: Bridge) -> None:
    paused = []

    async def campaigns() -> Mapping[str, Campaign]:
        return {MARK: RUNNING}

    async def pause(campaign: Campaign) -> str:
        paused.append(campaign.id)
        return ""

    await with_brake(bridge, brake(campaigns=campaigns, pause=pause))
    await bridge.emit(range(200), campaign_uuid=MARK)
    await bridge.idle()
    await bridge.emit(range(200, 300), campaign_uuid=MARK)
    await bridge.idle()
    assert paused == [1]
    assert (
        "campaign The letter is paused; to go on with it, start it in Listmonk" in bridge.health.parts["brake"].why
    )


async def test_a_commit_whose_answer_is_lost_stands(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    paused, lost = [], []

    async def campaigns() -> Mapping[str, Campaign]:
        return {MARK: RUNNING}

    async def pause(campaign: Campaign) -> str:
        paused.append(campaign.id)
        return ""

    await with_brake(bridge, brake(campaigns=campaigns, pause=pause))
    write = bridge.db.write

    async def cut(job: partial[object], **extent: int) -> object:
        answer = await write(job, **extent)
        if not lost and isinstance(answer, tuple) and answer[0].braked:
            lost.append(job)
            raise StoreUnavailable("PostgreSQL does not answer")
        return answer

    monkeypatch.setattr(bridge.db, "write", cut)
    await bridge.emit(range(40), campaign_uuid=MARK)
    await bridge.idle()
    await bridge.emit(range(40, 60), campaign_uuid=MARK)
    await bridge.until(lambda: lost)
    await bridge.emit(range(60, 65), campaign_uuid=MARK)
    await bridge.until_states({"verified": 40, "held": 25})
    await bridge.until(lambda: paused)
    await bridge.idle()
    assert len(lost) == 1 and paused == [1]
    assert "campaign The letter: alike are" in bridge.health.parts["brake"].why


async def test_one_that_has_ended_is_said_to_have(bridge: Bridge) -> None:
    async def campaigns() -> Mapping[str, Campaign]:
        return {MARK: replace(RUNNING, status="finished")}

    async def pause(campaign: Campaign) -> str:
        raise AssertionError("it is not asked for")

    await with_brake(bridge, brake(campaigns=campaigns, pause=pause))
    await bridge.emit(range(200), campaign_uuid=MARK)
    await bridge.idle()
    assert (
        "campaign The letter is not paused, as it does not run (it is finished)" in bridge.health.parts["brake"].why
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Only active campaigns can be paused.", "was not paused, as it has ended: Only active"),
        (SinkRefused(403, "permission denied: campaigns:send"), "could not be paused: permission denied"),
    ],
)
async def test_a_campaign_that_is_not_paused_is_told(bridge: Bridge, answer: str | SinkRefused, said: str) -> None:
    async def campaigns() -> Mapping[str, Campaign]:
        return {MARK: RUNNING}

    async def pause(campaign: Campaign) -> str:
        if isinstance(answer, SinkRefused):
            raise answer
        return answer

    await with_brake(bridge, brake(campaigns=campaigns, pause=pause))
    await bridge.emit(range(200), campaign_uuid=MARK)
    await bridge.idle()
    assert said in bridge.health.parts["brake"].why


async def test_a_provider_with_few_of_the_readers_is_asked_for(bridge: Bridge) -> None:
    asked = []

    async def campaigns() -> Mapping[str, Campaign]:
        return {MARK: replace(RUNNING, sent=100_000)}

    async def readers(domain: str, campaign: str) -> int:
        asked.append((domain, campaign))
        return 900

    await with_brake(bridge, brake(campaigns=campaigns, readers=readers))
    await bridge.emit(range(300), campaign_uuid=MARK, reason="user_unknown")
    await bridge.idle()
    states = await bridge.states()
    assert states["held"] >= 200
    assert asked == [("example.com", MARK)]
    assert "alike are example.com (user unknown)" in bridge.health.parts["brake"].why


class Provider:
    """Listmonk with a campaign, of whose 100,000 mails few went to example.com."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.paused: list[int] = []
        self.error: SinkError | None = None

    async def campaigns(self) -> Mapping[str, Campaign]:
        return {MARK: replace(RUNNING, sent=100_000)}

    async def readers(self, domain: str, campaign: str) -> int:
        self.asked.append(domain)
        if self.error is not None:
            raise self.error
        return 900

    async def pause(self, campaign: Campaign) -> str:
        self.paused.append(campaign.id)
        return ""

    def brake(self) -> Braking:
        return brake(campaigns=self.campaigns, readers=self.readers, pause=self.pause)


async def others(bridge: Bridge, numbers: range) -> None:
    """Hard bounces of the campaign, for another reason, are judged one by one: they wait."""
    for number in numbers:
        await bridge.emit(range(number, number + 1), campaign_uuid=MARK, reason="content_rejected")
        await until_waiting(bridge, number - 299)


async def test_a_start_does_not_begin_the_brake_again(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    provider = Provider()
    await with_brake(bridge, provider.brake())
    await bridge.emit(range(300), campaign_uuid=MARK)
    await bridge.idle()
    await bridge.kill()
    await with_brake(bridge, provider.brake())
    await others(bridge, range(300, 301))
    await bridge.emit(range(310, 320), campaign_uuid=MARK)
    await bridge.until_states({"verified": 50, "held": 260, "pending": 1})
    assert provider.asked == ["example.com"] * 2
    assert provider.paused == [1]
    assert caplog.text.count("the brake is on") == 1
    assert "the brake is off" not in caplog.text


@pytest.mark.parametrize("error", [None, SinkError("it is away"), SinkRefused(403, "permission denied")])
async def test_the_number_of_readers_stands_until_there_is_another(
    bridge: Bridge, error: SinkError | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bouncestream.relay.braking.READERS_FRESH", 0.0)
    provider = Provider()
    await with_brake(bridge, provider.brake())
    await bridge.emit(range(300), campaign_uuid=MARK)
    await bridge.idle()
    asked = len(provider.asked)
    provider.error = error
    await others(bridge, range(300, 302))
    assert len(provider.asked) == asked
    for number in (310, 311):
        await bridge.emit(range(number, number + 1), campaign_uuid=MARK)
        await bridge.until_states({"verified": 50, "held": number - 59, "pending": number - 308})
        await others(bridge, range(number - 8, number - 7))
    assert len(provider.asked) == asked + (2 if error is None else 1)
    assert provider.paused == [1]
    assert caplog.text.count("the brake is on") == 1
    assert "the brake is off" not in caplog.text


async def test_no_other_is_asked_for_where_listmonk_hangs(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bouncestream.relay.braking.ASKING", 0.05)
    marks = [MARK[:-1] + end for end in "123"]
    asked = []

    async def campaigns() -> Mapping[str, Campaign]:
        return {mark: replace(RUNNING, uuid=mark, sent=100_000) for mark in marks}

    async def readers(domain: str, campaign: str) -> int:
        asked.append(campaign)
        await asyncio.Event().wait()
        return 0

    bridge.settings = replace(bridge.settings, batch_size=500)
    await with_brake(bridge, brake(campaigns=campaigns, readers=readers))
    events = [
        BounceEvent(
            Kind.HARD, f"p{n}@example.com", "hook", "generic", message_id=f"<{n}@x>", campaign_uuid=marks[n % 3]
        )
        for n in range(300)
    ]
    await bridge.intake(Submission("hook", "generic", tuple(events), raw=b"{}"))
    await until_waiting(bridge, 150)
    await bridge.emit(range(300, 301), campaign_uuid=marks[2])
    await until_waiting(bridge, 151)
    assert len(asked) == 1


async def test_a_listmonk_that_hangs_is_waited_for_in_bounds(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.relay.braking.ASKING", 0.05)

    async def campaigns() -> Mapping[str, Campaign]:
        await asyncio.Event().wait()
        return {}

    await with_brake(bridge, brake(campaigns=campaigns))
    await bridge.emit(range(5), campaign_uuid=MARK)
    await bridge.idle()
    assert await bridge.states() == {"verified": 5}


@pytest.mark.parametrize("hangs", [False, True])
async def test_readers_that_cannot_be_asked_for_are_left_out_for_a_while(
    bridge: Bridge, hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.relay.braking.ASKING", 0.05)
    asked = []

    async def campaigns() -> Mapping[str, Campaign]:
        return {MARK: replace(RUNNING, sent=100_000)}

    async def readers(domain: str, campaign: str) -> int:
        asked.append(domain)
        if hangs:
            await asyncio.Event().wait()
        raise SinkRefused(403, "permission denied: subscribers:sql_query")

    await with_brake(bridge, brake(campaigns=campaigns, readers=readers))
    await bridge.emit(range(200), campaign_uuid=MARK)
    await until_waiting(bridge, 150)
    await bridge.emit(range(200, 210), campaign_uuid=MARK)
    await until_waiting(bridge, 160)
    assert (await bridge.states())["pending"] == 160
    assert len(asked) == 1
