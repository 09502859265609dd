# SPDX-License-Identifier: GPL-3.0-or-later
"""A Dovecot of the demo's own: on loopback, as nobody's user, in a directory that goes with it.

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
    port = {port}
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
mail_home = {d}/home
mail_location = maildir:{d}/home/Maildir
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={d}/home
}}
"""
_NEW = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols {{
  imap = yes
}}
auth_allow_cleartext = yes
mail_home = {d}/home
mail_driver = maildir
mail_path = {d}/home/Maildir
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {d}/home
  }}
}}
"""


class NoDovecot(Exception):
    """There is none, or it does not start; the message says which."""


class Dovecot:
    """A Dovecot with one mailbox. `close` must be called."""

    def __init__(
        self, directory: Path, process: subprocess.Popen[bytes], port: int, user: str, version: str
    ) -> None:
        self.port = port
        self.version = version
        self._directory = directory
        self._process = process
        self._user = user
        self._number = 0

    @classmethod
    def start(cls) -> Dovecot:
        """A Dovecot that is starting; `ready` tells when it is. Raises NoDovecot."""
        program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if program is None:
            raise NoDovecot("it is not installed here")
        # its sockets must have short names, and its user must get there
        within = "/tmp" if os.path.isdir("/tmp") else None  # noqa: S108 - a directory of its own in it
        directory = Path(tempfile.mkdtemp(prefix="bouncestream-mail-", dir=within))
        try:
            directory.chmod(0o755)
            root = os.geteuid() == 0
            user = "nobody" if root else pwd.getpwuid(os.geteuid()).pw_name
            group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
            inbox = Path("home/Maildir")
            for name in (Path("run"), Path("state"), Path("home"), inbox, *(inbox / n for n in _KINDS)):
                (directory / name).mkdir()
                if root:
                    shutil.chown(directory / name, user, group)
            port = _free_port()
            version = _version(program)
            text = (_OLD if version.startswith("2.3") else _NEW) + _COMMON
            values = {"d": directory, "user": user, "group": group, "port": port, "password": PASSWORD}
            (directory / "dovecot.conf").write_text(text.format(**values))
            process = subprocess.Popen(  # noqa: S603 - what `which` found, and our own file
                [program, "-F", "-c", str(directory / "dovecot.conf")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the demo, which ends it in its turn
                preexec_fn=_end_with_the_demo,
            )
        except (OSError, KeyError, subprocess.SubprocessError) as error:
            shutil.rmtree(directory, ignore_errors=True)
            raise NoDovecot(f"it cannot be started ({error})") from error
        return cls(directory, process, port, user, version)

    async def ready(self) -> None:
        """Until it greets. Raises NoDovecot."""
        try:
            async with asyncio.timeout(STARTING):
                while True:
                    with suppress(OSError):
                        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                        greeting = await reader.readline()
                        writer.close()
                        if greeting.startswith(b"* OK"):
                            return
                    if self._process.poll() is not None:
                        raise NoDovecot(f"it does not start here{self._complaint()}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise NoDovecot(f"it does not answer within {STARTING:g} s{self._complaint()}") from None

    def deliver(self, mail: bytes) -> None:
        """Put a mail into the INBOX, as a mail server does that delivers into Maildirs."""
        self._number += 1
        maildir = self._directory / "home/Maildir"
        path = maildir / "tmp" / f"{self._number}.demo"
        path.write_bytes(mail)
        if os.geteuid() == 0:
            shutil.chown(path, self._user)
        path.rename(maildir / "new" / path.name)

    def folders(self) -> dict[str, int]:
        """How many mails are in each folder."""
        found: dict[str, int] = {}
        maildir = self._directory / "home/Maildir"
        for path in (maildir, *maildir.glob(".*/")):
            mails = [name for kind in ("cur", "new") for name in _names(path / kind)]
            found["INBOX" if path == maildir else path.name[1:]] = len(mails)
        return found

    def close(self) -> None:
        """End its processes and remove its files."""
        children = self._children()
        self._process.kill()
        self._process.wait()
        for pid in children:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _children(self) -> list[int]:
        """Its processes, all of them children of the first one."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, ValueError, IndexError):
                if int(path.read_text().rpartition(")")[2].split()[1]) == self._process.pid:
                    found.append(int(path.parent.name))
        return found

    def _complaint(self) -> str:
        """The complaint that it logged last, for a person."""
        with suppress(OSError):
            lines = (self._directory / "log").read_text(errors="replace").strip().splitlines()
            if lines:
                return f": {lines[-1][-200:]}"
        return ""


def _end_with_the_demo() -> None:
    """Linux tells Dovecot to end when the demo is killed (prctl, PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM))


def _version(program: str) -> str:
    """The version, as in "2.3.19.1"."""
    command = [program, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    return done.stdout.split(" ")[0].strip()


def _names(folder: Path) -> list[str]:
    with suppress(OSError):
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
