# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against the sandbox, and against servers that are none."""

from __future__ import annotations

import asyncio
import functools
import re
from types import SimpleNamespace

import aiohttp
import pytest
from aioresponses import aioresponses, core

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.event import Kind
from bouncestream.ports import Answer, Claimed, PostOutcome, State, Subscriber
from bouncestream.relay.unsubscribe import unsubscribe
from bouncestream.sandbox import Sandbox
from bouncestream.sinks.listmonk.client import ListmonkClient
from tests.sinks.listmonk.conftest import CAMPAIGN, GONE, Allow
from tests.sinks.listmonk.make import claimed

UUID = "{:08d}-0000-4000-8000-000000000000"


async def posted(listmonk: ListmonkClient, sandbox: Sandbox, *events: Claimed) -> list[Answer]:
    answers = [await listmonk.post(event) for event in events]
    await sandbox.idle()
    return answers


async def test_a_bounce_is_recorded_and_read_back(listmonk: ListmonkClient, sandbox: Sandbox) -> None:
    (answer,) = await posted(listmonk, sandbox, claimed(1, diagnostic="550 no such user"))
    assert answer.outcome is PostOutcome.ACCEPTED
    (row,) = await listmonk.read_label("ses 2026-03-01")
    assert (row.event_id, row.attempt, row.ours) == ("event-1", 1, True)
    assert sandbox.state()["rows"][0]["created_at"].startswith("2026-03-01T12:00:00")


