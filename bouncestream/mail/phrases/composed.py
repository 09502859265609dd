# SPDX-License-Identifier: GPL-3.0-or-later
"""Composed phrases, which no table can list: in either order, a word for a mailbox beside words that say that it is
not there.

Asked only when no phrase of the tables is clear; such words need a second sign before they make a mail hard, and
`ELSEWHERE` is what they may be about instead. Source: RFC 5321 section 4.2.2 and RFC 3463 section 3.2, in as many
words as servers have for them; November 2026.
"""

from __future__ import annotations

import re

from bouncestream.mail.phrases.abroad import abroad, listed, one_of

NOUNS = listed("""
    user, users, rcpt, username, user name, mailbox, mail box, mail user, email user, recipient, recipients,
    addressee, account, address, email, e mail, email address, e mail address, inbox, person, customer,
    subscriber, alias, destination, local part, contact, login, mail account, email account, mail drop,
    maildrop,
    mailbox name, userid, user id, local user, local recipient, screen name, member, employee, addresses,
    mailboxes, accounts, mail address, mailing address
""")

AFTER = listed("""
    unknown, is unknown, not known, is not known, isn t known, not found, was not found, wasn t found,
    is not found, could not be found, couldn t be found, cannot be found, can t be found, can not be found,
    does not exist, does not exists, doesn t exist, doesn t exists, do not exist, don t exist, not exist,
    not exists, didn t exist, did not exist, not existing, nonexistent, is nonexistent, non existent,
    no found, dosn t exist, dosent exist, no exist, no exists, no longer exists, no longer exist,
    no longer valid, no longer available,
    no longer in use, no longer used,
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
    unavailable does not exist, do not match any, not active on this, does no exist, does no exists,
    doesnt exist, dont exist, don t exists, do not exists, does not appear to exist, does not seem to exist,
    no longer with, no longer employed, no longer works, no longer associated, no longer part of, has left,
    is gone, retired, decommissioned, cancelled, canceled, purged, unallocated, not allocated, misspelled,
    was not recognized, could not be resolved, cannot be resolved, isn t part of, is not part of, not matched,
    did not match, didn t match, is not served here, not served here, not handled here, is not handled here,
    is undefined, undefined, mismatched, incorrect, is incorrect, is wrong, not in directory, never existed here
""")

BEFORE = listed("""
    no, bad, wrong, deleted, closed, is not a, unavailable
""")
"""Right before the noun."""

BEFORE_SOME = listed("""
    not a registered, no local, no valid, no active, no known, no existing, not registered as, no entry for,
    no record of, no match for, not any known, no such,
    unknown, unknown or invalid, invalid, nonexistent, non existent, nonexisting, non existing, not existing,
    inexistent, illegal, cannot find, can t find, could not find, couldn t find, unable to find, not find,
    did not find, didn t find, cannot locate, can t locate, could not locate, couldn t locate,
    unable to locate, not locate, cannot identify, could not identify, not a valid, not a known,
    not an existing, not valid, not a recognized, unrecognized, unrecognised, undefined, there is no,
    there s no, we have no, have no such, has no such, does not have such, doesn t have such, don t have such,
    not have a, exists that, exist that, not user of this, do not know, don t know, do not have, don t have,
    don t recognize, do not recognize, does not belong to any, doesn t belong to any, not belong to a,
    not any, nobody here with, no one here with, nobody with, no one with, nobody by, no one by, nobody has,
    no one has, not handle mail for, doesn t handle mail for, unallocated,
    not have any, have any, not match any, no matching, unrecognised, incorrect, undefined, nonexisting
""")
"""Up to two words before the noun."""

ELSEWHERE = listed("""
    sender, senders, your address, your email, your e mail, your account, your mailbox, from, ip address,
    client address, source address, remote address, helo, ehlo, return path, relay, host name, hostname,
    reverse, subject, header, headers, signature, selector, key, password, temporarily, temporary, vacation,
    later, busy, quota, full, limit, sending, originating, certificate, record, records, list, group,
    connection, connections, session, deleted by, removed by,
    closed by, message id, timeout, protocol
""")


HOSTS = listed("""
    domain, domain name, host, host name, hostname, mail domain, email domain, recipient domain, mail host,
    destination domain, destination host, destination system, domain part
""")

HOST_AFTER = listed("""
    unknown, is unknown, not known, is not known, isn t known, not found, was not found, wasn t found,
    is not found, could not be found, couldn t be found, cannot be found, does not exist, doesn t exist,
    not exist, not exists, does not exists, nonexistent, is nonexistent, non existent, no longer exists,
    not registered, is not registered, has expired, invalid, is invalid, is not valid, not valid,
    has been deleted, no longer active
""")

HOST_BEFORE = listed("""
    no such, unknown, nonexistent, non existent, non existing, invalid, illegal, cannot find, can t find,
    could not find, couldn t find, unable to find
""")

NOT_ITS_HOST = listed("""
    sender, senders, from, your, client, connecting, sending, originating, helo, ehlo, relay, reverse, ptr,
    rdns,
    url, link, message id, dkim, spf, dmarc, signature, selector, header, return path, ip, try again,
    temporarily,
    temporary, later, record, records, policy, resolve, server
""")
"""A host or domain that is not there may be the sender's, or one that the message names."""

# Up to six words between the two, as in "mailbox jane at example does not exist".
_AFTER = re.compile(f" {one_of(NOUNS)} (?:[^ ]{{1,40}} ){{0,6}}?{one_of(AFTER)} ")
_BEFORE = re.compile(f" {one_of(BEFORE)} {one_of(NOUNS)} ")
_BEFORE_SOME = re.compile(f" {one_of(BEFORE_SOME)} (?:[^ ]{{1,40}} ){{0,2}}?{one_of(NOUNS)} ")
# Where the address stood, which is taken out of a text, is a noun too.
_ALONE = re.compile(f"^ (?:[0-9]{{1,3}} ){{0,8}}{one_of(AFTER)} (?:in reply to rcpt|$)")
_ELSEWHERE = re.compile(f" {one_of(ELSEWHERE)} ")
_HOST = re.compile(
    f" {one_of(HOSTS)} (?:[^ ]{{1,40}} ){{0,3}}?{one_of(HOST_AFTER)} "
    f"| {one_of(HOST_BEFORE)} (?:[^ ]{{1,40}} ){{0,1}}?{one_of(HOSTS)} "
)
_NOT_ITS_HOST = re.compile(f" {one_of(NOT_ITS_HOST)} ")


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


def composed_host(plain: str) -> str:
    """The words that together say that the domain of an address is not there; ''."""
    found = _HOST.search(plain)
    return found[0].strip() if found and not _NOT_ITS_HOST.search(plain) else ""
