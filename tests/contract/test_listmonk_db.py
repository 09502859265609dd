# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: what is recorded in Listmonk's tables is what a POST leaves there: the same bounces by both ways, then
the rows, the subscriber and the subscriptions are compared.

A real Listmonk is written to where BOUNCESTREAM_TEST_LISTMONK_DB names its database, as its superuser; else the API
is that of the sandbox, and the tables are ours, of the same shape.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from bouncestream.ports import Claimed, State
from bouncestream.sinks.listmonk_db.recording import Recorded, tell
from bouncestream.sinks.listmonk_db.tables import Tables
from tests.contract.conftest import Client
from tests.sinks.listmonk_db.scenarios import AT, RULES, SEQUENCES, STATUSES, claimed
from tests.sinks.listmonk_db.shape import Listmonk, within

pytestmark = pytest.mark.process

INSTANCE = "0123456789abcdef"


@dataclass
class Both:
    """A Listmonk by its API, and the tables: its own, or ours."""

    api: Client
    tables: Listmonk
    made: int = 0

    def name(self, status: str, lists: list[int]) -> str:
        """The address of a new subscriber of that status in the tables; '' as status: of nobody."""
        self.made += 1
        email = f"{self.api.mark}-{self.made}@contract.example"
        if status:
            self.tables.person(email, status, lists)
        return email

    def record(self, *bounces: Claimed) -> list[Recorded]:
        """Record in the tables, as the bridge's role."""
        found = Tables()
        return within(self.tables.url, lambda conn: tell(conn, found, found.settings(conn), bounces, INSTANCE))

    async def by_api(self, email: str) -> tuple[list[str], str, list[str]]:
        """The kinds of the stored bounces under our label, status, and subscriptions."""
        rows = [row["type"] for row in await self.api.recorded() if row["email"] == email]
        _, found = await self.api.find(f"subscribers.email = '{email}'")
        people = found["data"]["results"]
        if not people:
            return rows, "", []
        lists = sorted(people[0]["lists"], key=lambda one: one["id"])
        return rows, people[0]["status"], [one["subscription_status"] for one in lists]

    def by_tables(self, email: str) -> tuple[list[str], str, list[str]]:
        status, lists = self.tables.stands(email) or ("", [])
        return [row["kind"] for row in self.tables.rows(email)], status, lists


@pytest.fixture
async def both(listmonk: Client, request: pytest.FixtureRequest) -> Any:
    real = os.environ.get("BOUNCESTREAM_TEST_LISTMONK_DB", "")
    if listmonk.sandbox is None and not real:
        pytest.skip("BOUNCESTREAM_TEST_LISTMONK_DB is not set")
    tables = Listmonk(real if listmonk.sandbox is None else request.getfixturevalue("pg_url"))
    try:
        if listmonk.sandbox is None:
            tables.join()
        else:
            tables.make()
            tables.grant_more()
        yield Both(listmonk, tables)
    finally:
        tables.close()


@pytest.mark.parametrize("name", RULES)
async def test_the_same_bounces_leave_the_same(both: Both, name: str) -> None:
    rules = {kind: {"count": rule.count, "action": rule.action} for kind, rule in RULES[name].items()}
    async with both.api.saved({"bounce.actions": rules}):
        both.tables.rules(RULES[name])
        ids = [(await both.api.list())["id"] for _ in range(2)]
        seen, wanted = {}, {}
        for status in STATUSES:
            for kinds in SEQUENCES:
                email = f"{both.api.mark}-nobody@contract.example"
                if status:
                    email = (await both.api.person(status=status, lists=ids))["email"]
                other = both.name(status, ids)
                for kind in kinds:
                    await both.api.accepted(email=email, type=kind)
                told = both.record(*[claimed(row, other, kind) for row, kind in enumerate(kinds, 1)])
                seen[status, kinds] = both.by_tables(other)
                wanted[status, kinds] = await both.by_api(email)
                stored = [one for one in told if one.state is State.VERIFIED]
                assert len(stored) == len(seen[status, kinds][0])
                assert all(one.state is State.UNSTORED and one.why for one in told if one not in stored)
        assert seen == wanted


async def test_one_by_one_as_in_a_batch(both: Both) -> None:
    for kinds in SEQUENCES:
        one, other = both.name("enabled", []), both.name("enabled", [])
        both.record(*[claimed(row, one, kind) for row, kind in enumerate(kinds, 1)])
        for kind in kinds:
            both.record(claimed(1, other, kind))
        assert both.by_tables(one) == both.by_tables(other)


async def test_a_row_is_the_same(both: Both) -> None:
    email = (await both.api.person())["email"]
    other = both.name("enabled", [])
    bounce = claimed(1, other.upper(), "soft", label=both.api.label, diagnostic="550 No “such” user \\u0000")
    [told] = both.record(bounce)
    [row] = both.tables.rows(other)
    assert told.bounce == row["id"]
    assert row["meta"]["id"] == bounce.event_id
    await both.api.accepted(
        email=email.upper(), type="soft", meta=row["meta"], created_at=AT.isoformat(timespec="milliseconds")
    )
    [same] = [one for one in await both.api.recorded() if one["email"] == email]
    assert (same["type"], same["source"], same["meta"]) == (row["kind"], row["source"], row["meta"])
    assert same["campaign"] is None and row["campaign"] is None
    assert same["created_at"].replace("Z", "+00:00")[:23] == AT.isoformat(timespec="milliseconds")[:23]
    assert row["created_at"] == AT


async def test_campaigns(both: Both) -> None:
    if both.api.sandbox:
        number, mark = both.tables.campaign()
    else:
        mark = await both.api.campaign((await both.api.list())["id"])
        [(number,)] = both.tables.run("SELECT id FROM campaigns WHERE uuid = %s", mark)
    emails = [both.name("enabled", []) for _ in range(4)]
    named = [mark, mark.upper(), str(uuid.uuid4()), "no uuid"]
    both.record(
        *[claimed(row, email, campaign_uuid=of) for row, (email, of) in enumerate(zip(emails, named, strict=True))]
    )
    assert [both.tables.rows(email)[0]["campaign"] for email in emails] == [number, number, None, None]


async def test_the_uuid_wins(both: Both) -> None:
    one, other = both.name("enabled", []), both.name("enabled", [])
    [(mark,)] = both.tables.run("SELECT uuid::text FROM subscribers WHERE email = %s", one)
    both.record(claimed(1, other, "soft", subscriber_uuid=mark, form="uuid"))
    assert (len(both.tables.rows(one)), len(both.tables.rows(other))) == (1, 0)


async def test_what_the_api_refuses_is_dead(both: Both) -> None:
    for email in ("nope", "Name <a@contract.example>", "a..b@contract.example", "a b@contract.example"):
        status, answer = await both.api.post(email=email)
        [told] = both.record(claimed(1, email))
        assert (status, told.state) == (400, State.DEAD)
        assert answer["message"] in told.why
