# SPDX-License-Identifier: GPL-3.0-or-later
"""A Dovecot of our own, for the demo and the tests: on loopback, as nobody's user, in a folder that goes with it.

Configuration syntax of Dovecot 2.3 and 2.4 (https://doc.dovecot.org, read 2026-11-22). It is stopped by killing the
processes that it is made of, since a polite Dovecot takes ten seconds to end its connections.
"""

from __future__ import annotations

import asyncio
import ctypes
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

USER, PASSWORD = "bounces", "demo-password-of-the-mailbox"

#: The folders of a Maildir.
_KINDS = ("cur", "new", "tmp")

#: Seconds that it may take to start.
STARTING = 10.0

_COMMON = """
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/log
listen = 127.0.0.1
ssl = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_uid = {user}
mail_gid = {group}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""
_OLD = """
protocols = imap
disable_plaintext_auth = no
mail_home = {d}/home/%u
mail_location = maildir:~/Maildir
userdb {{
  driver = static
  args = uid={user} gid={group} home={d}/home/%u
}}
"""
_OLD_USERS = """
passdb {{
  driver = static
  args = password={password}
}}
"""
_NEW = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols {{
  imap = yes
}}
auth_allow_cleartext = yes
mail_home = {d}/home/%{{user}}
mail_driver = maildir
mail_path = ~/Maildir
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {d}/home/%{{user}}
  }}
}}
"""
_NEW_USERS = """
passdb static {{
  password = {password}
}}
"""


class NoDovecot(Exception):
    """There is none, or it does not start; the message says which."""


class Dovecot:
    """One server, where every user exists and has the one `password` (None: no user has one). Made by `Dovecot()`,
    begun by `start`, and in the end `close` must be called. Raises NoDovecot, in both."""

    #: Whether it ends with the thread that has started it.
    dies_with_us = True

    def __init__(self, password: str | None = PASSWORD) -> None:
        program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if program is None:
            raise NoDovecot("Dovecot is not installed")
        self._program = program
        # its sockets must have short names, and its user must get there
        within = "/tmp" if os.path.isdir("/tmp") else None  # noqa: S108 - a directory of its own in it
        self.directory = Path(tempfile.mkdtemp(prefix="bouncestream-mail-", dir=within))
        self.config = self.directory / "dovecot.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0
        try:
            self.directory.chmod(0o755)
            self.user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
            self.group = grp.getgrgid(pwd.getpwnam(self.user).pw_gid).gr_name
            for name in ("run", "state", "home"):
                self.make(self.directory / name)
            self.imap = free_port()
            self.version = version(program)
            old = self.version.startswith("2.3")
            text = (_OLD if old else _NEW) + _COMMON
            if password is not None:
                text += _OLD_USERS if old else _NEW_USERS
            values = {"d": self.directory, "user": self.user, "group": self.group}
            self.config.write_text(text.format(imap=self.imap, password=password, **values))
        except (OSError, KeyError, subprocess.SubprocessError) as error:
            self.close()
            raise NoDovecot(f"Dovecot could not be configured ({error})") from error

    def start(self) -> None:
        """Begin it; `ready` tells when it is."""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - what `which` found, and our own file
                [self._program, "-F", "-c", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the demo, which ends it in its turn
                preexec_fn=_end_with_us if self.dies_with_us else None,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise NoDovecot(f"Dovecot could not be started ({error})") from error

    async def ready(self) -> None:
        """Until it greets. Raises NoDovecot."""
        try:
            async with asyncio.timeout(STARTING):
                while True:
                    with suppress(OSError):
                        reader, writer = await asyncio.open_connection("127.0.0.1", self.imap)
                        greeting = await reader.readline()
                        writer.close()
                        if greeting.startswith(b"* OK"):
                            return
                    if self.ended:
                        raise NoDovecot(f"Dovecot did not start{self._complaint()}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise NoDovecot(f"Dovecot did not answer within {STARTING:g} s{self._complaint()}") from None

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def make(self, folder: Path) -> None:
        """Make a folder that its processes may write to."""
        folder.mkdir()
        self.give(folder)

    def give(self, path: Path) -> None:
        """Let a file be its user's, where we are root."""
        if os.geteuid() == 0:
            shutil.chown(path, self.user, self.group)

    def maildir(self, user: str = USER) -> Path:
        """The folder with a user's mails, which the first login makes."""
        return self.directory / "home" / user / "Maildir"

    def deliver(self, mail: bytes) -> None:
        """Put a mail into the INBOX, as a mail server does that delivers into Maildirs."""
        self._number += 1
        maildir = self.maildir()
        if not maildir.exists():
            for folder in (maildir.parent, maildir, *(maildir / kind for kind in _KINDS)):
                self.make(folder)
        path = maildir / "tmp" / f"{self._number}.demo"
        path.write_bytes(mail)
        self.give(path)
        path.rename(maildir / "new" / path.name)

    def folders(self) -> dict[str, int]:
        """The number of mails in each folder."""
        found: dict[str, int] = {}
        maildir = self.maildir()
        for path in (maildir, *maildir.glob(".*/")):
            mails = [name for kind in ("cur", "new") for name in _names(path / kind)]
            found["INBOX" if path == maildir else path.name[1:]] = len(mails)
        return found

    def kill(self) -> None:
        """kill -9 of all of its processes, which cuts every connection."""
        if self._process is None:
            return
        children = self.children()
        self._process.kill()
        end = time.monotonic() + 10
        # One that was just being made is found by its session: it would still hold the sockets of the next start.
        while children and time.monotonic() < end:
            for pid in children:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            children = self.children()
        self._process.wait()
        self._process = None

    def close(self) -> None:
        """End its processes and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def children(self) -> list[int]:
        """Its processes that run: children of the first one, or in its session."""
        assert self._process is not None
        first, found = str(self._process.pid), []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, parent, _, session = path.read_text().rpartition(")")[2].split()[:4]
                if first in (parent, session) and path.parent.name != first and state != "Z":
                    found.append(int(path.parent.name))
        return found

    def _complaint(self) -> str:
        """The line that it logged last, for a person."""
        with suppress(OSError):
            lines = (self.directory / "log").read_text(errors="replace").strip().splitlines()
            if lines:
                return f": {lines[-1][-200:]}"
        return ""


def _end_with_us() -> None:
    """Linux tells Dovecot to end when the demo is killed (prctl, PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM))


def version(program: str = "dovecot") -> str:
    """Its version, as in "2.3.19.1"."""
    command = [program, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    return done.stdout.split(" ")[0].strip()


def _names(folder: Path) -> list[str]:
    with suppress(OSError):
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    return []


def free_port() -> int:
    """A port of 127.0.0.1 that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
