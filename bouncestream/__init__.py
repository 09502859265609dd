# SPDX-License-Identifier: GPL-3.0-or-later
"""bouncestream: bounces and complaints, from where they arise to Listmonk, lost never and counted once.

The reading order of the tree is the order of the data: source → event → outbox → relay → sink.
"""

__version__ = "0.1.0"
