# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the tests that need PostgreSQL. tests/conftest.py has them for all.

`cluster`: one server for all tests of the process. `pg_url`: a database of the test's own in it. `primary`: a
server for this test alone, which may be killed. `pgbouncer`: before the one server.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres.cluster import Cluster, needs_postgres
from tests.postgres.pgbouncer import PgBouncer
from tests.running import running

__all__ = ["cluster", "pg_url", "pgbouncer", "primary"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running server that no test may end."""
    needs_postgres()
    yield from running(Cluster())


@pytest.fixture
def pg_url(cluster: Cluster) -> Iterator[str]:
    """The URL of an empty database."""
    name = cluster.database()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def primary() -> Iterator[Cluster]:
    """A running server of the test's own; its standbys the test closes."""
    needs_postgres()
    yield from running(Cluster())


@pytest.fixture
def pgbouncer(cluster: Cluster) -> Iterator[PgBouncer]:
    """A running PgBouncer in transaction mode before the one server."""
    needs_postgres("pgbouncer")
    yield from running(PgBouncer(cluster))
