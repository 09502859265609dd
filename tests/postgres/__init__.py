# SPDX-License-Identifier: GPL-3.0-or-later
"""Real PostgreSQL for the tests: a server of their own, a standby, PgBouncer before it."""
