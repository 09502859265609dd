# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of IMAP servers: what each means for a login or a folder, and what to do about it. Pure.

A response code (RFC 5530, RFC 3501 section 7.1, RFC 4314) is believed before words; many servers have no codes, so
words are read too. Those of Gmail, Exchange Online, Yahoo, iCloud, NetEase (163, 126, yeah.net), Tencent, Dovecot,
Courier, Cyrus and Zimbra, as public reports show them, read in November 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """The sort of a refusal."""

    CREDENTIALS = "credentials"  #: user and password, or the token, are wrong; also where nothing else is known
    PERSON = "person"  #: they may be right, but a person must do something at the provider first
    THROTTLED = "throttled"  #: too much was asked for; asking again soon makes it worse
    BUSY = "busy"  #: too many connections at once, or the mailbox is in use
    UNAVAILABLE = "unavailable"  #: the server has trouble of its own
    MISSING = "missing"  #: there is no such folder
    FORBIDDEN = "forbidden"  #: this user has no right to it
    UNCLEAR = "unclear"  #: it does not say


#: Asking again soon makes it worse.
TOO_MUCH = frozenset({Sort.THROTTLED, Sort.BUSY})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal, understood. `fix`: what a person can do, for the kinds in which somebody must; else empty."""

    sort: Sort
    fix: str = ""


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases))


# Read in lower case. Every repetition is bounded: what a server says may be of any length.
_TRIES = _any(
    r"too many[a-z ,-]{0,40}(?:attempt|fail|error|tries|invalid|incorrect|wrong|bad|login|auth|password)",
    r"(?:attempt|login|failure)s?[a-z -]{0,20}(?:exceeded|reached)",
    r"exceeded[a-z -]{0,40}(?:attempt|login|failure)",
)
_WRONG = _any(
    r"(?:password|credential|username|user name|login|account|user)s?(?: \w{1,12}){0,3}? (?:is |are |was )?"
    r"(?:incorrect|invalid|wrong|bad|error)\b",
    r"(?:incorrect|invalid|wrong|bad|unknown) (?:user|password|credential|login|account|auth)",
    r"password error|not accepted|unknown user|no such user",
)
_THROTTLED = _any(
    r"rate.?limit",
    r"\brates? (?:is |was )?(?:exceed|too)",
    r"exceed(?:s|ed|ing)?\b[a-z ,'-]{0,40}\b(?:limit|rate|quota|bandwidth|requests|threshold)",
    r"\b(?:limits?|quota|bandwidth|frequency|requests)\b[a-z ,'-]{0,30}\b(?:exceed|reached|hit|high|over)",
    r"throttl|too (?:frequent|often|fast|quick)|slow down",
    r"too many (?:requests|commands|logins|queries|operations)",
    r"frequency (?:is |was )?(?:limit|too)|login frequen|flood",
    r"account[a-z ]{0,20}(?:locked|blocked|suspended|banned|disabled)[a-z ,]{0,30}(?:again|later|minute|hour)",
    r"temporarily (?:locked|blocked|suspended|banned|restricted|disabled|blacklisted)",
    r"\bip(?: address)?\b[a-z ]{0,20}(?:blocked|banned|blacklisted|blocklisted)",
    r"\bover (?:your |the |its )?(?:\w{1,20} )?(?:quota|limit|rate)",
    r"(?:try|wait)[a-z ]{0,20}\b\d{1,5} (?:second|minute|hour)",
)
_BUSY = _any(
    r"too many[a-z ,'-]{0,40}(?:connection|session|client)",
    r"(?:connection|session)s?\b[a-z ,'-]{0,40}(?:exceed|limit|reached|too many)",
    r"maximum[a-z ,'-]{0,30}(?:connection|session)",
    r"\bin use\b|mailbox is locked|folder is locked|already locked|locked by another",
)
_UNAVAILABLE = _any(
    r"temporar|unavailable|try (?:it )?again|try (?:it )?later|internal (?:server )?error|server error",
    r"system (?:error|busy|is busy)|server (?:is )?busy|service (?:is )?busy",
    r"backend|maintenance|timed? ?out|overload",
    r"not connected|shutting down|not ready|database|i/o error|proxy|\binternal\b|can(?:'t|not) connect",
    r"relogin|log ?in again|inconsistent state",
)
_WEB = _any(
    r"web (?:login|auth)|\bbrowser\b|webalert|log ?in via",
    r"verify (?:your|the) (?:account|identity)|suspicious|verification",
)
#: The account itself is barred, for good as far as one can tell.
_BARRED = _any(
    r"(?:account|user|mailbox|login)s?(?: \w{1,12}){0,3} (?:disabled|suspended|closed|locked)",
    r"(?:account|user|mailbox|login)s?(?: \w{1,12}){0,3} (?:blocked|deactivated|barred)",
    r"(?:disabled|suspended|deactivated) (?:account|user|mailbox)",
)
_MECHANISM = _any(r"mechanism|login (?:is |command )?(?:disabled|not (?:allowed|supported))")
_APP_PASSWORD = _any(
    r"app(?:lication)?[ -](?:specific )?password|authori[sz]ation code|auth(?:orization)? ?code",
    r"application-specific|app-specific",
)
_IMAP_OFF = _any(
    r"(?:not|isn't) (?:been )?enabled for imap",
    r"imap[a-z0-9/ ]{0,30}(?:disabled|not enabled|turned off|not open|closed|"
    r"not allowed|not permitted|is off)",
    r"(?:enable|turn on|open|activate)[a-z0-9/ ]{0,20}\bimap|service is not open",
)
_OAUTH = _any(r"basic ?auth\w{0,12}[a-z ]{0,20}(?:block|disabl|off)|oauth|modern auth|logondenied-basicauthblocked")
_EXPIRED = _any(r"(?:password|account)(?: has| is)? expired|password must be changed|change your password")
_TLS = _any(
    r"plaintext (?:auth|login|connection)|(?:ssl|tls) (?:is )?required",
    r"cleartext|non-secure|without (?:tls|ssl|encryption)",
    r"(?:requires?|use) (?:tls|ssl|starttls)",
)
_ADMIN = _any(r"contact (?:your |the )?(?:admin|system|support|postmaster|help)")
_UNSAFE = _any(r"unsafe login|not safe|insecure client")
_MISSING = _any(
    r"(?:does ?n[o']?t|do not|not|never) exist|nonexist|non-exist|existiert nicht|n'existe pas|no existe",
    r"(?:no such|unknown|unable to find|can ?not find|can't find|could not find|couldn't find) "
    r"(?:imap )?(?:mailbox|folder|mail ?box|name)",
    r"(?:mailbox|folder|mail ?box)(?: \S{1,80})? (?:is |was )?(?:not found|unknown|missing)",
    r"(?:mailbox|folder) not found|trycreate",
)
_FORBIDDEN = _any(
    r"permission denied|access denied|not permitted|not allowed|no permission|no access|no rights?",
    r"insufficient|acl\b|forbidden|not authori[sz]ed|denied",
)

#: What some code means by itself.
_CODES = {
    "AUTHENTICATIONFAILED": Sort.CREDENTIALS,
    "AUTHORIZATIONFAILED": Sort.PERSON,
    "EXPIRED": Sort.PERSON,
    "PRIVACYREQUIRED": Sort.PERSON,
    "CONTACTADMIN": Sort.PERSON,
    "WEBALERT": Sort.PERSON,
    "LIMIT": Sort.THROTTLED,
    "OVERQUOTA": Sort.THROTTLED,
    "THROTTLED": Sort.THROTTLED,
    "INUSE": Sort.BUSY,
    "UNAVAILABLE": Sort.UNAVAILABLE,
    "SERVERBUG": Sort.UNAVAILABLE,
    "CORRUPTION": Sort.UNAVAILABLE,
    "NONEXISTENT": Sort.MISSING,
    "TRYCREATE": Sort.MISSING,
    "NOPERM": Sort.FORBIDDEN,
}


def login(words: str, code: str = "", *, token: bool = False) -> Refusal:
    """The meaning of a refused LOGIN or AUTHENTICATE. `words`: the server's; `code`: its response code in capitals;
    `token`: it was no password that was refused."""
    text = words.lower()
    told = _CODES.get(code)
    if (fix := _for_a_person(text, code, token=token)) and not _TRIES.search(text):
        return Refusal(Sort.PERSON, fix)
    if told is Sort.THROTTLED:
        return Refusal(Sort.BUSY if _BUSY.search(text) else Sort.THROTTLED)
    if _TRIES.search(text):
        return Refusal(Sort.THROTTLED)
    if told in (Sort.BUSY, Sort.UNAVAILABLE):
        return Refusal(now(words, code) or told)
    if _WRONG.search(text):  # Tencent names all causes at once: the gravest one counts
        return Refusal(Sort.CREDENTIALS)
    if sort := _not_now(text):
        return Refusal(sort)
    if _MECHANISM.search(text):
        return Refusal(Sort.PERSON, "change auth: the server does not support this login method")
    if _BARRED.search(text):
        return Refusal(Sort.PERSON, "log in to the provider's website and see why the account is blocked")
    return Refusal(Sort.CREDENTIALS)


def folder(words: str, code: str = "") -> Refusal:
    """The meaning of a refused SELECT; `Sort.UNCLEAR`: whether the folder is there must be looked up."""
    text = words.lower()
    if _UNSAFE.search(text):
        return Refusal(
            Sort.PERSON,
            "log in to the provider's website, allow IMAP for this program there, and use the code that it shows "
            "as the password",
        )
    told = _CODES.get(code)
    if told in (Sort.MISSING, Sort.FORBIDDEN, Sort.BUSY, Sort.UNAVAILABLE):
        return Refusal(told, _RIGHTS if told is Sort.FORBIDDEN else "")
    if told is Sort.THROTTLED:
        return Refusal(Sort.BUSY if _BUSY.search(text) else Sort.THROTTLED)
    if "not connected" not in text and (fix := _for_a_person(text, code)):
        return Refusal(Sort.PERSON, fix)
    if _MISSING.search(text):
        return Refusal(Sort.MISSING)
    if sort := _not_now(text):
        return Refusal(sort)
    return Refusal(Sort.FORBIDDEN, _RIGHTS) if _FORBIDDEN.search(text) else Refusal(Sort.UNCLEAR)


def is_unsafe(words: str) -> bool:
    """Whether a folder is refused since the server does not know what program we are."""
    return _UNSAFE.search(words.lower()) is not None


_RIGHTS = "grant this user read access to that folder, or configure another folder"


def now(words: str, code: str = "") -> Sort | None:
    """The meaning of another refusal, or of BYE; None: not that it is for now."""
    told = _CODES.get(code)
    said = _not_now(words.lower())
    if told is Sort.UNAVAILABLE:
        return said or told  # the words may tell why
    return told if told in TOO_MUCH else said


def _not_now(text: str) -> Sort | None:
    for sort, said in ((Sort.BUSY, _BUSY), (Sort.THROTTLED, _THROTTLED), (Sort.UNAVAILABLE, _UNAVAILABLE)):
        if said.search(text):
            return sort
    return None


def _for_a_person(text: str, code: str, *, token: bool = False) -> str:
    """The step that a person must take before the very same login is accepted; empty: none is named."""
    if not token and _APP_PASSWORD.search(text):
        return "create an app password (some call it an authorization code) at the provider, and use it here"
    if _IMAP_OFF.search(text):
        return "enable IMAP in the settings of this mailbox at the provider"
    if "authenticated but not connected" in text:  # Exchange: who it is is known, and the mailbox is not opened
        return "check that IMAP is enabled for this mailbox and that this user may open it"
    if code == "WEBALERT" or _WEB.search(text):
        return "log in to this mailbox once with a browser and confirm that it was you"
    if token and code not in ("PRIVACYREQUIRED", "CONTACTADMIN", "AUTHORIZATIONFAILED"):
        return ""  # the rest is about passwords
    if code == "PRIVACYREQUIRED" or _TLS.search(text):
        return 'set tls = "implicit" or "starttls": the server accepts no password without TLS'
    if code == "EXPIRED" or _EXPIRED.search(text):
        return "set a new password at the provider and use it here too"
    if code != "AUTHENTICATIONFAILED" and _OAUTH.search(text):
        return 'set auth = "xoauth2" or "oauthbearer", the provider accepts no passwords here'
    if code == "CONTACTADMIN" or _ADMIN.search(text):
        return "ask the mail server's administrator"
    if code == "AUTHORIZATIONFAILED":
        return "ask the mail server's administrator why this user may not read this mailbox"
    return ""
