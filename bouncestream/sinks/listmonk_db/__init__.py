# SPDX-License-Identifier: GPL-3.0-or-later
"""Listmonk's tables, where the outbox is in the same database: a bounce becomes the row that Listmonk itself would
store, in the transaction that settles its event (`[listmonk_db]`).

`deciding` says what becomes of a bounce, `known` which tables that holds for; both are pure. `tables` has the
statements, `recording` is the job. The connection is the outbox's: this room only runs statements on it.
"""
