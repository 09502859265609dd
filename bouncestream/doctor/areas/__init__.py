# SPDX-License-Identifier: GPL-3.0-or-later
"""A file for each area of checks: `collect()` does the I/O, `judge()` is pure."""
