# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge as a service of systemd: where its files are, its unit, and what would stand in its way."""
