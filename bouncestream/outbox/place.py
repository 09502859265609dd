# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an outbox is: a file, or a database of PostgreSQL."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path

from bouncestream.config.model import Config
from bouncestream.crypto.secret import Secret
from bouncestream.errors import StoreUnavailable, UsageError


@dataclass(frozen=True, slots=True)
class Server:
    """An outbox on PostgreSQL, which several bridges share."""

    url: str  #: as libpq takes it, without a password
    bridge: str  #: the name of this bridge among them
    password: Secret | None = None


Place = Path | Server

#: The path of an outbox that is no file: nothing can lie there.
NOWHERE = Path("/dev/null/outbox")


def called(config: Config) -> str:
    """The name of this bridge: as it is configured, else that of the host."""
    return config.bridge.name or re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname())[:63] or "bridge"


def place_of(config: Config) -> Place:
    """The place of the outbox of a configuration."""
    if config.outbox.url:
        return Server(config.outbox.url, called(config), config.outbox.password)
    return Path(config.outbox.path)


def file_of(config: Config, what: str, instead: str) -> Path:
    """The file of the outbox, for what only a file can have. Raises UsageError, which says that `what` is not there
    for an outbox on PostgreSQL, and what to do `instead`."""
    if config.outbox.url:
        raise UsageError(f"{what} is for an outbox in a file; this one is on PostgreSQL. Next: {instead}.")
    return Path(config.outbox.path)


def require_driver() -> None:
    """Raise StoreUnavailable where an outbox on PostgreSQL cannot be used: psycopg, or the library that it needs,
    is not installed."""
    try:
        import psycopg  # noqa: F401 - some MB, only where they are used
    except ImportError as error:
        raise StoreUnavailable(
            f"An outbox on PostgreSQL needs the Python package psycopg ({' '.join(str(error).split())[:200]}). "
            "Next: install it beside bouncestream: pip install 'bouncestream[postgres]'."
        ) from None
