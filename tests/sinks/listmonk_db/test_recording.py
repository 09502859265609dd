# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bounce leaves is held against Listmonk's API in tests/contract/test_listmonk_db.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bouncestream.ports import Claimed, State
from bouncestream.sinks.listmonk_db.deciding import UNKNOWN, Rule
from bouncestream.sinks.listmonk_db.recording import FOUND, RECORDED, Recorded, Refuses, tell
from bouncestream.sinks.listmonk_db.tables import Tables
from tests.sinks.listmonk_db.scenarios import AT, claimed
from tests.sinks.listmonk_db.shape import USUAL, Listmonk, within

pytestmark = pytest.mark.process

INSTANCE = "0123456789abcdef"


def record(listmonk: Listmonk, *bounces: Claimed, refuses: Refuses = lambda one, owners: "") -> list[Recorded]:
    tables = Tables()
    return within(listmonk.url, lambda conn: tell(conn, tables, tables.settings(conn), bounces, INSTANCE, refuses))


def test_a_bounce_is_recorded_with_all_that_is_known_of_it(listmonk_tables: Listmonk) -> None:
    number, mark = listmonk_tables.person("a@example.com")
    bounce = claimed(1, "A@Example.com", reason="no_such_user", enhanced_status="5.1.1")
    [told] = record(listmonk_tables, bounce)
    [row] = listmonk_tables.rows()
    assert (told.state, told.why, told.bounce) == (State.VERIFIED, RECORDED, row["id"])
    assert told.person is not None
    assert (told.person.id, told.person.uuid, told.person.status) == (number, mark, "blocklisted")
    assert (row["kind"], row["source"], row["campaign"], row["created_at"]) == ("hard", "shop 2026-03-01", None, AT)
    wanted = {"bridge": INSTANCE, "id": bounce.event_id, "attempt": 1, "reason": "no_such_user", "status": "5.1.1"}
    assert row["meta"] == wanted
    assert listmonk_tables.stands("a@example.com") == ("blocklisted", [])


def test_an_address_is_found_in_another_form(listmonk_tables: Listmonk) -> None:
    """As through the API, after a look-up each: by U-labels, and by a UUID whose address differs by case alone."""
    listmonk_tables.person("a@bücher.example")
    _, mark = listmonk_tables.person("Upper@example.com")
    told = record(
        listmonk_tables,
        claimed(1, "a@xn--bcher-kva.example"),
        claimed(2, "upper@example.com", subscriber_uuid=mark),
        claimed(3, "upper@example.com"),
    )
    assert [one.state for one in told] == [State.VERIFIED, State.VERIFIED, State.UNSTORED]
    assert told[2].why == UNKNOWN


def test_one_that_was_told_before_is_looked_for(listmonk_tables: Listmonk) -> None:
    listmonk_tables.person("a@example.com")
    first = claimed(1, "a@example.com", "soft")
    [told] = record(listmonk_tables, first)
    assert told.why == RECORDED
    # also one that this outbox knows as new, under another label: a restored backup does not know better
    [again] = record(listmonk_tables, replace(first, label="shop 2026-03-09"))
    assert (again.state, again.why, again.bounce) == (State.VERIFIED, FOUND, 0)
    assert len(listmonk_tables.rows()) == 1
    listmonk_tables.run("UPDATE bounces SET meta = jsonb_set(meta, '{bridge}', '\"another\"')")
    [told] = record(listmonk_tables, first)
    assert told.why == RECORDED


