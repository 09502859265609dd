# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox on PostgreSQL 14 or newer, for bridges that are more than one machine.

Nothing here is imported before a configuration says `[outbox] url`. `schema.sql` has the tables, held to those of
SQLite by a test; `queries.sql` the statements that differ; `translate` makes the rest of SQLite's text.
"""

from bouncestream.errors import StoreUnavailable

try:
    import psycopg as psycopg
except ImportError as error:
    raise StoreUnavailable(
        f"An outbox on PostgreSQL needs the Python package psycopg ({error}). Next: install it beside "
        "bouncestream: pip "
        "install 'bouncestream[postgres]'."
    ) from None
