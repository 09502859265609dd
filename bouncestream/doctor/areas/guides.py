# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `guides`: traces of guides that mislead, in what the proxy answers and in its configuration on this machine.

`/track/open` and `/track/link` are in older guides; Listmonk never had them. Caddy's `on_demand` TLS without `ask`
lets anybody have certificates made (caddyserver.com/docs/automatic-https, read 2026-11).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from bouncestream.doctor.areas.pages import same
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.public import Public
from bouncestream.doctor.probe.reply import Reply, clean, describe, evidence
from bouncestream.doctor.probe.target import Target
from bouncestream.doctor.probe.web import Web

TOPIC = "guides"
FINDINGS: Mapping[str, str] = {
    "guide-track-answered": "the proxy has a rule for /track/open or /track/link, which do not exist",
    "guide-track-configured": "a proxy's configuration names /track/open or /track/link, which do not exist",
    "guide-on-demand": "Caddy requests a certificate for any name",
}
#: Where Debian's packages and most guides put the configuration of proxies.
PLACES = ("/etc/nginx", "/etc/caddy", "/etc/apache2/sites-enabled", "/etc/traefik")
#: Caddy's own, which answers on this machine only.
CADDY_ADMIN = "http://127.0.0.1:2019/config/"
_MOST_FILES, _MOST_BYTES = 200, 1 << 20
_TRACK = re.compile(r"/track/(?:open|link)\b")
_ON_DEMAND = re.compile(r"^[^\S\n]*+on_demand\b(?!_)", re.MULTILINE)
_ASK = re.compile(r"^[^\S\n]*+(?:ask|permission)[^\S\n]++\S", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")


@dataclass(frozen=True, slots=True)
class Local:
    """The configuration of proxies on this machine."""

    track: Sequence[str] = ()  #: files that name the paths
    on_demand: str = ""  #: where Caddy is told so; empty: nowhere


async def collect(web: Web) -> Local:
    """Read configuration files, as far as they may be read, and ask Caddy itself."""
    files, running = await asyncio.gather(
        asyncio.to_thread(_read), web.get(CADDY_ADMIN, patience=1.5, limit=_MOST_BYTES)
    )
    on_demand = files.on_demand
    if not on_demand and on_demand_without_ask(running.json() if running.status == 200 else None):
        on_demand = "the running Caddy"
    return Local(files.track, on_demand)


def _read() -> Local:
    track, on_demand = [], ""
    for path in _files():
        try:
            with path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
        text = "\n".join(_COMMENT.sub("", line) for line in text.splitlines())
        if _TRACK.search(text):
            track.append(str(path))
        if "caddy" in str(path).lower() and _ON_DEMAND.search(text) and not _ASK.search(text):
            on_demand = on_demand or str(path)
    return Local(tuple(track), on_demand)


def _files() -> Iterator[Path]:
    left = _MOST_FILES
    for place in PLACES:
        try:
            for path in sorted(Path(place).rglob("*")):
                if left and path.is_file():
                    left -= 1
                    yield path
        except OSError:
            continue


def on_demand_without_ask(config: Any) -> bool:
    """Whether Caddy's JSON configuration has `on_demand` and no one to ask."""
    try:
        automation = config["apps"]["tls"]["automation"]
        wanted = any(policy.get("on_demand") is True for policy in automation["policies"])
        rules = automation.get("on_demand") or {}
        return wanted and not (rules.get("ask") or rules.get("permission"))
    except (AttributeError, KeyError, TypeError):
        return False


def judge(target: Target | None, public: Public, local: Local) -> list[Finding]:
    """Only what is really answered or configured otherwise: a catch-all page is told elsewhere."""
    found = []
    nonsense = public.through.get("nonsense")
    for name in ("track open", "track link"):
        reply = public.through.get(name)
        if target is None or reply is None or nonsense is None or not (reply.whole and nonsense.whole):
            continue
        if same(reply, public.direct.get(name), 404, noindex=False) or _alike(reply, nonsense):
            continue
        path = f"/{name.replace(' ', '/')}"
        text = f"{target.url}{path} is answered with {describe(reply)}, so the proxy has a rule for it"
        found.append(_track("guide-track-answered", text, evidence(reply)))
        break
    if local.track and not found:
        text = f"{', '.join(clean(path, 100) for path in local.track[:3])} names /track/open or /track/link"
        found.append(_track("guide-track-configured", text, {"files": list(local.track[:10])}))
    if local.on_demand:
        text = f"Caddy has on_demand TLS without ask ({clean(local.on_demand, 100)})"
        why = (
            "Anyone who points a name at this server makes it request a certificate, until Let's Encrypt "
            "refuses yours for a week."
        )
        fix = (
            "remove on_demand, and name your site in the Caddyfile instead; or, for domains of "
            "customers:\n\n"
            "    {\n        on_demand_tls {\n            ask http://127.0.0.1:5555/allowed\n        }\n    }"
        )
        found.append(Finding("guide-on-demand", Level.WARNING, TOPIC, text, why, fix, {"where": local.on_demand}))
    return found


def _alike(reply: Reply, nonsense: Reply) -> bool:
    """Whether a path that nobody knows gets the same."""

    def shape(one: Reply) -> tuple[int, str, bool, str]:
        path = urlsplit(one.url).path
        return one.status, one.kind, one.noindex, one.location.replace(path, "").replace(quote(path, safe=""), "")

    return shape(reply) == shape(nonsense)


def _track(ident: str, text: str, told: dict[str, Any]) -> Finding:
    why = (
        "Listmonk has no such paths: its pixel is /campaign/…/px.png, its links are /link/…. A guide was wrong, "
        "so rules that matter may be missing."
    )
    fix = "remove the rule; Listmonk only needs all paths forwarded unchanged"
    return Finding(ident, Level.WARNING, TOPIC, text, why, fix, told)
