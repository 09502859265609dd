# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox on PostgreSQL 14 or newer, for bridges that are more than one machine.

Nothing but `leases` is imported before a configuration says `[outbox] url`, and psycopg not before that either.
`schema.sql` has the tables, held to those of SQLite by a test; `queries.sql` the statements that differ;
`translate` makes the rest of SQLite's text. `steps` and `upgrade` bring an older outbox to it.
"""
