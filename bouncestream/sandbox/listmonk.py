# SPDX-License-Identifier: GPL-3.0-or-later
"""The running stand-in: what it remembers, what it lost and why, and its restarts. No HTTP here."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from datetime import UTC, datetime
from typing import Any

from bouncestream.sandbox.database import Database, Row, RowRefused
from bouncestream.sandbox.faults import Faults
from bouncestream.sandbox.model import Action, Letter, SandboxSettings, Version
from bouncestream.sandbox.posted import Bounce, Refused
from bouncestream.sandbox.worker import Worker

RESTART_AFTER = 0.5  # seconds between a settings save and its restart, as measured
_LOG_LINES = 5_000


class SandboxListmonk:
    """A stand-in Listmonk with its database, its queue and its faults."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.version = Version.read(settings.version)
        self.database = Database()
        for mark, one in settings.campaigns.items():
            letter = Letter(one) if isinstance(one, str) else one
            self.database.add_campaign(mark, letter.name, letter.lists)
        for subscriber in settings.subscribers:
            self.database.add_person(subscriber)
        self.faults = Faults(self._faults_changed)
        self.worker = Worker(self._record, lambda: self.settings.row_seconds)
        self.boot_id = secrets.token_hex(5)
        self.restarts = self.posted = 0
        self.lost: list[dict[str, Any]] = []
        self.unstored: list[dict[str, Any]] = []
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        self.listeners: list[asyncio.Queue[str | None]] = []  # consumers of the event stream
        self.root_url = ""  # set when it listens
        self.saved: dict[str, Any] = dict(
            settings.saved
        )  # what a settings save wrote; in force from the next start on
        self._save_restart: asyncio.TimerHandle | None = None
        self._load(self.stored_settings())

    def _load(self, stored: dict[str, Any]) -> None:
        self.webhooks_enabled = bool(stored["bounce.webhooks_enabled"])
        self.bounces_enabled = bool(stored["bounce.enabled"])
        self.blocked_domains = frozenset(stored["privacy.domain_blocklist"])
        self.actions = {
            kind: Action(int(rule["count"]), str(rule["action"])) for kind, rule in stored["bounce.actions"].items()
        }

    def shown_settings(self) -> dict[str, Any]:
        """The settings as they are shown: a fault that switches something off shows in them too."""
        found = self.stored_settings()
        if "webhooks_off" in self.faults.on:
            found["bounce.webhooks_enabled"] = False
        if "processing_off" in self.faults.on:
            found["bounce.enabled"] = False
        return found

    def stored_settings(self) -> dict[str, Any]:
        """The settings as they are stored, passwords masked; a start loads these."""
        own = self.settings
        found: dict[str, Any] = {
            "app.site_name": "Sandbox",
            "app.root_url": self.root_url,
            "app.from_email": "Sandbox <noreply@sandbox.invalid>",
            "app.check_updates": False,
            "app.lang": "en",
            "privacy.individual_tracking": False,
            "privacy.unsubscribe_header": True,
            "privacy.allow_blocklist": True,
            "privacy.domain_blocklist": [],
            "smtp": [{"enabled": True, "host": "smtp.sandbox.invalid", "port": 25, "password": "•" * 8}],
            "bounce.enabled": own.bounces_enabled,
            "bounce.webhooks_enabled": own.webhooks_enabled,
            "bounce.actions": {
                kind: {"count": rule.count, "action": rule.action} for kind, rule in own.actions.items()
            },
            "bounce.mailboxes": [
                {
                    "enabled": False,
                    "type": "pop",
                    "host": "pop.sandbox.invalid",
                    "port": 995,
                    "username": "username",
                    "password": "•" * 8,
                    "return_path": "bounce@sandbox.invalid",
                    "scan_interval": "15m",
                }
            ],
            "bounce.ses_enabled": False,
            "bounce.sendgrid_enabled": False,
            "bounce.postmark": {"enabled": False},
            "bounce.forwardemail": {"enabled": False},
        }
        if self.version >= Version(6, 1, 0):
            found["privacy.disable_tracking"] = False
        found.update(self.saved)
        return found

    def save_settings(self, wanted: dict[str, Any]) -> None:
        """Store settings and restart half a second later, whatever was changed."""
        smtp = wanted.get("smtp")
        if not isinstance(smtp, list) or not any(isinstance(one, dict) and one.get("enabled") for one in smtp):
            raise Refused(400, "At least one SMTP block should be enabled")
        stored = self.stored_settings()
        known = {key: value for key, value in wanted.items() if key in stored}
        try:
            self._check(stored | known)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Refused(400, f"Invalid settings: {error}") from error
        self.saved = known
        if self._save_restart:
            self._save_restart.cancel()
        self._save_restart = asyncio.get_running_loop().call_later(RESTART_AFTER, self.restart)

    @staticmethod
    def _check(stored: dict[str, Any]) -> None:
        """Settings that could not be loaded must not be saved."""
        for rule in stored["bounce.actions"].values():
            Action(int(rule["count"]), str(rule["action"]))
        if set(stored["bounce.actions"]) != {"soft", "hard", "complaint"}:
            raise ValueError("bounce.actions")
        frozenset(stored["privacy.domain_blocklist"])

    @property
    def webhooks_on(self) -> bool:
        """Whether the bounce webhook exists."""
        return self.webhooks_enabled and "webhooks_off" not in self.faults.on

    @property
    def processing_on(self) -> bool:
        """Whether bounces are processed."""
        return self.bounces_enabled and "processing_off" not in self.faults.on

    @property
    def database_on(self) -> bool:
        """Whether the database answers."""
        return "db_away" not in self.faults.on

    async def accept(self, bounce: Bounce) -> bool:
        """Queue an accepted bounce, waiting for a place; False if a restart came first."""
        if not await self.worker.put(bounce):
            return False
        self.posted += 1
        return True

    def restart(self) -> None:
        """Restart, as a save of the settings or a crash does: the queue is gone, and the boot id is new."""
        for bounce in self.worker.restart():
            self._lose(bounce, "restart")
        self.boot_id = secrets.token_hex(5)
        self.restarts += 1
        self.log.clear()
        self._end_streams()
        self._load(self.stored_settings())
        self.worker.notify()

    def write(self, where: str, words: str) -> None:
        """Write a line into the log, and to the stream where it tells of an error."""
        line = f"{datetime.now():%Y/%m/%d %H:%M:%S.%f} {where}: {words}"  # noqa: DTZ005 - its log tells no zone
        self.log.append(line)
        if "error" in words:
            for lines in self.listeners:
                if not lines.full():
                    lines.put_nowait(line)

    def start_fault(self, name: str, seconds: float | None = None, email: str | None = None) -> None:
        """Begin a fault; see `faults.FAULTS` for what each does."""
        if name == "restart":
            self.restart()
            return
        self.faults.start(name, seconds, email)

    def stop(self) -> None:
        """End the timers and whatever waits."""
        if self._save_restart:
            self._save_restart.cancel()
        self.faults.start("clear")
        self._end_streams()
        self.worker.restart()

    def _end_streams(self) -> None:
        for lines in self.listeners:
            while lines.full():
                lines.get_nowait()
            lines.put_nowait(None)

    def _faults_changed(self) -> None:
        self.worker.hold(bool(self.faults.on.keys() & {"stall", "freeze"}))
        self.worker.lock("writes_stall" in self.faults.on)
        self.worker.notify()

    def _record(self, bounce: Bounce) -> None:
        if self.faults.on:
            if not self.database_on:
                self._lose(bounce, "database away")
                return
            if self.faults.breaks_row(bounce.email):
                self._lose(bounce, "row error")
                return
        try:
            why = self.database.record(bounce, self.actions)
        except RowRefused as error:
            self._lose(bounce, "row error", str(error))
            return
        if why:
            self.unstored.append(_told(bounce) | {"why": why})
            if why == "unknown subscriber":
                self.write(
                    "bounce.go:161", f"bounced subscriber ({bounce.subscriber_uuid} / {bounce.email}) not found"
                )

    def _lose(self, bounce: Bounce, why: str, words: str = "") -> None:
        self.lost.append(_told(bounce) | {"why": why})
        if why != "restart":
            self.write("bounce.go:151", f"error recording bounce: {words or 'pq: the database is away'}")

    def state(self) -> dict[str, Any]:
        """Everything that a test, the demo or an operator may want to see, as plain JSON values."""
        rows = [_row(row) for row in self.database.rows.values()]
        return {
            "version": str(self.version),
            "boot_id": self.boot_id,
            "restarts": self.restarts,
            "faults": sorted(self.faults.on),
            "posted": self.posted,
            "queued": len(self.worker.queue) + (self.worker.in_hand is not None),
            "blocked": self.worker.blocked,
            "counts": {"rows": len(rows), "lost": len(self.lost), "unstored": len(self.unstored)},
            "rows": rows,
            "lost": list(self.lost),
            "optins": len(self.database.optins),
            "unstored": list(self.unstored),
            "subscribers": [
                {
                    "id": person.id,
                    "uuid": person.uuid,
                    "email": person.email,
                    "status": person.status,
                    "bounces": len(person.rows),
                    "lists": {str(key): one.status for key, one in person.lists.items()},
                    "attribs": person.attribs,
                }
                for person in self.database.people.values()
            ],
        }


def _told(bounce: Bounce) -> dict[str, Any]:
    return {
        "email": bounce.email,
        "subscriber_uuid": bounce.subscriber_uuid,
        "type": bounce.type,
        "source": bounce.source,
        # What the database refuses may be what JSON cannot carry either.
        "meta": bounce.meta if not bounce.poison else ascii(bounce.meta),
        "created_at": bounce.created_at.astimezone(UTC).isoformat(),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "email": row.person.email,
        "subscriber_uuid": row.person.uuid,
        "type": row.type,
        "source": row.source,
        "meta": row.meta,
        "campaign": row.campaign[1] if row.campaign else None,
        "created_at": row.created_at.astimezone(UTC).isoformat(),
    }


def now() -> datetime:
    """The time that a bounce without one gets."""
    return datetime.now(UTC)
