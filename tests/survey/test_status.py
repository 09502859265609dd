# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of the bridge as values; how it is printed is tested with `bouncestream status`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bouncestream.config.model import Config, ListmonkLog
from bouncestream.config.outbox import Outbox
from bouncestream.outbox import alerts
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases, schema
from bouncestream.outbox.postgres.connection import connect
from bouncestream.providers._settings import Webhook
from bouncestream.survey.running import Running
from bouncestream.survey.status import status, troubles, waiting
from tests.outbox import make
from tests.outbox.make import NOW


def test_it_joins_what_the_outbox_has_and_what_the_bridge_says(path: Path, conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("a@example.com"), make.event("b@example.com", hold="unproven"))
    config = Config(outbox=Outbox(path=str(path)), webhooks={"ses": Webhook(name="ses", provider="ses")})
    parts = {"webhook:ses": {"state": "yellow", "why": "open"}, "listmonk": {"state": "green", "why": "v6"}}
    found = status(conn, config, Running(True, True, parts), NOW)
    assert set(found) == {"at", "running", "ready", "parts", "sources", "bridges", "outbox", "sink", "alerts"}
    source, log = found["sources"]
    assert (log["name"], log["type"], log["state"], log["day"]) == ("listmonk_log", "log", None, 0)
    assert (source["state"], source["why"], source["last_heard"]) == ("yellow", "open", "2026-03-01T12:00:00.000Z")
    assert found["outbox"]["held"] == {"unproven": 1}
    assert found["sink"]["why"] == "v6"
    assert troubles(found) == ["webhook:ses is yellow"]
    assert [text for _, text, _ in waiting(found)] == ["1 held: nothing proves whom the mail is about"]


def test_hours_of_a_clock_that_was_ahead_are_not_told(path: Path, conn: sqlite3.Connection) -> None:
    hour = alerts.hour_of(NOW)
    hours = {(hour - 3, "ses", "hard"): 2, (hour + 9000, "ses", "hard"): 5}
    alerts.count_arrivals(conn, 0, hours)
    config = Config(outbox=Outbox(path=str(path)), webhooks={"ses": Webhook(name="ses", provider="ses")})
    (source,) = [one for one in status(conn, config, Running(), NOW)["sources"] if one["name"] == "ses"]
    assert (source["newest_hour"], source["day"], source["week"]) == ("2026-03-01T09:00:00.000Z", 2, 2)


def test_without_a_bridge_it_is_what_the_outbox_has(path: Path, conn: sqlite3.Connection) -> None:
    found = status(conn, Config(outbox=Outbox(path=str(path))), Running(), NOW)
    assert (found["running"], [one["name"] for one in found["sources"]]) == (False, ["listmonk_log"])
    off = Config(outbox=Outbox(path=str(path)), listmonk_log=ListmonkLog(enabled=False))
    assert status(conn, off, Running(), NOW)["sources"] == []
    assert troubles(found) == ["no bridge is running"]
    assert list(waiting(found)) == []


def test_who_does_not_deliver_tells_what_the_other_bridge_says(pg_url: str) -> None:
    conn = connect(Server(pg_url, "mx2"))
    config = Config(outbox=Outbox(url=pg_url))
    own = Running(True, True, {"intake": {"state": "green", "why": ""}})
    try:
        schema.create(conn)
        found = status(conn, config, own, NOW)
        assert (found["sink"]["state"], found["sink"]["why"], found["sink"]["by"]) == (None, "", "")
        board = '{"listmonk": ["red", "it is away"], "intake": ["red", "disk"], "brake": ["yellow", "3 held"]}'
        leases.meet(conn, "mx1", "1a", "0.1.0", board)
        leases.meet(conn, "mx2", "2b", "0.1.0")
        assert status(conn, config, own, NOW)["sink"]["why"] == "no bridge delivers just now"
        leases.take(conn, ["relay"], "mx1:1a")
        found = status(conn, config, own, NOW)
        assert (found["sink"]["state"], found["sink"]["why"], found["sink"]["by"]) == ("red", "it is away", "mx1")
        assert found["parts"] == {
            "intake": {"state": "green", "why": ""},
            "listmonk": {"state": "red", "why": "it is away"},
            "brake": {"state": "yellow", "why": "3 held"},
        }
        assert [set(one["parts"]) for one in found["bridges"]] == [{"brake", "intake", "listmonk"}, set()]
        assert set(status(conn, config, Running(), NOW)["parts"]) == {"listmonk"}, "no bridge of this machine"
        delivers = Running(True, True, {"listmonk": {"state": "green", "why": "v6"}})
        assert status(conn, config, delivers, NOW)["sink"]["by"] == ""
        leases.meet(conn, "mx1", "1a", "0.1.0", "[1]")
        assert status(conn, config, own, NOW)["sink"]["why"] == "only mx1 asks it, which delivers"
    finally:
        conn.close()
