# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from bouncestream.errors import SinkError
from bouncestream.sinks.listmonk_db import known
from bouncestream.sinks.listmonk_db.deciding import Rule
from bouncestream.sinks.listmonk_db.known import COLUMNS, KINDS, WORDS, differences, lacking, read, rights, unfit

ACTIONS = {
    "soft": {"count": 2, "action": "none"},
    "hard": {"count": 1, "action": "blocklist"},
    "complaint": {"count": 1, "action": "blocklist"},
}


def stored(**more: Any) -> dict[str, str]:
    found = {"bounce.actions": ACTIONS, "migrations": ["v4.0.0", "v6.2.0", "v5.1.0"], "bounce.enabled": True}
    found |= {"privacy.domain_blocklist": []}
    return {key: json.dumps(value) for key, value in (found | more).items()}


def test_settings_are_read() -> None:
    found = read(stored(**{"privacy.domain_blocklist": ["spam.example"]}))
    assert found.version == (6, 2, 0)
    assert found.rules == {
        "soft": Rule(2, "none"),
        "hard": Rule(1, "blocklist"),
        "complaint": Rule(1, "blocklist"),
    }
    assert found.processing
    assert found.blocked == {"spam.example"}
    assert not read(stored(**{"bounce.enabled": False})).processing


def test_domains_are_refused_as_the_api_does() -> None:
    """As seen on 4.1.0, 5.1.0 and 6.2.0: a star means the domain and one name below it; allowed ones go first."""
    blocks = read(stored(**{"privacy.domain_blocklist": ["spam.example", "*.wild.example"]}))
    told = ("spam.example", "x.spam.example", "wild.example", "x.wild.example", "a.x.wild.example", "example")
    assert [blocks.refuses(domain) for domain in told] == [True, False, True, True, False, False]
    lists = {
        "privacy.domain_blocklist": ["good.example"],
        "privacy.domain_allowlist": ["good.example", "*.w.example"],
    }
    allows = read(stored(**lists))
    told = ("good.example", "x.good.example", "w.example", "x.w.example", "a.x.w.example")
    assert [allows.refuses(domain) for domain in told] == [False, True, False, False, True]
    country = read(stored(**{"privacy.domain_blocklist": ["*.example"]}))
    told = ("example", "mail.example", "x.mail.example")
    assert [country.refuses(domain) for domain in told] == [True, False, False]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"migrations": []}, "names no version"),
        ({"migrations": "v6.2.0"}, "names no version"),
        ({"bounce.actions": {}}, "no rule for hard bounces"),
        ({"bounce.actions": ACTIONS | {"soft": {"count": True, "action": "none"}}}, "no rule for soft bounces"),
        ({"bounce.actions": ACTIONS | {"soft": {"count": 1, "action": "tell"}}}, "no rule for soft bounces"),
    ],
)
def test_settings_that_are_not_known_are_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(SinkError, match=words):
        read(stored(**more))


@pytest.mark.parametrize("key", ["bounce.actions", "bounce.enabled", "migrations", "privacy.domain_blocklist"])
def test_settings_that_cannot_be_seen(key: str) -> None:
    seen = stored()
    del seen[key]
    with pytest.raises(SinkError, match=f"settings {key} cannot be seen"):
        read(seen)


def test_versions() -> None:
    assert "upgrade Listmonk" in unfit((4, 0, 1))
    assert "does not know" in unfit((7, 0, 0))
    assert not any(unfit(version) for version in ((4, 1, 0), (5, 1, 0), (6, 2, 0), (6, 3, 0)))
    assert known.tested((6, 2, 1))
    assert not known.tested((6, 3, 0))


def test_tables_that_differ_are_told_by_name() -> None:
    columns = {table: dict(there) for table, there in COLUMNS.items()}
    words = {enum: [*said, "more"] for enum, said in WORDS.items()}
    assert differences(columns, [], words) == []
    del columns["campaigns"], columns["bounces"]["meta"]
    columns["subscribers"]["status"] = "text"
    assert differences(columns, ["tenant"], words | {"bounce_type": KINDS[:2]}) == [
        "the table campaigns is missing",
        "subscribers.status is text, not subscriber_status",
        "bounces.meta is missing",
        "bounces.tenant wants a value",
        "bounce_type lacks complaint",
    ]


def test_rights_follow_from_the_actions() -> None:
    usual = read(stored())
    assert ("subscribers", "UPDATE", "status") in rights(usual)
    assert not any(table == "subscriber_lists" or right == "DELETE" for table, right, _ in rights(usual))
    actions = ACTIONS | {
        "soft": {"count": 2, "action": "unsubscribe"},
        "hard": {"count": 1, "action": "delete"},
    }
    more = rights(read(stored(**{"bounce.actions": actions})))
    assert ("subscriber_lists", "UPDATE", "status") in more
    assert ("subscribers", "DELETE", "") in more


def test_what_is_lacking_is_told_as_it_is_granted() -> None:
    missing = [("bounces", "INSERT", "meta"), ("bounces", "INSERT", "type"), ("subscribers", "DELETE", "")]
    assert lacking(missing).startswith(
        "the role lacks INSERT (meta, type) on bounces; DELETE on subscribers. Next:"
    )
    assert lacking([]) == ""
