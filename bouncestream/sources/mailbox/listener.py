# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailboxes that are read: for each a task for every folder and one that proves that they are heard. Imported
only where a mailbox is configured.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config
from bouncestream.folders import EmitMails, MailMemory
from bouncestream.health import Health, Status
from bouncestream.judging.mail import judging_for
from bouncestream.metrics import MAILBOX_HEARD, Metrics
from bouncestream.ports import Clock
from bouncestream.sources.mailbox.connector import Connector
from bouncestream.sources.mailbox.context import MailboxContext, MailboxHealth
from bouncestream.sources.mailbox.folder import Folder
from bouncestream.sources.mailbox.proof import LINE, Proof
from bouncestream.supervisor import Supervisor, Work

log = logging.getLogger("bouncestream.mailbox")


@dataclass(frozen=True, slots=True)
class _Reader:
    """A mailbox that is being read."""

    box: MailboxContext
    folders: tuple[Folder, ...]
    tasks: tuple[asyncio.Task[None], ...]


@dataclass(eq=False)
class Mailboxes:
    """The mailboxes. `reload` begins and exchanges, `stop` ends.

    `outbox`: beside it are the permissions of those that log in by OAuth; `instance` is its own id.
    """

    emit: EmitMails
    memory: MailMemory
    clock: Clock
    health: Health
    metrics: Metrics
    outbox: Path
    instance: str
    dry_run: bool = False
    chance: Callable[[], float] = random.random
    #: With several bridges, one reads mailboxes. Gets the work, and what to call when it has ended.
    hold: Callable[[Work, Callable[[], None]], Work] = lambda work, ended: work
    _connectors: dict[str, Connector] = field(default_factory=dict, init=False)
    _readers: dict[str, _Reader] = field(default_factory=dict, init=False)
    _ending: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._mark = sha256(f"canary {self.instance}".encode()).hexdigest()[:32]
        self._supervisor = Supervisor(self.health, self.chance)

    def reload(self, config: Config) -> None:
        """Read these mailboxes from now on; those whose settings are the same go on undisturbed."""
        for name, reader in list(self._readers.items()):
            if config.mailboxes.get(name) != reader.box.settings:
                del self._readers[name]
                reader.box.health.close()
                ending = asyncio.create_task(_end(reader))
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)
        for name, settings in config.mailboxes.items():
            if name not in self._readers:
                self._readers[name] = self._start(settings, config)
            box = self._readers[name].box
            box.judging = judging_for(config, name)
            box.dedupe = config.retention.dedupe

    async def stop(self, grace: float) -> None:
        """End all of them; what is not done within `grace` seconds is cut off, and read again at the next start."""
        ending = [asyncio.create_task(_end(reader)) for reader in self._readers.values()]
        self._readers.clear()
        waiting = {*ending, *self._ending}
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=grace)
            if late:
                log.warning("%d mailboxes did not stop within %g s", len(late), grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await asyncio.gather(*(connector.close(grace) for connector in self._connectors.values()))

    def _start(self, settings: Mailbox, config: Config) -> _Reader:
        connector = Connector(settings, self.outbox, self.clock, self.metrics)
        self._connectors[settings.name] = connector
        box = MailboxContext(
            settings=settings,
            judging=judging_for(config, settings.name),
            dedupe=config.retention.dedupe,
            emit=self.emit,
            memory=self.memory,
            connector=connector,
            health=MailboxHealth(settings.name, self.health),
            clock=self.clock,
            metrics=self.metrics,
            chance=self.chance,
            dry_run=self.dry_run,
            mark=self._mark,
        )
        folders = tuple(Folder(box, name) for name in settings.folders)
        proof = Proof(box, folders)
        name, keep = f"mailbox {settings.name}", self._supervisor.keep

        def hold(line: str, work: Work) -> Work:
            def ended() -> None:
                box.health.leave(line)
                self.metrics.drop(MAILBOX_HEARD, settings.name, line)

            return self.hold(work, ended)

        tasks = [keep(f"{name}: {folder.name}", hold(folder.name, folder.run)) for folder in folders]
        tasks.append(keep(f"{name}: proof", hold(LINE, proof.run), status=Status.YELLOW))
        return _Reader(box, folders, tuple(tasks))


async def _end(reader: _Reader) -> None:
    for task in reader.tasks:
        task.cancel()
    await asyncio.gather(*reader.tasks, return_exceptions=True)
    await reader.box.connector.close()
