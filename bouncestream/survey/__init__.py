# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the bridge and of its events at a moment, as values: commands print them, the dashboard draws
them."""
