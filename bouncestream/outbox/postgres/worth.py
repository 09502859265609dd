# SPDX-License-Identifier: GPL-3.0-or-later
"""What an acknowledgement is worth: what of it a server's death could take back, by how the server is set up
(PostgreSQL 17's documentation, chapters 19.5, 19.6 and 26.2.8, read 2026-11-30)."""

from __future__ import annotations

from dataclasses import dataclass

from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.connection import ServerConnection
from bouncestream.outbox.postgres.session import ask
from bouncestream.outbox.replication import Replication, replication


@dataclass(frozen=True, slots=True)
class Worth:
    """How the server keeps what it has acknowledged."""

    version: str
    flushes: bool  #: fsync
    whole_pages: bool  #: full_page_writes
    standbys: int  #: that stream from it now
    synchronous: int  #: of them: a commit waits for their disk
    named: bool  #: synchronous_standby_names is set, whether one of them is there or not

    @property
    def unsafe(self) -> tuple[str, ...]:
        """The settings that lose what is acknowledged when the server's machine stops."""
        off = {"fsync": self.flushes, "full_page_writes": self.whole_pages}
        return tuple(name for name, on in off.items() if not on)

    @property
    def asynchronous(self) -> bool:
        """Whether a standby that takes over may lack what was acknowledged."""
        return self.standbys > 0 and not self.named


def worth(server: Server, patience: float = 3.0) -> Worth:
    """Ask the server, within `patience` seconds a query. Raises StoreError."""
    return ask(server, read, patience)


def read(conn: ServerConnection) -> Worth:
    """What the server says of itself. Who may not see pg_stat_replication's columns still sees its rows."""
    settings = "SELECT current_setting('server_version'), current_setting('fsync') = 'on', "
    settings += "current_setting('full_page_writes') = 'on'"
    version, flushes, pages = conn.execute(settings).fetchone()
    found = replication(conn) or Replication()
    awaited = sum(one.awaited for one in found.standbys)
    return Worth(version, flushes, pages, len(found.standbys), awaited, found.named)
