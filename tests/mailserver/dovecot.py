# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Dovecot (2.3 or 2.4) of its own: mail by LMTP, IMAP with and without TLS, killed and started again.

Every user exists, with the password `secret`. Nothing of it outlives `close`; its files lie in a directory of their
own, since the mail processes run as another user when the tests run as root.
"""

from __future__ import annotations

import imaplib
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from bouncestream.cli.demo import dovecot
from bouncestream.cli.demo.dovecot import USER, free_port

PASSWORD = "secret"

#: What the tests need beside what the demo has.
_MORE = """
mail_fsync = never
auth_failure_delay = 0
auth_mechanisms = plain login
ssl = yes
service imap-login {{
  process_min_avail = 1
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
"""
_V23 = """
protocols = imap lmtp
ssl_cert = <{d}/cert.pem
ssl_key = <{d}/key.pem
"""
_V24 = """
protocols {{
  lmtp = yes
}}
ssl_server_cert_file = {d}/cert.pem
ssl_server_key_file = {d}/key.pem
"""


def needs_dovecot() -> None:
    """Skip loudly where it is not installed; in CI that is a failure."""
    if shutil.which("dovecot") is None:
        message = "Dovecot is not installed (apt-get install dovecot-imapd dovecot-lmtpd): no real server was tried"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


class Dovecot(dovecot.Dovecot):
    """One server. `extra`: more configuration, `passwords`: the usual password database."""

    dies_with_us = False  #: it may be started by a thread that ends

    def __init__(self, *, extra: str = "", passwords: bool = True) -> None:
        super().__init__(PASSWORD if passwords else None)
        self.imaps, self.lmtp = free_port(), free_port()
        #: Certificates of the authority that signed the server's: for `ca_file`.
        self.ca_file = self.directory / "ca.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        pair = authority.issue_cert("localhost", "127.0.0.1")
        pair.private_key_pem.write_to_path(str(self.directory / "key.pem"))
        for blob in pair.cert_chain_pems:
            blob.write_to_path(str(self.directory / "cert.pem"), append=True)
        more = _MORE + (_V23 if self.version.startswith("2.3") else _V24)
        values = {"d": self.directory, "user": self.user, "imaps": self.imaps, "lmtp": self.lmtp}
        self.config.write_text(self.config.read_text() + more.format(**values) + extra)
        self._renumbered = 0

    def start(self) -> None:
        """Returns once it greets."""
        assert self._process is None
        super().start()
        end = time.monotonic() + 30
        while True:
            try:
                for port in (self.imap, self.lmtp):
                    with socket.create_connection(("127.0.0.1", port), 5) as probe:
                        assert probe.recv(100)
                return
            except (OSError, AssertionError):
                if self.ended or time.monotonic() > end:
                    raise AssertionError(f"Dovecot did not start: {self.log()}") from None
                time.sleep(0.01)

    def restart(self) -> None:
        """kill -9, and up again on the same ports with the same mails."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Stop all of its processes where they are (SIGSTOP): connections stay open and nobody answers."""
        assert self._process is not None
        for pid in [self._process.pid, *self.children()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        assert self._process is not None
        for pid in [*self.children(), self._process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def log(self) -> str:
        """The end of what it logged, for when something went wrong."""
        path = self.directory / "log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    # -- mails ---------------------------------------------------------------------------------------------------

    def deliver(self, *mails: bytes, to: str = USER) -> None:  # type: ignore[override]
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
            self.give(path)
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
        self.give(uidlist)
        self.start()


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
