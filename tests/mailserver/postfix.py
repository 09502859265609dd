# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Postfix of its own: its configuration, queue and data in a folder that ends with it, on a loopback port.

Mails for `domain` go to a listener of ours, those for `example.com` to a port where a server of the test
answers. Postfix starts as root only.
"""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bouncestream.cli.demo.dovecot import free_port

_MAIN = """
compatibility_level = 3.6
config_directory = {d}/conf
queue_directory = {d}/queue
data_directory = {d}/data
meta_directory = /etc/postfix
maillog_file = {d}/log
maillog_file_prefixes = {d}
myhostname = mx.example.net
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
transport_maps = inline:{{ {transports} }}
notify_classes =
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
transport_retry_time = 1s
lmtp_destination_recipient_limit = 50
lmtp_connect_timeout = 5s
lmtp_lhlo_timeout = 5s
lmtp_mail_timeout = 5s
lmtp_rcpt_timeout = 5s
lmtp_data_init_timeout = 5s
lmtp_data_xfer_timeout = 5s
lmtp_data_done_timeout = 10s
lmtp_rset_timeout = 5s
lmtp_quit_timeout = 5s
smtp_tls_security_level = may
lmtp_tls_security_level = may
{extra}
"""
_MASTER = """
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def needs_postfix() -> None:
    """Skip loudly where it cannot be started; in CI that is a failure."""
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only: no real server was tried")
    if shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        message = "Postfix is not installed (apt-get install postfix): no real server was tried"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


class Postfix:
    """One server. `nexthop`: what mails for `domain` go to, such as "lmtp:unix:/…"; `refusing`: the port of a
    server for example.com; `extra`: more configuration."""

    def __init__(
        self, nexthop: str, *, domain: str = "lists.example.org", refusing: int = 0, extra: str = ""
    ) -> None:
        needs_postfix()
        self.directory = Path(tempfile.mkdtemp(prefix="bouncestream-postfix-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.port = free_port()
        transports = [f"{{ {domain} = {nexthop} }}", "{ * = error:5.1.2 no such domain }"]
        if refusing:
            transports.insert(0, f"{{ example.com = smtp:[127.0.0.1]:{refusing} }}")
        conf = self.directory / "conf"
        conf.mkdir()
        (self.directory / "queue").mkdir()
        (self.directory / "data").mkdir()
        shutil.chown(self.directory / "data", "postfix")
        values = {"d": self.directory, "transports": ", ".join(transports), "extra": extra}
        (conf / "main.cf").write_text(_MAIN.format(**values))
        (conf / "master.cf").write_text(_MASTER.format(port=f"127.0.0.1:{self.port}"))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it greets."""
        conf = str(self.directory / "conf")
        with (self.directory / "start").open("wb") as told:
            subprocess.run(["postfix", "-c", conf, "check"], stdout=told, stderr=told, check=False, timeout=60)
            master = "/usr/lib/postfix/sbin/master"
            self._process = subprocess.Popen([master, "-c", conf, "-d"], stdout=told, stderr=told)
        end = time.monotonic() + 30
        while True:
            try:
                with smtplib.SMTP("127.0.0.1", self.port, timeout=10):
                    return
            except (OSError, smtplib.SMTPException):
                if self._process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(f"Postfix did not start: {self.log()}") from None
                time.sleep(0.05)

    def send(self, sender: str, recipients: list[str], mail: bytes) -> None:
        """Hand it a mail."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as smtp:
            assert smtp.sendmail(sender, recipients, mail) == {}

    def queued(self) -> int:
        """The mails that it still has."""
        queue = self.directory / "queue"
        names = ("incoming", "active", "deferred", "maildrop")
        return sum(len([one for one in (queue / name).rglob("*") if one.is_file()]) for name in names)

    def log(self) -> str:
        """The end of what it said."""
        return "\n".join(
            path.read_text(errors="replace")[-4000:]
            for path in (self.directory / "start", self.directory / "log")
            if path.exists()
        )

    def close(self) -> None:
        """End it, and remove all of it."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
            self._process = None
        shutil.rmtree(self.directory, ignore_errors=True)
