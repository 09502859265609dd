# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules about bounce mails that prove little or nothing: a flood is one alert, not a thousand. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bouncestream.alerts.reading import DAY, HOUR, Reading, Rule, bad_if
from bouncestream.alerts.snapshot import Snapshot
from bouncestream.config.alerting import Alerts

#: More mails an hour than these are told.
UNKNOWN_AN_HOUR, UNPROVEN_AN_HOUR = 20, 50


def _unknown(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    n = s.unknown_hour
    seen = (
        f"{n} bounce mails of the last hour had a subscriber's UUID that Listmonk does not know. None of them "
        "was sent to Listmonk: most likely somebody makes up bounces of your mails."
    )
    fix = (
        "See them: `bouncestream outbox list --state unstored`. Does another Listmonk, or one from before a "
        "restored backup, send with this bounce address? Else use a new bounce address."
    )
    return bad_if(n > UNKNOWN_AN_HOUR, seen, fix, fine=n <= UNKNOWN_AN_HOUR // 2)


def _unproven(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    n = s.unproven_hour
    seen = (
        f"{n} bounce mails of the last hour had no proof that they are about mails of yours; each got what "
        "`unproven` of its mailbox says."
    )
    fix = (
        "See them: `bouncestream outbox list --limit 20`. If they are yours, let your mails have a return address "
        "with a proof (README, Which bounce mails are believed); else somebody forges them."
    )
    return bad_if(n > UNPROVEN_AN_HOUR, seen, fix, fine=n <= UNPROVEN_AN_HOUR // 2)


def _excess(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    seen = (
        "Recipients that a bounce mail named without proof, beyond `[mail] max_unproven`, and that are held: {n}."
    )
    fix = (
        "Look: `bouncestream outbox list --state held`. If they are right, "
        "`bouncestream outbox release --held-for unproven`; else `bouncestream outbox drop`."
    )
    return [Reading(seen=seen, fix=fix, value=s.numbers.excess)]


RULES: tuple[Rule, ...] = (
    Rule(
        "unknown-uuids",
        "warning",
        "Bounce mails with UUIDs that Listmonk does not know",
        f"more than {UNKNOWN_AN_HOUR} bounce mails in an hour have a subscriber's UUID that Listmonk does not know",
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
        "a bounce mail without proof names more recipients than `[mail] max_unproven`: the rest is held",
        _excess,
        calm=DAY,
    ),
)
