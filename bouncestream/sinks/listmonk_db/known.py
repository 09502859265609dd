# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of Listmonk as they are known: which versions, columns, types and words `[listmonk_db]` was tested
with, and which rights the bridge's role needs. Pure.

As found in `pg_catalog` on Listmonk 4.1.0, 5.1.0 and 6.2.0 (November 2026).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bouncestream.errors import SinkError
from bouncestream.event import Kind
from bouncestream.sinks.listmonk_db.deciding import ACTIONS, DELETE, UNSUBSCRIBE, Rule

#: Versions of Listmonk that it was tested with.
TESTED = ("4.1", "5.1", "6.2")
#: From this version on; and the first that nobody has looked at.
OLDEST, UNSEEN = (4, 1), (7,)

#: The kinds of bounce that Listmonk stores.
KINDS = (Kind.HARD.value, Kind.SOFT.value, Kind.COMPLAINT.value)

#: Table → column → type, of what is read or written.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "settings": {"key": "text", "value": "jsonb"},
    "campaigns": {"id": "int4", "uuid": "uuid"},
    "subscribers": {"id": "int4", "uuid": "uuid", "email": "text", "status": "subscriber_status"},
    "subscriber_lists": {"subscriber_id": "int4", "list_id": "int4", "status": "subscription_status"},
    "bounces": {
        "id": "int4",
        "subscriber_id": "int4",
        "campaign_id": "int4",
        "type": "bounce_type",
        "source": "text",
        "meta": "jsonb",
        "created_at": "timestamptz",
    },
}
#: Enum → words that are read or written.
WORDS: Mapping[str, tuple[str, ...]] = {
    "bounce_type": KINDS,
    "subscriber_status": ("blocklisted",),
    "subscription_status": ("unsubscribed",),
}
#: What the role must be allowed, always: table → right → columns.
_RIGHTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "settings": {"SELECT": ("key", "value")},
    "campaigns": {"SELECT": ("id", "uuid")},
    "subscribers": {"SELECT": ("id", "uuid", "email", "status"), "UPDATE": ("status",)},
    "bounces": {
        "SELECT": ("id", "subscriber_id", "type", "source", "meta"),
        "INSERT": ("subscriber_id", "campaign_id", "type", "source", "meta", "created_at"),
    },
}
_UNSUBSCRIBES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "subscriber_lists": {"SELECT": ("subscriber_id", "list_id", "status"), "UPDATE": ("status",)}
}

#: The settings that are read for each batch.
ACTIONS_KEY, PROCESSING_KEY, MIGRATIONS_KEY = "bounce.actions", "bounce.enabled", "migrations"
BLOCKED_KEY, ALLOWED_KEY = "privacy.domain_blocklist", "privacy.domain_allowlist"
_NEEDED = (ACTIONS_KEY, PROCESSING_KEY, MIGRATIONS_KEY, BLOCKED_KEY)
KEYS = (*_NEEDED, ALLOWED_KEY)  # which 4.1 does not have

_PAGE = "docs/operate/listmonk-db.md"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of Listmonk that decide about a bounce."""

    version: tuple[int, ...]  #: of the newest migration of its tables
    rules: Mapping[str, Rule] = field(default_factory=dict)  #: kind → rule
    processing: bool = True  #: bounce processing is on
    blocked: frozenset[str] = frozenset()  #: domains whose bounces it refuses
    allowed: frozenset[str] = frozenset()  #: the only ones whose bounces it takes; none: all

    def refuses(self, domain: str) -> bool:
        """Whether it refuses bounces of addresses at a domain, in lower case. A list of allowed ones goes first;
        `*.example.com` means the domain and those right below it, `*.com` no domain below it."""
        names = {domain, f"*.{domain}"}
        if domain.count(".") > 1:
            names.add(f"*.{domain.partition('.')[2]}")
        return names.isdisjoint(self.allowed) if self.allowed else not names.isdisjoint(self.blocked)

    @property
    def actions(self) -> dict[str, str]:
        """Kind → action."""
        return {kind: rule.action for kind, rule in self.rules.items()}


def read(stored: Mapping[str, str]) -> Settings:
    """The settings by key, each as JSON. Raises SinkError when they are not Listmonk's, or cannot be seen."""
    try:
        found = {key: json.loads(value) for key, value in stored.items()}
    except ValueError as error:
        raise _odd("the settings are no JSON") from error
    if unseen := [key for key in _NEEDED if key not in found]:
        raise SinkError(
            f"Listmonk's settings {', '.join(unseen)} cannot be seen. Next: let the role read them, see {_PAGE}"
        )
    return Settings(
        max(_versions(found[MIGRATIONS_KEY])),
        _rules(found[ACTIONS_KEY]),
        found[PROCESSING_KEY] is not False,
        _domains(found[BLOCKED_KEY]),
        _domains(found.get(ALLOWED_KEY)),
    )


