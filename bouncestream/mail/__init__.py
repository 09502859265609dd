# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail reader: bytes of a bounce mail → verdicts. Pure: no I/O, no clock, no state.

`decode.read` is the front door. A file for each RFC or job: mime (2045, 2047), report (6522), dsn (3464),
arf (5965), autoreply (3834), freeform with families (bounces that follow no RFC), transcript (the quoted SMTP
session), original (the returned message), status (3463), reason and phrases with phrase_table (what a text means),
address, classify (all of these → kind), verdict (what comes out).
"""
