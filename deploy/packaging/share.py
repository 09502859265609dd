# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs into share/ beside the program: man pages (of docs/, by Sphinx), completions, the unit, and what
Prometheus and Grafana take."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from deploy.packaging.paths import ROOT, WORK, Failed, call, say

UNIT = ROOT / "deploy" / "bouncestream.service"
MONITORING = (ROOT / "deploy" / "prometheus" / "alerts.yml", ROOT / "deploy" / "grafana" / "bouncestream.json")
COMPLETIONS = {
    "bash": "bash-completion/completions/bouncestream",
    "zsh": "zsh/site-functions/_bouncestream",
    "fish": "fish/vendor_completions.d/bouncestream.fish",
}


def build() -> Path:
    """Make the folder; returns it. Raises Failed."""
    say("writing man pages and completions ...")
    made, pages = WORK / "share", WORK / "man"
    shutil.rmtree(made, ignore_errors=True)
    sphinx = (sys.executable, "-m", "sphinx", "-E", "-q", "-b", "man", "-c", "docs", "-d", WORK / "man-read")
    try:
        call(*sphinx, ".", pages)
    except Failed as error:
        raise Failed(f"{error}\nNext: `make docs` installs what writes them") from None
    write(made / "bouncestream" / UNIT.name, UNIT.read_text("utf-8"))
    for file in MONITORING:
        write(made / "bouncestream" / file.parent.name / file.name, file.read_text("utf-8"))
    for page in sorted(pages.glob("*.1")):
        write(made / "man" / "man1" / page.name, page.read_text("utf-8"))
    for shell, place in COMPLETIONS.items():
        write(made / place, call(sys.executable, "-m", "bouncestream", "completion", shell))
    return made


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file, and the folders to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(mode)
