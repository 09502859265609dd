# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of mail servers and their meaning: tables by vendor, and the engine that finds them.

roles (whose the addresses and hosts are), unsaid and quoted (what a text only denies or quotes), clauses (a text,
cut), composed, abroad and unspaced (subjects and states, in English and other languages), tagging (finds them),
small (words that turn nothing), subjects (whose thing), strange (what may turn a clause), nobody and saying (how it
is, in a clause), against (what else a sentence says), reading (what it all means).

entry (the shape of a table), common (wordings that many servers share), servers (MTA programs), mailboxes (the
large mailbox services), gateways (filters in front of a mailbox, and blocklists), regions (providers
by region), shapes (where punctuation tells), engine.
"""

from bouncestream.mail.phrases.clauses import told
from bouncestream.mail.phrases.engine import Hit, find, find_all, recognised, shape, words
from bouncestream.mail.phrases.reading import Reading, read_words, statements
from bouncestream.mail.phrases.roles import with_roles
from bouncestream.mail.phrases.saying import is_of_another
from bouncestream.mail.phrases.tagging import names_sender

__all__ = [
    "Hit", "Reading", "find", "find_all", "is_of_another", "names_sender", "read_words", "recognised", "shape",
    "statements", "told", "with_roles", "words",
]  # fmt: skip
