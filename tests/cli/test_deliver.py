# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream deliver`: stored, or kept by the mail server that runs it, and never thrown away by mistake."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bouncestream.cli import deliver, main
from bouncestream.errors import StoreBusy
from bouncestream.net import lmtp
from tests.mailserver.dovecot import dsn
from tests.sources.smtp.conftest import TO, Begin, Running, begin

__all__ = ["begin"]


class Stdin(io.TextIOWrapper):
    def __init__(self, mail: bytes) -> None:
        super().__init__(io.BytesIO(mail))


@pytest.fixture(autouse=True)
def _without_a_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SENDER", "ORIGINAL_RECIPIENT", "RECIPIENT", "LOCAL_PART", "DOMAIN", "LOCAL_PART_SUFFIX"):
        monkeypatch.delenv(name, raising=False)


async def deliver_to(running: Running, monkeypatch: pytest.MonkeyPatch, *more: str, mail: bytes = b"") -> int:
    monkeypatch.setattr(sys, "stdin", Stdin(mail or dsn("p1@example.com")))
    where = running.where if isinstance(running.where, str) else f"127.0.0.1:{running.where[1]}"
    return await asyncio.to_thread(main, ["deliver", "--source", "mta", "--socket", where, *more])


async def test_a_mail_is_stored_for_the_recipient_that_the_mail_server_names(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    running = await begin(listen=f"unix:{tmp_path}/mta.sock")
    monkeypatch.setenv("ORIGINAL_RECIPIENT", "b+reader=example.com@example.org")
    monkeypatch.setenv("RECIPIENT", "nobody@localhost")
    monkeypatch.setenv("SENDER", "MAILER-DAEMON")
    mail = b"From MAILER-DAEMON  Sun Nov 22 2026\n" + dsn("p1@example.com").replace(b"\r\n", b"\n")
    assert await deliver_to(running, monkeypatch, mail=mail) == 0
    (stored,) = running.kept.submissions
    assert stored.raw.startswith(b"Return-Path: <>\r\nDelivered-To: b+reader=example.com@example.org\r\n")
    assert stored.raw.endswith(dsn("p1@example.com"))


async def test_exim_names_it_in_parts(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    running = await begin()
    for name, value in (("LOCAL_PART", "b"), ("LOCAL_PART_SUFFIX", "+x"), ("DOMAIN", "example.org")):
        monkeypatch.setenv(name, value)
    assert await deliver_to(running, monkeypatch) == 0
    assert b"Delivered-To: b+x@example.org\r\n" in running.kept.submissions[0].raw


async def test_each_outcome_has_its_exit_code(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    running = await begin(max_size=2000)
    running.kept.errors = [StoreBusy("full")]
    assert await deliver_to(running, monkeypatch, "--recipient", TO) == 75
    assert await deliver_to(running, monkeypatch, "--recipient", "other@example.org") == 67
    assert "other@" not in capsys.readouterr().err
    assert await deliver_to(running, monkeypatch, "--recipient", TO, mail=b"x" * 5000) == 69
    assert await deliver_to(running, monkeypatch, "--recipient", TO) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--sorce", "mta"],
        ["--source", "mta"],
        ["--source", "mta", "--recipient", TO],
        ["--source", "mta", "--recipient", TO, "--socket", "/nowhere/mta.sock"],
        ["--source", "mta", "--timeout", "x"],
    ],
)
def test_what_may_be_mended_keeps_the_mail(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(b"Subject: x\n\nx\n"))
    assert main(["deliver", *arguments]) == 75
    assert "Next: " in capsys.readouterr().err


def test_a_user_who_may_not_write_to_the_socket_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(lmtp, "_connected", forbidden)
    monkeypatch.setattr(sys, "stdin", Stdin(b"Subject: x\n\nx\n"))
    assert main(["deliver", "--source", "mta", "--recipient", TO]) == 75
    said = capsys.readouterr().err
    assert "this user may not write to /run/bouncestream/mta.sock. Next: let it" in said
    assert 'socket_mode = "0666" in [smtp.mta]' in said


def test_a_bug_keeps_the_mail_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(deliver, "hand_over", broken)
    monkeypatch.setattr(sys, "stdin", Stdin(b"x"))
    assert main(["deliver", "--source", "mta", "--recipient", TO]) == 75
    monkeypatch.setattr(sys, "stdin", Stdin(b""))
    assert main(["deliver", "--source", "mta", "--recipient", TO]) == 75


@pytest.mark.process
def test_it_imports_nothing_heavy_and_needs_no_library() -> None:
    """An alias is run as nobody, often, and by a Python that has no environment of ours."""
    code = "import sys; sys.argv[1:] = 'deliver --source mta --recipient a@b.example --socket /x/y'.split()\n"
    code += "from bouncestream.__main__ import main; code = main()\n"
    code += "heavy = {'asyncio', 'email', 'smtplib', 'ssl', 'aiosmtpd', 'sqlite3', 'orjson', 'cryptography'}\n"
    code += "print(code, sorted(heavy & {*sys.modules}))"
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {root!r})\n{code}"],
        input=b"x",
        capture_output=True,
        check=False,
        env={"PATH": os.environ.get("PATH", "")},
    )
    assert done.stdout == b"75 []\n", done.stderr
