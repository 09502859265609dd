# SPDX-License-Identifier: GPL-3.0-or-later
"""What no table can list: a word for a mailbox beside words that say that it is not there, in either order.

Asked only when no phrase of the tables is clear; such words need a second sign before they make a mail hard, and
`ELSEWHERE` is what they may be about instead.
Source: RFC 5321 section 4.2.2 and RFC 3463 section 3.2, in as many words as servers have for them; November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(one.split()) for one in text.split(","))


NOUNS = _listed("""
    user, users, username, user name, mailbox, mail box, mail user, email user, recipient, recipients,
    addressee, account, address, email, e mail, email address, e mail address, inbox, person, customer,
    subscriber, alias, local part, contact, login, mail account, email account
""")

AFTER = _listed("""
    unknown, is unknown, not known, is not known, isn t known, not found, was not found, wasn t found,
    is not found, could not be found, couldn t be found, cannot be found, can t be found, can not be found,
    does not exist, does not exists, doesn t exist, doesn t exists, do not exist, don t exist, not exist,
    not exists, didn t exist, did not exist, not existing, nonexistent, is nonexistent, non existent,
    no longer exists, no longer exist, no longer valid, no longer available, no longer in use,
    no longer used, no longer active, no longer here, no longer on this, has been deleted, was deleted,
    is deleted, deleted, been removed, was removed, is closed, has been closed, was closed, closed,
    terminated, invalid, is invalid, not valid, is not valid, isn t valid, not recognized,
    is not recognized, not recognised, unrecognized, not registered, is not registered, isn t registered,
    not listed, not present, is not present, not here, is not here, isn t here, not on this server,
    is not on this server, not defined, not configured, does not have an account, doesn t have an account,
    have no account, has no mailbox, has no account, is not a valid, is not an existing, is not a known
""")

BEFORE = _listed("""
    no, no such, no such local, no such email, no such mail, unknown, unknown or invalid, invalid,
    nonexistent, non existent, nonexisting, non existing, not existing, inexistent, bad, illegal, wrong,
    cannot find, can t find, could not find, couldn t find, unable to find, cannot locate, unable to locate,
    not a valid, not a known, not an existing, not valid, unrecognized, undefined, there is no, there s no,
    we have no, have no such, has no such, does not have such, doesn t have such, don t have such,
    not have a, exists that, exist that, deleted, closed, is not a, not user of this, unavailable,
    do not know, don t know
""")

ELSEWHERE = _listed("""
    sender, senders, your address, your email, your e mail, your account, your mailbox, from, ip address,
    client address, source address, remote address, helo, ehlo, return path, relay, host name, hostname,
    reverse, subject, header, headers, signature, selector, key, password, certificate, record, records,
    list, group
""")


def _one_of(words: Iterable[str]) -> str:
    """An alternation, the longest first."""
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


# Up to six words between the two, as in "mailbox jane at example does not exist".
_AFTER = re.compile(f" {_one_of(NOUNS)} (?:[^ ]{{1,40}} ){{0,6}}?{_one_of(AFTER)} ")
_BEFORE = re.compile(f" {_one_of(BEFORE)} {_one_of(NOUNS)} ")
# Where the address stood, which is taken out of a text, is a noun too.
_ALONE = re.compile(f"^ (?:[0-9]{{1,3}} ){{0,8}}{_one_of(AFTER)} (?:in reply to rcpt|$)")
_ELSEWHERE = re.compile(f" {_one_of(ELSEWHERE)} ")


def composed(plain: str) -> str:
    """The words that together say that a mailbox is not there, in a text as its `words`; ''."""
    found = _BEFORE.search(plain) or _AFTER.search(plain) or _ALONE.search(plain)
    return found[0].strip() if found and not _ELSEWHERE.search(plain) else ""
