# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `listmonk`: whether it can be asked, who we are there, what we may do, and what its version is known for.

Answers as measured on Listmonk 3.0 to 6.2 (2026-07): `/api/profile` lists the permissions, and `POST {}` to the
bounce webhook is harmless. Defects of versions: CVE-2026-34828 (NVD, 2026-04), CVE-2025-49136 (NVD, 2025-06), and
what was measured here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import Origin, Reply, clean, describe, evidence, origin
from bouncestream.doctor.probe.web import Credentials, Web
from bouncestream.errors import SinkError
from bouncestream.sinks.listmonk.answers import boot_id
from bouncestream.sinks.listmonk.permissions import PERMISSIONS, Granted, granted

TOPIC = "listmonk"
FINDINGS: Mapping[str, str] = {
    "listmonk-ok": "Listmonk answers and accepts the API user",
    "listmonk-slow": "Listmonk takes seconds to answer",
    "listmonk-unreachable": "nothing answers at [listmonk] url",
    "listmonk-unfinished": "[listmonk] url sends incomplete answers",
    "listmonk-foreign": "[listmonk] url is not Listmonk",
    "listmonk-redirect": "[listmonk] url redirects to another address",
    "listmonk-broken": "Listmonk answers with errors: its database is down, or it is starting",
    "listmonk-token": "Listmonk refuses the API user or its token",
    "listmonk-old": "this version of Listmonk has a known defect",
    "listmonk-clock": "the clocks of Listmonk and this machine differ",
    "listmonk-needs-restart": "changed settings are not in effect while a campaign runs",
    "listmonk-no-mark": "Listmonk's pages show no start marker, so restarts are noticed later",
    "permission-ok": "the API user has all permissions that bouncestream needs",
    "permission-post": "the API user may not post bounces",
    "permission-read": "the API user may not read bounces back",
    "permission-lookup": "the API user may not look up subscribers",
    "permission-manage": "the API user may not unsubscribe subscribers",
    "permission-settings": "the API user may not read the settings",
    "permission-undo": "the API user may not undo what bounces caused",
    "permission-sending": "the API user may not see all campaigns, so refusals while sending have none",
    "permission-letters": "the API user may not read templates and campaigns, so the doctor cannot either",
    "permission-unknown": "this version of Listmonk does not report the API user's permissions",
}
#: Seconds by which the clocks may differ.
CLOCK = 60
#: Seconds for an answer that nothing else waits for; and from which on one is slow.
PATIENCE, SLOW = 10.0, 3.0
_SETTINGS_LIMIT = 2 * 1024 * 1024

_JSON = {"Content-Type": "application/json"}
_CALLS = {
    "profile": "/api/profile",
    "config": "/api/config",
    "settings": "/api/settings",
    "bounces": "/api/bounces?page=1&per_page=200&order_by=created_at&order=desc",
    "front": "/",
    "login": "/admin/login",
}

#: From this version, below that one: what is wrong.
DEFECTS: tuple[tuple[tuple[int, ...], tuple[int, ...], Level, str], ...] = (
    ((0,), (4,), Level.WARNING, "it has no API users: anyone with the token is an administrator"),
    (
        (4,),
        (5, 0, 2),
        Level.WARNING,
        "users who may edit templates can read the server's environment (CVE-2025-49136)",
    ),
    ((4, 1), (6, 1), Level.WARNING, "a stolen session stays valid after a password change (CVE-2026-34828)"),
    (
        (0,),
        (6,),
        Level.INFO,
        "while bounce processing is off, each bounce breaks the connection, and its own test passes",
    ),
)

#: The attribute of `Permission.power` → the reply that shows by 403 that a right is not in force, profile or not.
_TRIED = {"post": "probe", "read": "bounces", "counts": "settings"}