async def test_labels_of_more_than_a_page_are_read_whole(
    listmonk: ListmonkClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.sinks.listmonk.client.PER_PAGE", 7)
    await posted(listmonk, sandbox, *[claimed(i) for i in range(1, 31)])
    assert {row.event_id for row in await listmonk.read_label("ses 2026-03-01")} == {
        f"event-{i}" for i in range(1, 31)
    }
    assert await listmonk.read_label("another label") == []


async def test_another_bridge_under_the_same_label_is_told_apart(
    listmonk: ListmonkClient, sandbox: Sandbox
) -> None:
    other = ListmonkClient(sandbox.url, "bridge", "sandbox-token-of-bridge", instance="bridge2")
    await posted(other, sandbox, claimed(1))
    await other.close()
    (row,) = await listmonk.read_label("ses 2026-03-01")
    assert not row.ours


async def test_the_boot_id_changes_with_a_restart(listmonk: ListmonkClient, sandbox: Sandbox) -> None:
    before = await listmonk.boot_id()
    assert before == sandbox.boot_id
    sandbox.fault("restart")
    assert await listmonk.boot_id() == sandbox.boot_id != before


@pytest.mark.parametrize(
    ("missing", "attribute"),
    [
        ("webhooks:post_bounce", "post"),
        ("bounces:get", "read"),
        ("subscribers:get_all", "lookup"),
        ("subscribers:sql_query", "lookup"),
    ],
)
async def test_a_missing_permission_is_found(
    listmonk: ListmonkClient, without: Allow, missing: str, attribute: str
) -> None:
    assert getattr(await listmonk.capabilities(), attribute) is True
    without(missing)
    assert getattr(await listmonk.capabilities(), attribute) is False


async def test_the_counts_need_settings_get(listmonk: ListmonkClient, without: Allow) -> None:
    capabilities = await listmonk.capabilities()
    assert capabilities.counts == {"soft": 2, "hard": 1, "complaint": 1}
    assert capabilities.version.startswith("v6.2")
    without("settings:get")
    assert (await listmonk.capabilities()).counts is None


async def test_processing_that_is_off_is_seen_in_the_settings(listmonk: ListmonkClient, sandbox: Sandbox) -> None:
    sandbox.fault("processing_off")
    assert (await listmonk.capabilities()).processing is False


async def test_a_look_up_names_the_reason(listmonk: ListmonkClient, sandbox: Sandbox) -> None:
    await listmonk.capabilities()
    soft = [claimed(3, kind=Kind.SOFT, message_id=f"<{i}>") for i in range(2)]
    await posted(listmonk, sandbox, *soft)
    found = await listmonk.look_up(
        [
            claimed(1),
            claimed(2, recipient="nobody@example.com"),
            claimed(3, kind=Kind.SOFT),
            claimed(4, recipient="gone@example.com"),
            claimed(5, recipient="o'brien@example.com"),
            claimed(6, recipient='";drop table@example.com'),
            claimed(7, recipient="", subscriber_uuid=UUID.format(7)),
            claimed(8, recipient="old@example.com", subscriber_uuid=UUID.format(8)),
            claimed(9, recipient="P9@EXAMPLE.com", subscriber_uuid=UUID.format(9)),
            claimed(10, recipient="anna@xn--bcher-kva.example"),
        ]
    )
    assert found[1].reason == ""
    assert found[2].reason == "Listmonk has no such subscriber"
    assert "at most 2 soft" in found[3].reason
    assert "already blocklisted" in found[4].reason
    assert found[5].reason == ""
    assert 6 not in found
    assert found[7].reason == ""
    assert found[8].reason == "Listmonk has no such subscriber", "the UUID's owner has changed the address"
    assert 9 not in found, "an address that is not in its normal form is not asked for"
    assert found[10].address_form == "unicode"


async def test_hundreds_are_looked_up_in_several_calls(listmonk: ListmonkClient) -> None:
    await listmonk.capabilities()
    found = await listmonk.look_up([claimed(i) for i in range(1, 301)])
    assert sum(not finding.reason for finding in found.values()) == 250
    assert len(found) == 300


async def test_with_the_database_away_a_refused_look_up_blames_no_address(
    listmonk: ListmonkClient, sandbox: Sandbox
) -> None:
    await listmonk.capabilities()
    sandbox.fault("db_away")
    with pytest.raises(SinkError):
        await listmonk.look_up([claimed(1), claimed(2)])
    with pytest.raises(SinkError):
        await listmonk.read_label("x")


# -- unsubscriptions ----------------------------------------------------------------------------------------------


def wish(number: int = 1, **fields: object) -> Claimed:
    return claimed(number, kind=Kind.UNSUBSCRIBE, label="", **fields)


async def test_an_unsubscription_leaves_all_lists_and_is_seen_to(
    listmonk: ListmonkClient, sandbox: Sandbox
) -> None:
    move = await unsubscribe(listmonk, wish(), policy="campaign", delay=1)
    assert move.to is State.VERIFIED
    person = sandbox.state()["subscribers"][0]
    assert set(person["lists"].values()) == {"unsubscribed"}
    assert person["status"] == "enabled"
    assert move.why == "unsubscribed from all lists (the report names no campaign): verified"
    again = await unsubscribe(listmonk, wish(), policy="lists", delay=1)
    assert (again.to, again.why) == (State.VERIFIED, "no longer on all lists")


async def test_an_unsubscription_leaves_the_lists_of_its_campaign_alone(
    listmonk: ListmonkClient, sandbox: Sandbox
) -> None:
    of_campaign = wish(campaign_uuid=CAMPAIGN.upper())
    move = await unsubscribe(listmonk, of_campaign, policy="campaign", delay=1)
    assert (move.to, move.why) == (State.VERIFIED, "unsubscribed from the lists of its campaign: verified")
    assert sandbox.state()["subscribers"][0]["lists"] == {"1": "confirmed", "2": "unsubscribed"}
    again = await unsubscribe(listmonk, of_campaign, policy="campaign", delay=1)
    assert (again.to, again.why) == (State.VERIFIED, "no longer on the lists of its campaign")
    assert sandbox.state()["subscribers"][0]["lists"]["1"] == "confirmed"
    assert (await unsubscribe(listmonk, of_campaign, policy="lists", delay=1)).to is State.VERIFIED
    assert set(sandbox.state()["subscribers"][0]["lists"].values()) == {"unsubscribed"}


@pytest.mark.parametrize("campaign", [GONE, "5a0db0c5-0000-4000-8000-00000000ffff", "no UUID"])
async def test_no_wish_is_lost_where_the_lists_of_the_campaign_are_not_known(
    listmonk: ListmonkClient, sandbox: Sandbox, campaign: str
) -> None:
    move = await unsubscribe(listmonk, wish(campaign_uuid=campaign), policy="campaign", delay=1)
    assert move.to is State.VERIFIED
    assert "from all lists (the " in move.why
    assert set(sandbox.state()["subscribers"][0]["lists"].values()) == {"unsubscribed"}


async def test_a_listmonk_that_does_not_tell_the_lists_of_a_campaign(
    listmonk: ListmonkClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.sandbox.sql._SENT", re.compile("never"))
    move = await unsubscribe(listmonk, wish(campaign_uuid=CAMPAIGN), policy="campaign", delay=1)
    assert "from all lists (Listmonk does not tell those of the campaign: Error preparing" in move.why
    assert set(sandbox.state()["subscribers"][0]["lists"].values()) == {"unsubscribed"}


async def test_the_lists_of_a_campaign_are_found_among_many(listmonk: ListmonkClient, sandbox: Sandbox) -> None:
    database = sandbox.listmonk.database
    ids = [database.add_list(f"list {number}").id for number in range(250)]
    database.sent_to[CAMPAIGN] = {ids[0], ids[1], ids[77], ids[249], 1}
    person = Subscriber(1, UUID.format(1), "p1@example.com", "enabled", dict.fromkeys(ids, "confirmed"))
    assert await listmonk.campaign_lists(person, CAMPAIGN) == {ids[0], ids[1], ids[77], ids[249]}


async def test_the_policy_may_want_the_blocklist(listmonk: ListmonkClient, sandbox: Sandbox) -> None:
    assert (await unsubscribe(listmonk, wish(), policy="blocklist", delay=1)).to is State.VERIFIED
    assert sandbox.state()["subscribers"][0]["status"] == "blocklisted"


async def test_a_stranger_cannot_be_unsubscribed(listmonk: ListmonkClient) -> None:
    move = await unsubscribe(listmonk, wish(recipient="nobody@example.com"), policy="campaign", delay=1)
    assert move.to is State.UNSTORED


async def test_an_address_that_cannot_be_asked_for_goes_by_its_uuid(listmonk: ListmonkClient) -> None:
    odd = wish(recipient="a'; --\"@example.com", subscriber_uuid=UUID.format(2))
    assert (await unsubscribe(listmonk, odd, policy="campaign", delay=1)).to is State.VERIFIED


async def test_an_outage_of_its_database_is_no_refusal(listmonk: ListmonkClient, sandbox: Sandbox) -> None:
    sandbox.fault("db_away")
    with pytest.raises(SinkError, match="not answer queries"):
        await unsubscribe(listmonk, wish(), policy="campaign", delay=1)


async def test_a_person_with_a_unicode_domain_is_found(listmonk: ListmonkClient, sandbox: Sandbox) -> None:
    move = await unsubscribe(listmonk, wish(recipient="anna@xn--bcher-kva.example"), policy="campaign", delay=1)
    assert move.to is State.VERIFIED


async def test_an_address_that_cannot_be_asked_for_is_told(listmonk: ListmonkClient) -> None:
    move = await unsubscribe(listmonk, wish(recipient='a"b@example.com'), policy="campaign", delay=1)
    assert (move.to, "unsubscribe the person in Listmonk" in move.why) == (State.DEAD, True)


@pytest.mark.parametrize("permission", ["subscribers:manage", "lists:manage_all", "subscribers:sql_query"])
async def test_without_the_permission_it_is_held(listmonk: ListmonkClient, without: Allow, permission: str) -> None:
    without(permission, *(["lists:get_all"] if permission.startswith("lists") else []))
    move = await unsubscribe(listmonk, wish(), policy="campaign", delay=1)
    assert (move.to, move.held_for) == (State.HELD, "permission")
    assert "subscribers:manage" in move.why


# -- what is not Listmonk -----------------------------------------------------------------------------------------


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> aioresponses:
    # aioresponses 0.7.9 does not know an argument that aiohttp 3.14 gives its responses.
    writer = SimpleNamespace(output_size=0)
    monkeypatch.setattr(core, "ClientResponse", functools.partial(aiohttp.ClientResponse, stream_writer=writer))
    with aioresponses() as mocked:
        yield mocked


@pytest.fixture
async def elsewhere() -> ListmonkClient:
    client = ListmonkClient("http://listmonk.test", "u", "a-token-of-16-chars", instance="b", post_timeout=5)
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, '{"data": true}', PostOutcome.ACCEPTED),
        (200, "<html>Sign in</html>", PostOutcome.FOREIGN),
        (301, "", PostOutcome.FOREIGN),
        (400, '{"message": "Invalid email."}', PostOutcome.REFUSED),
        (403, '{"message": "permission denied: webhooks:post_bounce"}', PostOutcome.DENIED),
        (404, "<html>", PostOutcome.DENIED),
        (429, "", PostOutcome.BUSY),
        (500, "", PostOutcome.UNKNOWN),
        (503, '{"message": "bounce processing is not enabled"}', PostOutcome.UNKNOWN),
    ],
)
async def test_a_status_and_its_meaning(
    answers: aioresponses, elsewhere: ListmonkClient, status: int, body: str, said: PostOutcome
) -> None:
    answers.post("http://listmonk.test/webhooks/bounce", status=status, body=body)
    assert (await elsewhere.post(claimed(1))).outcome is said


