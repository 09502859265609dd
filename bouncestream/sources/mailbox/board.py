# SPDX-License-Identifier: GPL-3.0-or-later
"""How a mailbox is, put together from its folders, as its one part `mailbox:<name>` on the health board."""

from __future__ import annotations

from bouncestream.health import Health, Light

_ORDER = (Light.RED, Light.YELLOW, Light.GREEN)


class Board:
    """The worst of the lines counts, and is told; when all is well, all are."""

    def __init__(self, mailbox: str, health: Health) -> None:
        self._part = f"mailbox:{mailbox}"
        self._health = health
        self._lines: dict[str, tuple[Light, str]] = {}
        self._closed = False

    def set(self, line: str, light: Light, why: str) -> None:
        """`line`: a folder, or whatever else has something to say."""
        self._lines[line] = (light, why)
        self._tell()

    def forget(self, line: str) -> None:
        """That line has nothing to say any more."""
        if self._lines.pop(line, None) is not None:
            self._tell()

    def close(self) -> None:
        """The mailbox is not read any more."""
        self._closed = True
        self._health.parts.pop(self._part, None)

    def _tell(self) -> None:
        if self._closed:
            return  # a task that is just ending has nothing to say any more
        worst = min((light for light, _ in self._lines.values()), key=_ORDER.index, default=Light.GREEN)
        said = [why for light, why in self._lines.values() if light is worst]
        self._health.set(self._part, worst, "; ".join(dict.fromkeys(said)))
