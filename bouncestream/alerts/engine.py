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

from bouncestream.alert import LEVELS, Key, Standing, What
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
    standing: Standing
    title: str
    text: str
    sent: bool = True


@dataclass(slots=True)
class Judgement:
    """How the alerts stand now, and what is to be told."""

    standings: dict[Key, Standing] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)


def judge(
    snapshot: Snapshot,
    before: Mapping[Key, Standing],
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
        # What is not read any more (a source that was removed, a finding that is gone) is fine.
        gone = {subject for name, subject in before if name == rule.id and subject not in readings}
        for subject in [*readings, *sorted(gone)]:
            reading = readings.get(subject, Reading(Verdict.FINE, subject))
            standing = before.get((rule.id, subject), Standing(rule.id, subject, rule.level))
            standing, what = _step(rule, _sane(standing, now), reading, settings, snapshot.settled, now)
            judgement.standings[standing.key] = standing
            if what is not None:
                judgement.told.append(_told(rule, standing, what, settings, now))
    return judgement


def _sane(standing: Standing, now: datetime) -> Standing:
    """Without times in the future: the clock was set back."""
    return replace(
        standing,
        fired_at=_past(standing.fired_at, now),
        bad_at=_past(standing.bad_at, now),
        bad_since=_past(standing.bad_since, now),
        told_at=_past(standing.told_at, now),
    )


def _past(at: datetime | None, now: datetime) -> datetime | None:
    return at if at is None else min(at, now)


def _step(
    rule: Rule, standing: Standing, reading: Reading, settings: Alerts, settled: bool, now: datetime
) -> tuple[Standing, What | None]:
    verdict, over = reading.verdict, False
    if reading.value is not None:
        standing, verdict, over = _counted(standing, reading.value)
    if verdict is Verdict.BAD:
        standing = replace(
            standing,
            bad_at=now,
            bad_since=standing.bad_since or now,
            level=reading.level if reading.level in LEVELS else rule.level,
            text=_clean(reading.seen.replace("{n}", str(standing.value - standing.base))),
            fix=_clean(reading.fix),
        )
        assert standing.bad_since is not None
        if not standing.active:
            if (now - standing.bad_since).total_seconds() < rule.after(settings):
                return standing, None
            told = standing.value - standing.base
            fired = replace(standing, active=True, fired_at=now, told_at=now, resolved_at=None, told=told)
            return fired, What.FIRED
    elif verdict is Verdict.BETWEEN:
        standing = replace(standing, bad_since=None, bad_at=now if standing.active else standing.bad_at)
    else:
        standing = replace(standing, bad_since=None)
    if not standing.active:
        return standing, None
    if verdict is Verdict.FINE and settled:
        calm = now - (standing.bad_at or now)
        if over or calm.total_seconds() >= rule.calm:
            return replace(standing, active=False, resolved_at=now, base=standing.value, told=0), What.RESOLVED
    if _again(standing, verdict, settings, now, counts=reading.value is not None):
        return replace(standing, told_at=now, told=standing.value - standing.base), What.REPEATED
    return standing, None


def _counted(standing: Standing, value: int) -> tuple[Standing, Verdict, bool]:
    """A counting rule: bad when the number has grown; over when nothing is left of what was told."""
    if value > standing.value:
        return replace(standing, value=value), Verdict.BAD, False
    base = min(standing.base, value)
    return replace(standing, value=value, base=base), Verdict.FINE, value == base


def _again(standing: Standing, verdict: Verdict, settings: Alerts, now: datetime, *, counts: bool) -> bool:
    """Whether an active alert is told again."""
    since = now - (standing.told_at or now)
    if not counts:
        return verdict is not Verdict.FINE and since.total_seconds() >= settings.repeat
    more = standing.value - standing.base
    if more <= standing.told:
        return False
    return since.total_seconds() >= settings.repeat or (more >= standing.told * WORSE and since >= WORSE_AFTER)


def _told(rule: Rule, standing: Standing, what: What, settings: Alerts, now: datetime) -> Told:
    text = standing.text
    if what is What.RESOLVED:
        lasted = (now - (standing.fired_at or now)).total_seconds()
        text = f"It is over, after {span(lasted)}. What it was: {standing.text}"
    title = f"{rule.title}: {standing.subject}" if standing.subject else rule.title
    muted = rule.id in settings.mute or f"{rule.id}:{standing.subject}" in settings.mute
    loud = LEVELS.index(standing.level) >= LEVELS.index(settings.level)
    return Told(what, standing, _clean(title), text, sent=loud and not muted)


def _clean(text: str) -> str:
    """Foreign words made harmless; the line breaks of a snippet to paste stay."""
    return "\n".join(printable(mask_all(line)) for line in text[:TEXT_LIMIT].splitlines())