def _versions(migrations: object) -> list[tuple[int, ...]]:
    names = migrations if isinstance(migrations, list) else []
    found = [re.fullmatch(r"v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})", one) for one in names if isinstance(one, str)]
    versions = [tuple(map(int, one.groups())) for one in found if one is not None]
    if not versions:
        raise _odd(f"the setting {MIGRATIONS_KEY} names no version")
    return versions


def _rules(actions: object) -> dict[str, Rule]:
    found = {}
    for kind in KINDS:
        rule = actions.get(kind) if isinstance(actions, dict) else None
        count, action = (rule.get("count"), rule.get("action")) if isinstance(rule, dict) else (None, None)
        if not isinstance(count, int) or isinstance(count, bool) or action not in ACTIONS:
            raise _odd(f"the setting {ACTIONS_KEY} has no rule for {kind} bounces that is known here")
        found[kind] = Rule(count, action)
    return found


def _domains(value: object) -> frozenset[str]:
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) else frozenset()


def unfit(version: tuple[int, ...]) -> str:
    """Why tables of a version cannot be used, in words; empty: they can."""
    told = dotted(version)
    if version < OLDEST:
        return f"Listmonk's tables are of version {told}. Next: upgrade Listmonk to {dotted(OLDEST)} or newer"
    if version >= UNSEEN:
        return (
            f"Listmonk's tables are of version {told}, which this version of bouncestream does not know. Next: set "
            "enabled = false in [listmonk_db], or upgrade bouncestream"
        )
    return ""


def tested(version: tuple[int, ...]) -> bool:
    """Whether it was tested with this version."""
    return dotted(version[:2]) in TESTED


def dotted(version: Iterable[int]) -> str:
    """A version as it is written."""
    return ".".join(map(str, version))


def differences(
    columns: Mapping[str, Mapping[str, str]], required: Iterable[str], words: Mapping[str, Iterable[str]]
) -> list[str]:
    """What of the tables is not as it is known, in words. `columns`: table → column → type; `required`: columns of
    `bounces` that must be given a value; `words`: enum → its words."""
    found = []
    for table, wanted in COLUMNS.items():
        there = columns.get(table)
        if there is None:
            found.append(f"the table {table} is missing")
            continue
        for name, kind in wanted.items():
            if name not in there:
                found.append(f"{table}.{name} is missing")
            elif there[name] != kind:
                found.append(f"{table}.{name} is {there[name]}, not {kind}")
    found += [f"bounces.{name} wants a value" for name in required if name not in COLUMNS["bounces"]]
    for enum, said in WORDS.items():
        missing = sorted(set(said) - set(words.get(enum, ())))
        if missing and not any(enum in one for one in found):
            found.append(f"{enum} lacks {', '.join(missing)}")
    return found


def rights(settings: Settings) -> list[tuple[str, str, str]]:
    """The rights that the role needs: table, right, column (empty: of the table as a whole)."""
    wanted = [_RIGHTS]
    if UNSUBSCRIBE in settings.actions.values():
        wanted.append(_UNSUBSCRIBES)
    found = [
        (table, right, column)
        for some in wanted
        for table, given in some.items()
        for right, columns in given.items()
        for column in columns
    ]
    if DELETE in settings.actions.values():
        found.append(("subscribers", "DELETE", ""))
    return found


def lacking(missing: Iterable[tuple[str, str, str]]) -> str:
    """The words for rights that the role lacks; empty: none."""
    named: dict[tuple[str, str], list[str]] = {}
    for table, right, column in missing:
        named.setdefault((table, right), []).append(column)
    told = [
        f"{right} ({', '.join(columns)}) on {table}" if any(columns) else f"{right} on {table}"
        for (table, right), columns in named.items()
    ]
    return f"the role lacks {'; '.join(told)}. Next: grant it, see {_PAGE}" if told else ""


def hidden(tables: Iterable[str]) -> str:
    """The words for tables of which the role may not see each row: whom it does not see would be unknown."""
    named = ", ".join(tables)
    return (
        f"row security is on for {named}, so the role may not see each row there. Next: switch it off for these "
        "tables, or give the role BYPASSRLS"
    )


def _odd(what: str) -> SinkError:
    return SinkError(f"Listmonk's tables are not as they are known: {what}. Next: see {_PAGE}")
