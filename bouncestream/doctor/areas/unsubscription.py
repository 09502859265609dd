# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether readers can unsubscribe by mail, as `[mail] unsubscribe` says: what Listmonk's settings and its campaigns
do about it. Findings of the area `bounces`. Pure.

While Listmonk's own switch is on (privacy.unsubscribe_header, its default) its List-Unsubscribe, which has no
mailto:, replaces that of a campaign; with it off that arrives as written, for each recipient (seen on 6.2.0,
2026-11-30).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bouncestream.config.model import Mail
from bouncestream.doctor.areas.bounces import TOPIC
from bouncestream.doctor.areas.return_address import SINCE, names_of, upcoming
from bouncestream.doctor.finding import Finding, Level
from bouncestream.mail.unsubscription import campaign_headers
from bouncestream.printable import printable

FINDINGS: Mapping[str, str] = {
    "unsubscribe-mail-set": "readers can unsubscribe by mail, and the campaign headers for that",
    "unsubscribe-mail-old": "this version of Listmonk cannot name each subscriber an address for unsubscriptions",
    "unsubscribe-mail-unread": "[mail] unsubscribe is set, but no mailbox is read, and no mail taken",
    "unsubscribe-header-on": "Listmonk's own List-Unsubscribe hides the address for unsubscriptions by mail",
    "campaign-no-unsubscribe": "a campaign has no List-Unsubscribe: Listmonk's own is off",
    "campaign-unsubscribe-unknown": "a campaign names an address for unsubscriptions that is not one of [mail]",
}
_SWITCH = "privacy.unsubscribe_header"
_UUID = re.compile(r"\{\{-?\s*\.Subscriber\.UUID\s*-?\}\}", re.IGNORECASE)
_MAILTO = re.compile(r"<\s*mailto:([^<>?]{1,320})", re.IGNORECASE)


def judge(
    mail: Mail, settings: Mapping[str, Any] | None, version: tuple[int, ...], *, mailbox: bool
) -> list[Finding]:
    """The settings. `settings`: Listmonk's, None: not known; `version`: its, empty: not known; `mailbox`:
    bouncestream reads one, or takes mail by LMTP or SMTP."""
    if not mail.unsubscribe:
        return []
    shown = ", ".join(printable(one, 80) for one in mail.unsubscribe[:3])
    if not mailbox:
        text = f"unsubscriptions by mail go to {shown}, but no mailbox is read, and no mail taken"
        why = "Nobody hears of them: these readers keep getting every campaign."
        fix = "add the section [mailboxes.NAME] of the mailbox that these mails arrive in, or [smtp.NAME]"
        return [Finding("unsubscribe-mail-unread", Level.WARNING, TOPIC, text, why, fix)]
    if version and version < SINCE:
        text = f"Listmonk {'.'.join(map(str, version))} cannot name an address of each subscriber"
        why = "Only 6.2 and later fill in the headers of a campaign. A mail to one address for all proves nobody."
        return [Finding("unsubscribe-mail-old", Level.WARNING, TOPIC, text, why, "upgrade Listmonk")]
    if (settings or {}).get(_SWITCH) is True:
        text = f"Listmonk's own List-Unsubscribe is on, which hides {shown}"
        why = "It replaces that of a campaign and has no mailto:, so nobody can unsubscribe by mail."
        fix = (
            "add to each campaign's headers in Listmonk:\n\n"
            f"    {_headers(mail)}\n\n"
            "then switch off Settings, Privacy, List-Unsubscribe header; without the headers above, mails have none"
        )
        return [Finding("unsubscribe-header-on", Level.WARNING, TOPIC, text, why, fix)]
    text = f"readers can unsubscribe by mail: {shown}"
    fix = f"each campaign needs these among its headers in Listmonk:\n\n    {_headers(mail)}"
    if settings is None:
        fix += "\n\nand Settings, Privacy, List-Unsubscribe header must be off there"
    return [Finding("unsubscribe-mail-set", Level.INFO, TOPIC, text, fix=fix)]


def judge_campaigns(
    mail: Mail, campaigns: Sequence[Mapping[str, Any]], settings: Mapping[str, Any] | None, version: tuple[int, ...]
) -> list[Finding]:
    """The campaigns that are still to be sent, and the last one that was. `campaigns`: the newest first."""
    if settings is None or settings.get(_SWITCH) is not False or _by_server(settings):
        return []
    missing: list[str] = []
    unknown: list[str] = []
    for one in upcoming(campaigns):
        values = [value for name, value in _fields(one.get("headers")) if name == "list-unsubscribe"]
        named = [address for value in values for address in _MAILTO.findall(value)]
        made = {_UUID.sub("*", address).strip().lower() for address in named}
        name = str(one.get("name", ""))
        if not values:
            missing.append(name)
        elif mail.unsubscribe and not made & set(mail.unsubscribe):
            unknown.append(name)
    found = []
    if missing:
        text = f"{names_of(missing)}: no List-Unsubscribe, as Listmonk's own is off"
        why = "Gmail and Yahoo require one-click unsubscription from bulk senders; without it readers report spam."
        fix = "switch on Settings, Privacy, List-Unsubscribe header"
        if mail.unsubscribe and (not version or version >= SINCE):
            fix = f"add to its headers in Listmonk:\n\n    {_headers(mail)}"
        found.append(
            Finding("campaign-no-unsubscribe", Level.WARNING, TOPIC, text, why, fix, {"campaigns": missing})
        )
    if unknown:
        text = f"{names_of(unknown)}: its List-Unsubscribe names no address of [mail] unsubscribe"
        why = "An unsubscription that is mailed elsewhere is not heard of."
        fix = f"its headers in Listmonk should be:\n\n    {_headers(mail)}"
        ident = "campaign-unsubscribe-unknown"
        found.append(Finding(ident, Level.WARNING, TOPIC, text, why, fix, {"campaigns": unknown}))
    return found


def _by_server(settings: Mapping[str, Any]) -> bool:
    """Whether the headers of an SMTP server have one for all mails."""
    servers = settings.get("smtp")
    fields = [
        name
        for one in (servers if isinstance(servers, list) else [])
        if isinstance(one, dict)
        for name, _ in _fields(one.get("email_headers"))
    ]
    return "list-unsubscribe" in fields


def _fields(headers: Any) -> Iterator[tuple[str, str]]:
    for one in headers if isinstance(headers, list) else []:
        if isinstance(one, dict):
            yield from ((str(name).lower(), str(value)) for name, value in one.items())


def _headers(mail: Mail) -> str:
    return json.dumps(campaign_headers(mail.unsubscribe[0]), ensure_ascii=False)
