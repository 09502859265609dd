# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `letters`: whether templates and campaigns ask for tracking at all, and what came of the recent ones.

Only what is in use is judged: a fresh Listmonk has templates without `{{ TrackView }}` by design. Bodies are read
as they are; `/api/campaigns/{id}/preview` would register links. Forms of TrackView and TrackLink: Listmonk's
documentation, Templating (read 2026-11).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import clean
from bouncestream.doctor.probe.web import Credentials, Web

TOPIC = "letters"
FINDINGS: Mapping[str, str] = {
    "letters-ok": "recent campaigns track opens and links",
    "letters-none": "no campaign was sent or is scheduled, so there is nothing to examine",
    "tracking-disabled": "tracking is disabled for all campaigns",
    "tracking-anonymous": "opens and clicks are counted anonymously",
    "campaign-no-trackview": "a campaign has no open pixel, so its opens cannot be counted",
    "campaign-no-tracklink": "a campaign has links, but none of them is tracked",
    "campaign-plain-text": "a campaign is plain text, which cannot have an open pixel",
    "campaigns-no-views": "recent campaigns have no opens at all",
    "campaigns-no-clicks": "recent campaigns have tracked links, but no clicks at all",
    "campaigns-no-bounces": "recent campaigns have no bounces at all",
}
#: So many campaigns are looked at, the newest first.
RECENT = 20
_LIMIT = 8 * 1024 * 1024
#: A campaign that was sent to so many, so long ago, should have some opens; clicks and bounces are rarer.
SENT_FOR_VIEWS, SENT_FOR_CLICKS, SENT_FOR_BOUNCES = 20, 200, 1000
SETTLED = timedelta(hours=6)

