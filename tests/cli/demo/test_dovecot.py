# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's own Dovecot: it is there, and then it is gone."""

from __future__ import annotations

import imaplib
import os
import shutil
from pathlib import Path

import pytest

from bouncestream.cli.demo.dovecot import PASSWORD, USER, Dovecot, NoDovecot
from tests.mailserver.dovecot import needs_dovecot


@pytest.mark.process
async def test_it_keeps_mails_and_leaves_nothing_behind() -> None:
    needs_dovecot()
    server = Dovecot()
    try:
        server.start()
        await server.ready()
        server.deliver(b"Subject: one\n\nx\n")
        with imaplib.IMAP4("127.0.0.1", server.imap, timeout=10) as client:
            client.login(USER, PASSWORD)
            assert client.select()[1] == [b"1"]
        assert server.folders() == {"INBOX": 1}
        processes = [server._process.pid, *server.children()]
        assert len(processes) > 2
    finally:
        server.close()
    assert not server.directory.exists()
    for pid in processes:
        status = Path(f"/proc/{pid}/status")
        assert not status.exists() or "State:\tZ" in status.read_text()


def test_where_it_is_not_installed_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(NoDovecot, match="not installed"):
        Dovecot()


@pytest.mark.process
async def test_one_that_does_not_start_is_told_with_its_own_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "dovecot"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo 2.3.0 && exit\necho Fatal: no >"${3%/*}/log"\nexit 89\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    server = Dovecot()
    try:
        server.start()
        with pytest.raises(NoDovecot, match="Dovecot did not start: Fatal: no"):
            await server.ready()
    finally:
        server.close()
