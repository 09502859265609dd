# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox: where an event is made durable, and where it stands until Listmonk has it.

`intake` takes submissions in, `db` commits (one writer, many jobs a commit), `delivery` holds the moves that the
relay makes, `arrivals` what comes in (and `tables` how it is written), `operator` what an operator sees and does,
`retention` what goes. `state` is the table of moves, `codec` the one place where a row becomes an event and back.
All SQL is in queries.sql, the tables are in schema.sql, and migrations/ bring an older outbox to it.
"""
