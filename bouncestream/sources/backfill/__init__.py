# SPDX-License-Identifier: GPL-3.0-or-later
"""What webhooks missed, out of the lists that providers keep: their APIs are asked for it, page by page."""