def test_one_that_is_refused_is_not_told(listmonk_tables: Listmonk) -> None:
    _, mark = listmonk_tables.person("new@example.com")
    asked: list[Mapping[str, str]] = []

    def refuses(one: Claimed, owners: Mapping[str, str]) -> str:
        asked.append(owners)
        return "not sent: moved" if one.event.subscriber_uuid == mark else ""

    nobody = "00000000-0000-4000-8000-000000000001"
    told = record(
        listmonk_tables,
        claimed(1, "old@example.com", subscriber_uuid=mark, form="uuid"),
        claimed(2, "x@example.com", subscriber_uuid=nobody, form="uuid"),
        refuses=refuses,
    )
    assert [(one.state, one.why) for one in told] == [
        (State.UNSTORED, "not sent: moved"),
        (State.UNSTORED, UNKNOWN),
    ]
    assert asked[0] == {mark: "new@example.com", nobody: ""}
    assert listmonk_tables.rows() == []


def test_lists_are_told_as_they_were(listmonk_tables: Listmonk) -> None:
    listmonk_tables.rules(USUAL | {"soft": Rule(1, "unsubscribe")})
    listmonk_tables.grant_more()
    listmonk_tables.person("a@example.com", lists=[3, 4])
    [told] = record(listmonk_tables, claimed(1, "a@example.com", "soft"))
    assert told.person is not None
    assert told.person.lists == {3: "confirmed", 4: "confirmed"}
    assert listmonk_tables.stands("a@example.com") == ("enabled", ["unsubscribed"] * 2)


@pytest.mark.parametrize("key", ["privacy.domain_blocklist", "privacy.domain_allowlist"])
def test_domains_that_listmonk_refuses(listmonk_tables: Listmonk, key: str) -> None:
    listmonk_tables.person("a@spam.example")
    listmonk_tables.person("a@good.example")
    listmonk_tables.set(key, ["spam.example" if key.endswith("blocklist") else "good.example"])
    told = record(listmonk_tables, claimed(1, "a@spam.example"), claimed(2, "a@good.example"))
    assert [one.state for one in told] == [State.DEAD, State.VERIFIED]


@pytest.mark.parametrize(
    ("email", "taken"),
    [
        ("o'brien@example.com", True),
        ("a%b!c@example.com", True),
        ("é@exämple.example", True),
        ("a\\b@example.com", False),
        ('x",{}@example.com', False),
        ("?@x.org", True),
    ],
)
def test_odd_addresses_mean_nothing_to_the_database(listmonk_tables: Listmonk, email: str, taken: bool) -> None:
    listmonk_tables.person(email)
    listmonk_tables.person("other@example.com")
    [told] = record(listmonk_tables, claimed(1, email, "soft", diagnostic="550 \"\\{}, '\u2028%s ?"))
    assert {row["email"] for row in listmonk_tables.rows()} == ({email} if taken else set())
    assert told.state is (State.VERIFIED if taken else State.DEAD)


def test_a_nul_reaches_no_statement(listmonk_tables: Listmonk) -> None:
    [told] = record(listmonk_tables, claimed(1, "a\0b@example.com"))
    assert told.state is State.DEAD


def test_tables_in_another_schema(listmonk_tables: Listmonk) -> None:
    listmonk_tables.rules(USUAL | {"soft": Rule(1, "unsubscribe")})
    listmonk_tables.grant_more()
    listmonk_tables.person("a@example.com")
    listmonk_tables.person("b@example.com", lists=[1])
    number, campaign = listmonk_tables.campaign()
    listmonk_tables.run("ALTER SCHEMA public RENAME TO news")
    listmonk_tables.run("SET search_path = news")
    bounces = [claimed(1, "a@example.com", campaign_uuid=campaign), claimed(2, "b@example.com", "soft")]
    tables = Tables("news")
    told = within(listmonk_tables.url, lambda conn: tell(conn, tables, tables.settings(conn), bounces, INSTANCE))
    assert [one.state for one in told] == [State.VERIFIED, State.VERIFIED]
    assert [row["campaign"] for row in listmonk_tables.rows()] == [number, None]
    assert listmonk_tables.stands("a@example.com") == ("blocklisted", [])
    assert listmonk_tables.stands("b@example.com") == ("enabled", ["unsubscribed"])
