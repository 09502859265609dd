# SPDX-License-Identifier: GPL-3.0-or-later
"""An IMAP connection: aioimaplib behind a typed edge, what servers answer, and the names they use."""
