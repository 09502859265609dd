# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail reader: bytes of a bounce mail → verdicts. Pure: no I/O, no clock, no state.

`decode.read` is the front door. A file for each RFC or job: mime (2045, 2047), report (6522), dsn (3464), arf (5965),
autoreply (3834), freeform and families (bounces that follow no RFC), transcript (the SMTP session that a notice
quotes), original (the returned message), status (3463), phrases and phrase_table (what servers say), reason, address,
classify (all of these → kind), verdict (what comes out).
"""
