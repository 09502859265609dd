# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens for mailboxes that want OAuth2 (RFC 6749): asked for, renewed, kept."""
