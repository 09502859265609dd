# SPDX-License-Identifier: GPL-3.0-or-later
"""How the outbox is sealed (`[privacy]`): whether the key opens it, whether a conversion or a change of keys was
left in the middle. That the key lies beside the outbox, or that others can read it, is a warning of the
configuration.
"""

from __future__ import annotations

from collections.abc import Mapping

from bouncestream.config.model import Config
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import clean
from bouncestream.errors import StoreError
from bouncestream.outbox.place import Server, place_of
from bouncestream.outbox.sealing.state import State
from bouncestream.outbox.view import Sealing, sealing

TOPIC = "bouncestream"
FINDINGS: Mapping[str, str] = {
    "sealing-key": "the outbox is sealed, and the configured key does not open it: `run` cannot start",
    "sealing-open": "[privacy] seal is on, but the outbox holds addresses in the open",
    "sealing-partly": "the conversion of the outbox to a sealed one, or back, was not finished",
    "sealing-keys": "two keys open the sealed outbox: a change of keys was not finished",
    "sealing-ok": "the outbox is sealed as a whole",
}


def collect(config: Config) -> Sealing | None:
    """Look into the outbox; None where it cannot be read, which is told by `outbox`."""
    place = place_of(config)
    try:
        return sealing(place, config.privacy.key) if isinstance(place, Server) or place.is_file() else None
    except (StoreError, OSError):
        return None


def judge(seen: Sealing | None, *, wanted: bool) -> list[Finding]:
    """What an operator should know. `wanted`: as the configuration says."""
    if seen is None or (seen.state is None and not wanted):
        return []
    if seen.refused:
        what, _, fix = seen.refused.partition(" Next: ")
        why = "`bouncestream run` refuses to start, and leaves the outbox as it is."
        return [Finding("sealing-key", Level.ERROR, TOPIC, clean(what, 300), why, fix)]
    found = []
    if seen.state is None and seen.events:
        text = f"[privacy] seal is on, but the {seen.events} events in the outbox are in the open"
        fix = "restart the bridge, which seals new reports from then on, then:\n\n    bouncestream seal"
        why = "A copy of the outbox or of a backup shows your subscribers' addresses."
        found.append(Finding("sealing-open", Level.WARNING, TOPIC, text, why, fix, {"events": seen.events}))
    elif seen.state is not None and seen.state is not State.SEALED:
        found.append(_partly(seen.state, wanted=wanted))
    elif seen.state is State.SEALED and not wanted:
        text = "the outbox is sealed, and [privacy] seal is off: it will be opened"
        why = (
            "New reports are stored in the open from the next start of `run` on (on PostgreSQL: from `unseal` "
            "on); what is there stays sealed until `unseal`."
        )
        fix = "set seal = true to keep it; else restart the bridge, then:\n\n    bouncestream unseal"
        found.append(Finding("sealing-partly", Level.WARNING, TOPIC, text, why, fix, {"state": seen.state.value}))
    if len(seen.keys) > 1:
        text = f"{len(seen.keys)} keys open the outbox: {', '.join(seen.keys)}"
        why = "Everybody who has the former key can still read it."
        fix = "once the bridge runs with the new key:\n\n    bouncestream key rotate --finish"
        found.append(Finding("sealing-keys", Level.WARNING, TOPIC, text, why, fix, {"keys": list(seen.keys)}))
    if not found and seen.state is State.SEALED:
        text = f"the outbox is sealed as a whole (key {seen.keys[0]})"
        found.append(Finding("sealing-ok", Level.OK, TOPIC, text))
    return found


def _partly(state: State, *, wanted: bool) -> Finding:
    """A conversion that was left in the middle."""
    command = "seal" if wanted else "unseal"
    if state is State.WIPING:
        text = "all rows are sealed, but unused parts of the outbox may hold what was there before"
    elif state is State.OPENING:
        text = "part of the outbox is still sealed: its conversion was not finished"
    else:
        text = "part of the outbox is still in the open: its conversion was not finished"
    turned = (state is State.OPENING) == wanted
    restart = "restart the bridge, then finish it" if turned else "finish it, also while the bridge runs"
    why = (
        "The key is needed until that is done."
        if state is State.OPENING
        else "A copy of the outbox or of a backup may show your subscribers' addresses."
    )
    fix = f"{restart}:\n\n    bouncestream {command}"
    return Finding("sealing-partly", Level.WARNING, TOPIC, text, why, fix, {"state": state.value})
