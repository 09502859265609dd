# SPDX-License-Identifier: GPL-3.0-or-later
"""How one logs in to an IMAP server, and what its refusals mean. Pure.

PLAIN: RFC 4616. OAUTHBEARER: RFC 7628. XOAUTH2: Google's page "OAuth 2.0 Mechanism" and Microsoft's "Authenticate
an IMAP, POP or SMTP connection using OAuth", as stored in late 2026.
"""

from __future__ import annotations

from base64 import b64encode

from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import AuthFailed, MailboxError, ServerRefused
from bouncestream.sources.imap_replies import NOT_NOW

#: Words of servers that say it without a code: Gmail, Exchange, Courier.
_NOT_NOW_WORDS = (
    "too many simultaneous",
    "too many connections",
    "maximum number of connections",
    "try again later",
)


def sasl(settings: Mailbox, secret: str) -> tuple[str, str, str]:
    """Mechanism, initial response in base64, and what is answered to the challenge that stands for a refusal.
    `secret`: the password or the access token."""
    if settings.auth == "xoauth2":
        message = f"user={settings.user}\x01auth=Bearer {secret}\x01\x01"
        return "XOAUTH2", _base64(message), ""
    if settings.auth == "oauthbearer":
        user = settings.user.replace("=", "=3D").replace(",", "=2C")
        message = (
            f"n,a={user},\x01host={settings.host}\x01port={settings.real_port}\x01auth=Bearer {secret}\x01\x01"
        )
        return "OAUTHBEARER", _base64(message), "AQ=="
    return "PLAIN", _base64(f"\x00{settings.user}\x00{secret}"), "*"


def _base64(text: str) -> str:
    return b64encode(text.encode("utf-8", "surrogatepass")).decode()


def refused(settings: Mailbox, result: str, words: str, code: str, challenge: str = "") -> MailboxError:
    """The error for a login that was answered NO or BAD. `challenge`: what the server said about the token."""
    where = f"{settings.host}:{settings.real_port}"
    lower = words.lower()
    if result == "NO" and (code in NOT_NOW or any(phrase in lower for phrase in _NOT_NOW_WORDS)):
        return ServerRefused(f"{where} does not let {settings.user} in just now: {words}", code)
    said = f"{words} ({challenge})" if challenge else words
    return AuthFailed(f"{where} refused the login of {settings.user}: {said}. Next: {fix(settings)}.")


def fix(settings: Mailbox) -> str:
    """What a person can do about a refused login."""
    if settings.auth in ("xoauth2", "oauthbearer"):
        return f"run `bouncestream mailbox login {settings.name}`"
    return f"check mailboxes.{settings.name}.user and password (many providers want an app password)"
