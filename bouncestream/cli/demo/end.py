# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of the demo: what came of each webhook and mail beside what should have, as a table and as PASS or FAIL.
Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bouncestream.cli.demo.mails import Case
from bouncestream.outbox.operator import Listed

_OUTCOMES = {
    "accepted": "accepted",
    "duplicates": "duplicate",
    "quarantined": "quarantined",
    "unidentified": "unidentified",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A webhook that was sent, and its answer; or a mail, without one."""

    case: Case
    status: int
    receipt: Mapping[str, int]

    @property
    def outcome(self) -> str:
        """The outcome that the bridge made of it, in the words of `Case.outcome`."""
        if self.status != 200 and not self.case.folder:
            return "refused"
        return next((word for name, word in _OUTCOMES.items() if self.receipt.get(name)), "ignored")


@dataclass(frozen=True, slots=True)
class Scene:
    """The scene at the end: all that is known then."""

    sent: Sequence[Sent]
    rows: Sequence[Listed]
    sandbox: Mapping[str, Any]  #: Sandbox.state()
    lost: int  #: bounces that Listmonk had accepted and then lost in its restart
    ignored: float  #: by the bridge's own count
    settled: bool  #: everything ended before the deadline
    mails: Sequence[Sent] = ()
    folders: Mapping[str, int] = field(default_factory=dict)  #: mails in each folder; empty: there is no mailbox


def table(scene: Scene) -> list[tuple[str, ...]]:
    """A line for each webhook and mail; those of the restart share one."""
    lines: list[tuple[str, ...]] = []
    single = [sent for sent in scene.sent if not sent.case.address.startswith("reader")]
    burst = [sent for sent in scene.sent if sent.case.address.startswith("reader")]
    for sent in single:
        lines.append(_line(scene, sent, sent.case.title, sent.case.address.partition("@")[0]))
    if burst:
        all_lines = [_line(scene, sent, "", "") for sent in burst]
        worst = next((line for line in all_lines if line[-1] == "✘"), all_lines[0])
        lines.append((f"{len(burst)} soft bounces", "readers", *worst[2:]))
    for sent in scene.mails:
        lines.append(_line(scene, sent, sent.case.title, sent.case.address.partition("@")[0] or "-"))
    return lines


COLUMNS = ("received", "about", "HTTP", "judged", "outbox", "in Listmonk", "")


def _line(scene: Scene, sent: Sent, title: str, about: str) -> tuple[str, ...]:
    case, row = sent.case, _row(scene, sent.case)
    judged = sent.outcome if row is None or sent.outcome != "accepted" else row.event.kind.value
    if row is not None and row.event.reason not in ("", row.event.kind.value) and sent.outcome == "accepted":
        judged += f" {row.event.reason}"
    state = row.state.value if row is not None and sent.outcome == "accepted" else "-"
    good = not _faults(scene, sent)
    return (
        title,
        about,
        "mail" if case.folder else str(sent.status),
        judged,
        state,
        _status(scene, case.address) or "-",
        "✔" if good else "✘",
    )


def checks(scene: Scene) -> list[tuple[bool, str]]:
    """Everything that must hold, each with whether it does."""
    found: list[tuple[bool, str]] = [(scene.settled, "every event was settled in time")]
    answers = [s for s in scene.sent if (s.status, s.outcome) != (s.case.status, s.case.outcome)]
    found.append(_all(answers, f"all {len(scene.sent)} webhooks were answered correctly"))
    if scene.mails:
        wrong = [s for s in scene.mails if s.outcome != s.case.outcome]
        found.append(_all(wrong, f"all {len(scene.mails)} mails were recognised correctly"))
    if scene.folders:
        wanted = Counter(s.case.folder for s in scene.mails)
        found.append((dict(wanted) == dict(scene.folders), "every mail is in the right folder"))
    everything = [*scene.sent, *scene.mails]
    with_event = [s for s in everything if s.case.kind]
    kinds = [s for s in with_event if not (r := _row(scene, s.case)) or r.event.kind.value != s.case.kind]
    found.append(_all(kinds, "every event was classified correctly"))
    states = [s for s in with_event if not (r := _row(scene, s.case)) or r.state.value != s.case.state]
    found.append(_all(states, "every event reached the right state"))
    found.append((len(scene.rows) == len(with_event), f"there are {len(with_event)} events and no others"))
    found.append((scene.ignored == 1, "the auto-reply was ignored"))
    statuses = [s for s in everything if _status(scene, s.case.address) != s.case.subscriber]
    found.append(_all(statuses, "every subscriber has the right status in Listmonk"))
    found.append((scene.lost > 0, f"Listmonk lost {scene.lost} accepted bounces when it restarted"))
    ids = Counter(str(row["meta"].get("id")) for row in scene.sandbox["rows"])
    due = {row.event_id for row in scene.rows if row.state == "verified" and row.event.kind != "unsubscribe"}
    missing = due - ids.keys()
    found.append((bool(due) and not missing, "nothing is lost: Listmonk has recorded every event in the end"))
    found.append((max(ids.values(), default=0) == 1, "nothing is counted twice: Listmonk has each event once"))
    found.append((ids.keys() <= due, "Listmonk has no unexpected bounces"))
    return found


def _all(wrong: Sequence[Sent], text: str) -> tuple[bool, str]:
    if not wrong:
        return True, text
    return False, f"{text}; not for: {', '.join(f'{s.case.title} about {s.case.address}' for s in wrong[:3])}"


def _faults(scene: Scene, sent: Sent) -> bool:
    case, row = sent.case, _row(scene, sent.case)
    if sent.outcome != case.outcome or (not case.folder and sent.status != case.status):
        return True
    if _status(scene, case.address) != case.subscriber:
        return True
    if not case.kind:
        return False
    return row is None or (row.event.kind.value, row.state.value) != (case.kind, case.state)


def _row(scene: Scene, case: Case) -> Listed | None:
    return next((row for row in scene.rows if row.event.recipient == case.address), None)


def _status(scene: Scene, address: str) -> str:
    """In Listmonk: enabled, blocklisted, or unsubscribed when off all lists; empty: no such subscriber."""
    for person in scene.sandbox["subscribers"]:
        if person["email"] == address:
            lists = set(person["lists"].values())
            if person["status"] == "enabled" and lists == {"unsubscribed"}:
                return "unsubscribed"
            return str(person["status"])
    return ""
