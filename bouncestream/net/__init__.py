# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways out of this process: HTTP calls, child processes, and the words for what goes wrong with them."""
