# SPDX-License-Identifier: GPL-3.0-or-later
"""How a mailbox is, put together from its folders, as its one part `mailbox:<name>` on the health board."""

from __future__ import annotations

from bouncestream.health import Health, Status

_ORDER = (Status.RED, Status.YELLOW, Status.GREEN)


class Board:
    """The worst of the lines counts, and is told; when all is well, all are."""

    def __init__(self, mailbox: str, health: Health) -> None:
        self._part = f"mailbox:{mailbox}"
        self._health = health
        self._lines: dict[str, tuple[Status, str]] = {}
        self._closed = False

    def set(self, line: str, status: Status, why: str) -> None:
        """`line`: a folder, or whatever else has something to say."""
        self._lines[line] = (status, why)
        self._tell()

    def forget(self, line: str) -> None:
        """Forget a line: it has nothing to say any more."""
        if self._lines.pop(line, None) is not None:
            self._tell()

    def close(self) -> None:
        """The mailbox is not read any more."""
        self._closed = True
        self._health.parts.pop(self._part, None)

    def _tell(self) -> None:
        if self._closed:
            return  # a task that is just ending has nothing to say any more
        worst = min((status for status, _ in self._lines.values()), key=_ORDER.index, default=Status.GREEN)
        said = [why for status, why in self._lines.values() if status is worst]
        self._health.set(self._part, worst, "; ".join(dict.fromkeys(said)))
