# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of feedback: webhook (the HTTP server), mailbox (over imap, with tokens of oauth), and mail files.

A source answers only after `Emit` has made durable what it brought.
"""
