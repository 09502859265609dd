# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Dovecot (2.3 or 2.4) of its own: mail by LMTP, IMAP with and without TLS, killed and started again.

Every user exists, with the password `secret`. Nothing of it outlives `close`; its files lie in a directory of their
own, since the mail processes run as another user when the tests run as root.
"""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

PASSWORD = "secret"
USER = "bounces"

_COMMON = """
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_uid = {user}
mail_gid = {group}
mail_fsync = never
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  user = {user}
  inet_listener lmtp {{
    port = {lmtp}
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

_V23 = """
protocols = imap lmtp
mail_home = {d}/home/%u
mail_location = maildir:~/Maildir
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login
ssl = yes
ssl_cert = <{d}/cert.pem
ssl_key = <{d}/key.pem
userdb {{
  driver = static
  args = uid={user} gid={group} home={d}/home/%u
}}
"""
_V23_PASSWORD = """
passdb {
  driver = static
  args = password=secret
}
"""

_V24 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols {{
  imap = yes
  lmtp = yes
}}
mail_home = {d}/home/%{{user}}
mail_driver = maildir
mail_path = ~/Maildir
auth_allow_cleartext = yes
auth_failure_delay = 0
auth_mechanisms = plain login
ssl = yes
ssl_server_cert_file = {d}/cert.pem
ssl_server_key_file = {d}/key.pem
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {d}/home/%{{user}}
  }}
}}
"""
_V24_PASSWORD = """
passdb static {
  password = secret
}
"""


def needs_dovecot() -> None:
    """Skip loudly where it is not installed; in CI that is a failure."""
    if shutil.which("dovecot") is None:
        message = "Dovecot is not installed (apt-get install dovecot-imapd dovecot-lmtpd): no real server was tried"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dovecot:
    """One server. `extra`: more configuration, `passwords`: the usual password database."""

    def __init__(self, *, extra: str = "", passwords: bool = True) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="bouncestream-dovecot-"))
        self.directory.chmod(0o755)
        self.imap, self.imaps, self.lmtp = free_port(), free_port(), free_port()
        root = os.geteuid() == 0
        self.user = "nobody" if root else pwd.getpwuid(os.geteuid()).pw_name
        self.group = grp.getgrgid(pwd.getpwnam(self.user).pw_gid).gr_name
        for name in ("home", "run", "state"):
            (self.directory / name).mkdir()
            if root:
                shutil.chown(self.directory / name, self.user, self.group)
        #: Certificates of the authority that signed the server's: for `ca_file`.
        self.ca_file = self.directory / "ca.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        pair = authority.issue_cert("localhost", "127.0.0.1")
        pair.private_key_pem.write_to_path(str(self.directory / "key.pem"))
        for blob in pair.cert_chain_pems:
            blob.write_to_path(str(self.directory / "cert.pem"), append=True)
        old = _version() < (2, 4)
        text = (_V23 if old else _V24) + _COMMON
        values = {
            "d": self.directory, "user": self.user, "group": self.group,
            "imap": self.imap, "imaps": self.imaps, "lmtp": self.lmtp,
        }  # fmt: skip
        password = (_V23_PASSWORD if old else _V24_PASSWORD) if passwords else ""
        self.config = self.directory / "dovecot.conf"
        self.config.write_text(text.format(**values) + password + extra)
        self._process: subprocess.Popen[bytes] | None = None
        self._renumbered = 0

    def start(self) -> None:
        """Returns once it greets."""
        assert self._process is None
        with open(self.directory / "stderr", "ab") as said:
            self._process = subprocess.Popen(
                ["dovecot", "-F", "-c", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,  # so that all of its processes can be killed at once
            )
        end = time.monotonic() + 30
        while True:
            try:
                for port in (self.imap, self.lmtp):
                    with socket.create_connection(("127.0.0.1", port), 5) as probe:
                        assert probe.recv(100)
                return
            except (OSError, AssertionError):
                if self._process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(f"Dovecot did not start: {self.log()}") from None
                time.sleep(0.01)

    def kill(self) -> None:
        """kill -9 of all of its processes, which cuts every connection."""
        if self._process is None:
            return
        children = self._children()
        self._process.kill()
        # One that was just being made is found by its session: it would still hold the sockets of the next start.
        while children := [*children, *self._children()]:
            for pid in children:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            children = []
        self._process.wait()
        self._process = None
        end = time.monotonic() + 10  # until they are gone, their sockets seem to be in use
        while any(_alive(pid) for pid in children) and time.monotonic() < end:
            time.sleep(0.002)

    def restart(self) -> None:
        """kill -9, and up again on the same ports with the same mails."""
        self.kill()
        self.start()

    def close(self) -> None:
        """End it and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def pause(self) -> None:
        """Stop all of its processes where they are (SIGSTOP): connections stay open and nobody answers."""
        assert self._process is not None
        for pid in [self._process.pid, *self._children()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        assert self._process is not None
        for pid in [*self._children(), self._process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _children(self) -> list[int]:
        assert self._process is not None
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = path.read_text().rpartition(")")[2].split()
                state, parent, _, session = fields[:4]
                ours = str(self._process.pid) in (parent, session) and path.parent.name != str(self._process.pid)
                if ours and state != "Z":
                    found.append(int(path.parent.name))
        return found

    def log(self) -> str:
        """The end of what it logged, for when something went wrong."""
        path = self.directory / "dovecot.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    # -- mails ---------------------------------------------------------------------------------------------------

    def deliver(self, *mails: bytes, to: str = USER) -> None:
        """Bring mails by LMTP, as the mail server of a host does; returns once they are in the INBOX."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            for mail in mails:
                lmtp.sendmail("", [to], mail)

    def put(self, mails: Iterable[bytes], user: str = USER) -> None:
        """Many mails at once, as files: quicker than LMTP, which takes 3 ms for each."""
        new = self.maildir(user) / "new"
        if not new.exists():
            self.mails(user=user)  # the first login makes the folders
        for number, mail in enumerate(mails):
            path = new.parent / "tmp" / f"{time.time():.6f}.{number}.put,S={len(mail)},W={len(mail)}"
            path.write_bytes(mail)
            if os.geteuid() == 0:
                shutil.chown(path, self.user, self.group)
            path.rename(new / path.name)

    @contextmanager
    def client(self, user: str = USER) -> Iterator[imaplib.IMAP4]:
        """A plain client, logged in: a person's mail program."""
        with imaplib.IMAP4("127.0.0.1", self.imap, timeout=30) as client:
            client.login(user, PASSWORD)
            yield client

    def mails(self, folder: str = "INBOX", user: str = USER) -> list[bytes]:
        """The mails of a folder, whole, without marking them as read; empty for one that does not exist."""
        with self.client(user) as client:
            if client.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            if client.untagged_responses["EXISTS"] == [b"0"]:
                return []
            _, found = client.fetch("1:*", "(BODY.PEEK[])")
            return [part[1] for part in found if isinstance(part, tuple)]

    def flags(self, folder: str = "INBOX", user: str = USER) -> list[tuple[bytes, ...]]:
        """The flags of the mails of a folder, in their order."""
        with self.client(user) as client:
            client.select(f'"{folder}"', readonly=True)
            if client.untagged_responses["EXISTS"] == [b"0"]:
                return []
            _, found = client.fetch("1:*", "(FLAGS)")
            return [imaplib.ParseFlags(line) for line in found]

    def append(
        self, mail: bytes, folder: str = "INBOX", *, at: float | None = None, flags: str = "", user: str = USER
    ) -> None:
        """Put a mail into a folder as if it had arrived at `at` (seconds since 1970)."""
        with self.client(user) as client:
            if folder != "INBOX":
                client.create(f'"{folder}"')
            when = imaplib.Time2Internaldate(at if at is not None else time.time())
            assert client.append(f'"{folder}"', flags, when, mail)[0] == "OK"

    def maildir(self, user: str = USER) -> Path:
        return self.directory / "home" / user / "Maildir"

    def restore(self, backup: Path, user: str = USER) -> None:
        """Put all of a user's mails and numbers back to what `backup` holds, see `back_up`. Restarts it."""
        self.kill()
        shutil.rmtree(self.maildir(user))
        subprocess.run(["cp", "-a", str(backup), str(self.maildir(user))], check=True)
        self.start()

    def back_up(self, user: str = USER) -> Path:
        """A copy of a user's mails and numbers. Restarts it."""
        self.kill()
        backup = self.directory / f"backup-{time.time_ns()}"
        subprocess.run(["cp", "-a", str(self.maildir(user)), str(backup)], check=True)
        self.start()
        return backup

    def renumber(self, user: str = USER, first: int = 1) -> None:
        """Give the INBOX new UIDs, from `first` on, and a new UIDVALIDITY, as the move to another server does.
        Restarts it."""
        self.kill()
        maildir = self.maildir(user)
        for path in maildir.glob("dovecot*"):
            if path.is_file():
                path.unlink()
        self._renumbered += 1
        uidlist = maildir / "dovecot-uidlist"
        uidlist.write_text(f"3 V{int(time.time()) + 100_000 * self._renumbered} N{first} G{os.urandom(16).hex()}\n")
        if os.geteuid() == 0:
            shutil.chown(uidlist, self.user, self.group)
        self.start()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _version() -> tuple[int, ...]:
    said = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.split()[0].split(".")[:2])


def dsn(
    recipient: str,
    *,
    number: int = 1,
    status: str = "5.1.1",
    words: str = "550 5.1.1 no such user",
    campaign: str = "",
    subscriber: str = "",
    message_id: str = "",
    sender: str = "news@example.com",
    size: int = 0,
    action: str = "failed",
    headers: Sequence[str] = (),
) -> bytes:
    """A delivery report (RFC 3464) as Postfix writes it, about one recipient; lines end in CRLF."""
    original = [
        f"From: News <{sender}>",
        f"To: <{recipient}>",
        "Subject: The newsletter",
        f"Message-ID: <{message_id or f'{number}.news@example.com'}>",
        "Date: Sun, 22 Nov 2026 08:00:00 +0000",
    ]
    if campaign:
        original += [f"X-Listmonk-Campaign: {campaign}", f"X-Listmonk-Subscriber: {subscriber}"]
    lines = [
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)",
        "To: bounces@example.com",
        "Subject: Undelivered Mail Returned to Sender",
        "Date: Sun, 22 Nov 2026 08:00:05 +0000",
        f"Message-ID: <{number}.bounce@mx.example.net>",
        "Auto-Submitted: auto-replied",
        *headers,
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"',
        "",
        "--=_b",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "This is the mail system at host mx.example.net.",
        "",
        f"<{recipient}>: host mx.example.org[192.0.2.1] said: {words} (in reply to RCPT TO command)",
        "",
        "--=_b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example.net",
        "Arrival-Date: Sun, 22 Nov 2026 08:00:01 +0000",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        f"Original-Recipient: rfc822;{recipient}",
        f"Action: {action}",
        f"Status: {status}",
        "Remote-MTA: dns; mx.example.org",
        f"Diagnostic-Code: smtp; {words}",
        "",
        "--=_b",
        "Content-Type: text/rfc822-headers",
        "",
        *original,
        "",
        "--=_b--",
        "",
    ]
    mail = "\r\n".join(lines).encode()
    if size > len(mail):
        mail += (b"x" * 70 + b"\r\n") * ((size - len(mail)) // 72 + 1)
    return mail


def letter(number: int = 1) -> bytes:
    """A mail of a person, which is no bounce."""
    lines = [
        "From: Ann <ann@example.org>",
        "To: bounces@example.com",
        f"Subject: A question, number {number}",
        f"Message-ID: <{number}.letter@example.org>",
        "Date: Sun, 22 Nov 2026 08:00:00 +0000",
        "",
        "When does the next issue come?",
        "",
    ]
    return "\r\n".join(lines).encode()


def anonymous(number: int = 1) -> bytes:
    """A bounce that does not tell whose it is."""
    lines = [
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)",
        "To: bounces@example.com",
        "Subject: Undelivered Mail Returned to Sender",
        f"Message-ID: <{number}.anonymous@mx.example.net>",
        "",
        "I'm sorry to have to inform you that your message could not",
        "be delivered to one or more recipients.",
        f"Case {number}.",
        "",
    ]
    return "\r\n".join(lines).encode()
