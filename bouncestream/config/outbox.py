# SPDX-License-Identifier: GPL-3.0-or-later
"""The section `[outbox]`, and `[bridge]`, which names this bridge among several that share an outbox."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bouncestream.crypto.secret import Secret
from bouncestream.settings import shapes
from bouncestream.settings.key import key, secret_key
from bouncestream.settings.shapes import Shape, Wrong, fitting

_URL = re.compile(r"postgres(?:ql)?://(?:(?P<user>[^@/?#]*)@)?(?P<rest>[^@\s]*)")
_NAME = re.compile(r"[A-Za-z0-9_.-]{0,63}", re.ASCII)


def _url(value: Any) -> str:
    text = shapes.any_line(value)
    found = _URL.fullmatch(text)
    if found is None:
        raise Wrong("is not a URL of PostgreSQL")
    if ":" in (found["user"] or "") or re.search(r"[?&](ssl)?password=", found["rest"]):
        raise Wrong("contains a password, which belongs into outbox.password or its file")
    return text


URL = Shape('a URL such as "postgresql://bouncestream@db.example.org/bouncestream"', _url)
NAME = Shape("at most 63 of the characters a-z, A-Z, 0-9, -, _ and .", fitting(_NAME, "is no name of a bridge"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The database that every event is written to before it is acknowledged: an SQLite file, or PostgreSQL 14 or
    newer, which several bridges may share."""

    path: str = key(
        shapes.PATH,
        '"/var/lib/bouncestream/outbox.db"',
        (
            "The SQLite file; its -wal, -shm and .lock files are kept beside it. Not on a network drive. With "
            "`url`, only the permissions of mailboxes are kept in its folder."
        ),
    )
    url: str = key(
        URL,
        "",
        "The outbox on PostgreSQL instead, as libpq takes it, without the password; several hosts and "
        "target_session_attrs=read-write find the primary. docs/operate/postgresql.md tells more.",
        sample='"postgresql://bouncestream@db1,db2/bouncestream?target_session_attrs=read-write"',
    )
    password: Secret | None = secret_key(
        "The password of that role; not needed where the server trusts a certificate, or a socket's user.",
        foreign=True,
        whence="the administrator of PostgreSQL gives it to the role: ALTER ROLE bouncestream PASSWORD '…'",
    )

    @property
    def where(self) -> str:
        """The place of the outbox, for a person."""
        return self.url or self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """This bridge among those that share an outbox on PostgreSQL."""

    name: str = key(NAME, '""', "Its name, which no other bridge may have. Empty: the name of this host.")
