# SPDX-License-Identifier: GPL-3.0-or-later
"""What events are delivered to: payload (event → JSON, pure), verify (what was seen → what to do, pure), and
the client that does the talking. DESIGN's rules of verified delivery are in `verify`."""
