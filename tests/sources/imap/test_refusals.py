# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers mean when they refuse a login or a folder, by what they really say."""

from __future__ import annotations

import pytest

from bouncestream.sources.imap.refusals import Sort, folder, login, now
from bouncestream.sources.imap.replies import code

LOGINS = {
    Sort.CREDENTIALS: (
        "[AUTHENTICATIONFAILED] Invalid credentials (Failure)",
        "[ALERT] Invalid credentials (Failure)",
        "[AUTHENTICATIONFAILED] Authentication failed.",
        "[AUTHENTICATIONFAILED] (#MBR1212) Incorrect username or password.",
        "LOGIN failed.",
        "AUTHENTICATE failed.",
        "LOGIN Login error or password error",
        "Password incorrect",
        "Error",
        "",
    ),
    Sort.THROTTLED: (
        "[ALERT] Account exceeded command or bandwidth limits. (Failure)",
        "[LIMIT] LOGIN Rate limit hit.",
        "[AUTHENTICATIONFAILED] Too many login failures, try again later",
        "[AUTHENTICATIONFAILED] LOGIN failed. Rate limited",
        "Temporary authentication failure (rate limit)",
        "authentication failure: too many requests",
        "Too many failed password attempts, try again later",
        "too many bad auth attempts",
        "user is over the login frequency, please try later",
        "Logins are temporarily blocked for your IP",
        "Account is locked, try again in 15 minutes",
        "Daily request quota reached",
        "Over bandwidth quota",
        "You have exceeded the maximum number of login attempts",
        "Max number of login attempts reached",
        "Your IP is banned",
        "[THROTTLED] Request is throttled. Suggested Backoff Time: 299925 milliseconds",
        "Your IP has been blocked due to too many failures",
        "[OVERQUOTA] not now",
    ),
    Sort.BUSY: (
        "[ALERT] Too many simultaneous connections. (Failure)",
        "[LIMIT] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
        "Authentication rejected, connection limit reached",
        "[UNAVAILABLE] Too many connections",
        "[INUSE] mailbox in use",
    ),
    Sort.UNAVAILABLE: (
        "[UNAVAILABLE] Temporary System Error",
        "[UNAVAILABLE] Temporary authentication failure. [mx1:2026-11-29]",
        "[SERVERBUG] Internal error occurred",
        "Server Busy, please retry later",
        "Backend is under maintenance",
        "Internal authentication failure",
        "Can't connect to authentication server",
        "[AUTHENTICATIONFAILED] Temporary failure",
    ),
    Sort.PERSON: (
        "[ALERT] Application-specific password required: https://support.example/accounts/185833 (Failure)",
        "[ALERT] Please log in via your web browser: https://support.example/78754 (Failure)",
        "[WEBALERT https://accounts.example/signin/continue?x=1] Web login required. (Failure)",
        "[ALERT] Your account is not enabled for IMAP use. Please visit your settings page. (Failure)",
        "IMAP access is disabled for this account",
        "Web authentication required",
        "Suspicious activity detected, verify your account",
        "Account disabled",
        "Mailbox has been suspended",
        "LOGIN disabled, use AUTHENTICATE",
        "Authentication mechanism not supported",
        "Command LOGIN not allowed on plaintext connection",
        "LOGIN failed: basic authentication is disabled",
        "Please use your authorization code to log in",
        "[PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.",
        "[EXPIRED] Password expired",
        "[CONTACTADMIN] account closed",
        "[AUTHORIZATIONFAILED] not you",
        "User is authenticated but not connected.",
    ),
}
FOLDERS = {
    Sort.MISSING: (
        "[NONEXISTENT] Unknown Mailbox: X (Failure)",
        "[TRYCREATE] no",
        "Mailbox doesn't exist: X",
        "Mailbox does not exist",
        "Folder not exist",
        "No such mailbox",
        "SELECT The folder Foo was not found",
        "Mailbox Bounces not found",
        "Can't open mailbox: no such mailbox",
    ),
    Sort.FORBIDDEN: ("[NOPERM] Permission denied", "Permission denied", "Access denied by ACL"),
    Sort.PERSON: ("SELECT Unsafe Login. Please contact kefu@188.example for help", "EXAMINE Unsafe Login."),
    Sort.BUSY: (
        "[INUSE] x",
        "Mailbox is locked by another session",
        "Folder is locked",
        "Too many simultaneous connections",
    ),
    Sort.THROTTLED: ("[LIMIT] Rate limit exceeded", "Command frequency too high"),
    Sort.UNAVAILABLE: (
        "[UNAVAILABLE] Server error",
        "[SERVERBUG] x",
        "User is authenticated but not connected.",
        "SELECT system busy",
        "Mailbox is in inconsistent state, please relogin.",
    ),
    Sort.UNCLEAR: ("SELECT failed", "no", "", "[CANNOT] Invalid mailbox name", "Unable to open this mailbox."),
}


def cases(table: dict[Sort, tuple[str, ...]]) -> list[tuple[Sort, str]]:
    return [(sort, words) for sort, all_words in table.items() for words in all_words]


@pytest.mark.parametrize(("sort", "words"), cases(LOGINS))
def test_logins(sort: Sort, words: str) -> None:
    refusal = login(words, code(words)[0])
    assert refusal.sort is sort
    assert bool(refusal.fix) is (sort is Sort.PERSON)


@pytest.mark.parametrize(("sort", "words"), cases(FOLDERS))
def test_folders(sort: Sort, words: str) -> None:
    refusal = folder(words, code(words)[0])
    assert refusal.sort is sort
    assert bool(refusal.fix) is (sort in (Sort.PERSON, Sort.FORBIDDEN))


@pytest.mark.parametrize("words", ["invalid_token: OAuth token expired", "app password", "[EXPIRED] token", ""])
def test_a_refused_token_is_no_matter_of_passwords(words: str) -> None:
    assert login(words, code(words)[0], token=True).sort is Sort.CREDENTIALS


@pytest.mark.parametrize(
    ("words", "sort"),
    [
        ("[UNAVAILABLE] UID FETCH Server error", Sort.UNAVAILABLE),
        ("[LIMIT] later", Sort.THROTTLED),
        ("Too many connections from your address", Sort.BUSY),
        ("[CORRUPTION] this mail", Sort.UNAVAILABLE),
        ("FETCH failed", None),
        ("[EXPUNGEISSUED] some are gone", None),
    ],
)
def test_what_is_for_now(words: str, sort: Sort | None) -> None:
    assert now(words, code(words)[0]) is sort
