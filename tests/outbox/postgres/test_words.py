# SPDX-License-Identifier: GPL-3.0-or-later
"""What PostgreSQL's errors mean to an operator, and to a batch."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from bouncestream.errors import SchemaTooNew, StoreBusy, StoreError, StoreRefused, StoreSlow, StoreUnavailable
from bouncestream.outbox.postgres.steps import gate, newest
from bouncestream.outbox.postgres.words import is_behind, is_conflict, is_elsewhere, is_trouble, translate


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (errors.ReadOnlySqlTransaction("x"), StoreUnavailable, "read-only"),
        (errors.DiskFull("x"), StoreUnavailable, "disk of PostgreSQL is full"),
        (errors.TooManyConnections("x"), StoreUnavailable, "no connection left"),
        (errors.AdminShutdown("x"), StoreUnavailable, "starting or stopping"),
        (errors.SerializationFailure("x"), StoreBusy, "try again"),
        (errors.LockNotAvailable("x"), StoreBusy, "Listmonk's tables (an import)"),
        (errors.ForeignKeyViolation("x"), StoreRefused, "a trigger of PostgreSQL refuses it"),
        (errors.RaiseException("x"), StoreRefused, "a trigger of PostgreSQL refuses it"),
        (errors.QueryCanceled("x"), StoreSlow, "took longer"),
        (errors.UndefinedTable("x"), StoreUnavailable, "not those of this version"),
        (errors.InsufficientPrivilege("x"), StoreUnavailable, "does not allow it to this role"),
        (errors.IndexCorrupted("x"), StoreUnavailable, "damaged"),
        (psycopg.OperationalError("connection refused"), StoreUnavailable, "does not answer"),
        (psycopg.OperationalError('FATAL: password authentication failed for "x"'), StoreUnavailable, "the login"),
        (psycopg.OperationalError('FATAL: database "x" does not exist'), StoreUnavailable, "CREATE DATABASE"),
        (
            psycopg.OperationalError("sorry, too many clients already"),
            StoreUnavailable,
            "no connection left",
        ),
        (errors.ProtocolViolation("query_wait_timeout"), StoreUnavailable, "default_pool_size"),
        (errors.ProtocolViolation("x"), StoreUnavailable, "does not answer"),
        (psycopg.OperationalError("session is read-only"), StoreUnavailable, "target_session_attrs"),
        (psycopg.ProgrammingError("invalid dsn"), StoreUnavailable, "[outbox] url is not understood"),
        (psycopg.InternalError("x"), StoreUnavailable, "see its log"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_in_words(error: psycopg.Error, kind: type[StoreError], words: str) -> None:
    told = translate(error)
    assert type(told) is kind
    assert words in str(told)
    assert "Next: " in str(told)


def test_whose_gate_is_gone_is_behind_and_another_table_is_not_meant() -> None:
    """The words may be of any language; the name is in all of them."""
    gone = errors.UndefinedTable(f"Relation »{gate(newest())}« existiert nicht")
    assert is_behind(gone) and is_elsewhere(gone)
    assert type(translate(gone)) is SchemaTooNew and "Next: run the newer" in str(translate(gone))
    other = errors.UndefinedTable('relation "outbox" does not exist')
    assert not is_behind(other) and not is_elsewhere(other)
    assert is_elsewhere(errors.ReadOnlySqlTransaction("x"))


def test_who_is_at_fault() -> None:
    assert is_conflict(errors.DeadlockDetected()) and is_conflict(errors.UniqueViolation())
    assert not is_conflict(errors.CheckViolation())
    assert is_trouble(errors.ReadOnlySqlTransaction()) and is_trouble(psycopg.OperationalError())
    assert is_trouble(errors.InsufficientPrivilege())
    assert not is_trouble(errors.CheckViolation()) and not is_trouble(psycopg.DataError("NUL"))