async def test_only_a_connection_that_never_was_did_surely_not_count(
    answers: aioresponses, elsewhere: ListmonkClient
) -> None:
    url = "http://listmonk.test/webhooks/bounce"
    answers.post(url, exception=aiohttp.ServerDisconnectedError())
    assert (await elsewhere.post(claimed(1))).outcome is PostOutcome.UNKNOWN
    answers.post(url, exception=aiohttp.ClientOSError(104, "reset"))
    assert (await elsewhere.post(claimed(1))).outcome is PostOutcome.UNKNOWN
    answers.post(url, exception=TimeoutError())
    assert (await elsewhere.post(claimed(1))).outcome is PostOutcome.UNKNOWN
    answers.post(url, exception=aiohttp.ConnectionTimeoutError())
    assert (await elsewhere.post(claimed(1))).outcome is PostOutcome.NOT_SENT


async def test_a_refused_connection_did_not_count() -> None:
    client = ListmonkClient("http://127.0.0.1:9", "u", "a-token-of-16-chars", instance="b")
    assert (await client.post(claimed(1))).outcome is PostOutcome.NOT_SENT
    with pytest.raises(SinkError, match="GET /"):
        await client.boot_id()
    await client.close()


async def test_a_bounce_that_may_not_be_posted_any_more_is_not_sent(sandbox: Sandbox) -> None:
    may = [False, True]
    user = next(iter(sandbox.settings.users.values()))
    client = ListmonkClient(sandbox.url, user.name, user.token, instance="b", may_post=lambda: may.pop(0))
    assert (await client.probe()).outcome is PostOutcome.REFUSED, "a probe never counts"
    assert (await client.post(claimed(1))).outcome is PostOutcome.NOT_SENT
    assert sandbox.state()["posted"] == 0
    assert (await client.post(claimed(1))).outcome is PostOutcome.ACCEPTED
    await client.close()


