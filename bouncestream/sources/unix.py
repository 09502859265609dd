# SPDX-License-Identifier: GPL-3.0-or-later
"""The Unix socket of a listener (unix(7)): made with its mode and group before anybody can connect, and replaced
only where it is proven ours and dead.

A process that is killed leaves its socket behind. Which one that is, it had noted in a lock file beside it (device,
inode, time of its making): whoever has the lock, finds the socket as it was noted, and is not let in by it, may
take it away. What else stands there is somebody else's, and stays.
"""

from __future__ import annotations

import grp
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from bouncestream.errors import ListenError
from bouncestream.files import Lock


class UnixSocket:
    """A bound socket at `path`, with its lock. `open` makes it."""

    def __init__(self, path: Path, lock: Lock, bound: socket.socket) -> None:
        self.path = path
        self.socket = bound
        self._lock = lock
        self._mark = _mark(path)

    @classmethod
    def open(cls, path: Path, mode: int, group: str) -> UnixSocket:
        """Make it. `group`: empty for our own. Raises ListenError, which says what stands in the way."""
        try:
            lock = Lock(path.with_name(f"{path.name}.lock"))
        except OSError as error:
            raise ListenError(
                f"cannot make a socket in {path.parent}: {error.strerror}. Next: make that folder, with the right "
                "to write to it for bouncestream's user"
            ) from error
        try:
            noted = lock.noted()
            if not lock.take():
                raise ListenError(f"cannot listen on {path}: another bouncestream (process {lock.holder}) does")
            _remove_dead(path, noted)
            bound = _bind(path, mode, group)
        except OSError as error:
            lock.release()
            raise ListenError(f"cannot listen on {path}: {error.strerror}") from error
        except ListenError:
            lock.release()
            raise
        made = cls(path, lock, bound)
        with suppress(OSError):  # a full disk: then a person has to remove it after a crash
            lock.note(made._mark)
        return made

    @property
    def there(self) -> bool:
        """Whether it still stands in its place, where others find it."""
        return _mark(self.path) == self._mark

    def close(self) -> None:
        """Take it away, if it is still ours, and free the lock."""
        if self.there:
            with suppress(OSError):
                self.path.unlink()
        self.socket.close()
        self._lock.release()


def _remove_dead(path: Path, noted: str) -> None:
    """Take away the socket that a killed process of ours left. Raises ListenError for anything else there."""
    mark = _mark(path)
    if not mark:
        if path.is_symlink() or path.exists():
            raise ListenError(
                f"cannot listen on {path}: there is something that is no socket. Next: name another path"
            )
        return
    if mark != noted:
        raise ListenError(
            f"cannot listen on {path}: the socket there is not known to be bouncestream's. Next: remove it if "
            "nobody needs it, or name another path"
        )
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError as error:
            raise ListenError(f"cannot listen on {path}: {error.strerror or error} when it was tried") from error
    raise ListenError(f"cannot listen on {path}: another program listens there. Next: name another path")


def _bind(path: Path, mode: int, group: str) -> socket.socket:
    """A socket that nobody can connect to before it has its group and mode: bind(2) makes it by the umask, and
    connect(2) is refused until listen(2)."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    bound = False
    try:
        made.bind(str(path))
        bound = True
        if group:
            os.chown(path, -1, _group_id(group), follow_symlinks=False)
        os.chmod(path, mode)
        return made
    except (OSError, ListenError) as error:
        made.close()
        if bound:
            path.unlink(missing_ok=True)
        if group and isinstance(error, OSError) and bound:
            raise ListenError(
                f"cannot give {path} to the group {group}: {error.strerror}. Next: put bouncestream's user into "
                "that group; `bouncestream install` does so for its service"
            ) from error
        raise


def _group_id(group: str) -> int:
    try:
        return int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise ListenError(
            f"there is no group {group} on this machine. Next: write the one of your mail server"
        ) from None


def _mark(path: Path) -> str:
    """By what a socket is known again; empty: there is none."""
    try:
        found = path.lstat()
    except OSError:
        return ""
    return f"{found.st_dev} {found.st_ino} {found.st_mtime_ns}" if stat.S_ISSOCK(found.st_mode) else ""
