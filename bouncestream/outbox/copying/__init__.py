# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves an outbox as a whole from an SQLite file to PostgreSQL, or back: `bouncestream outbox copy`.

`copy` has the steps, and knows no engine; `file` and `server` are the two ends (`end`). Which tables and columns
there are is read from the schema (`tables`), so that a new one is copied without a word here.
"""
