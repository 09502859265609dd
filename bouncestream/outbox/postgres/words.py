# SPDX-License-Identifier: GPL-3.0-or-later
"""What PostgreSQL's errors mean: whether it helps to run a batch again, and in words for an operator."""

from __future__ import annotations

import psycopg

from bouncestream.errors import SchemaTooNew, StoreBusy, StoreError, StoreRefused, StoreSlow, StoreUnavailable
from bouncestream.outbox.postgres.steps import gate, newest

#: Another transaction was quicker: serialization failure, deadlock; a key that somebody else has stored meanwhile.
CONFLICTS = {"40001", "40P01", "23505"}
#: A pooler gave the transaction a session that does not know our prepared statements.
UNPREPARED = {"26000", "42P05"}
#: The server became a standby.
READ_ONLY = "25006"
#: The job's own fault: data exceptions, constraints; what the program says wrong is told as such.
_OF_THE_JOB = ("22", "23", "42")

_NOTHING = "nothing was stored"
_REFUSED = "A constraint or a trigger of PostgreSQL refuses it: nothing of it was stored. Next: see its log."
_AWAY = (
    "PostgreSQL does not answer: nothing is acknowledged. Next: see that it runs, and that [outbox] url names its "
    "host and port; bouncestream connects again by itself."
)
#: By SQLSTATE (PostgreSQL's appendix A), the class of two characters last.
_WORDS: dict[str, tuple[type[StoreError], str]] = {
    "25006": (
        StoreUnavailable,
        "PostgreSQL is read-only: this server is a standby, or became one. Nothing was stored. Next: name all "
        "hosts in [outbox] url, with target_session_attrs=read-write; bouncestream looks for the primary by "
        "itself.",
    ),
    "53100": (
        StoreUnavailable,
        "The disk of PostgreSQL is full: nothing was stored. Next: free up space there; bouncestream resumes by "
        "itself.",
    ),
    "53200": (StoreUnavailable, "PostgreSQL is out of memory: nothing was stored. Next: see its log."),
    "53300": (
        StoreUnavailable,
        "PostgreSQL, or the PgBouncer before it, has no connection left: nothing was stored. Next: raise "
        "max_connections there (default_pool_size and max_client_conn of PgBouncer); bouncestream needs five for "
        "each bridge, six with [listmonk_db].",
    ),
    "53": (StoreUnavailable, "PostgreSQL lacks resources: nothing was stored. Next: see its log."),
    "40": (
        StoreBusy,
        "Too many transactions wanted to change the same rows of the outbox at once: nothing was stored. Next: try "
        "again.",
    ),
    "23505": (StoreBusy, "Another bridge is storing the same: nothing was stored. Next: try again."),
    "22": (StoreRefused, _REFUSED),
    "23": (StoreRefused, _REFUSED),
    "P0001": (StoreRefused, _REFUSED),  # as a trigger says it
    "55P03": (
        StoreBusy,
        "Another transaction has locked the outbox, or Listmonk's tables (an import): nothing was stored. It is a "
        "psql session or an ALTER TABLE that is open, a bridge that is frozen, or `outbox copy`, which ends by "
        "itself. Next: see `SELECT * FROM pg_stat_activity`, and end it.",
    ),
    "57014": (StoreSlow, "PostgreSQL took longer than this may take. Next: try again, or ask for less."),
    "57": (
        StoreUnavailable,
        "PostgreSQL is starting or stopping: nothing was stored. Next: wait; bouncestream connects again by "
        "itself.",
    ),
    "28": (
        StoreUnavailable,
        "PostgreSQL refuses the login. Next: check the user in [outbox] url, the password in [outbox] password or "
        "the file of password_file, and pg_hba.conf there.",
    ),
    "3D000": (
        StoreUnavailable,
        "There is no database of the name that [outbox] url gives. Next: create it: CREATE DATABASE bouncestream "
        "ENCODING 'UTF8' TEMPLATE template0;",
    ),
    "42501": (
        StoreUnavailable,
        "PostgreSQL does not allow it to this role. Next: let the role own the schema of the outbox: CREATE SCHEMA "
        "bouncestream AUTHORIZATION its_role; ALTER ROLE its_role SET search_path = bouncestream;",
    ),
    "XX": (
        StoreUnavailable,
        "PostgreSQL's files are damaged. Nothing is stored or delivered. Next: see its log, and go over to a "
        "standby or to the newest backup.",
    ),
    "58": (StoreUnavailable, "PostgreSQL's disk failed: nothing was stored. Next: see its log, and `dmesg` there."),
    "08": (StoreUnavailable, _AWAY),
}
#: PgBouncer's SQLSTATE, whatever it tells (its source, 1.18 to 1.25: disconnect_client).
_POOLER = "08P01"
#: What libpq says before a session begins has no SQLSTATE, and PgBouncer's says nothing: by words of the messages,
#: in English.
_BEFORE = {
    "password authentication failed": "28",
    "no pg_hba.conf entry": "28",
    "no password supplied": "28",
    "too many clients": "53300",
    "remaining connection slots": "53300",
    "too many connections": "53300",
    "query_wait_timeout": "53300",
    "no more connections allowed": "53300",
    "the database system is": "57",
    "session is read-only": "25006",
    "server is in hot standby mode": "25006",
}


