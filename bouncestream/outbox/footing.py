# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the files that `run` has open are still those at their path.

SQLite goes on writing into a file that was removed, moved or unmounted, and each commit succeeds: what is
acknowledged then is gone with the process. So before an acknowledgement device and inode of what is open are
compared with what lies at the path (https://sqlite.org/howtocorrupt.html, section 2, read 2026-11-29).
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from bouncestream.errors import StoreUnavailable
from bouncestream.outbox.connection import damaged
from bouncestream.outbox.files import beside

#: What SQLite keeps beside the database for as long as it is open.
BESIDE = ("-wal", "-shm")
#: Under load the files are looked at so often: a look at each of many commits would cost throughput; seconds.
EVERY = 0.05
#: How a database file in use begins, and where it says that it has a write-ahead log (the file format's 1.3).
MAGIC, JOURNAL, LOGGED = b"SQLite format 3\0", slice(18, 20), b"\x02\x02"

_STOPPED = "Nothing is stored or delivered; senders are asked to retry later."


class Footing:
    """The files of one open outbox. Make it before SQLite opens them, `settle` it after, `close` it at the very
    end: closing a descriptor of the database drops the locks that SQLite holds on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost: StoreUnavailable | None = None  #: why it is not what it was, as it was seen last
        self.whole = True  #: what is open was not written over
        self._looked_at = float("-inf")
        self._known: dict[str, tuple[int, int]] = {}
        try:
            # For writing, though nothing is: an overlay file system makes another file of it when it is written to.
            self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise StoreUnavailable(
                f"{path} cannot be opened: {error.strerror}. Next: give bouncestream's user read and write access "
                "to it."
            ) from error
        self._own = _identity(os.fstat(self._file))

    def settle(self) -> None:
        """SQLite has opened the files: remember them. Raises StoreUnavailable when they were changed meanwhile."""
        for suffix in BESIDE:
            try:
                self._known[suffix] = _identity(os.stat(beside(self.path, suffix)))
            except OSError as error:
                raise self._sidecar(suffix, f"cannot be accessed ({error.strerror})") from error
        if (trouble := self._header()) is not None:
            raise trouble if self.whole else damaged("its header is not that of a database with a write-ahead log")
        self.check()

    def check(self, *, busy: bool = False) -> None:
        """Look; with `busy` only if the newest look is older than `EVERY`. Raises StoreUnavailable, in the
        operator's words."""
        now = time.monotonic()
        if busy and self.lost is None and now - self._looked_at < EVERY:
            return
        self._looked_at = now
        self.lost = self._trouble()
        if self.lost is not None:
            raise type(self.lost)(str(self.lost))

    def close(self) -> None:
        """Once every connection is closed."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _trouble(self) -> StoreUnavailable | None:
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return self._gone()
        except OSError as error:
            return StoreUnavailable(
                f"The outbox {self.path} cannot be accessed ({error.strerror}). {_STOPPED} Next: give "
                "bouncestream's user access to it, and look for disk errors in `dmesg`; it resumes by itself."
            )
        if _identity(found) != self._own:
            return StoreUnavailable(
                f"{self.path} is another file now: the outbox was replaced while bouncestream had it open. "
                f"{_STOPPED} Next: if you meant to replace it, with a restored backup for instance, restart "
                "bouncestream; otherwise put the former file back, and it resumes by itself."
            )
        for suffix, known in self._known.items():
            try:
                same = _identity(os.stat(beside(self.path, suffix))) == known
            except OSError:
                same = False
            if not same:
                return self._sidecar(suffix, "was removed or replaced while bouncestream had it open")
        return self._header()

    def _gone(self) -> StoreUnavailable:
        """Nothing lies at the path. What was removed can be saved as long as someone has it open."""
        removed = True
        with suppress(OSError):
            removed = os.fstat(self._file).st_nlink == 0
        if removed:
            save = f"cp /proc/{os.getpid()}/fd/{self._file} {self.path}"
            next_ = (
                f"save its contents before bouncestream exits, as root: {save} (create its folder first, if that "
                "is "
            )
            next_ += "gone too); then restart bouncestream"
        else:
            next_ = "move it back, or mount its disk again, and bouncestream resumes by itself"
        how = "was removed" if removed else "was moved away or unmounted"
        return StoreUnavailable(
            f"The outbox {self.path} {how} while bouncestream had it open. {_STOPPED} Next: {next_}."
        )

    def _sidecar(self, suffix: str, how: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"{beside(self.path, suffix)}, a part of the outbox, {how}. {_STOPPED} Next: restart bouncestream; as "
            "it exits, it writes the contents of the lost part into the outbox. Never remove this file while it "
            "runs."
        )

    def _header(self) -> StoreUnavailable | None:
        """The file is the same: is it still a database of ours? Someone may have copied another over it."""
        try:
            head = os.pread(self._file, 100, 0)
        except OSError as error:
            return StoreUnavailable(
                f"The outbox {self.path} cannot be read ({error.strerror}). {_STOPPED} Next: look for disk errors "
                "in `dmesg`; bouncestream resumes by itself."
            )
        # Once is for good: whatever a checkpoint writes over it later only looks like the outbox.
        self.whole = self.whole and head.startswith(MAGIC) and head[JOURNAL] == LOGGED
        if self.whole:
            return None
        return StoreUnavailable(
            f"The outbox {self.path} was overwritten while bouncestream had it open. {_STOPPED} Next: stop "
            f"bouncestream, move {self.path} and the files beside it away, put the newest backup there, start it "
            "again."
        )


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
