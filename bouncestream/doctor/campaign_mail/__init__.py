# SPDX-License-Identifier: GPL-3.0-or-later
"""A campaign mail as it arrived → findings."""
