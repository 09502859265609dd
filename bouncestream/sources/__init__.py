# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in. webhook (the HTTP server), connection (its time and number limits), body (reading a request whole),
peer (who sent it, behind proxies). A source answers only after `Emit` has made durable what it brought."""
