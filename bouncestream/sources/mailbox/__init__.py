# SPDX-License-Identifier: GPL-3.0-or-later
"""A bounce mailbox: its folders are watched over IDLE, mails are read once, filed, and proven to be heard."""
