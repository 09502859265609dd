# SPDX-License-Identifier: GPL-3.0-or-later
"""What would keep the service from starting: a program that it cannot reach."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

#: Folders that the unit hides from the service, and by which of its lines.
_HIDDEN = {
    "/root": "ProtectHome=yes",
    "/home": "ProtectHome=yes",
    "/run/user": "ProtectHome=yes",
    "/tmp": "PrivateTmp=yes",  # noqa: S108 - compared only
    "/var/tmp": "PrivateTmp=yes",  # noqa: S108 - compared only
}
_NEXT = (
    "Next: move it to a folder such as /opt/bouncestream, where a clone needs `make setup PYTHON=/usr/bin/python3` "
    "so that its Python lies outside of users' folders, too; then install again from there."
)


def unreachable(paths: Iterable[Path]) -> str:
    """Why a service of the machine cannot start a program that consists of these, in words with the next step;
    empty: nothing is known to be in the way. Links are followed: a virtual environment leads to its Python."""
    for path in paths:
        for place in (path.absolute(), path.resolve()):
            leads = "" if place == path.absolute() else f" ({path} leads there)"
            for folder, line in _HIDDEN.items():
                if place.is_relative_to(folder):
                    return (
                        f"The service could not start {place}{leads}: its unit hides {folder} from it ({line}), as "
                        f"a service needs nothing of what people keep there. {_NEXT}"
                    )
        if (closed := _closed(path.resolve())) is not None:
            return (
                f"The service could not start {path.resolve()}: its user may not read {closed}. Next: chmod o+rX "
                f"{closed}"
            )
    return ""


def _parts(path: Path) -> list[Path]:
    return [*reversed(path.parents), path]


def _closed(path: Path) -> Path | None:
    """The part of a path that others may not read; None: they reach it."""
    for part in _parts(path):
        mode = part.stat().st_mode
        needed = stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
        if not mode & needed:
            return part
    return None
