# SPDX-License-Identifier: GPL-3.0-or-later
"""The program starts itself again, whichever way it was started: seen by an alert, which a process of its own
sends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest

from bouncestream import program

PACKAGE = Path(__file__).parents[1] / "bouncestream"
SCRIPT = """\
#!{python}
import sys
from bouncestream.__main__ import main
if __name__ == "__main__":
    sys.exit(main())
"""
NOBODY = """\
[listmonk]
url = "http://127.0.0.1:1"
token = "hJ2-kR8wQz5-Lm-T3vXc9YbN"

[alerts.email]
host = "127.0.0.1"
port = 1
tls = "none"
sender = "bridge@example.org"
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the package, whose copy says something else, so that one sees whose process it was."""
    folder = tmp_path / "copy"
    shutil.copytree(PACKAGE, folder / "bouncestream", ignore=shutil.ignore_patterns("__pycache__"))
    words = folder / "bouncestream/net/failure.py"
    words.write_text(words.read_text().replace("connection refused", "refused, says the copy"))
    return folder


def alert_test(*command: str | Path, folder: Path, environ: dict[str, str] | None = None) -> str:
    """What `alert test` says of an e-mail that nobody takes: only a process of its own can tell that."""
    (folder / "config.toml").write_text(NOBODY)
    done = subprocess.run(
        [*command, "alert", "test", "--json"],
        cwd=folder,
        env=os.environ | (environ or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    (channel,) = json.loads(done.stdout)["channels"]
    why: str = channel["why"]
    return why


@pytest.mark.process
def test_it_is_the_program_itself_wherever_there_is_one(tmp_path: Path, copy: Path) -> None:
    """A launcher may have its libraries where `python -m` finds none, as that of a PEX has."""
    tell = "import json\nfrom bouncestream import program\nprogram.started()\nprint(json.dumps(program.again()))\n"
    (tmp_path / "script").write_text(tell)
    (copy / "__main__.py").write_text(tell)
    zipapp.create_archive(copy, tmp_path / "one.pyz")
    environ = os.environ | {"PYTHONPATH": str(copy)}
    for arguments, command, path in (
        (["script"], [str(tmp_path / "script")], None),
        (["one.pyz"], [str(tmp_path / "one.pyz")], None),
        (["-c", tell], ["-P", "-m", "bouncestream"], f"{copy}{os.pathsep}{copy}"),
    ):
        told = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environ, capture_output=True, check=True, timeout=60
        )
        again, more = json.loads(told.stdout)
        assert again == [sys.executable, *command]
        assert more.get("PYTHONPATH") == path


@pytest.mark.process
def test_by_python_m(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": str(PACKAGE.parent)}
    why = alert_test(sys.executable, "-m", "bouncestream", folder=tmp_path, environ=environ)
    assert why == "connection refused"


@pytest.mark.process
def test_by_python_m_in_the_folder_that_holds_it(copy: Path) -> None:
    """The package is found by way of the present folder, which is another one for the process of its own."""
    why = alert_test(sys.executable, "-m", "bouncestream", folder=copy)
    assert why == "refused, says the copy"


@pytest.mark.process
def test_by_a_console_script(tmp_path: Path, copy: Path) -> None:
    script = tmp_path / "bouncestream"
    script.write_text(SCRIPT.format(python=sys.executable))
    script.chmod(0o755)
    why = alert_test(script, folder=tmp_path, environ={"PYTHONPATH": str(copy)})
    assert why == "refused, says the copy"


@pytest.mark.process
def test_by_a_single_file(tmp_path: Path, copy: Path) -> None:
    """zipapp, and so shiv and PEX: Python runs an archive. Its name is relative here, and the folder changes."""
    (copy / "__main__.py").write_text(SCRIPT)
    zipapp.create_archive(copy, tmp_path / "bouncestream.pyz")
    why = alert_test(sys.executable, "bouncestream.pyz", folder=tmp_path)
    assert why == "refused, says the copy"


def test_by_an_executable_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyInstaller sets `sys.frozen`, and sys.executable is the program then."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/bouncestream")
    assert program.again() == (["/opt/bouncestream"], {})


def test_in_a_process_that_is_another_program() -> None:
    """A test, or whoever imports the package: it must never be started again in our place."""
    command, environ = program.again()
    assert command == [sys.executable, "-P", "-m", "bouncestream"]
    assert environ["PYTHONPATH"].split(os.pathsep)[0] == str(PACKAGE.parent)


def test_what_was_in_the_search_path_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"/a{os.pathsep}/b")
    assert program.again()[1] == {"PYTHONPATH": os.pathsep.join((str(PACKAGE.parent), "/a", "/b"))}
