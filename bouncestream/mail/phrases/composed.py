# SPDX-License-Identifier: GPL-3.0-or-later
"""What no table can list: a word for a mailbox beside words that say that it is not there, in either order.

Asked only when no phrase of the tables is clear; such words need a second sign before they make a mail hard, and
`ELSEWHERE` is what they may be about instead.
Source: RFC 5321 section 4.2.2 and RFC 3463 section 3.2, in as many words as servers have for them; November 2026.
"""

from __future__ import annotations

import re

from bouncestream.mail.phrases.abroad import abroad, listed, one_of

NOUNS = listed("""
    user, users, username, user name, mailbox, mail box, mail user, email user, recipient, recipients,
    addressee, account, address, email, e mail, email address, e mail address, inbox, person, customer,
    subscriber, alias, destination, local part, contact, login, mail account, email account
""")

AFTER = listed("""
    unknown, is unknown, not known, is not known, isn t known, not found, was not found, wasn t found,
    is not found, could not be found, couldn t be found, cannot be found, can t be found, can not be found,
    does not exist, does not exists, doesn t exist, doesn t exists, do not exist, don t exist, not exist,
    not exists, didn t exist, did not exist, not existing, nonexistent, is nonexistent, non existent,
    no longer exists, no longer exist, no longer valid, no longer available, no longer in use, no longer used,
    no longer active, no longer here, no longer on this, has been deleted, was deleted, is deleted, deleted,
    been removed, was removed, is closed, has been closed, was closed, closed, terminated, invalid,
    is invalid, not valid, is not valid, isn t valid, not recognized, is not recognized, not recognised,
    unrecognized, not registered, is not registered, isn t registered, not listed, not present,
    is not present, not here, is not here, isn t here, not on this server, is not on this server, not defined,
    not configured, does not have an account, doesn t have an account, have no account, has no mailbox,
    has no account, is not a valid, is not an existing, is not a known, not hosted here, is not hosted here,
    isn t hosted here, not hosted on this, does not belong to any, doesn t belong to any, does not live here,
    doesn t live here, not in our, is not in our, not in the, is not in the, not part of this,
    does not reside, doesn t reside, not assigned, never existed, removed, left company, left the company,
    left our company, left the organization, does not match any, doesn t match any,
    unavailable does not exist, do not match any, not active on this
""")

BEFORE = listed("""
    no, bad, wrong, deleted, closed, is not a, unavailable
""")
"""Right before the noun."""

BEFORE_SOME = listed("""
    not a registered, not registered as, no entry for, no record of, no match for, not any known, no such,
    unknown, unknown or invalid, invalid, nonexistent, non existent, nonexisting, non existing, not existing,
    inexistent, illegal, cannot find, can t find, could not find, couldn t find, unable to find, not find,
    did not find, didn t find, cannot locate, can t locate, could not locate, couldn t locate,
    unable to locate, not locate, cannot identify, could not identify, not a valid, not a known,
    not an existing, not valid, not a recognized, unrecognized, unrecognised, undefined, there is no,
    there s no, we have no, have no such, has no such, does not have such, doesn t have such, don t have such,
    not have a, exists that, exist that, not user of this, do not know, don t know, do not have, don t have,
    don t recognize, do not recognize, does not belong to any, doesn t belong to any, not belong to a,
    not any, nobody here with, no one here with
""")
"""Up to two words before the noun."""

ELSEWHERE = listed("""
    sender, senders, your address, your email, your e mail, your account, your mailbox, from, ip address,
    client address, source address, remote address, helo, ehlo, return path, relay, host name, hostname,
    reverse, subject, header, headers, signature, selector, key, password, temporarily, temporary, vacation,
    later, busy, quota, full, limit, sending, originating, certificate, record, records, list, group
""")


# Up to six words between the two, as in "mailbox jane at example does not exist".
_AFTER = re.compile(f" {one_of(NOUNS)} (?:[^ ]{{1,40}} ){{0,6}}?{one_of(AFTER)} ")
_BEFORE = re.compile(f" {one_of(BEFORE)} {one_of(NOUNS)} ")
_BEFORE_SOME = re.compile(f" {one_of(BEFORE_SOME)} (?:[^ ]{{1,40}} ){{0,2}}?{one_of(NOUNS)} ")
# Where the address stood, which is taken out of a text, is a noun too.
_ALONE = re.compile(f"^ (?:[0-9]{{1,3}} ){{0,8}}{one_of(AFTER)} (?:in reply to rcpt|$)")
_ELSEWHERE = re.compile(f" {one_of(ELSEWHERE)} ")


def composed(plain: str) -> str:
    """The words that together say that a mailbox is not there, in a text as its `words`; ''."""
    found = (
        _BEFORE.search(plain)
        or _BEFORE_SOME.search(plain)
        or _AFTER.search(plain)
        or _ALONE.search(plain)
        or abroad(plain)
    )
    return found[0].strip() if found and not _ELSEWHERE.search(plain) else ""
