# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket of a listener: its rights, and whose it may replace."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bouncestream.errors import ListenError
from bouncestream.sources.unix import UnixSocket

KILLED = """
import os, signal, sys
from pathlib import Path
from bouncestream.sources.unix import UnixSocket
made = UnixSocket.open(Path(sys.argv[1]), 0o600, "")
made.socket.listen()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_has_its_mode_whatever_the_umask_is_and_goes_away(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        made = UnixSocket.open(tmp_path / "mta.sock", 0o666, str(os.getegid()))
    finally:
        os.umask(before)
    found = made.path.stat()
    assert stat.S_IMODE(found.st_mode) == 0o666
    assert found.st_gid == os.getegid()
    assert made.there
    made.close()
    assert not made.path.exists()


def test_one_that_lives_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mta.sock"
    made = UnixSocket.open(path, 0o600, "")
    with pytest.raises(ListenError, match=f"another bouncestream .process {os.getpid()}. does"):
        UnixSocket.open(path, 0o600, "")
    made.close()


@pytest.mark.process
def test_the_one_that_a_kill_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mta.sock"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, timeout=60)
    assert path.is_socket()
    made = UnixSocket.open(path, 0o600, "")
    assert made.there
    made.close()


def test_a_socket_of_somebody_else_is_left_alone_dead_or_not(tmp_path: Path) -> None:
    path = tmp_path / "mta.sock"
    UnixSocket.open(path, 0o600, "").close()  # its lock file is there
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
    with pytest.raises(ListenError, match="not known to be bouncestream's"):
        UnixSocket.open(path, 0o600, "")
    assert path.is_socket()


def test_one_of_ours_at_which_somebody_listens_again_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mta.sock"
    made = UnixSocket.open(path, 0o600, "")
    made.socket.listen()
    made._lock.release()  # as where the lock file was removed
    with pytest.raises(ListenError, match="another program listens there"):
        UnixSocket.open(path, 0o600, "")
    made.socket.close()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_socket_is_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "mta.sock"
    if kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ListenError, match="something that is no socket"):
        UnixSocket.open(path, 0o600, "")
    assert path.is_symlink() or path.read_text() == "mine"


def test_what_stands_in_the_way_is_told(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match="Next: make that folder"):
        UnixSocket.open(tmp_path / "none" / "mta.sock", 0o600, "")
    with pytest.raises(ListenError, match="there is no group"):
        UnixSocket.open(tmp_path / "mta.sock", 0o600, "no-such-group")
    assert not (tmp_path / "mta.sock").exists()


def test_a_socket_that_others_removed_is_not_there(tmp_path: Path) -> None:
    made = UnixSocket.open(tmp_path / "mta.sock", 0o600, "")
    made.path.unlink()
    assert not made.there
    made.close()
