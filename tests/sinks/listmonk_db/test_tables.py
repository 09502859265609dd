# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import psycopg
import pytest

from bouncestream.errors import SinkError
from bouncestream.sinks.listmonk_db import known
from bouncestream.sinks.listmonk_db.deciding import Decided, Rule
from bouncestream.sinks.listmonk_db.tables import Bounce, Tables
from tests.sinks.listmonk_db.shape import USUAL, Listmonk, within

pytestmark = pytest.mark.process


def fault(listmonk: Listmonk, schema: str = "public") -> str:
    return within(listmonk.url, Tables(schema).fault)


def test_the_documented_rights_are_enough(listmonk_tables: Listmonk) -> None:
    assert fault(listmonk_tables) == ""


def test_the_further_rights_are_asked_for_with_the_actions_that_need_them(listmonk_tables: Listmonk) -> None:
    listmonk_tables.rules(USUAL | {"soft": Rule(2, "unsubscribe"), "hard": Rule(1, "delete")})
    told = fault(listmonk_tables)
    assert "SELECT (subscriber_id, list_id, status) on subscriber_lists" in told
    assert "DELETE on subscribers" in told
    listmonk_tables.grant_more()
    assert fault(listmonk_tables) == ""


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("REVOKE USAGE ON SCHEMA public FROM bouncestream, PUBLIC", "lacks USAGE on schema public"),
        ("REVOKE INSERT ON bounces FROM bouncestream", "lacks INSERT (subscriber_id, campaign_id, type"),
        ("REVOKE USAGE ON SEQUENCE bounces_id_seq FROM bouncestream", "lacks USAGE on sequence bounces_id_seq"),
        ("REVOKE UPDATE ON subscribers FROM bouncestream", "lacks UPDATE (status) on subscribers"),
        ("REVOKE SELECT ON settings FROM bouncestream", "lacks SELECT (key, value) on settings"),
        ("ALTER TABLE bounces RENAME meta TO extra", "bounces.meta is missing"),
        ("ALTER TABLE bounces ADD tenant integer NOT NULL", "bounces.tenant wants a value"),
        ("ALTER TABLE subscribers ALTER email TYPE varchar(99)", "subscribers.email is varchar, not text"),
        ("ALTER TYPE bounce_type RENAME VALUE 'complaint' TO 'spam'", "bounce_type lacks complaint"),
        ("DROP TABLE campaigns CASCADE", "the table campaigns is missing"),
        ("""UPDATE settings SET value = '["v4.0.1"]' WHERE key = 'migrations'""", "upgrade Listmonk to 4.1"),
        ("""UPDATE settings SET value = '["v7.0.0"]' WHERE key = 'migrations'""", "does not know"),
    ],
)
def test_tables_that_do_not_do_are_told_in_words(listmonk_tables: Listmonk, statement: str, words: str) -> None:
    listmonk_tables.run(statement)
    told = fault(listmonk_tables)
    assert words in told
    assert ". Next: " in told


def test_another_schema(listmonk_tables: Listmonk) -> None:
    assert "no schema news" in fault(listmonk_tables, "news")
    assert "are not in the schema bouncestream" in fault(listmonk_tables, "bouncestream")
    listmonk_tables.run("ALTER SCHEMA public RENAME TO news")
    assert fault(listmonk_tables, "news") == ""


@pytest.mark.parametrize("table", ["subscribers", "bounces", "campaigns"])
def test_rows_that_the_role_may_not_see_are_told(listmonk_tables: Listmonk, table: str) -> None:
    """It would take each subscriber for unknown, and end the events for good."""
    listmonk_tables.run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    assert f"row security is on for {table}, so the role may not see" in fault(listmonk_tables)
    listmonk_tables.run("ALTER ROLE bouncestream BYPASSRLS")
    try:
        assert fault(listmonk_tables) == ""
    finally:
        listmonk_tables.run("ALTER ROLE bouncestream NOBYPASSRLS")


