# SPDX-License-Identifier: GPL-3.0-or-later
"""What each page of the dashboard shows, read from the outbox, each query within its bounds of rows and time."""
