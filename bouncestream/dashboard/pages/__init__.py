# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the dashboard: what was read → HTML. Pure; every text that comes here is taken to be foreign, and
htpy escapes it."""
