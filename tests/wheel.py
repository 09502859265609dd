# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a wheel is what operators need: `python -m tests.wheel WHEEL`. CI builds one and asks this of it.

It must hold the whole package, and work where nothing of this folder is: installed into an environment of its own,
beside what requirements.lock names and nothing else, and called from elsewhere.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "bouncestream"


def files(package: Path = PACKAGE) -> set[str]:
    """All files of the package as a wheel names them, modules and what lies beside them."""
    found = (path.relative_to(package.parent) for path in package.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def missing(wheel: Path, package: Path = PACKAGE) -> list[str]:
    """The files of the package that the wheel lacks. Raises OSError and zipfile.BadZipFile."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(files(package) - set(archive.namelist()))


#: Runs the program with these arguments: its exit code, and what it printed.
Call = Callable[..., tuple[int, str]]


def commands(shown: str) -> list[str]:
    """The commands that a help text lists."""
    _, _, listed = shown.partition("\ncommands:\n")
    return re.findall(r"^ {4}([a-z][a-z-]*)(?= {2}|$)", listed.partition("\n\n")[0], re.MULTILINE)


def helps(call: Call, *path: str) -> Iterator[tuple[str, int, str]]:
    """Each command and sub-command, as the help texts themselves name them: the call, its exit code, its text."""
    code, shown = call(*path, "--help")
    yield " ".join([*path, "--help"]), code, shown
    for command in commands(shown):
        yield from helps(call, *path, command)


def faults(call: Call, version: str) -> list[str]:
    """What an installed program does not do as it should."""
    found, seen = [], 0
    for line, code, shown in helps(call):
        seen += 1
        if code or not shown.startswith("usage: bouncestream"):
            found.append(f"`bouncestream {line}` ends with {code}: {shown}")
    if seen < 20:
        found.append(f"its help lists {seen} commands and sub-commands, which cannot be all")
    code, shown = call("version")
    if code or version not in shown.split():
        found.append(f"`bouncestream version` does not tell {version}: {shown}")
    code, shown = call("config", "example")
    if code or shown != (ROOT / "config.toml").read_text("utf-8"):
        found.append(f"`bouncestream config example` ends with {code}, or is not config.toml")
    code, shown = call("demo", "--once")
    if code:
        found.append(f"`bouncestream demo --once` ends with {code}: {shown}")
    return found


def install(wheel: Path, folder: Path) -> Call:
    """Make an environment in a folder, with this wheel in it. Raises CalledProcessError."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements.lock"], check=True, cwd=folder)
    subprocess.run([*pip, "--no-deps", "--no-index", wheel.resolve()], check=True, cwd=folder)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(elsewhere), "LANG": "C.UTF-8"}

    def call(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [python.with_name("bouncestream"), *arguments],
            cwd=elsewhere,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        return done.returncode, done.stdout

    return call


def main(wheel: Path) -> int:
    """Say what is wrong with it; the exit code."""
    if lacks := missing(wheel):
        print(f"{wheel.name} lacks {', '.join(lacks)}. Next: see [tool.hatch.build] in pyproject.toml.")
        return 1
    print(f"{wheel.name} holds all {len(files())} files of the package.")
    with tempfile.TemporaryDirectory() as folder:
        found = faults(install(wheel, Path(folder)), wheel.name.split("-")[1])
    for fault in found:
        print(f"{wheel.name}, installed: {fault}")
    if not found:
        print(f"{wheel.name}, installed, shows every --help, its version and its example, and runs the demo.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
