# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail reader: bytes of a bounce mail → verdicts. Pure: no I/O, no clock, no state.

`decode.read` is the front door. A file for each RFC or job: mime (2045, 2047), report (6522), dsn (3464) with
delivery (such a report as a whole), arf (5965), autoreply (3834), sns (Amazon SES by SNS), freeform with families
(bounces that follow no RFC), transcript (the quoted SMTP session), original (the returned message), status (3463),
reason, phrases (what a text means), address, verp, classify (all of these → kind), verdict (the result) with built
(how it is put together), trace and explained (how it came about).
"""
