# SPDX-License-Identifier: GPL-3.0-or-later
"""The permissions of Listmonk's API user: the one table of `init`, `check`, `doctor` and the docs. Pure.

Names as Listmonk 4 to 6 has them. Seen on 6.2.0 (2026-11): `GET /api/profile` lists them for any API user. Taking
somebody off a list wants, beside `subscribers:manage`, to manage that list: by `lists:manage_all`, or a list role.
`campaigns:get` alone answers 200 and shows no campaign: from 5 on only those of lists that the user may see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bouncestream.sinks.listmonk.answers import odd

#: From this version on a campaign is only shown to who may see its lists.
_CAMPAIGNS_BY_LIST = (5,)
#: Each of these lets a user see every list.
_ALL_LISTS = frozenset({"lists:get_all", "lists:manage_all"})


@dataclass(frozen=True, slots=True)
class Permission:
    """Permissions that are of use together only."""

    id: str  #: of the doctor's finding
    names: tuple[str, ...]
    buys: str  #: what they are for
    needed_by: tuple[str, ...]  #: the commands
    without: str  #: what happens
    level: str  #: how much their lack matters: `error`, `warning`, or `info`
    power: str = ""  #: the attribute of `ports.Capabilities` that a try of the calls behind them sets

    @property
    def words(self) -> str:
        """Their names, for a person."""
        return " and ".join(self.names)


PERMISSIONS: tuple[Permission, ...] = (
    Permission(
        "permission-post",
        ("webhooks:post_bounce",),
        "bounces and complaints are delivered",
        ("run",),
        "nothing can be delivered",
        "error",
        "post",
    ),
    Permission(
        "permission-read",
        ("bounces:get",),
        "delivery is verified by reading back each posted event",
        ("run", "explain", "doctor"),
        "delivery cannot be verified: events lost in a restart of Listmonk stay lost, and a bounce may count twice",
        "warning",
        "read",
    ),
    Permission(
        "permission-lookup",
        ("subscribers:get_all", "subscribers:sql_query"),
        "the reason why Listmonk does not store a bounce (no such subscriber, already blocklisted) is looked up, "
        "which tells it from one lost by a restart during a long database stall; an unsubscription finds the "
        "subscriber and the lists of the campaign; and the brake knows how many readers a domain has",
        ("run", "explain"),
        "the reason why Listmonk does not store a bounce is unknown, so confirming it takes minutes; bounces can "
        "be lost if Listmonk restarts during a database stall of over 20 minutes (twice [relay.verify] grace); "
        "unsubscriptions cannot be carried out; and the brake does not see a small mailbox provider that refuses "
        "everybody",
        "warning",
        "lookup",
    ),
    Permission(
        "permission-manage",
        ("subscribers:manage", "lists:manage_all"),
        "unsubscriptions at the provider and by mail are carried out; instead of lists:manage_all, a list role "
        "that manages your lists is enough",
        ("run",),
        "unsubscriptions are held, and the bridge is not ready, until it is granted; then they "
        "resume by themselves",
        "warning",
    ),
    Permission(
        "permission-settings",
        ("settings:get",),
        "Listmonk's bounce thresholds are known, and whether bounce processing is on (passwords are masked); and "
        "its log is read for recipients whom your SMTP server refuses while a campaign is sent",
        ("run", "check", "doctor"),
        "Listmonk's bounce thresholds are unknown, and whether bounce processing is on, so confirming a bounce "
        "above the threshold takes minutes; the doctor cannot see wrong settings; and refusals while sending stay "
        "unknown",
        "warning",
        "counts",
    ),
    Permission(
        "permission-undo",
        ("bounces:manage",),
        "what bounces of this bridge caused in Listmonk can be undone (6.1 and later), together with "
        "subscribers:sql_query, subscribers:manage and lists:manage_all above",
        ("undo",),
        "bouncestream undo cannot bring back subscribers whom a wrong bounce blocklisted",
        "info",
    ),
    Permission(
        "permission-sending",
        ("campaigns:get_all",),
        "the campaign of a recipient whom your SMTP server refuses while it is sent (by Listmonk's log) is known; "
        "campaigns:get with a right to all lists is enough",
        ("run",),
        "such refusals are told without their campaign, and only where the log is clear without its name",
        "info",
    ),
    Permission(
        "permission-letters",
        ("campaigns:get", "templates:get"),
        "templates and campaigns without {{ TrackView }} or tracked links are found, and campaigns without opens; "
        "the brake knows how much a campaign has sent; "
        "campaigns:get covers only lists that the user may see, such as with lists:manage_all",
        ("doctor", "run"),
        "a template without {{ TrackView }}, or a campaign that lost all its opens, goes unnoticed",
        "info",
    ),
)


def by_id(ident: str) -> Permission:
    """The row of the table behind a finding of the doctor's."""
    return next(one for one in PERMISSIONS if one.id == ident)


def to_pause(version: tuple[int, ...]) -> tuple[str, ...]:
    """The permissions of the API user that pauses campaigns, by Listmonk's version (seen on 4.1.0, 5.1.0 and 6.2.0,
    2026-11); empty: not known, and as of the newest."""
    if not version or version >= (6,):
        return ("campaigns:send", "campaigns:manage_all")
    return ("campaigns:manage_all",) if version >= (5,) else ("campaigns:manage",)


@dataclass(frozen=True, slots=True)
class Granted:
    """The rights of an API user. `names` None: Listmonk does not tell (before 4 one user may do all)."""

    names: frozenset[str] | None = None
    lists: frozenset[str] = frozenset()  #: what its list role allows for one list at least: list:get, list:manage
    version: tuple[int, ...] = ()  #: of Listmonk; empty: not known

    def lacks(self, permission: Permission) -> tuple[str, ...]:
        """The names of what has to be granted; empty: nothing, or it is not told."""
        wanted = (one for name in permission.names for one in self._wanted(name))
        return tuple(dict.fromkeys(wanted)) if self.names is not None else ()

    def _wanted(self, name: str) -> tuple[str, ...]:
        has = self.names or frozenset()
        if name == "lists:manage_all" and "list:manage" in self.lists:
            return ()
        if name == "campaigns:get" and "campaigns:get_all" in has:
            return ()
        if name == "campaigns:get_all" and "campaigns:get" in has and has & _ALL_LISTS:
            return ()
        if name not in has:
            return (name,)
        if name == "campaigns:get" and not self._sees_lists(has):
            return ("lists:get_all",)
        return ()

    def _sees_lists(self, has: frozenset[str]) -> bool:
        older = bool(self.version) and self.version < _CAMPAIGNS_BY_LIST
        return older or bool(has & _ALL_LISTS) or bool(self.lists)


def granted(profile: Mapping[str, Any] | None, version: tuple[int, ...] = ()) -> Granted:
    """The rights in the `data` of `GET /api/profile`. Raises SinkError when its permissions are not Listmonk's: an
    absence must not be explained by a right that is only guessed."""
    if profile is None:
        return Granted(version=version)
    role = profile.get("user_role")
    names = role.get("permissions") if isinstance(role, Mapping) else role
    if names is None:
        names = []
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise odd("/api/profile", "its permissions are not a list of names")
    return Granted(frozenset(names), _of_lists(profile.get("list_role")), version)


def _of_lists(role: Any) -> frozenset[str]:
    lists = role.get("lists") if isinstance(role, dict) else None
    rights = [one.get("permissions") for one in lists if isinstance(one, dict)] if isinstance(lists, list) else []
    return frozenset(right for some in rights if isinstance(some, list) for right in some if isinstance(right, str))
