# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that a mailbox is heard: from time to time a second connection sees for itself whether the first one
knows what it should. A connection that looks alive but hears nothing is replaced.

With `canary`, a small mail of our own is put into the folder; our IDLE must tell of it, and then it is taken out
again (`own_mail`). Without it, or where the server lacks UIDPLUS, or a canary could not be taken out, the
second connection asks how the folder stands (STATUS), and what the first one does not know, it must learn of within
its time limit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from bouncestream.errors import MailboxError, ServerRefused
from bouncestream.health import Status
from bouncestream.metrics import MAILBOX_PROOFS
from bouncestream.printable import printable
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox.context import MailboxContext
from bouncestream.sources.mailbox.folder import Folder
from bouncestream.sources.mailbox.own_mail import SUBJECT, OwnMail, sweep

log = logging.getLogger("bouncestream.mailbox")

#: So many proofs in a row may fail before that is told.
PATIENCE = 2
#: So many canaries in a row may have been put or not, as the connection broke, before no other is put.
UNKNOWN = 3
LINE = "proof"


class Proof:
    """Proves the folders of one mailbox, one after the other. `run` until it is cancelled."""

    def __init__(self, box: MailboxContext, folders: Sequence[Folder]) -> None:
        self._box = box
        self._folders = folders
        self._failed = 0
        self._swept: set[str] = set()  # folders that were looked through for canaries whose numbers we do not know
        self._unknown: dict[str, int] = {}  # by folder: canaries in a row that may or may not have been put
        self._left: dict[str, OwnMail] = {}  # by folder: a canary that is still there

    async def run(self) -> None:
        """Prove, for ever."""
        box = self._box
        while True:
            await asyncio.sleep(box.settings.prove * (0.8 + 0.2 * box.chance()))
            try:
                await self.prove()
            except MailboxError as error:
                self._count("not made")
                self._failed += 1
                if self._failed >= PATIENCE:
                    box.health.set(LINE, Status.YELLOW, f"unproven: {error}")
            except Exception:
                log.exception("%s: bug in the new-mail test", box.settings.name)
            else:
                self._failed = 0
                box.health.forget(LINE)

    async def prove(self) -> None:
        """Once, each folder that listens just now. Raises MailboxErrors when the second connection fails."""
        folders = [folder for folder in self._folders if folder.listening]
        if not folders:
            return
        session = await self._box.connector.connect()
        try:
            for folder in folders:
                if self._box.settings.canary and session.has("UIDPLUS") and not self._box.dry_run:
                    await self._by_canary(session, folder)
                else:
                    await self._by_looking(session, folder)
        finally:
            await session.close()

    async def _by_canary(self, session: Session, folder: Folder) -> None:
        if not await self._cleaned(session, folder):
            await self._by_looking(session, folder)  # where one could not be taken away, no other is put
            return
        watched = folder.session
        mail = OwnMail(folder.wire_name, self._box.mark)
        if not await mail.open(session):
            await self._by_looking(session, folder)
            return
        folder.looked.clear()
        try:
            await mail.put(session)
        except MailboxError as error:  # it may lie there all the same, under a number that we do not know
            log.warning("%s: %s", self._box.settings.name, error)
            self._swept.discard(folder.name)
            self._unknown[folder.name] = self._unknown.get(folder.name, 0) + 1
            raise
        self._unknown.pop(folder.name, None)
        try:
            heard = await self._looks(folder)
        finally:
            self._left[folder.name] = mail
            await self._cleaned(session, folder)
        self._judge(folder, watched, heard, "IDLE did not report a test mail that was put into it")

    async def _cleaned(self, session: Session, folder: Folder) -> bool:
        """Take out our last canary, and those of a process or a connection that died. Whether none of them is left,
        as far as one can see; what is left is told."""
        name = folder.name
        if name not in self._swept:
            try:
                why = await sweep(session, folder.wire_name, self._box.mark)
            except ServerRefused as error:
                why = str(error)
            self._swept.add(name)
            if why:
                log.warning(
                    "%s: %s: test mails of an earlier run may remain: %s. Next: look for "
                    "the subject “%s” and delete them",
                    *(self._box.settings.name, name, printable(why, 300), SUBJECT),
                )
        if self._unknown.get(name, 0) >= UNKNOWN:
            return False
        if name not in self._left:
            return True
        why = await self._left[name].remove(session)
        line = f"{name}, canary"
        if why:
            text = f"{name}: a test mail could not be removed: {why}. Next: delete the mail with the subject "
            text += f"“{SUBJECT}”; if it happens again, set canary = false"
            self._box.health.set(line, Status.YELLOW, text)
            return False
        del self._left[name]
        self._box.health.forget(line)
        return True

    async def _by_looking(self, session: Session, folder: Folder) -> None:
        watched, seen = folder.session, folder.seen
        if watched is None or seen is None:
            return
        folder.looked.clear()
        try:
            told = await session.status(folder.wire_name)
        except ServerRefused as error:
            log.debug("%s: %s: STATUS failed: %s", self._box.settings.name, folder.name, error)
            return

        def known() -> bool:
            seen = folder.seen
            if seen is None:
                return True
            same = told.get("UIDVALIDITY", 0) in (0, seen.uidvalidity)
            if not seen.uidnext:  # it says so here, and not when it opens the folder
                return same and seen.exists >= told.get("MESSAGES", 0)
            return same and seen.uidnext >= told.get("UIDNEXT", 0)

        heard = known() or (await self._looks(folder) and known())
        self._judge(folder, watched, heard, "another connection sees mails that this one was not notified of")

    async def _looks(self, folder: Folder) -> bool:
        """Whether the folder is looked into within the time limit. A poll looks when its time has come."""
        settings = self._box.settings
        limit = settings.timeout + (settings.poll if not self._idles(folder) else 0.0)
        try:
            async with asyncio.timeout(limit):
                await folder.looked.wait()
        except TimeoutError:
            return False
        return True

    @staticmethod
    def _idles(folder: Folder) -> bool:
        return folder.session is not None and folder.session.idling

    def _judge(self, folder: Folder, watched: Session | None, heard: bool, why: str) -> None:
        if folder.session is not watched:
            return  # it was replaced meanwhile, for whatever reason
        self._count("heard" if heard else "deaf")
        if not heard:
            folder.deaf(f"{folder.name}: {why}; the connection is replaced")

    def _count(self, result: str) -> None:
        self._box.metrics.add(MAILBOX_PROOFS, self._box.settings.name, result)
