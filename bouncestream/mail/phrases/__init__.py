# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of mail servers and their meaning: tables by vendor, and the engine that finds them.

entry (the shape of a table), common (wordings that many servers share), composed (words that come together in many
ways; abroad: in other languages), servers (MTA programs), mailboxes (the large mailbox services), gateways (filters
in front of a mailbox), lists (blocklists), europe, americas, asia (providers by region), languages (other than
English), shapes (where punctuation tells), vendors (all), engine.
"""

from bouncestream.mail.phrases.engine import Hit, find, find_all, shape, words

__all__ = ["Hit", "find", "find_all", "shape", "words"]
