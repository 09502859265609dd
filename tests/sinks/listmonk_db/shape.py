# SPDX-License-Identifier: GPL-3.0-or-later
"""A database with tables of the shape of Listmonk's, as far as a bounce touches them, or a real one's.

The types, defaults, keys and indexes are those that `pg_catalog` shows of Listmonk 6.2.0 (and of 4.1.0 and 5.1.0,
which are alike here); seen in November 2026.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.connection import ServerConnection, begin, connect
from bouncestream.sinks.listmonk_db.deciding import Rule

T = TypeVar("T")

_DDL = """
CREATE TYPE subscriber_status AS ENUM ('enabled', 'disabled', 'blocklisted');
CREATE TYPE subscription_status AS ENUM ('unconfirmed', 'confirmed', 'unsubscribed');
CREATE TYPE bounce_type AS ENUM ('soft', 'hard', 'complaint');
CREATE TABLE settings (
    key text NOT NULL UNIQUE, value jsonb NOT NULL DEFAULT '{}', updated_at timestamptz DEFAULT now());
CREATE TABLE campaigns (id serial PRIMARY KEY, uuid uuid NOT NULL UNIQUE, name text NOT NULL);
CREATE TABLE subscribers (
    id serial PRIMARY KEY, uuid uuid NOT NULL UNIQUE, email text NOT NULL UNIQUE, name text NOT NULL,
    status subscriber_status NOT NULL DEFAULT 'enabled', updated_at timestamptz DEFAULT now());
CREATE TABLE subscriber_lists (
    subscriber_id integer REFERENCES subscribers (id) ON DELETE CASCADE ON UPDATE CASCADE, list_id integer,
    status subscription_status NOT NULL DEFAULT 'unconfirmed', updated_at timestamptz DEFAULT now(),
    PRIMARY KEY (subscriber_id, list_id));
CREATE TABLE bounces (
    id serial PRIMARY KEY,
    subscriber_id integer NOT NULL REFERENCES subscribers (id) ON DELETE CASCADE ON UPDATE CASCADE,
    campaign_id integer REFERENCES campaigns (id) ON DELETE SET NULL ON UPDATE CASCADE,
    type bounce_type NOT NULL DEFAULT 'hard', source text NOT NULL DEFAULT '', meta jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz DEFAULT now());
CREATE INDEX ON bounces (subscriber_id);
CREATE INDEX ON bounces (campaign_id);
CREATE INDEX ON bounces (source);
"""
USUAL = {"soft": Rule(2, "none"), "hard": Rule(1, "blocklist"), "complaint": Rule(1, "blocklist")}
SETTINGS: dict[str, Any] = {
    "migrations": ["v6.2.0"],
    "bounce.enabled": True,
    "privacy.domain_blocklist": [],
    "secret": "x",
}
_PAGE = Path(__file__).parents[3] / "docs" / "operate" / "listmonk-db.md"
#: The role of the bridge, and the one that Listmonk connects as.
BRIDGE, OWNER = "bouncestream", "listmonk"


def documented() -> tuple[str, str, str]:
    """The statements of the documentation: for the role, its rights, and those for the further actions."""
    role, *rights, more = re.findall(r"```postgresql\n(.*?)```", _PAGE.read_text("utf-8"), re.DOTALL)
    return role, "".join(rights), more


def as_user(url: str, user: str) -> str:
    """The URL of the same database for another user."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))


