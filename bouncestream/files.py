# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for their owner alone: made with mode 0600, replaced as a whole or not at all, and locked among processes.

No link is followed in the place of a file that is made. A file that is written anew is written beside, synced, and
renamed over the old one, and then its folder is synced: at every moment one of the two is whole.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

_MODE = 0o600
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC  # O_EXCL follows no link either (open(2))
#: Where in the file of a lock the note begins; the number of the process stands before.
_NOTE = 32
_LOCK = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


def create(path: Path) -> None:
    """Make an empty file. Raises FileExistsError where there is one, which is never opened, and other OSErrors."""
    os.close(os.open(path, _NEW, _MODE))


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno != errno.EINVAL:  # fsync(2): this file system does not sync folders
            raise
    finally:
        os.close(file)


def write(path: Path, content: bytes, *, for_service: bool = False, mode: int = _MODE) -> None:
    """Write a new file and sync it; what a kill left there is removed, so that the mode is ours.

    `for_service`: root leaves it to whom the folder belongs. Raises OSError.
    """
    path.unlink(missing_ok=True)
    with open(os.open(path, _NEW, _MODE), "wb") as file:
        if mode != _MODE:  # whatever the umask is
            os.fchmod(file.fileno(), mode)
        if for_service:
            _give_to_owner(file.fileno(), path.parent)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(
    path: Path,
    content: bytes,
    *,
    beside: Path | None = None,
    overwrite: bool = True,
    for_service: bool = False,
    mode: int = _MODE,
) -> None:
    """Put a file in the place of another one; it is on the disk when this returns.

    `beside`: where it is written first; by default a name of this process's. Raises FileExistsError where there is
    one and it is not to be overwritten, and other OSErrors: then the old one is as it was.
    """
    new = beside or path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        write(new, content, for_service=for_service, mode=mode)
        if overwrite:
            new.rename(path)
        else:
            os.link(new, path)  # unlike a rename, it overwrites nothing
            new.unlink()
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    sync(path.parent)


def _give_to_owner(file: int, folder: Path) -> None:
    """Root (`sudo bouncestream mailbox login`) leaves the file to whom the folder belongs: the service."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)


class Lock:
    """A lock among processes; the kernel frees it when this one ends. Making it opens its file, and raises OSError.

    The file stays: removing it would let two processes each lock a file of that name.
    """

    def __init__(self, path: Path, *, for_service: bool = False) -> None:
        self._file = os.open(path, _LOCK, _MODE)
        if for_service:
            _give_to_owner(self._file, path.parent)

    def take(self) -> bool:
        """Whether it is ours now; it never waits. Raises OSError where the file system has no locks."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        with suppress(OSError):  # for `holder` only, so a full disk is no reason
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        return True

    def note(self, text: str) -> None:
        """Note something in its file, for `noted`; the lock is ours. `text`: ASCII. Raises OSError."""
        os.pwrite(self._file, f"{text}\n".encode(), _NOTE)

    def noted(self) -> str:
        """What the one who held it last has noted, to be asked before `take`; empty: nothing."""
        return os.pread(self._file, 200, _NOTE).decode("ascii", "replace").strip()

    @property
    def holder(self) -> str:
        """The number of the process that holds it; empty: not known."""
        found = os.pread(self._file, _NOTE, 0).rstrip(b"\0").decode("ascii", "replace").strip()
        return found if found.isdigit() else ""

    def release(self) -> None:
        """Free it, if it is ours, and close its file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
