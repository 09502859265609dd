# SPDX-License-Identifier: GPL-3.0-or-later
"""Listmonk's own log as a source: refusals while a campaign is sent, which Listmonk itself never counts."""
