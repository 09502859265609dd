# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules about bounce mails that prove little or nothing: a flood is one alert, not a thousand. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bouncestream.alerts.reading import DAY, HOUR, Reading, Rule, bad_if, counting
from bouncestream.alerts.snapshot import Snapshot
from bouncestream.config.alerting import Alerts

#: More mails an hour than these are told.
UNKNOWN_AN_HOUR, UNPROVEN_AN_HOUR = 20, 50


def _unknown(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    n = s.unknown_hour
    seen = (
        f"{n} bounce mails in the last hour carried a subscriber UUID that Listmonk does not know. None was sent "
        "to Listmonk: someone is most likely spoofing bounces."
    )
    fix = (
        "See them: `bouncestream outbox list --state unstored`. Check whether another Listmonk, or one from "
        "before a restored backup, uses this bounce address; otherwise change the bounce address."
    )
    return bad_if(n > UNKNOWN_AN_HOUR, seen, fix, fine=n <= UNKNOWN_AN_HOUR // 2)


def _unproven(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    n = s.unproven_hour
    seen = (
        f"{n} bounce mails in the last hour had no proof that they are about your mails; each was handled as its "
        "mailbox's `unproven` says."
    )
    fix = (
        "See them: `bouncestream outbox list --limit 20`. If they are genuine, send your mails with a return "
        "address that proves it (docs/understand/proof.md#what-proves-a-person); otherwise they are spoofed."
    )
    return bad_if(n > UNPROVEN_AN_HOUR, seen, fix, fine=n <= UNPROVEN_AN_HOUR // 2)


_excess = counting(
    lambda numbers: numbers.excess,
    "Recipients held because a bounce mail without proof named more than `[mail] max_unproven`: {n}.",
    "Inspect them: `bouncestream outbox list --state held`. If they are genuine, `bouncestream outbox release "
    "--held-for unproven`; otherwise `bouncestream outbox drop --held-for unproven`.",
)


DOUBTS: tuple[Rule, ...] = (
    Rule(
        "unknown-uuids",
        "warning",
        "Bounce mails with unknown subscriber UUIDs",
        f"more than {UNKNOWN_AN_HOUR} bounce mails in an hour carry a subscriber UUID that Listmonk does not know",
        _unknown,
        calm=HOUR,
    ),
    Rule(
        "unproven-flood",
        "warning",
        "Many bounce mails without proof",
        f"more than {UNPROVEN_AN_HOUR} bounce mails in an hour have no proof of origin",
        _unproven,
        calm=HOUR,
    ),
    Rule(
        "unproven-many",
        "warning",
        "A bounce mail names many people without proof",
        "a bounce mail without proof names more recipients than `[mail] max_unproven`; the rest are held",
        _excess,
        calm=DAY,
    ),
)
