# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an outbox is: a file, or a database of PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bouncestream.crypto.secret import Secret


@dataclass(frozen=True, slots=True)
class Server:
    """An outbox on PostgreSQL, which several bridges share."""

    url: str  #: as libpq takes it, without a password
    bridge: str  #: the name of this bridge among them
    password: Secret | None = None


Place = Path | Server

#: The path of an outbox that is no file: nothing can lie there.
NOWHERE = Path("/dev/null/outbox")
