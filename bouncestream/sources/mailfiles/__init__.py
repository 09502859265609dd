# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounce mails from files: mbox, Maildir, single messages."""

#: The source of mails that are imported without a mailbox.
NO_MAILBOX = "import"
