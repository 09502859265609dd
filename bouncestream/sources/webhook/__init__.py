# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server that providers post to: its connections, bodies and the client's address."""
