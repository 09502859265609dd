# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's other way in: bounce mails in a mailbox. A real Dovecot where one is installed, else the way of
`bouncestream import`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from bouncestream.app import App
from bouncestream.cli.demo.dovecot import PASSWORD, USER, Dovecot, NoDovecot
from bouncestream.cli.demo.end import Sent
from bouncestream.cli.demo.mails import Case
from bouncestream.config.mailbox import Mailbox
from bouncestream.crypto.secret import Secret
from bouncestream.judging.mail import judging_for
from bouncestream.metrics import EVENTS_DUPLICATE, EVENTS_RECEIVED, UNIDENTIFIED
from bouncestream.sources.mailfiles.backfill import backfill
from bouncestream.sources.mailfiles.reader import read_mails

#: Name of the mailbox: the source of its events.
NAME = "bounces"

#: Seconds that the bridge may take to read the mails, and to put them where they belong.
READING = 20.0


class Inbox:
    """The inbox where the mails arrive. `open` comes before the bridge is started, which `mailboxes` is for."""

    def __init__(self) -> None:
        self.dovecot: Dovecot | None = None
        self.why_not = ""  #: why there is no Dovecot
        self.sent: list[Sent] = []

    async def open(self) -> None:
        try:
            self.dovecot = Dovecot()
            self.dovecot.start()
            await self.dovecot.ready()
        except NoDovecot as error:
            self.why_not = str(error)
            self.close()

    def close(self) -> None:
        if self.dovecot is not None:
            self.dovecot.close()
            self.dovecot = None

    @property
    def mailboxes(self) -> Mapping[str, Mailbox]:
        """The section of the configuration; empty without a Dovecot."""
        if self.dovecot is None:
            return {}
        mailbox = Mailbox(
            name=NAME,
            host="127.0.0.1",
            port=self.dovecot.imap,
            tls="none",
            user=USER,
            password=Secret(PASSWORD),
            after="move",
            move_to="Processed",
        )
        return MappingProxyType({NAME: mailbox})

    @property
    def way(self) -> str:
        """The way that the mails go, in words."""
        if self.dovecot is not None:
            return (
                f"A real Dovecot {self.dovecot.version} serves the mailbox on 127.0.0.1:{self.dovecot.imap}; the "
                "bridge listens to it over IMAP IDLE and moves stored mails to other folders."
            )
        return (
            f"A Dovecot would serve the mailbox, but {self.why_not}. So the mails are read from files, as by "
            "`bouncestream import`, which does the same without IMAP."
        )

    async def receive(self, app: App, cases: list[Case], directory: Path) -> bool:
        """Let the mails arrive, and wait until the bridge has read them; False: it has not, in time."""
        if self.dovecot is not None:
            for case in cases:
                self.dovecot.deliver(case.body)
            in_time = await self._read(cases)
        else:
            _write(cases, directory)
            judging = judging_for(app.config, NAME)
            await backfill(read_mails(directory), app.intake, judging, None, asyncio.Event())
            in_time = True
        self.sent = [Sent(case, 0, _receipt(app, case)) for case in cases]
        return in_time

    async def _read(self, cases: list[Case]) -> bool:
        """Until all that can be stored is, and each mail is where it belongs."""
        wanted = Counter(case.folder for case in cases)
        try:
            async with asyncio.timeout(READING):
                while self.folders() != wanted:  # noqa: ASYNC110 - only files
                    await asyncio.sleep(0.02)
        except TimeoutError:
            return False
        return True

    def folders(self) -> dict[str, int]:
        """The number of mails in each folder; empty without a Dovecot."""
        return self.dovecot.folders() if self.dovecot is not None else {}


def _write(cases: list[Case], directory: Path) -> None:
    directory.mkdir()
    for number, case in enumerate(cases, 1):
        (directory / f"{number}.eml").write_bytes(case.body)


def _receipt(app: App, case: Case) -> dict[str, int]:
    """The receipt of the one mail of its sort, by the bridge's own counts."""
    metrics = app.metrics
    if case.outcome == "accepted":
        return {"accepted": int(metrics.get(EVENTS_RECEIVED, NAME, case.kind))}
    counts = {"duplicate": ("duplicates", EVENTS_DUPLICATE), "unidentified": ("unidentified", UNIDENTIFIED)}
    if case.outcome in counts:
        word, metric = counts[case.outcome]
        return {word: int(metrics.get(metric, NAME))}
    return {}
