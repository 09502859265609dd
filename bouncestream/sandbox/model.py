# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that a stand-in Listmonk is made of: API users, subscribers, bounce actions, and how it is started.

Names, permissions and defaults are those of Listmonk 4.1.0, 5.1.0 and 6.2.0 as seen over HTTP (2026-11).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bouncestream.errors import UsageError
from bouncestream.sinks.listmonk.payload import BARE

UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
EMAIL = BARE

BRIDGE_PERMISSIONS = frozenset(
    {
        "webhooks:post_bounce",
        "bounces:get",
        "bounces:manage",
        "subscribers:get_all",
        "subscribers:get",
        "subscribers:manage",
        "subscribers:sql_query",
        "settings:get",
        "lists:get_all",
        "lists:manage_all",
        "campaigns:get",
        "templates:get",
    }
)
#: with `settings:manage`, which makes a settings save, and so a restart, possible over the API
ALL_PERMISSIONS = BRIDGE_PERMISSIONS | {
    "settings:manage",
    "settings:maintain",
    "subscribers:import",
    "campaigns:manage",
    "campaigns:manage_all",
    "campaigns:send",
}


@dataclass(frozen=True, slots=True)
class ApiUser:
    """An API user of Listmonk, with the permissions of its role."""

    name: str
    token: str = field(repr=False)
    permissions: frozenset[str] = BRIDGE_PERMISSIONS


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscriber to start with; an empty UUID is made up, `lists` are ids (1 and 2 exist from the start)."""

    email: str
    uuid: str = ""
    status: str = "enabled"
    lists: tuple[int, ...] = (1,)
    name: str = ""
    attribs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """The action at the `count`-th bounce of a type: `none`, `unsubscribe`, `blocklist` or `delete`."""

    count: int
    action: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A campaign: what it says, and what its statistics show. `template` and `lists` are ids, counted from 1."""

    name: str
    body: str = '<p>A <a href="https://example.com/@TrackLink">link</a></p>'
    content_type: str = "richtext"
    template: int = 1
    status: str = "finished"
    started_at: datetime | None = None
    sent: int = 0
    views: int = 0
    clicks: int = 0
    bounces: int = 0
    lists: tuple[int, ...] = (1,)
    headers: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A template; `type` is `campaign`, `campaign_visual` (5 and later) or `tx`."""

    name: str
    body: str
    type: str = "campaign"
    default: bool = False


DEFAULT_ACTIONS: Mapping[str, Action] = {
    "soft": Action(2, "none"),
    "hard": Action(1, "blocklist"),
    "complaint": Action(1, "blocklist"),
}


def _bridge() -> dict[str, ApiUser]:
    return {"bridge": ApiUser("bridge", "sandbox-token-of-bridge")}


@dataclass(slots=True)
class SandboxSettings:
    """The settings that a sandbox starts with. `users` and `row_seconds` may be changed while it runs."""

    row_seconds: float = 0.001
    version: str = "6.2.0"
    users: dict[str, ApiUser] = field(default_factory=_bridge)
    subscribers: Sequence[Subscriber] = ()
    actions: Mapping[str, Action] = field(default_factory=lambda: dict(DEFAULT_ACTIONS))
    #: UUID → name or all of it; ids count from 1
    campaigns: Mapping[str, str | Letter] = field(
        default_factory=lambda: {"5a0db0c5-0000-4000-8000-000000000001": "Sandbox letter"}
    )
    webhooks_enabled: bool = True
    bounces_enabled: bool = True
    templates: Sequence[Template] = ()  #: instead of those of a fresh installation
    #: settings as if an operator had saved them before the start, such as `app.root_url`
    saved: Mapping[str, Any] = field(default_factory=dict)
    needs_restart: bool = False
    clock_seconds: float = 0.0  #: how far its clock is ahead of ours


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version of Listmonk, and what differs between those that operators run."""

    major: int
    minor: int
    patch: int

    @classmethod
    def read(cls, text: str) -> Version:
        """The version of a text such as `6.2.0`, `v5.1` or `4`; before 4 there were no API users."""
        found = re.fullmatch(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?", text.strip())
        if not found or int(found[1]) not in (4, 5, 6):
            raise UsageError(f"The sandbox plays Listmonk 4, 5 and 6 (as in 4.1, 5.1, 6.2), not {text!r}.")
        return cls(*(int(part or 0) for part in found.groups()))

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}.{self.patch}"

    @property
    def lists_all(self) -> bool:
        """Whether `per_page=all` gives all bounces; before 6 it gives none."""
        return self.major >= 6

    @property
    def patches(self) -> bool:
        """Whether a subscriber can be changed in part (6.1 and later)."""
        return (self.major, self.minor) >= (6, 1)

    @property
    def processing_off_answers(self) -> bool:
        """Whether it answers 503 with bounce processing off; before 6 the handler dies without an answer."""
        return self.major >= 6

    @property
    def checks_lists(self) -> bool:
        """Whether a subscriber is shown only to users who may see its lists (5 and later)."""
        return self.major >= 5


def read_subscribers(path: str | Path) -> list[Subscriber]:
    """The subscribers of a file: one e-mail address a line, optionally `,uuid`; `#` starts a comment.

    An address that comes again is skipped; a UUID that does is refused.
    """
    found: dict[str, Subscriber] = {}
    marks: set[str] = set()
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read the subscribers of {path}: {error}") from error
    for number, line in enumerate(lines, 1):
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        email, _, mark = (part.strip() for part in text.partition(","))
        if not EMAIL.fullmatch(email) or (mark and not UUID.fullmatch(mark)):
            raise UsageError(f"{path}, line {number}: expected an e-mail address, optionally `,uuid`: {line!r}")
        mark = mark.lower() or str(uuid.uuid4())
        if email.lower() in found:
            continue
        if mark in marks:
            raise UsageError(f"{path}, line {number}: another subscriber has this UUID: {line!r}")
        marks.add(mark)
        found[email.lower()] = Subscriber(email.lower(), mark)
    return list(found.values())
