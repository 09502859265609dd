# SPDX-License-Identifier: GPL-3.0-or-later
"""Listmonk's API: what is posted, what it answers as values, and the client that does the talking."""
