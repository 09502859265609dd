# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether bounces can come to a return address for each subscriber (VERP): what `[mail] verp` says of it, what this
Listmonk can do, and what its campaigns do. Findings of the area `bounces`. Pure.

Listmonk fills in the values of a campaign's headers from 6.2 on; a Return-Path there is MAIL FROM, and goes before
that of the SMTP settings (seen on 6.2.0, 2026-11-30). Older ones send it as it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Mail
from bouncestream.doctor.areas.bounces import TOPIC
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import clean
from bouncestream.mail.verp import campaign_header
from bouncestream.printable import printable

FINDINGS: Mapping[str, str] = {
    "verp-set": "the return addresses that name the subscriber (VERP), and the campaign header that makes them",
    "verp-unset": "no return address names the subscriber, so some bounces cannot be identified",
    "verp-old": "this version of Listmonk cannot make return addresses of a UUID",
    "campaign-no-verp": "a campaign has no return address for each subscriber, though [mail] verp is set",
    "campaign-verp-unknown": "a campaign's return address is not one of [mail] verp",
    "campaign-verp-literal": "this version of Listmonk sends a campaign's return address with its braces",
}
#: From this version on the values of campaign headers are templates.
SINCE = (6, 2)
_UUID = re.compile(r"\{\{-?\s*\.Subscriber\.UUID\s*-?\}\}", re.IGNORECASE)
_UNSENT = ("running", "scheduled", "paused")


def judge(mail: Mail, mailboxes: Sequence[Mailbox], version: tuple[int, ...]) -> list[Finding]:
    """The settings. `mailboxes`: those that bouncestream reads; `version`: Listmonk's; empty: not known."""
    able = not version or version >= SINCE
    if mail.verp and able:
        text = (
            f"return addresses name the subscriber (VERP): {', '.join(printable(one, 80) for one in mail.verp[:3])}"
        )
        fix = f"each campaign needs it among its headers in Listmonk:\n\n    {_header(mail.verp[0])}"
        return [Finding("verp-set", Level.INFO, TOPIC, text, fix=fix)]
    if mail.verp:
        text = f"Listmonk {'.'.join(map(str, version))} cannot make return addresses of a subscriber's UUID"
        why = "Only 6.2 and later fill in the headers of a campaign. Until then your mail server has to make them."
        return [Finding("verp-old", Level.INFO, TOPIC, text, why, "upgrade Listmonk, or see `bouncestream verp`")]
    if not mailboxes or not able:
        return []
    pattern = _pattern(mailboxes)
    text = "no return address names the subscriber (VERP)"
    why = (
        "Some servers, such as Stalwart, do not return the headers of your mail. Their bounces then prove nothing, "
        "or do not tell whose they are."
    )
    fix = (
        f"if such bounces come in, add to each campaign's headers in Listmonk:\n\n    {_header(pattern)}\n\n"
        f'and here:\n\n    [mail]\n    verp = ["{pattern}"]'
    )
    return [Finding("verp-unset", Level.INFO, TOPIC, text, why, fix)]


def judge_campaigns(
    mail: Mail, campaigns: Sequence[Mapping[str, Any]], version: tuple[int, ...], *, mailbox: bool
) -> list[Finding]:
    """The campaigns that are still to be sent, and the last one that was. `campaigns`: the newest first; `mailbox`:
    bouncestream reads one, so that bounces come to it."""
    found: dict[str, list[str]] = {}
    unknown = ""
    for one in upcoming(campaigns):
        paths = [path for path in _paths(one) if "{{" in path]
        made = [_UUID.sub("*", path).strip().strip("<>").lower() for path in paths]
        if paths and version and version < SINCE:
            ident = "campaign-verp-literal"
        elif not made:  # with a key, somebody else makes them
            ident = "campaign-no-verp" if version >= SINCE and mail.verp and mail.verp_secret is None else ""
        elif not set(made) & {pattern.lower() for pattern in mail.verp}:
            ident = "campaign-verp-unknown" if mail.verp or mailbox else ""
            unknown = printable(made[0], 80)
        else:
            ident = ""
        if ident:
            found.setdefault(ident, []).append(clean(str(one.get("name", "")), 60))
    return [_finding(ident, names, mail, version, unknown) for ident, names in found.items()]


def _finding(ident: str, names: list[str], mail: Mail, version: tuple[int, ...], unknown: str) -> Finding:
    named = names_of(names)
    told = {"campaigns": names}
    if ident == "campaign-verp-literal":
        text = f"{named}: the Return-Path has braces, which Listmonk {'.'.join(map(str, version))} does not fill in"
        why = "It is the sender's address as it stands: mail servers refuse it, or its bounces are lost."
        fix = "remove the header, or upgrade Listmonk to 6.2"
        return Finding(ident, Level.ERROR, TOPIC, text, why, fix, told)
    if ident == "campaign-verp-unknown":
        text = f"{named}: bounces go to {unknown}, which [mail] verp does not name"
        why = "The UUID in it is not read, so it identifies nobody."
        patterns = json.dumps([*mail.verp, unknown], ensure_ascii=False)
        fix = f"name it, if it is a plain address with a * for the UUID:\n\n    [mail]\n    verp = {patterns}"
        return Finding(ident, Level.WARNING, TOPIC, text, why, fix, told)
    text = f"{named}: no return address for each subscriber"
    why = "Bounces that do not return the headers of your mail cannot be identified."
    fix = f"add to its headers in Listmonk:\n\n    {_header(mail.verp[0])}"
    return Finding(ident, Level.WARNING, TOPIC, text, why, fix, told)


def names_of(names: Sequence[str]) -> str:
    """Campaigns, by their names, for a person."""
    named = ", ".join(f'"{clean(name, 60)}"' for name in names[:3])
    named += f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"campaign{'s' if len(names) > 1 else ''} {named}"


def upcoming(campaigns: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The campaigns that are still to be sent, and the newest one that was."""
    yield from (one for one in campaigns if one.get("status") in _UNSENT)
    yield from [one for one in campaigns if one.get("status") == "finished"][:1]


def _paths(campaign: Mapping[str, Any]) -> list[str]:
    headers = campaign.get("headers")
    fields = [one for one in headers if isinstance(one, dict)] if isinstance(headers, list) else []
    return [str(value) for one in fields for name, value in one.items() if str(name).lower() == "return-path"]


def _pattern(mailboxes: Sequence[Mailbox]) -> str:
    """A pattern as it may be for the first mailbox whose user is its address."""
    user = next((box.user for box in mailboxes if box.user.count("@") == 1), "bounces@your.domain")
    local, _, domain = user.partition("@")
    return f"{local.partition('+')[0]}+*@{domain}"


def _header(pattern: str) -> str:
    return json.dumps([campaign_header(pattern)], ensure_ascii=False)
