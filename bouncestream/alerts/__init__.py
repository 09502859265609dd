# SPDX-License-Identifier: GPL-3.0-or-later
"""When and how a person is told: rules, the state of each alert, channels."""
