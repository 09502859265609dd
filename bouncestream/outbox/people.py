# SPDX-License-Identifier: GPL-3.0-or-later
"""What the outbox knows of a person: a digest in each row, by which the rows of one person are found
(docs/develop/identity.md#unsure).

A row has the digest of the one name that Listmonk is told, address or UUID. Where an event has both, rows under
either are found; whether such a row is about the same person is then for its proof to say (`judging.unsure`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from bouncestream.crypto.sealed import is_sealed
from bouncestream.errors import SealRefused
from bouncestream.event import BounceEvent, person_key
from bouncestream.judging.unsure import Report, confirmed_by, is_unsure, weighed
from bouncestream.outbox import codec
from bouncestream.outbox.connection import damaged
from bouncestream.outbox.delivery import get_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES

#: Of a person no more than the newest rows are looked at: a flood about one stays cheap.
MOST = 1000

#: The key of the digests, see `migrate`.
SECRET_BYTES = 32

#: Comes after every row.
LAST = (1 << 63) - 1


def secret_of(conn: Conn) -> bytes:
    """The key of all digests of this database: of identities, and of persons."""
    if kept := getattr(conn, "identity_secret", b""):
        return bytes(kept)
    stored = get_meta(conn, "identity_secret") or ""
    if is_sealed(stored):
        raise SealRefused(
            "The outbox is sealed: without its key nobody can be looked up by address. Next: run this as a user "
            "who may read the key, with a configuration that has [privacy] key_file."
        )
    try:
        secret = bytes.fromhex(stored)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise damaged("it has no identity_secret")
    if hasattr(conn, "identity_secret"):
        conn.identity_secret = secret
    return secret


def keys(event: BounceEvent, secret: bytes) -> list[bytes]:
    """The digests under which rows about the person may be."""
    return [person_key(name, secret) for name in (event.recipient, event.subscriber_uuid) if name]


def earlier(conn: Conn, event: BounceEvent, before: int = LAST) -> Iterator[Report]:
    """The proven reports of rows `before` that may confirm an unsure event."""
    for key in keys(event, secret_of(conn)):
        bounds = {"person": key, "before": before, "most": MOST}
        for event_id, at, *told in conn.execute(QUERIES["proven_hard"], bounds):
            yield Report(event_id, codec.moment(at), *told)


def judged_again(conn: Conn, event: BounceEvent, row: int, at: datetime) -> BounceEvent:
    """The event of a row, judged again, as it is told: by what came before it, as when it came in, and by what
    confirmed it since, when it was reported again."""
    if not is_unsure(event):
        return event
    found = conn.execute(QUERIES["evidence"], (row,)).fetchone()
    by = confirmed_by(found[0]) if found else ""
    since = (one for one in earlier(conn, event) if one.event_id == by) if by else ()
    return weighed(event, at, chain(earlier(conn, event, row), since))


def fill(conn: Conn, limit: int = 500) -> bool:
    """Note the person in some rows of an earlier version; True when there are more."""
    found, secret = conn.execute(QUERIES["nameless"], (limit,)).fetchall(), secret_of(conn)
    conn.executemany(
        QUERIES["name_person"],
        [
            (person_key(uuid if form == "uuid" else recipient or uuid, secret), recipient.rpartition("@")[2], row)
            for row, recipient, uuid, form in found
        ],
    )
    return len(found) == limit