@dataclass(frozen=True, slots=True)
class ListmonkFacts:
    """The facts about Listmonk: its answers, and when that was here."""

    who: Credentials
    replies: Mapping[str, Reply] = field(default_factory=dict)
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @property
    def profile(self) -> Mapping[str, Any] | None:
        """The API user, if Listmonk knows it."""
        return _object(self.replies.get("profile"))

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings that every API user may know; empty when it could not be had."""
        return _object(self.replies.get("config")) or {}

    @property
    def settings(self) -> Mapping[str, Any] | None:
        """The settings, if they may be read."""
        return _object(self.replies.get("settings"))

    @property
    def root_url(self) -> str | None:
        """The root URL as written in the settings, else as Listmonk uses it; None: not known."""
        raw = (self.settings or {}).get("app.root_url", self.config.get("root_url"))
        return raw if isinstance(raw, str) else None

    @property
    def known(self) -> bool:
        """Whether Listmonk answered as itself, and let us in."""
        return bool(self.config)

    @property
    def stranger(self) -> bool:
        """Whether Listmonk answered as itself, and does not know us."""
        reply = self.replies.get("config")
        said = reply.json() if reply is not None else None
        return reply is not None and reply.status in (401, 403) and isinstance(said, dict) and "message" in said

    @property
    def granted(self) -> Granted:
        """The rights of the API user, as far as Listmonk tells."""
        try:
            return granted(self.profile, self.version)
        except SinkError:  # something odd, which is nothing told
            return Granted(version=self.version)

    @property
    def version(self) -> tuple[int, ...]:
        """Of Listmonk; empty when it is not known."""
        text = self.config.get("version")
        found = re.match(r"v?(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?", text) if isinstance(text, str) else None
        return tuple(int(part or 0) for part in found.groups()) if found else ()


def _object(reply: Reply | None) -> Mapping[str, Any] | None:
    found = reply.data() if reply is not None else None
    return found if isinstance(found, dict) else None


async def collect(who: Credentials, web: Web, *, patience: float = PATIENCE) -> ListmonkFacts:
    """Ask what every API user may ask, and post an empty bounce, which stores nothing. `patience`: seconds."""
    base = who.url.rstrip("/")
    calls = [web.get(base + path, who=who, limit=_SETTINGS_LIMIT, patience=patience) for path in _CALLS.values()]
    hook = f"{base}/webhooks/bounce"
    probe = web.get(hook, method="POST", data=b"{}", headers=_JSON, who=who, patience=patience)
    found = await asyncio.gather(*calls, probe)
    return ListmonkFacts(who, dict(zip([*_CALLS, "probe"], found, strict=True)), datetime.now(UTC))


def judge(seen: ListmonkFacts) -> list[Finding]:
    """Reachable, itself, knows us, lets us; version, clock, restart."""
    config = seen.replies["config"]
    if trouble := _trouble(seen, config):
        return [trouble]
    found = _slow(seen) + _versions(seen) + _clock(seen, config) + _permissions(seen) + _mark(seen)
    if seen.config.get("needs_restart") is True:
        text = "Listmonk has changed settings that are not in effect yet"
        why = "It restarts by itself when no campaign runs; until then the old settings apply."
        fix = "wait for the campaign to end, or pause it and press Restart in Listmonk's admin"
        found.append(Finding("listmonk-needs-restart", Level.WARNING, TOPIC, text, why, fix))
    version = clean(str(seen.config.get("version", "")), 20)
    text = f"Listmonk {version} at {seen.who.url} answers and accepts {seen.who.user}"
    told = {"url": seen.who.url, "version": version}
    return [Finding("listmonk-ok", Level.OK, TOPIC, text, evidence=told), *found]


_DATABASE = "is its database up? See Listmonk's log:\n\n    journalctl -u listmonk -n 20"


def _trouble(seen: ListmonkFacts, config: Reply) -> Finding | None:
    """The finding that keeps everything else from being asked."""
    url = seen.who.url
    nothing = "Nothing can be delivered. Listmonk's settings could not be examined."

    def error(name: str, text: str, fix: str, reply: Reply = config) -> Finding:
        return Finding(name, Level.ERROR, TOPIC, text, nothing, fix, evidence(reply))

    if not config.status:
        fix = (
            "start Listmonk, or correct [listmonk] url (the address as seen from this machine):\n\n"
            "    ss -ltnp | grep listmonk\n"
            "    journalctl -u listmonk -n 20        # docker: docker logs --tail 20 listmonk"
        )
        return error("listmonk-unreachable", f"{url} does not answer: {config.why}", fix)
    if config.trouble:
        fix = "check the load of the server and its database, and any proxy in front of Listmonk"
        return error("listmonk-unfinished", f"{url} answers with {describe(config)}", fix)
    if seen.known:
        replies = (seen.replies.get(name) for name in ("profile", "settings", "bounces"))
        broken = next((one for one in replies if one is not None and (one.status >= 500 or not one.status)), None)
        if broken is None:
            return None
        text = f"Listmonk answers {urlsplit(broken.url).path} with {describe(broken)}"
        return error("listmonk-broken", text, _DATABASE, broken)
    words = config.words()
    if config.location:
        goal = config.goal.partition("/api/")[0]
        lines = f'    [listmonk]\n    url = "{clean(goal, 100)}"'
        fix = f"set the final address, so that the token goes nowhere else:\n\n{lines}"
        return error("listmonk-redirect", f"{url} answers with {describe(config)}", fix)
    said = config.json()
    if seen.stranger:
        fix = (
            f"in Listmonk: Admin, Users: check that the user {seen.who.user} has type API and is enabled. Create "
            "a new token there (it is shown once) and set [listmonk] token"
        )
        return error("listmonk-token", f"Listmonk refuses the API user {seen.who.user}: {words}", fix)
    if config.status == 500 and isinstance(said, dict):
        return error("listmonk-broken", f"Listmonk answers {config.status}: {words}", _DATABASE)
    if origin(config) is Origin.LISTMONK:
        fix = '[listmonk] url must be Listmonk\'s address without a path:\n\n    [listmonk]\n    url = "http://127.0.0.1:9000"'
        return error("listmonk-foreign", f"Listmonk at {url} does not know /api: {describe(config)}", fix)
    fix = (
        "point [listmonk] url at Listmonk itself, not at a proxy, a login page or a catch-all site:\n\n"
        '    [listmonk]\n    url = "http://127.0.0.1:9000"'
    )
    return error("listmonk-foreign", f"{url} is not Listmonk: it answers with {describe(config)}", fix)


def _slow(seen: ListmonkFacts) -> list[Finding]:
    slowest = max(seen.replies.values(), key=lambda reply: reply.seconds)
    if slowest.seconds < SLOW:
        return []
    text = f"Listmonk is slow: it took {slowest.seconds:.1f} s to answer {urlsplit(slowest.url).path}"
    why = "Bounces are delivered and verified as slowly."
    fix = "check the load of the server and its database, and any proxy in front of Listmonk"
    return [Finding("listmonk-slow", Level.INFO, TOPIC, text, why, fix, evidence(slowest))]


def _versions(seen: ListmonkFacts) -> list[Finding]:
    version = seen.version
    if not version:
        return []
    found = [one for one in DEFECTS if one[0] <= version < one[1]]
    if not found:
        return []
    level = Level.WARNING if any(one[2] is Level.WARNING for one in found) else Level.INFO
    text = f"Listmonk {'.'.join(map(str, version))} is older than {_dotted(max(one[1] for one in found))}"
    why = "; ".join(f"before {_dotted(one[1])}: {one[3]}" for one in found) + "."
    fix = "make a backup of its database, then upgrade: https://listmonk.app/docs/upgrade/"
    return [Finding("listmonk-old", level, TOPIC, text, why, fix, {"version": _dotted(version)})]


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version if len(version) > 1 else (*version, 0)))


def _clock(seen: ListmonkFacts, reply: Reply) -> list[Finding]:
    try:
        at = parsedate_to_datetime(reply.headers.get("date", ""))
        ahead = (at - seen.at).total_seconds()
    except (ValueError, TypeError):
        return []
    if abs(ahead) <= CLOCK:
        return []
    text = f"Listmonk's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    why = (
        "Signatures and dates depend on the clock: requests may be refused as replays, and bounces get wrong dates."
    )
    fix = "synchronise both clocks:\n\n    timedatectl set-ntp true\n    timedatectl status"
    return [Finding("listmonk-clock", Level.WARNING, TOPIC, text, why, fix, {"seconds": round(ahead)})]


def _mark(seen: ListmonkFacts) -> list[Finding]:
    pages = [seen.replies[name] for name in ("front", "login") if name in seen.replies]
    if not any(page.status for page in pages) or any(boot_id(page.body) for page in pages):
        return []
    text = "Listmonk's pages show no start marker (custom templates?)"
    why = "Restarts, which lose accepted bounces, are noticed later: delivery is verified more slowly."
    fix = "keep `?v={{ .AssetVersion }}` after the style sheet URLs in your templates"
    return [Finding("listmonk-no-mark", Level.WARNING, TOPIC, text, why, fix)]


def _permissions(seen: ListmonkFacts) -> list[Finding]:
    if seen.granted.names is None:
        text = "Listmonk does not report the API user's permissions (only 4.0 and later do)"
        return [Finding("permission-unknown", Level.INFO, TOPIC, text)]
    found = []
    for one in PERMISSIONS:
        lacking = seen.granted.lacks(one)
        tried = seen.replies.get(_TRIED.get(one.power, ""))
        if not lacking and tried is not None and tried.status == 403:
            lacking = one.names  # granted in the profile, but not in force
        if lacking:
            text = f"the API user {seen.who.user} lacks {' and '.join(lacking)}"
            fix = f"in Listmonk: Admin, Users, User roles, the role of {seen.who.user}: tick {', '.join(lacking)}"
            why = f"{one.without[:1].upper()}{one.without[1:]}. It is for: {one.buys}."
            found.append(Finding(one.id, Level(one.level), TOPIC, text, why, fix, {"lacking": list(lacking)}))
    if not found:
        text = f"the API user {seen.who.user} may {', '.join(one.words for one in PERMISSIONS)}"
        found.append(Finding("permission-ok", Level.OK, TOPIC, text))
    return found