def test_each_column_that_the_role_lacks_a_right_on_is_told(listmonk_tables: Listmonk) -> None:
    for table, right, column in known.rights(known.Settings(())):
        listmonk_tables.run(f"REVOKE {right} ({column}) ON {table} FROM bouncestream")
        assert f"lacks {right} ({column}) on {table}" in fault(listmonk_tables)
        listmonk_tables.run(f"GRANT {right} ({column}) ON {table} TO bouncestream")


def test_the_role_sees_no_other_setting(listmonk_tables: Listmonk) -> None:
    assert listmonk_tables.run("SELECT count(*) FROM settings WHERE key = 'secret'") == [(1,)]
    with psycopg.connect(listmonk_tables.url) as conn:
        seen = {key for (key,) in conn.execute("SELECT key FROM public.settings").fetchall()}
        assert seen <= set(known.KEYS)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("SELECT name FROM public.subscribers")


def test_settings_that_are_hidden_are_told(listmonk_tables: Listmonk) -> None:
    listmonk_tables.run("DROP POLICY bouncestream ON settings")
    with pytest.raises(SinkError, match="cannot be seen"):
        fault(listmonk_tables)


def test_people_are_found_with_their_bounces(listmonk_tables: Listmonk) -> None:
    number, mark = listmonk_tables.person("a@example.com")
    other, _ = listmonk_tables.person("b@example.com", "blocklisted")
    tables = Tables()
    rows = [Bounce(number, None, "soft", "x", '{"id": "1"}', None), Bounce(number, None, "hard", "x", "{}", None)]
    within(listmonk_tables.url, lambda conn: tables.write(conn, rows, Decided()))
    by_email, by_uuid = within(
        listmonk_tables.url, lambda conn: tables.people(conn, {"a@example.com", "b@example.com", "c@x.org"}, {mark})
    )
    assert by_email["a@example.com"] is by_uuid[mark]
    assert by_uuid[mark].counts == {"soft": 1, "hard": 1}
    assert {one.id: one.status for one in by_email.values()} == {number: "enabled", other: "blocklisted"}


def test_subscribers_are_locked_while_they_are_counted(listmonk_tables: Listmonk) -> None:
    listmonk_tables.person("a@example.com")

    def look(conn: object) -> None:
        Tables().people(conn, {"a@example.com"}, ())  # type: ignore[arg-type]
        listmonk_tables.run("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            listmonk_tables.run("UPDATE subscribers SET status = 'disabled'")

    within(listmonk_tables.url, look)


def test_each_lookup_has_an_index(listmonk_tables: Listmonk) -> None:
    """With 20,000 subscribers and bounces nothing but the settings is read as a whole."""
    listmonk_tables.run(
        "INSERT INTO subscribers (uuid, email, name) SELECT gen_random_uuid(), n || '@x.org', '' "
        "FROM generate_series(1, 20000) AS n"
    )
    listmonk_tables.run("INSERT INTO bounces (subscriber_id, source) SELECT id, 's' || id % 200 FROM subscribers")
    from bouncestream.sinks.listmonk_db import tables

    marks = ["00000000-0000-4000-8000-000000000000"]
    listmonk_tables.run(
        "INSERT INTO campaigns (uuid, name) SELECT gen_random_uuid(), '' FROM generate_series(1, 20000)"
    )
    listmonk_tables.run("INSERT INTO subscriber_lists (subscriber_id, list_id) SELECT id, 1 FROM subscribers")
    listmonk_tables.run("ANALYZE")
    for sql, values in (
        (tables._PEOPLE, (["1@x.org"], marks)),
        (tables._COUNTS, ([1, 2],)),
        (tables._STORED, ([1, 2], "1a", ["x"])),
        (tables._CAMPAIGNS, (marks,)),
        (tables._LISTS, ([1, 2],)),
    ):
        plan = listmonk_tables.run("EXPLAIN " + sql.replace("LISTMONK.", "").replace("?", "%s"), *values)
        assert "Seq Scan" not in str(plan), plan