@pytest.mark.parametrize("page", ["<html>hello</html>", "null", '{"data": []}', "[1]", '{"data": true}'])
async def test_a_read_back_that_is_not_listmonks_is_an_error_not_an_empty_label(
    answers: aioresponses, elsewhere: ListmonkClient, page: str
) -> None:
    label = "http://listmonk.test/api/bounces?order=desc&order_by=created_at&page=1&per_page=2000&source=x"
    answers.get(label, body=page)
    with pytest.raises(SinkError):
        await elsewhere.read_label("x")


async def test_a_refusal_carries_the_servers_words(listmonk: ListmonkClient, without: Allow) -> None:
    without("bounces:get")
    with pytest.raises(SinkRefused, match="permission denied: bounces:get"):
        await listmonk.read_label("x")


async def test_a_silent_server_is_given_up_in_time() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = ListmonkClient(
        f"http://127.0.0.1:{port}", "u", "a-token-of-16-chars", instance="b", post_timeout=0.05, read_timeout=0.05
    )
    answer = await client.post(claimed(1))
    assert (answer.outcome, answer.words) == (PostOutcome.UNKNOWN, "no answer in time")
    with pytest.raises(SinkError, match="no answer in time"):
        await client.read_label("x")
    await client.close()
    server.close()
    await server.wait_closed()


async def test_credentials_are_never_followed_to_another_server(
    answers: aioresponses, elsewhere: ListmonkClient
) -> None:
    to_evil = {"Location": "http://evil.test/?v=0123456789"}
    answers.get(re.compile(r"http://listmonk\.test/\?_="), status=302, headers=to_evil)
    answers.get(re.compile(r"http://listmonk\.test/admin/login\?_="), status=302, headers=to_evil)
    assert await elsewhere.boot_id() == ""


async def test_whom_listmonk_has_among_addresses(listmonk: ListmonkClient, sandbox: Sandbox) -> None:
    asked = {f"p{i}@example.com" for i in range(1, 251)} | {
        "nobody@example.com",
        "gone@example.com",
        "anna@xn--bcher-kva.example",
        "o'brien@example.com",
        'odd"--@example.com',
    }
    known = await listmonk.known(asked)
    assert asked - known.keys() == {"nobody@example.com", 'odd"--@example.com'}
    assert known["gone@example.com"].status == "blocklisted"
    assert known["anna@xn--bcher-kva.example"].email == "anna@bücher.example"
    assert known["p7@example.com"].uuid == "00000007-0000-4000-8000-000000000000"
    assert await listmonk.known(()) == {}


async def test_whether_the_token_may_look_people_up(listmonk: ListmonkClient, without: Allow) -> None:
    assert await listmonk.may_look_up()
    without("subscribers:get_all")
    assert not await listmonk.may_look_up()
