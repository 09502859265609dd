# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks of a copy, in `meta`, by which an outbox is used in one place at a time: what is not copied as a whole
is not used yet, and what was copied elsewhere is not used any more. `copying` makes them, and whoever writes to an
outbox looks at them first.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from bouncestream.errors import OutboxCopied
from bouncestream.outbox import delivery
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.record import record

#: In `meta` of a copy: while it is not whole, and from then on. In `meta` of the outbox that was copied.
UNFINISHED, CAME_FROM, WENT_TO = "copy_unfinished", "copied_from", "copied_to"
MARKS = (UNFINISHED, CAME_FROM, WENT_TO)


@record(frozen=True, slots=True)
class Mark:
    """The mark of a copy, in either outbox."""

    copy: str  #: which copy it is: the same in both
    instance: str  #: the name among outboxes, which both have in the end
    place: str  #: of the other outbox
    at: str  #: ISO 8601, UTC: when it was begun; of what was copied, when it was whole


def mark_of(conn: Conn, name: str) -> Mark | None:
    """A mark of this outbox; None: it has none of that name."""
    found = delivery.get_meta(conn, name)
    if found is None:
        return None
    try:
        told = json.loads(found)
        return Mark(*(str(told[field]) for field in Mark.__dataclass_fields__))
    except (ValueError, LookupError, TypeError):
        return Mark("", "", "another place", "")


def set_mark(conn: Conn, name: str, mark: Mark) -> None:
    """Write a mark."""
    delivery.set_meta(conn, name, json.dumps(asdict(mark)))


def mark_as(conn: Conn, name: str, mark: Mark) -> None:
    """Write the mark of a copy, in place of those of earlier ones."""
    for other in MARKS:
        conn.execute(QUERIES["delete_meta"], (other,))
    set_mark(conn, name, mark)


def refusal(conn: Conn) -> str:
    """Why this outbox must not be used, in the operator's words, with the next step; empty: it may be."""
    if (mark := mark_of(conn, UNFINISHED)) is not None:
        return (
            f"This outbox is an unfinished copy of {mark.place}. Nothing is stored or delivered. Next: run "
            f"`bouncestream outbox copy` again as it was begun on {mark.at[:10]}, with the configuration of "
            f"{mark.place}: it continues where it was."
        )
    if (mark := mark_of(conn, WENT_TO)) is not None:
        return went(mark)
    return ""


def went(mark: Mark) -> str:
    """Why an outbox that was copied elsewhere must not be used."""
    return (
        f"This outbox was copied to {mark.place} on {mark.at[:10]}, and is used there, or will be: here, events "
        "would be delivered a second time. Nothing is stored or delivered. Next: set [outbox] to the copy. To use "
        "this outbox after all, stop each bridge on the copy and run `bouncestream outbox reopen`."
    )


def require_here(conn: Conn) -> None:
    """Raise OutboxCopied when this outbox must not be used."""
    if text := refusal(conn):
        raise OutboxCopied(text)


def reopen(conn: Conn) -> Mark | None:
    """Let an outbox that was copied elsewhere be used again. What waits in it may have been delivered by the copy
    since, so it is looked for in Listmonk first, as after the restore of a backup. None: it was not copied."""
    if (mark := mark_of(conn, WENT_TO)) is None:
        return None
    conn.execute(QUERIES["delete_meta"], (WENT_TO,))
    at, before = datetime.fromisoformat(mark.at), delivery.take_restored(conn)
    delivery.mark_restored(conn, min(at, before) if before else at)
    return mark
