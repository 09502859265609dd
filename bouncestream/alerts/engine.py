# SPDX-License-Identifier: GPL-3.0-or-later
"""When a person is told. Pure: a snapshot, how the alerts stood, and the time come in; how they stand now, and what
is to be told, goes out. What is watched stands in `rules`.

A rule reads the snapshot: bad, fine, or in between (which changes nothing). An alert fires when that was bad for
its time without a break, is told again after `[alerts] repeat`, and is resolved when it was fine for its calm: what
flickers is told once. A rule that counts (dead letters …) is bad when its number has grown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bouncestream.alert import LEVELS, AlertState, Key, What
from bouncestream.alerts.rules import RULES, Reading, Rule, Verdict, span
from bouncestream.alerts.snapshot import Snapshot
from bouncestream.config.alerting import Alerts
from bouncestream.printable import mask_all, printable

#: What counts has become worse when it is this many times what was told; told again no sooner than that.
WORSE, WORSE_AFTER = 10, timedelta(minutes=10)

#: Characters of a text; the whole answer of a server does not belong into a message.
TEXT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """Something to tell a person; `sent`: it passes `[alerts] level` and `mute`."""

    what: What
    state: AlertState
    title: str
    text: str
    sent: bool = True


@dataclass(slots=True)
class Judgement:
    """How the alerts stand now, and what is to be told."""

    states: dict[Key, AlertState] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)


def judge(
    snapshot: Snapshot,
    before: Mapping[Key, AlertState],
    settings: Alerts,
    now: datetime,
    rules: Sequence[Rule] = RULES,
) -> Judgement:
    """Apply the rules. `before` is what the last call returned, or what was saved by an earlier run."""
    judgement = Judgement(dict(before))
    for rule in rules:
        found = rule.look(snapshot, settings)
        if found is None:
            continue
        readings = {reading.subject: reading for reading in found}
        # What is not read any more (a source that was removed, a finding that is gone) is fine, unless unknown.
        unread = {subject for name, subject in before if name == rule.id and subject not in readings}
        gone = {subject for subject in unread if not rule.unknown(snapshot, subject)}
        for subject in [*readings, *sorted(gone)]:
            reading = readings.get(subject, Reading(Verdict.FINE, subject))
            state = before.get((rule.id, subject), AlertState(rule.id, subject, rule.level))
            state, what = _step(rule, _sane(state, now), reading, settings, snapshot.settled, now)
            judgement.states[state.key] = state
            if what is not None:
                judgement.told.append(_told(rule, state, what, settings, now))
    return judgement


def _sane(state: AlertState, now: datetime) -> AlertState:
    """Without times in the future: the clock was set back."""
    return replace(
        state,
        fired_at=_past(state.fired_at, now),
        bad_at=_past(state.bad_at, now),
        bad_since=_past(state.bad_since, now),
        told_at=_past(state.told_at, now),
    )


def _past(at: datetime | None, now: datetime) -> datetime | None:
    return at if at is None else min(at, now)


def _step(
    rule: Rule, state: AlertState, reading: Reading, settings: Alerts, settled: bool, now: datetime
) -> tuple[AlertState, What | None]:
    verdict, over = reading.verdict, False
    if reading.value is not None:
        state, verdict, over = _counted(state, reading.value)
    if verdict is Verdict.BAD:
        state = replace(
            state,
            bad_at=now,
            bad_since=state.bad_since or now,
            level=reading.level if reading.level in LEVELS else rule.level,
            text=_clean(reading.seen.replace("{n}", str(state.value - state.base))),
            fix=_clean(reading.fix),
        )
        assert state.bad_since is not None
        if not state.active:
            if (now - state.bad_since).total_seconds() < rule.after(settings):
                return state, None
            told = state.value - state.base
            fired = replace(state, active=True, fired_at=now, told_at=now, resolved_at=None, told=told)
            return fired, What.FIRED
    elif verdict is Verdict.BETWEEN:
        state = replace(state, bad_since=None, bad_at=now if state.active else state.bad_at)
    else:
        state = replace(state, bad_since=None)
    if not state.active:
        return state, None
    if verdict is Verdict.FINE and settled:
        calm = now - (state.bad_at or now)
        if over or calm.total_seconds() >= rule.calm:
            return replace(state, active=False, resolved_at=now, base=state.value, told=0), What.RESOLVED
    if _again(state, verdict, settings, now, counts=reading.value is not None):
        return replace(state, told_at=now, told=state.value - state.base), What.REPEATED
    return state, None


def _counted(state: AlertState, value: int) -> tuple[AlertState, Verdict, bool]:
    """A counting rule: bad when the number has grown; over when nothing is left of what was told."""
    if value > state.value:
        return replace(state, value=value), Verdict.BAD, False
    base = min(state.base, value)
    return replace(state, value=value, base=base), Verdict.FINE, value == base


def _again(state: AlertState, verdict: Verdict, settings: Alerts, now: datetime, *, counts: bool) -> bool:
    """Whether an active alert is told again."""
    since = now - (state.told_at or now)
    if not counts:
        return verdict is not Verdict.FINE and since.total_seconds() >= settings.repeat
    more = state.value - state.base
    if more <= state.told:
        return False
    return since.total_seconds() >= settings.repeat or (more >= state.told * WORSE and since >= WORSE_AFTER)


def _told(rule: Rule, state: AlertState, what: What, settings: Alerts, now: datetime) -> Told:
    text = state.text
    if what is What.RESOLVED:
        lasted = (now - (state.fired_at or now)).total_seconds()
        text = f"Resolved after {span(lasted)}. It was: {state.text}"
    title = f"{rule.title}: {state.subject}" if state.subject else rule.title
    muted = rule.id in settings.mute or f"{rule.id}:{state.subject}" in settings.mute
    loud = LEVELS.index(state.level) >= LEVELS.index(settings.level)
    return Told(what, state, _clean(title), text, sent=loud and not muted)


def _clean(text: str) -> str:
    """Foreign words made harmless; the line breaks of a snippet to paste stay."""
    return "\n".join(printable(mask_all(line)) for line in text[:TEXT_LIMIT].splitlines())