_TRACK_VIEW = re.compile(r"\{\{-?\s*TrackView\b")
_TRACK_LINK = re.compile(r"@TrackLink|\{\{-?\s*TrackLink\b")
_LINK = re.compile(r"""<a\s[^<>]{0,2000}?\bhref\s{0,9}=\s{0,9}["']?\s{0,9}https?://""", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\]\(\s*https?://")
_LIVE = ("running", "scheduled", "paused", "finished", "cancelled")


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """The facts about campaigns, as far as they may be read; None: it may not, or could not."""

    campaigns: Sequence[Mapping[str, Any]] | None = None
    templates: Sequence[Mapping[str, Any]] | None = None


async def collect(who: Credentials, web: Web) -> CampaignFacts:
    """The newest campaigns with their bodies, and all templates."""
    base = who.url.rstrip("/")
    query = f"page=1&per_page={RECENT}&order_by=created_at&order=DESC"
    campaigns, templates = await asyncio.gather(
        web.get(f"{base}/api/campaigns?{query}", who=who, limit=_LIMIT),
        web.get(f"{base}/api/templates", who=who, limit=_LIMIT),
    )
    return CampaignFacts(campaigns.rows(), templates.rows(""))


def judge(
    seen: CampaignFacts, config: Mapping[str, Any], settings: Mapping[str, Any] | None, now: datetime
) -> list[Finding]:
    """`config` and `settings` as Listmonk shows them; the two privacy switches are in one or the other."""
    found = []
    off = disabled(config, settings) is True
    if off:
        text = "tracking is disabled for all campaigns"
        why = "Campaigns are sent without pixel and tracked links: no opens or clicks are counted."
        fix = "if you want tracking: Settings, Privacy: switch Disable tracking off"
        found.append(Finding("tracking-disabled", Level.WARNING, TOPIC, text, why, fix))
    elif individual(config, settings) is False:
        text = "individual tracking is off"
        why = (
            "Opens and clicks are counted per campaign, but not per subscriber. After you switch it on, opens of "
            "campaigns sent while it was off are no longer counted; their clicks are."
        )
        found.append(Finding("tracking-anonymous", Level.INFO, TOPIC, text, why))
    if seen.campaigns is None:
        return found
    live = [one for one in seen.campaigns if one.get("status") in _LIVE]
    if not live:
        text = "no campaign has been sent or scheduled yet"
        return [*found, Finding("letters-none", Level.INFO, TOPIC, text)]
    if not off:
        judged = _bodies(live, seen.templates) + _numbers(live, seen.templates, now)
        if not any(one.level is Level.WARNING for one in judged):
            text = f"{len(live)} recent campaigns track opens and links"
            judged.append(Finding("letters-ok", Level.OK, TOPIC, text))
        found += judged
    return found


def disabled(config: Mapping[str, Any], settings: Mapping[str, Any] | None) -> bool | None:
    """Whether nothing is tracked at all; None: not known."""
    return _switch("disable_tracking", config, settings)


def individual(config: Mapping[str, Any], settings: Mapping[str, Any] | None) -> bool | None:
    """Whether each subscriber is tracked on their own; None: not known."""
    return _switch("individual_tracking", config, settings)


def _switch(name: str, config: Mapping[str, Any], settings: Mapping[str, Any] | None) -> bool | None:
    privacy = config.get("privacy")
    value = privacy.get(name) if isinstance(privacy, dict) else None
    if value is None:
        value = (settings or {}).get(f"privacy.{name}")
    return value if isinstance(value, bool) else None


def _bodies(live: Sequence[Mapping[str, Any]], templates: Sequence[Mapping[str, Any]] | None) -> list[Finding]:
    blind: dict[str, list[str]] = {}
    untracked, plain = [], []
    for one in live:
        name, kind = clean(str(one.get("name", "")), 60), one.get("content_type")
        views = _tracks_views(one, templates)
        if kind == "plain":
            plain.append(name)
        elif views is False:
            blind.setdefault(_where(one, templates), []).append(name)
        if kind != "plain" and _has_links(one) and not _TRACK_LINK.search(_body(one)):
            untracked.append(name)
    found = []
    for where, names in blind.items():
        text = f"{_names(names)}: no {{{{ TrackView }}}}, neither in the campaign nor in {where}"
        why = "Without it the mail has no pixel: its opens are never counted."
        fix = f"add it to {where}, at the end of the body, once:\n\n    {{{{ TrackView }}}}"
        told = {"campaigns": names}
        found.append(Finding("campaign-no-trackview", Level.WARNING, TOPIC, text, why, fix, told))
    if untracked:
        text = f"{_names(untracked)}: has links, but none of them is tracked"
        why = "Listmonk tracks only links marked for it: clicks on these are never counted."
        fix = (
            "tick Track in the editor's link box, or write:\n\n"
            '    <a href="https://example.com/@TrackLink">read more</a>'
        )
        found.append(
            Finding("campaign-no-tracklink", Level.WARNING, TOPIC, text, why, fix, {"campaigns": untracked})
        )
    if plain:
        text = f"{_names(plain)}: plain text"
        why = "Plain text cannot have a pixel, so opens are not counted; clicks on tracked links are."
        found.append(Finding("campaign-plain-text", Level.INFO, TOPIC, text, why))
    return found


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ("campaign " if len(names) == 1 else "campaigns ") + ", ".join(f'"{name}"' for name in names[:3]) + more


def _body(one: Mapping[str, Any]) -> str:
    body = one.get("body")
    return body if isinstance(body, str) else ""


def _template(one: Mapping[str, Any], templates: Sequence[Mapping[str, Any]] | None) -> Mapping[str, Any] | None:
    """The template around a campaign; visual campaigns have none."""
    if one.get("content_type") == "visual":
        return None
    number = one.get("template_id")
    return next((template for template in templates or () if template.get("id") == number), None)


def _tracks_views(one: Mapping[str, Any], templates: Sequence[Mapping[str, Any]] | None) -> bool | None:
    """None: not known, since its template could not be read."""
    if _TRACK_VIEW.search(_body(one)):
        return True
    if one.get("content_type") != "visual" and isinstance(one.get("template_id"), int):
        template = _template(one, templates)
        if template is None:
            return None
        return bool(_TRACK_VIEW.search(_body(template)))
    return False


def _where(one: Mapping[str, Any], templates: Sequence[Mapping[str, Any]] | None) -> str:
    template = _template(one, templates)
    if template is not None:
        return f'the template "{clean(str(template.get("name", "")), 60)}"'
    return "a text block of the visual editor" if one.get("content_type") == "visual" else "its body"


def _has_links(one: Mapping[str, Any]) -> bool:
    body = _body(one)
    return bool(_LINK.search(body) or (one.get("content_type") == "markdown" and _MARKDOWN_LINK.search(body)))


def _numbers(
    live: Sequence[Mapping[str, Any]], templates: Sequence[Mapping[str, Any]] | None, now: datetime
) -> list[Finding]:
    """Zeros over all campaigns that were sent, and that could have shown more."""
    sent = [one for one in live if _number(one, "sent") > 0 and _settled(one, now)]
    tracked = [one for one in sent if one.get("content_type") != "plain" and _tracks_views(one, templates)]
    linked = [one for one in sent if _TRACK_LINK.search(_body(one))]
    found = []
    total = sum(_number(one, "sent") for one in tracked)
    if total >= SENT_FOR_VIEWS and not any(_number(one, "views") for one in tracked):
        text = f"{_names(_named(tracked))}: sent to {total}, without a single open"
        why = "The mails have a pixel, so it is lost in the mail or at the public address."
        fix = (
            "see the other findings; then examine a mail as it arrived, and the "
            "proxy's log:\n\n"
            "    bouncestream doctor mail letter.eml\n    bouncestream doctor logs /var/log/nginx/access.log"
        )
        found.append(Finding("campaigns-no-views", Level.WARNING, TOPIC, text, why, fix, {"sent": total}))
    total = sum(_number(one, "sent") for one in linked)
    if total >= SENT_FOR_CLICKS and not any(_number(one, "clicks") for one in linked):
        text = f"{_names(_named(linked))}: sent to {total}, with tracked links, without a single click"
        why = "Clicks probably do not reach Listmonk."
        fix = "click a link in a mail that you received and check that the address begins with your root URL"
        found.append(Finding("campaigns-no-clicks", Level.WARNING, TOPIC, text, why, fix, {"sent": total}))
    total = sum(_number(one, "sent") for one in sent)
    if total >= SENT_FOR_BOUNCES and not any(_number(one, "bounces") for one in sent):
        text = f"{_names(_named(sent))}: sent to {total}, without a single bounce"
        why = "That is rare for so many mails: bounces probably do not reach Listmonk."
        fix = "connect your provider or the bounce mailbox to bouncestream; test it with a mail to a dead address"
        found.append(Finding("campaigns-no-bounces", Level.WARNING, TOPIC, text, why, fix, {"sent": total}))
    return found


def _named(campaigns: Sequence[Mapping[str, Any]]) -> list[str]:
    return [clean(str(one.get("name", "")), 60) for one in campaigns]


def _number(one: Mapping[str, Any], key: str) -> int:
    value = one.get(key)
    return value if isinstance(value, int) else 0


def _settled(one: Mapping[str, Any], now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(str(one.get("started_at")).replace("Z", "+00:00")) > SETTLED
    except (ValueError, TypeError):
        return False