class Listmonk:
    """The tables as their owner sees them. `url`: of the superuser; `close` it in the end."""

    def __init__(self, url: str) -> None:
        self.admin = url
        self.url = as_user(url, BRIDGE)
        self.conn = psycopg.connect(url, autocommit=True)

    def close(self) -> None:
        self.conn.close()

    def make(self) -> None:
        """Make the tables, as their owner, and give the bridge its rights by the words of the documentation."""
        for role in (OWNER, BRIDGE):
            if not self.run("SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                self.conn.execute(f"CREATE ROLE {role} LOGIN")
        self.conn.execute(f"GRANT CREATE ON SCHEMA public TO {OWNER}")
        with psycopg.connect(as_user(self.admin, OWNER), autocommit=True) as owner:
            owner.execute(_DDL)
            for key, value in SETTINGS.items():
                owner.execute("INSERT INTO settings (key, value) VALUES (%s, %s)", (key, json.dumps(value)))
        self.rules(USUAL)
        self.grant()

    def join(self) -> None:
        """Give the bridge all rights that are documented on the tables of a real Listmonk."""
        if not self.run("SELECT 1 FROM pg_roles WHERE rolname = %s", BRIDGE):
            self.conn.execute(f"CREATE ROLE {BRIDGE} LOGIN")
        if not self.run("SELECT 1 FROM pg_namespace WHERE nspname = %s", BRIDGE):
            user = urlsplit(self.admin).username or "postgres"
            self.grant(user)
            self.grant_more(user)

    def grant(self, owner: str = OWNER) -> None:
        """The role's schema and rights, as documented; without those for further actions."""
        role, rights, _ = documented()
        for statement in role.replace("CREATE ROLE bouncestream LOGIN;\n", "").split(";"):
            if statement.strip():
                self.conn.execute(statement)
        with psycopg.connect(as_user(self.admin, owner), autocommit=True) as conn:
            conn.execute(rights)

    def grant_more(self, owner: str = OWNER) -> None:
        """The rights for the actions *unsubscribe* and *delete*."""
        with psycopg.connect(as_user(self.admin, owner), autocommit=True) as conn:
            conn.execute(documented()[2])

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement of the superuser's."""
        cursor = self.conn.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []

    def set(self, key: str, value: Any) -> None:
        """Set one of Listmonk's settings."""
        self.run(
            "INSERT INTO settings (key, value) VALUES (%s, %s) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            json.dumps(value),
        )

    def rules(self, rules: Mapping[str, Rule]) -> None:
        """Set the bounce actions."""
        self.set("bounce.actions", {kind: {"count": r.count, "action": r.action} for kind, r in rules.items()})

    def person(self, email: str, status: str = "enabled", lists: Iterable[int] = ()) -> tuple[int, str]:
        """A new subscriber: id and UUID."""
        [(number, mark)] = self.run(
            "INSERT INTO subscribers (uuid, email, name, status) VALUES (gen_random_uuid(), %s, 'x', %s) "
            "RETURNING id, uuid::text",
            email,
            status,
        )
        listed = "unsubscribed" if status == "blocklisted" else "confirmed"  # as Listmonk's API has it
        for one in lists:
            self.run(
                "INSERT INTO subscriber_lists (subscriber_id, list_id, status) VALUES (%s, %s, %s)",
                number,
                one,
                listed,
            )
        return number, mark

    def people(self, count: int) -> None:
        """So many subscribers more: p0@example.com, p1@example.com …"""
        self.run(
            "INSERT INTO subscribers (uuid, email, name) SELECT gen_random_uuid(), 'p' || n || '@example.com', '' "
            "FROM generate_series(0, %s) AS n",
            count - 1,
        )

    def campaign(self) -> tuple[int, str]:
        """A new campaign: id and UUID."""
        [found] = self.run(
            "INSERT INTO campaigns (uuid, name) VALUES (gen_random_uuid(), 'x') RETURNING id, uuid::text"
        )
        return found[0], found[1]

    def rows(self, email: str = "") -> list[dict[str, Any]]:
        """The stored bounces, in their order; of one address, or all."""
        names = ("id", "email", "kind", "source", "meta", "campaign", "created_at")
        sql = (
            "SELECT b.id, s.email, b.type::text, b.source, b.meta, b.campaign_id, b.created_at FROM bounces AS b "
            "JOIN subscribers AS s ON s.id = b.subscriber_id WHERE %s IN ('', s.email) ORDER BY b.id"
        )
        return [dict(zip(names, row, strict=True)) for row in self.run(sql, email)]

    def stands(self, email: str) -> tuple[str, list[str]] | None:
        """Status of a subscriber, and of its subscriptions; None: there is none."""
        found = self.run("SELECT id, status::text FROM subscribers WHERE email = %s", email)
        if not found:
            return None
        of = self.run(
            "SELECT status::text FROM subscriber_lists WHERE subscriber_id = %s ORDER BY list_id", found[0][0]
        )
        return found[0][1], [status for (status,) in of]


def within(url: str, fn: Callable[[ServerConnection], T]) -> T:
    """What a function of the outbox's own connection returns, in one transaction that is committed."""
    conn = connect(Server(url, "test"))
    try:
        begin(conn, gated=False)
        found = fn(conn)
        conn.execute("COMMIT")
        return found
    finally:
        conn.rollback()
        conn.close()
