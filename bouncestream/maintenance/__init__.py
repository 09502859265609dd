# SPDX-License-Identifier: GPL-3.0-or-later
"""The work that keeps a running bridge sound: retention, rejudging, a missing or new outbox."""
