# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshot that the rules look at: the bridge at one moment, as plain values. Pure; `watch` gathers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bouncestream.health import Part


class FindingLike(Protocol):
    """The part of a finding of the doctor that is used here (`doctor.finding.Finding`)."""

    @property
    def id(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def seen(self) -> str: ...
    @property
    def fix(self) -> str: ...
    @property
    def evidence(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class SourceSeen:
    """A webhook or mailbox, and what is usual for it. None: not known (yet)."""

    name: str
    newest: datetime | None = None  #: when it last brought anything, to the hour for older times
    usual_pause: float | None = None  #: seconds that it is silent between its bursts, at most
    this_hour: int = 0  #: events in the current hour
    usual_peak: int | None = None  #: events in its busiest hours


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that were read from the outbox."""

    tally: Mapping[str, int]  #: state → events
    oldest: float  #: age of the oldest event that waits for delivery; seconds
    quarantine: int
    doubled: int
    unproven: int = 0  #: mails that named people without proof, ever
    excess: int = 0  #: people whom a mail named beyond `[mail] max_unproven`, ever
    backfilled: int = 0  #: events that backfills found, ever
    unknown_uuids: int = 0  #: mails with a UUID that Listmonk does not know, ever
    forgotten: int = 0  #: acknowledged events that PostgreSQL lost, ever
    #: where several bridges share the outbox: name → seconds since it was seen
    bridges: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The bridge at one moment."""

    parts: Mapping[str, Part]
    now: datetime | None = None  #: the wall clock
    paused: str = ""  #: what a person has to do before anything is delivered again; empty: nothing
    lost: int = 0  #: events that Listmonk lost, in this run
    numbers: Numbers | None = None  #: None: the outbox cannot be read
    unproven_hour: int = 0  #: of those mails, in the last hour
    unknown_hour: int = 0  #: of those mails, in the last hour
    sending_hour: Mapping[str, int] = field(default_factory=dict)  #: cause → messages not sent in the last hour
    disk_free: int | None = None  #: bytes
    wal: int = 0  #: bytes
    sources: Sequence[SourceSeen] = ()
    findings: Sequence[FindingLike] | None = None  #: None: the doctor has not looked yet
    unsent: Mapping[str, str] = field(default_factory=dict)  #: channel → why nothing gets through for long
    settled: bool = True  #: False right after the start: what is not bad any more may only be not known yet
