# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from bouncestream.cli.notify import notify


def test_a_file_and_an_abstract_name(tmp_path: Path) -> None:
    abstract = f"bouncestream-test-{os.getpid()}"
    for bound, told in ((str(tmp_path / "n"), str(tmp_path / "n")), (f"\0{abstract}", f"@{abstract}")):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(bound)
            notify("READY=1", "STATUS=fine", environ={"NOTIFY_SOCKET": told})
            assert systemd.recv(100) == b"READY=1\nSTATUS=fine"


@pytest.mark.parametrize(
    "environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/no/such"}, {"NOTIFY_SOCKET": "x"}]
)
def test_nobody_there_is_no_trouble(environ: dict[str, str]) -> None:
    notify("READY=1", environ=environ)
