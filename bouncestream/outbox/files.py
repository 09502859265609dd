# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the outbox: created for their owner alone, looked at for how wide they are open, and locked by
`run`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import NamedTuple

from bouncestream import files
from bouncestream.errors import NoFolder, StoreBusy, StoreUnavailable

log = logging.getLogger("bouncestream.outbox")

#: What SQLite and the lock put beside the database.
SUFFIXES = ("", "-wal", "-shm", ".lock")


class Disk(NamedTuple):
    """A disk, in bytes."""

    free: int
    size: int


def beside(path: Path, suffix: str) -> Path:
    """A file that belongs to the database at `path`."""
    return path.with_name(path.name + suffix)


def size_of(file: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    return file.stat().st_size if file.exists() else 0


def free_beside(path: Path) -> int | None:
    """Bytes that are free on the disk of a file, whether it is there or not; None: that cannot be asked."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize


def require(path: Path) -> None:
    """Raise StoreUnavailable unless there is a file."""
    if not path.exists():
        raise StoreUnavailable(
            f"There is no outbox at {path}. Next: check [outbox] path and its disk; `run` creates a first one."
        )


def create(path: Path) -> bool:
    """Make an empty file with mode 0600 if there is none; SQLite gives the same mode to what it puts beside it.
    Returns whether it was made.

    An existing one is never opened here: closing it again would drop the locks that SQLite holds on it.
    """
    try:
        files.create(path)
    except FileExistsError:
        return False
    except FileNotFoundError:
        raise NoFolder(
            f"The directory {path.parent} does not exist. Next: create it, owned by bouncestream's user."
        ) from None
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be created: {error.strerror}. Next: give bouncestream's user write access to its "
            "directory."
        ) from error
    return True


def warn_if_wide(path: Path) -> None:
    """Log which of the files others may read or write: they hold addresses of recipients."""
    for suffix in SUFFIXES:
        file = beside(path, suffix)
        try:
            mode = file.stat().st_mode & 0o777
        except OSError:
            continue
        if mode & 0o077:
            log.warning("%s is open to others (mode %o). Next: chmod 600 %s", file, mode, file)


class Lock(files.Lock):
    """The lock of `run`, on `<path>.lock`: held for as long as the process lives. Raises StoreBusy and
    StoreUnavailable."""

    def __init__(self, path: Path) -> None:
        file = beside(path, ".lock")
        try:
            super().__init__(file)
            if self.take():
                return
        except OSError as error:
            raise StoreUnavailable(
                f"The lock {file} cannot be opened: {error.strerror}. Next: give bouncestream's user write access "
                "to it and its directory."
            ) from error
        who = f" (process {self.holder})" if self.holder else ""
        self.release()
        raise StoreBusy(
            f"Another `bouncestream run` or `outbox copy`{who} uses {path}. Next: stop it, or give this one its "
            "own path."
        )
