# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of rules: what each reads in a snapshot, and what it says to a person. Pure.

The table in docs/operate/alerts.md is made from it. An id is never reused for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bouncestream.alerts.bridges import BRIDGES
from bouncestream.alerts.doubts import DOUBTS
from bouncestream.alerts.missed import MISSED
from bouncestream.alerts.reading import DAY, HOUR, MINUTE, Reading, Rule, Verdict, bad_if, counting, size, span
from bouncestream.alerts.sending import SENDING
from bouncestream.alerts.snapshot import Snapshot
from bouncestream.config.alerting import Alerts
from bouncestream.health import Status

__all__ = ["DAY", "HOUR", "MINUTE", "RULES", "Reading", "Rule", "Verdict", "silence_limit", "size", "span"]

#: How a mailbox says on the health board that it was not let in.
_LOGIN = re.compile(r"\blogin refused\b", re.IGNORECASE)


# -- the rules --------------------------------------------------------------------------------------------


_dead = counting(
    lambda numbers: numbers.tally.get("dead", 0),
    "New dead letters (events that Listmonk refused permanently, or that failed 8 times): {n}.",
    "See why: `bouncestream outbox list --state dead`. Then: `bouncestream outbox replay --dead`.",
)


def _oldest(s: Snapshot, a: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    age, limit = s.numbers.oldest, a.oldest_pending
    seen = f"The oldest undelivered event has been waiting for {span(age)}."
    fix = "See what blocks it: `bouncestream status`, then `bouncestream check`."
    return bad_if(age > limit, seen, fix, fine=age <= limit / 2)


def _paused(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    seen = f"Delivery is paused and needs your action. {_sentence(s.paused)}"
    return bad_if(
        bool(s.paused), seen, "Verify the fix with `bouncestream check`; delivery then resumes by itself."
    )


def _away(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    part = s.parts.get("listmonk")
    down = part is not None and part.state is Status.RED and not s.paused
    why = _sentence(part.why) if part else ""
    return bad_if(
        down,
        f"Listmonk cannot be reached. {why}",
        "Check that Listmonk is up and that [listmonk] url is right: `bouncestream check`.",
    )


def _lost(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    seen = (
        "Events that Listmonk accepted and lost, most likely in a restart (saving any setting restarts it): {n}. "
        "bouncestream noticed and posted them again: nothing is lost."
    )
    fix = "No action is needed. Save Listmonk's settings while few bounces arrive."
    return [Reading(seen=seen, fix=fix, value=s.lost)]


_doubled = counting(
    lambda numbers: numbers.doubled,
    "Events that Listmonk stored twice, which count twice towards its threshold: {n}.",
    "Find them in the log, and delete the second row of each in Listmonk (Subscribers, Bounces). How it can "
    "happen: docs/understand/limits.md#an-event-may-count-twice.",
)


def _mailboxes(s: Snapshot) -> Iterator[tuple[str, str, bool, bool]]:
    """(Name, why, whether it is red, whether it was not let in) of each mailbox."""
    for name, part in s.parts.items():
        kind, _, mailbox = name.partition(":")
        if kind == "mailbox":
            red = part.state is Status.RED
            yield mailbox, part.why, red, red and bool(_LOGIN.search(part.why))


def _mailbox_login(s: Snapshot, _alerts: Alerts) -> Sequence[Reading]:
    fix = "Check the mailbox's user, password or OAuth consent; the provider may have revoked it."
    found = []
    for name, why, _, refused in _mailboxes(s):
        what, _, own = why.partition(" Next: ")
        text = f"The mail server refuses the login. {_sentence(what)}"
        found.append(Reading(Verdict.BAD if refused else Verdict.FINE, name, text, _sentence(own) or fix))
    return found


def _mailbox_away(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    fix = "Check that the mail server is up and the configuration right: `bouncestream check`."
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
            f"{name} is not working. {_sentence(part.why)}",
            "See `bouncestream check` and the log.",
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
        seen = f"Nothing has arrived for {span(silent)}; usually its pauses are no longer than {usual}."
        fix = (
            "If you did send mail, check the provider's webhook log, your proxy and the mailbox's rules: "
            "`bouncestream check`."
        )
        found.append(Reading(Verdict.BAD if silent > limit else Verdict.FINE, source.name, seen, fix))
    return found


def _surge(s: Snapshot, a: Alerts) -> Sequence[Reading]:
    found = []
    for source in s.sources:
        if source.usual_peak is None:
            continue
        limit = max(3 * source.usual_peak, a.surge)
        seen = f"{source.this_hour} events this hour; its busiest hours usually have {source.usual_peak}."
        fix = (
            "See the reasons: `bouncestream outbox list --limit 20`. A poor list, or a large provider blocking "
            "your sending address, looks like this: stop the campaign if it is still running."
        )
        bad, between = source.this_hour > limit, source.this_hour > limit // 2
        verdict = Verdict.BAD if bad else Verdict.BETWEEN if between else Verdict.FINE
        found.append(Reading(verdict, source.name, seen, fix))
    return found


def _brake(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    part = s.parts.get("brake")
    fix = (
        "See them: `bouncestream outbox list --state held`. If they are genuine: `bouncestream brake release`. If "
        "a mail server was wrong: `bouncestream brake drop`. Both take --domain, --reason and --since."
    )
    on = part is not None and part.state is not Status.GREEN
    return bad_if(on, _sentence(part.why) if part else "", fix)


_quarantine = counting(
    lambda numbers: numbers.quarantine,
    "New in quarantine (authenticated input that could not be parsed, kept raw): {n}.",
    "Inspect them: `bouncestream outbox list --quarantine`. After an upgrade that can read them: `bouncestream "
    "outbox replay --quarantine`.",
)


def _disk(s: Snapshot, a: Alerts) -> Sequence[Reading] | None:
    if s.disk_free is None:
        return None
    seen = f"The disk of the outbox has {size(s.disk_free)} left. Below 64 MiB nothing more is accepted."
    return bad_if(s.disk_free < a.disk, seen, "Free up space on that disk.", fine=s.disk_free > a.disk * 1.1)


def _wal(s: Snapshot, a: Alerts) -> Sequence[Reading]:
    seen = f"The write-ahead log of the outbox has grown to {size(s.wal)}."
    fix = "A long-running reader, such as an open sqlite3 shell or a backup tool, blocks its checkpoint: close it."
    return bad_if(s.wal > a.wal, seen, fix, fine=s.wal <= a.wal // 2)


def _unsent(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    fix = "Fix the channel in [alerts], then run `bouncestream alert test`."
    return [
        Reading(Verdict.BAD, channel, f"Alerts cannot be delivered over {channel}. {_sentence(why)}", fix)
        for channel, why in s.unsent.items()
    ]


def _doctor(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.findings is None:
        return None
    return [
        Reading(Verdict.BAD, finding.id, finding.seen, " ".join(finding.fix.split()), level=str(finding.level))
        for finding in s.findings
        if finding.level in ("warning", "error")
    ]


def _unexamined(s: Snapshot, subject: str) -> bool:
    """Whether the doctor could not look at that."""
    families = (family for finding in s.findings or () for family in finding.evidence.get("unknown", ()))
    return subject.startswith(tuple(families))


def _sentence(text: str) -> str:
    """Someone's words as a sentence of their own."""
    text = text.strip()
    return "" if not text else f"{text[:1].upper()}{text[1:]}" + ("" if text[-1] in ".!?…" else ".")


RULES: tuple[Rule, ...] = (
    Rule("dead-letters", "error", "Dead letters", "the number of dead letters grew", _dead, calm=DAY),
    Rule(
        "oldest-pending",
        "error",
        "Events are waiting for delivery",
        "the oldest event has been waiting longer than `[alerts] oldest_pending`",
        _oldest,
        calm=MINUTE,
    ),
    Rule(
        "listmonk-paused",
        "error",
        "Delivery is paused",
        "Listmonk accepts nothing until you act (token, permission, webhooks or processing off, another server "
        "answers at its URL), for 1 min",
        _paused,
        after=lambda _: MINUTE,
        calm=MINUTE,
    ),
    Rule(
        "listmonk-away",
        "error",
        "Listmonk cannot be reached",
        "Listmonk has been unreachable or failing for `[alerts] sink_down`",
        _away,
        after=lambda a: a.sink_down,
        calm=MINUTE,
    ),
    Rule(
        "events-lost",
        "info",
        "Listmonk lost events; they were posted again",
        "Listmonk accepted events and lost them, usually in a restart; they were posted again already",
        _lost,
        calm=HOUR,
    ),
    Rule("doubled", "error", "Events were counted twice", "Listmonk stored an event twice", _doubled, calm=DAY),
    Rule(
        "mailbox-login",
        "error",
        "A mailbox login is refused",
        "the mail server refuses user, password or consent, for 1 min",
        _mailbox_login,
        after=lambda _: MINUTE,
        calm=MINUTE,
    ),
    Rule(
        "mailbox-away",
        "error",
        "A mailbox cannot be read",
        "a mailbox has been disconnected for `[alerts] mailbox_down`",
        _mailbox_away,
        after=lambda a: a.mailbox_down,
        calm=MINUTE,
    ),
    Rule(
        "part-red",
        "error",
        "A component is not working",
        "another component (`outbox`, `intake`, `relay` …) has been red for 1 min",
        _parts,
        after=lambda _: MINUTE,
        calm=MINUTE,
    ),
    Rule(
        "silent-source",
        "warning",
        "A source is silent",
        "a source has been silent for twice its usual pause and for `[alerts] silence`; needs two weeks of history",
        _silent,
        calm=0,
    ),
    Rule(
        "bounce-surge",
        "warning",
        "Far more bounces than usual",
        "a source reports in an hour three times as many events as in its busiest hours, and more than `[alerts] "
        "surge`; needs one week of history",
        _surge,
        calm=HOUR,
    ),
    Rule(
        "brake",
        "error",
        "The brake holds hard bounces",
        "far too many hard bounces are alike (`[brake] hard`), or some that were held still wait for you",
        _brake,
        calm=0,
    ),
    Rule(
        "quarantine",
        "warning",
        "Input could not be parsed",
        "the number of quarantined items grew",
        _quarantine,
        calm=DAY,
    ),
    *DOUBTS,
    *MISSED,
    *SENDING,
    *BRIDGES,
    Rule(
        "disk-low",
        "warning",
        "The disk is nearly full",
        "the outbox's disk has less free space than `[alerts] disk`",
        _disk,
    ),
    Rule(
        "wal-large",
        "warning",
        "The write-ahead log is large",
        "the outbox's write-ahead log has been larger than `[alerts] wal` for 10 min",
        _wal,
        after=lambda _: 10 * MINUTE,
    ),
    Rule(
        "alerts-unsent",
        "warning",
        "Alerts cannot be delivered",
        "a channel has been failing for an hour; the alert is sent over the others",
        _unsent,
        calm=0,
    ),
    Rule(
        "doctor",
        "warning",
        "The doctor found a problem",
        "one of the doctor's quick checks (certificate, pixel, permissions) reports a warning or an error; the "
        "level is the finding's",
        _doctor,
        calm=0,
        unknown=_unexamined,
    ),
)
