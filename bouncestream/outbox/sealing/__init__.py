# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealing: an outbox whose addresses, UUIDs and foreign words are encrypted on the disk (`[privacy]`).

The rest of the outbox does not know of it. A connection that is `unlock`ed has views before the tables, through
which every reading statement sees opened values, and the writing statements are translated (`statements`) so that
they seal. Which columns are sealed follows from the schema: all but those of `columns.OPEN`.
"""
