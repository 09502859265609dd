# SPDX-License-Identifier: GPL-3.0-or-later
"""The undo: takes back in Listmonk what our bounces caused there, and nothing else."""
