# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of all findings that the doctor knows: by area, each id with what it means. docs/doctor/findings is
made from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bouncestream.doctor.areas import (
    alerts,
    bounces,
    bridge,
    campaigns,
    configuration,
    end_to_end,
    guides,
    listmonk,
    mailbox,
    pages,
    pausing,
    pixel,
    ports,
    return_address,
    root_url,
    smtp,
    tls,
    unsubscription,
)
from bouncestream.doctor.campaign_mail import body
from bouncestream.doctor.logs import findings

UNEXAMINED = "not-examined"
#: Findings by which something could not be looked at, so that its state is unknown.
UNKNOWN: Final = frozenset(
    {
        UNEXAMINED,
        *("listmonk-unreachable", "listmonk-unfinished", "listmonk-broken", "outbox-unreadable"),
        *("mailbox-unreachable", "mailbox-refused", "mailbox-token-provider", "mailbox-canary-failed"),
    }
)
#: The doctor's own: what it says about its own work.
_OWN: Mapping[str, str] = {
    UNEXAMINED: "a part could not be examined",
    "public-unknown": "the public address is unknown, so nothing could be tested through it",
}

#: Topic, as in a finding → heading, in the order in which a person reads them.
TOPICS: Final[Mapping[str, str]] = {
    configuration.TOPIC: "Configuration",
    listmonk.TOPIC: "Listmonk",
    bounces.TOPIC: "Bounce settings",
    root_url.TOPIC: "Root URL and DNS",
    ports.TOPIC: "Ports and firewall",
    tls.TOPIC: "TLS",
    pixel.TOPIC: "Open pixel",
    pages.TOPIC: "Clicks and public pages",
    guides.TOPIC: "Misleading guides",
    campaigns.TOPIC: "Templates and campaigns",
    bridge.TOPIC: "bouncestream itself",
    mailbox.TOPIC: "Mailboxes",
    smtp.TOPIC: "Listeners for mail servers",
    alerts.TOPIC: "Alerts",
    "doctor": "The examination",
    "mail": "A received mail",
    "logs": "Server logs",
}

#: Topic → id → what it means.
BY_TOPIC: Final[Mapping[str, Mapping[str, str]]] = {
    area.TOPIC: area.FINDINGS
    for area in (
        *(configuration, listmonk, bounces, root_url, ports, tls, pixel, pages, guides, campaigns, bridge),
        *(mailbox, smtp, alerts),
    )
} | {
    listmonk.TOPIC: {**listmonk.FINDINGS, **pausing.FINDINGS},
    bounces.TOPIC: {**bounces.FINDINGS, **return_address.FINDINGS, **unsubscription.FINDINGS},
    bridge.TOPIC: {**bridge.FINDINGS, **end_to_end.FINDINGS},
    "doctor": _OWN,
    "mail": body.FINDINGS,
    "logs": findings.FINDINGS,
}

#: Id → what it means.
CATALOGUE: Final[Mapping[str, str]] = {
    ident: meaning for area in BY_TOPIC.values() for ident, meaning in area.items()
}
