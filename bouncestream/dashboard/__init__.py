# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard: pages for the browser that show the bridge and its events, and change nothing."""