class Unconfirmed(psycopg.OperationalError):
    """A commit stands on the server's own disk, and was waited for on no other."""


def is_conflict(error: psycopg.Error) -> bool:
    """Whether the same batch may succeed on a new view of the database."""
    return error.sqlstate in CONFLICTS


def is_trouble(error: psycopg.Error) -> bool:
    """Whether an error is the database's and not the job's: then nothing of the batch can be trusted."""
    if isinstance(error, psycopg.DataError):
        return False  # also what psycopg itself refuses, as a NUL within a text
    state = error.sqlstate or ""
    return not state.startswith(_OF_THE_JOB) or state == "42501"


def is_behind(error: psycopg.Error) -> bool:
    """Whether a newer program has changed the tables, so that this one does not work on them any more."""
    return error.sqlstate == "42P01" and gate(newest()) in str(error)


def is_elsewhere(error: psycopg.Error) -> bool:
    """Whether another connection knows more: another of the hosts may be the primary now, or it is told why the
    tables are others."""
    return error.sqlstate == READ_ONLY or is_behind(error)


def translate(error: psycopg.Error) -> StoreError:
    """The meaning of an error, in words, with the next step."""
    if isinstance(error, Unconfirmed):
        return StoreUnavailable(
            "No synchronous standby of PostgreSQL has confirmed what was stored: nothing is acknowledged, and what "
            "comes again is known. Next: see that the standby runs, or take it out of synchronous_standby_names."
        )
    if is_behind(error):
        return SchemaTooNew(
            f"The outbox has not schema version {newest()} any more, with which this bouncestream works: nothing "
            "was stored or delivered. Next: run the newer bouncestream that has upgraded it."
        )
    state = error.sqlstate or ""
    if state in ("", _POOLER):
        state = _state_of(str(error)) or state
    said = (error.diag.message_primary or " ".join(str(error).split()))[:300]
    kind, words = _WORDS.get(state) or _WORDS.get(state[:2]) or _other(error, said)
    return kind(f"{words} (PostgreSQL: {said})")


def _other(error: psycopg.Error, said: str) -> tuple[type[StoreError], str]:
    if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
        return (
            StoreUnavailable,
            "[outbox] url is not understood. Next: write it as postgresql://user@host/database.",
        )
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return StoreUnavailable, _AWAY
    if (error.sqlstate or "").startswith("42"):  # every statement is prepared in a test: so the tables are others
        return StoreUnavailable, (
            "The tables of the outbox are not those of this version. Nothing is stored or delivered. Next: restore "
            "the newest backup, or see who has changed them."
        )
    return StoreUnavailable, f"The outbox on PostgreSQL failed: {_NOTHING}. Next: see its log."


def _state_of(text: str) -> str:
    if 'database "' in text and "does not exist" in text:
        return "3D000"
    return next((state for words, state in _BEFORE.items() if words in text), "")
