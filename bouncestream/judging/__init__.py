# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw input and settings to judged events: the one way for every source. Pure."""
