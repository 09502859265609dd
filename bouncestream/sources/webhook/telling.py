# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server tells the log: bounded, whoever asks for it and however often."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field

from bouncestream.ports import Clock
from bouncestream.printable import mask_all, printable

#: One line of each sort for each webhook in so many seconds.
QUIET = 60.0
#: Addresses whose refused requests have a line of their own within that time.
ADDRESSES = 50
#: Sorts that are remembered: foreign event types and addresses are part of them.
_SORTS = 500


@dataclass(eq=False)
class Telling:
    """The lines that were told, and when. `kind`: of source, `webhook` or `smtp`."""

    clock: Clock
    kind: str = "webhook"
    _told: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    _refused: deque[float] = field(default_factory=lambda: deque(maxlen=ADDRESSES))

    def tell(self, name: str, sort: str, level: int, text: str) -> bool:
        """Log one line, at most once a minute for each sort; the next one says how many it stands for. `text` may
        hold foreign words, which are made harmless here. Returns whether it was logged."""
        now = self.clock.monotonic()
        if len(self._told) > _SORTS:
            self._told.clear()
        since, held_back = self._told.get((name, sort), (float("-inf"), 0))
        if now - since < QUIET:
            self._told[name, sort] = (since, held_back + 1)
            return False
        self._told[name, sort] = (now, 0)
        more = f" ({held_back} more like it before)" if held_back else ""
        who = f"{self.kind} {name}" if name else f"{self.kind}s"
        logging.getLogger(f"bouncestream.{self.kind}").log(
            level, "%s: %s%s", who, printable(mask_all(text), 500), more
        )
        return True

    def refused(self, name: str, address: str, why: str) -> None:
        """Log a refused request, at most once a minute for each address, so that others can count (fail2ban): the
        form of this line is documented. Of very many addresses only some are named."""
        full = len(self._refused) == ADDRESSES and self.clock.monotonic() - self._refused[0] < QUIET
        if full and (name, f"refused {address}") not in self._told:
            self.tell(name, "refused", logging.WARNING, f"refused requests from more than {ADDRESSES} addresses")
        elif self.tell(
            name,
            f"refused {address}",
            logging.WARNING,
            f"refused a request from {address or 'nobody known'}: {why}",
        ):
            self._refused.append(self.clock.monotonic())
