# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of rules: what each reads in a snapshot, and what it says to a person. Pure.

The README's table of rules is made from it. An id is never reused for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bouncestream.alerts.doubts import RULES as DOUBTS
from bouncestream.alerts.reading import DAY, HOUR, MINUTE, Reading, Rule, Verdict, bad_if, size, span
from bouncestream.alerts.snapshot import Snapshot
from bouncestream.config.alerting import Alerts
from bouncestream.health import Status

__all__ = ["DAY", "HOUR", "MINUTE", "RULES", "Reading", "Rule", "Verdict", "silence_limit", "size", "span"]

#: How a mailbox says on the health board that it was not let in.
_LOGIN = re.compile(r"\blogin refused\b", re.IGNORECASE)


# -- the rules --------------------------------------------------------------------------------------------


def _dead(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    seen = "New dead letters (events that Listmonk refused for good, or that failed 8 times): {n}."
    fix = "See why: `bouncestream outbox list --state dead`. Then: `bouncestream outbox replay --dead`."
    return [Reading(seen=seen, fix=fix, value=s.numbers.tally.get("dead", 0))]


def _oldest(s: Snapshot, a: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    age, limit = s.numbers.oldest, a.oldest_pending
    seen = f"The oldest event that is not delivered has waited for {span(age)}."
    fix = "See what holds it up: `bouncestream status`, then `bouncestream check`."
    return bad_if(age > limit, seen, fix, fine=age <= limit / 2)


def _paused(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    seen = f"Nothing is delivered until a person acts. {_sentence(s.paused)}"
    return bad_if(bool(s.paused), seen, "Try it with `bouncestream check`; delivery goes on by itself.")


def _away(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    part = s.parts.get("listmonk")
    down = part is not None and part.state is Status.RED and not s.paused
    why = _sentence(part.why) if part else ""
    return bad_if(
        down,
        f"Listmonk cannot be reached. {why}",
        "Is Listmonk up, and [listmonk] url right? `bouncestream check`.",
    )


def _lost(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    seen = (
        "Events that Listmonk accepted and lost, most likely because it was restarted (each save of a setting does "
        "that): {n}. bouncestream has found that and posted them again: nothing is lost."
    )
    fix = "Nothing needs to be done. Save settings of Listmonk while few bounces come in."
    return [Reading(seen=seen, fix=fix, value=s.lost)]


def _doubled(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    seen = "Events that Listmonk holds twice, so that they count twice towards its threshold: {n}."
    fix = "The log names them; delete the second row of each in Listmonk (Subscribers, Bounces)."
    return [Reading(seen=seen, fix=fix, value=s.numbers.doubled)]


def _mailboxes(s: Snapshot) -> Iterator[tuple[str, str, bool, bool]]:
    """(Name, why, whether it is red, whether it was not let in) of each mailbox."""
    for name, part in s.parts.items():
        kind, _, mailbox = name.partition(":")
        if kind == "mailbox":
            red = part.state is Status.RED
            yield mailbox, part.why, red, red and bool(_LOGIN.search(part.why))


def _mailbox_login(s: Snapshot, _alerts: Alerts) -> Sequence[Reading]:
    fix = "Check user, password or OAuth consent of the mailbox; the provider may have revoked it."
    found = []
    for name, why, _, refused in _mailboxes(s):
        what, _, own = why.partition(" Next: ")
        text = f"The mailbox lets nobody in. {_sentence(what)}"
        found.append(Reading(Verdict.BAD if refused else Verdict.FINE, name, text, _sentence(own) or fix))
    return found


def _mailbox_away(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    fix = "Is the mail server up, and the configuration right? `bouncestream check`."
    return [
        Reading(
            Verdict.BAD if red and not refused else Verdict.FINE,
            name,
            f"The mailbox cannot be read. {_sentence(why)}",
            fix,
        )
        for name, why, red, refused in _mailboxes(s)
    ]


def _parts(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    """Every part that no other rule looks at."""
    return [
        Reading(
            Verdict.BAD if part.state is Status.RED else Verdict.FINE,
            name,
            f"{name} does not work. {_sentence(part.why)}",
            "`bouncestream check` and the log tell more.",
        )
        for name, part in s.parts.items()
        if name != "listmonk" and not name.startswith("mailbox:")
    ]


def silence_limit(usual: float | None, least: float) -> float | None:
    """From how much silence of a source on a person should know; None: nothing is usual yet."""
    return None if usual is None else max(2 * usual, least)


def _silent(s: Snapshot, a: Alerts) -> Sequence[Reading]:
    found = []
    for source in s.sources:
        limit = silence_limit(source.usual_pause, a.silence)
        if limit is None or source.newest is None or source.usual_pause is None or s.now is None:
            continue
        silent = (s.now - source.newest).total_seconds()
        usual = span(source.usual_pause)
        seen = f"Nothing came in for {span(silent)}; its pauses are usually not longer than {usual}."
        fix = (
            "Did you send nothing? Else look at the webhook's log at the provider, at your proxy, and at the "
            "mailbox's rules: `bouncestream check`."
        )
        found.append(Reading(Verdict.BAD if silent > limit else Verdict.FINE, source.name, seen, fix))
    return found


def _surge(s: Snapshot, a: Alerts) -> Sequence[Reading]:
    found = []
    for source in s.sources:
        if source.usual_peak is None:
            continue
        limit = max(3 * source.usual_peak, a.surge)
        seen = f"{source.this_hour} events in this hour; its busiest hours usually have {source.usual_peak}."
        fix = (
            "See the reasons: `bouncestream outbox list --limit 20`. A list of bad quality, or a block of your "
            "sending address by a large provider, looks like this: stop the campaign if it still runs."
        )
        bad, between = source.this_hour > limit, source.this_hour > limit // 2
        verdict = Verdict.BAD if bad else Verdict.BETWEEN if between else Verdict.FINE
        found.append(Reading(verdict, source.name, seen, fix))
    return found


def _quarantine(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    seen = "New in quarantine (authenticated input that could not be read, kept as it came): {n}."
    fix = (
        "Look: `bouncestream outbox list --quarantine`. After an update that reads them: "
        "`bouncestream outbox replay --quarantine`."
    )
    return [Reading(seen=seen, fix=fix, value=s.numbers.quarantine)]


def _disk(s: Snapshot, a: Alerts) -> Sequence[Reading] | None:
    if s.disk_free is None:
        return None
    seen = f"The disk of the outbox has {size(s.disk_free)} left. Below 64 MiB nothing is taken in any more."
    return bad_if(s.disk_free < a.disk, seen, "Free space there.", fine=s.disk_free > a.disk * 1.1)


def _wal(s: Snapshot, a: Alerts) -> Sequence[Reading]:
    seen = f"The write-ahead log of the outbox has grown to {size(s.wal)}."
    fix = "Something reads the outbox for long, such as an open sqlite3 shell or a backup tool: end it."
    return bad_if(s.wal > a.wal, seen, fix, fine=s.wal <= a.wal // 2)


def _unsent(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    fix = "Correct the channel in [alerts], then: `bouncestream alert test`."
    return [
        Reading(Verdict.BAD, channel, f"Alerts do not get through over {channel}. {_sentence(why)}", fix)
        for channel, why in s.unsent.items()
    ]


def _doctor(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.findings is None:
        return None
    return [
        Reading(Verdict.BAD, finding.id, finding.seen, finding.fix, level=str(finding.level))
        for finding in s.findings
        if finding.level in ("warning", "error")
    ]


def _sentence(text: str) -> str:
    """Someone's words as a sentence of their own."""
    text = text.strip()
    return "" if not text else f"{text[:1].upper()}{text[1:]}" + ("" if text[-1] in ".!?…" else ".")


RULES: tuple[Rule, ...] = (
    Rule("dead-letters", "error", "Dead letters", "the number of dead letters has grown", _dead, calm=DAY),
    Rule(
        "oldest-pending",
        "error",
        "Events wait for delivery",
        "the oldest event waits for longer than `[alerts] oldest_pending`",
        _oldest,
        calm=MINUTE,
    ),
    Rule(
        "listmonk-paused",
        "error",
        "Delivery is paused",
        "Listmonk takes nothing until a person acts (token, permission, webhooks or processing off, something else "
        "answers in its place), for 1 min",
        _paused,
        after=lambda _: MINUTE,
        calm=MINUTE,
    ),
    Rule(
        "listmonk-away",
        "error",
        "Listmonk cannot be reached",
        "Listmonk cannot be reached, or fails, for `[alerts] sink_down`",
        _away,
        after=lambda a: a.sink_down,
        calm=MINUTE,
    ),
    Rule(
        "events-lost",
        "info",
        "Listmonk lost events; they were posted again",
        "Listmonk accepted events and lost them, mostly by a restart; it is healed already, but told",
        _lost,
        calm=HOUR,
    ),
    Rule("doubled", "error", "Events were counted twice", "Listmonk holds an event twice", _doubled, calm=DAY),
    Rule(
        "mailbox-login",
        "error",
        "A mailbox refuses the login",
        "a mailbox refuses user, password or consent, for 1 min",
        _mailbox_login,
        after=lambda _: MINUTE,
        calm=MINUTE,
    ),
    Rule(
        "mailbox-away",
        "error",
        "A mailbox cannot be read",
        "a mailbox is disconnected for `[alerts] mailbox_down`",
        _mailbox_away,
        after=lambda a: a.mailbox_down,
        calm=MINUTE,
    ),
    Rule(
        "part-red",
        "error",
        "A part does not work",
        "another part (`outbox`, `intake`, `relay` …) is red for 1 min",
        _parts,
        after=lambda _: MINUTE,
        calm=MINUTE,
    ),
    Rule(
        "silent-source",
        "warning",
        "A source is silent",
        "nothing came from a source for twice its usual pause and for `[alerts] silence`; what is usual is known "
        "after two weeks",
        _silent,
        calm=0,
    ),
    Rule(
        "bounce-surge",
        "warning",
        "Far more bounces than usual",
        "a source brings in an hour three times what its busiest hours have, and more than `[alerts] surge`; what "
        "is usual is known after one week",
        _surge,
        calm=HOUR,
    ),
    Rule(
        "quarantine",
        "warning",
        "Input that could not be read",
        "the number of items in quarantine has grown",
        _quarantine,
        calm=DAY,
    ),
    *DOUBTS,
    Rule(
        "disk-low", "warning", "The disk is nearly full", "the disk has less free space than `[alerts] disk`", _disk
    ),
    Rule(
        "wal-large",
        "warning",
        "The write-ahead log is large",
        "the log beside the outbox is larger than `[alerts] wal` for 10 min",
        _wal,
        after=lambda _: 10 * MINUTE,
    ),
    Rule(
        "alerts-unsent",
        "warning",
        "Alerts do not get through",
        "a channel has failed for an hour; it is told over the others",
        _unsent,
        calm=0,
    ),
    Rule(
        "doctor",
        "warning",
        "The doctor found something",
        "one of the doctor's cheap checks (certificate, pixel, permissions) finds a warning or an error; the level "
        "is the finding's",
        _doctor,
        calm=0,
    ),
)
