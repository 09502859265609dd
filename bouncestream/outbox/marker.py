# SPDX-License-Identifier: GPL-3.0-or-later
"""The marker: a small file apart from the outbox that says that there is one, and where.

Without it, a start while the outbox's disk is not mounted looks like the first start of all: a new outbox would
take everything in, forget what was told to Listmonk, and vanish below the disk once that is mounted. It lies
beside the configuration, in $STATE_DIRECTORY (systemd), or in the folder of the outbox: on another file system than
the outbox where one of these is, as far as they can be written.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bouncestream import files
from bouncestream.outbox.connection import FAULTS
from bouncestream.outbox.delivery import get_meta
from bouncestream.outbox.files import beside
from bouncestream.outbox.footing import MAGIC

if TYPE_CHECKING:
    from bouncestream.config.model import Config

log = logging.getLogger("bouncestream.outbox")

_ABOUT = (
    "bouncestream: where the outbox of this configuration is. Without it, bouncestream does not notice at its "
    "start that the outbox is missing."
)
#: Where a database file says how many pages it has, and whose it is (the file format's 1.3).
PAGES, OWNER = slice(28, 32), slice(68, 72)
#: No marker of ours is larger; bytes.
_LIMIT = 64 << 10


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker of an outbox: what is remembered of it."""

    outbox: str  #: its absolute path
    instance: str  #: its name among outboxes
    since: str  #: when this was written, ISO 8601
    file: str = ""  #: where this was read

    def same(self, other: Marker | None) -> bool:
        """Whether both are about one outbox in one place."""
        return other is not None and (self.outbox, self.instance) == (other.outbox, other.instance)


class Markers:
    """The markers of the outbox at `path` under one configuration file (empty: the environment alone)."""

    def __init__(self, path: Path, configuration: str, environ: Mapping[str, str]) -> None:
        self.path = Path(os.path.abspath(path))
        config = Path(os.path.abspath(configuration)) if configuration else None
        key = str(config or f"environment {self.path}")
        name = f"{config.stem if config else 'environment'}-{hashlib.sha256(key.encode()).hexdigest()[:8]}.outbox"
        state = environ.get("STATE_DIRECTORY", "").split(":")[0]
        beside_config = [config.with_name(f"{config.name}.outbox")] if config else []
        in_state = [Path(state) / name] if state and Path(state).is_absolute() else []
        self._files = [*beside_config, *in_state, self.path.with_name(name)]

    @classmethod
    def of(cls, config: Config) -> Markers:
        """The markers of the outbox of a configuration."""
        return cls(Path(config.outbox.path), config.path, os.environ)

    def read(self) -> Marker | None:
        """The newest of them; None: no outbox is remembered."""
        found = [marker for file in self._files if (marker := _read(file)) is not None]
        return max(found, key=lambda marker: marker.since, default=None)

    def lost(self) -> str:
        """Why the outbox is missing, in the operator's words, with the next step; empty: it is there, or none was
        there before."""
        if (marker := self.read()) is None:
            return ""
        if not self._missing():
            return self._another(marker)
        new = (
            "If it is lost, stop bouncestream and create a new one with `bouncestream run --new-outbox`, which "
            f"does not know what was delivered to Listmonk (or remove {marker.file})."
        )
        if marker.outbox != str(self.path):
            there = " which still exists" if Path(marker.outbox).exists() else ""
            return (
                f"There is no outbox at {self.path}; until now it was {marker.outbox}{there}. Nothing is "
                "accepted: senders are asked to retry later. Next: correct [outbox] path, or move "
                f"{marker.outbox} to {self.path} (while bouncestream is stopped, with the files beside it). {new}"
            )
        how = "is empty" if self.path.exists() else "is missing"
        return (
            f"The outbox {self.path} {how}, but it existed before ({marker.since[:10]}). Nothing is accepted: "
            "senders are asked to retry later. Next: mount its disk, or put the file or its backup there, and "
            f"bouncestream resumes by itself. {new} "
            "See docs/operate/backups.md#when-the-outbox-is-missing-at-a-start."
        )

    def _another(self, marker: Marker) -> str:
        """Why the outbox that is there is not the one that was there before, such as an old one below the place
        where a disk is not mounted; empty: it is, or a backup of it."""
        if marker.outbox != str(self.path) or self._instance() in ("", marker.instance):
            return ""
        return (
            f"The outbox {self.path} is not the former one ({marker.since[:10]}), nor its backup. Nothing is "
            "accepted: senders are asked to retry later. Next: mount its disk, or put the former file or its "
            "backup there, and bouncestream resumes by itself. To use this outbox, stop bouncestream and start it "
            f"once with `bouncestream run --new-outbox` (or remove {marker.file})."
        )

    def _instance(self) -> str:
        """The name of the outbox that is there; empty where nobody can tell, as of a young one, which is in its log
        yet. Without locks, as another process may use it."""
        try:
            with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro&immutable=1", uri=True)) as conn:
                return get_meta(conn, "instance") or ""
        except FAULTS:
            return ""

    def write(self, instance: str, since: str) -> None:
        """Remember the outbox as it is now. Where that is not possible, it is logged, and no harm is done."""
        now = Marker(str(self.path), instance, since)
        order = self._order()
        for file in order:
            if now.same(_read(file)) or _write(file, now):
                for other in order:
                    if (stale := _read(other)) and not now.same(stale):
                        _write(other, now)
                return
        log.info("the file that tells a missing outbox from a first start cannot be written: %s", order[0])

    def _order(self) -> Sequence[Path]:
        """The best place first: another file system, then another folder."""
        home = self.path.parent

        def rank(file: Path) -> int:
            with suppress(OSError):
                if file.parent.stat().st_dev != home.stat().st_dev:
                    return 0
            return 1 if file.parent != home else 2

        return sorted(self._files, key=rank)

    def _missing(self) -> bool:
        """No file, an empty one, or a database that nothing was ever written to. To be asked while this process
        does not have it open: closing a file drops the locks that SQLite holds on it."""
        try:
            with self.path.open("rb") as file:
                head = file.read(100)
            logged = beside(self.path, "-wal").exists() and beside(self.path, "-wal").stat().st_size > 0
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False  # it cannot be looked at: opening it tells why
        bare = head.startswith(MAGIC) and head[PAGES] <= b"\0\0\0\1" and head[OWNER] == bytes(4)
        return len(head) < 100 or (bare and not logged)


def lost_of(config: Config) -> str:
    """Why the outbox of a configuration is missing, as `Markers.lost` says it. One on PostgreSQL is never: a server
    that is away tells that itself."""
    return "" if config.outbox.url else Markers.of(config).lost()


def _read(file: Path) -> Marker | None:
    try:
        with file.open("rb") as opened:
            told = json.loads(opened.read(_LIMIT))
        return Marker(str(told["outbox"]), str(told["instance"]), str(told["since"]), str(file))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _write(file: Path, marker: Marker) -> bool:
    told = {"about": _ABOUT, "outbox": marker.outbox, "instance": marker.instance, "since": marker.since}
    try:
        files.replace(file, json.dumps(told, indent=1).encode() + b"\n")
    except OSError:
        return False
    return True
