# SPDX-License-Identifier: GPL-3.0-or-later
"""The login commands of IMAP, and the errors that their refusals become. Pure.

PLAIN: RFC 4616. OAUTHBEARER: RFC 7628. XOAUTH2: Google's page "OAuth 2.0 Mechanism" and Microsoft's "Authenticate
an IMAP, POP or SMTP connection using OAuth", as stored in late 2026.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.oauth import needs_token
from bouncestream.crypto.blank import Blank
from bouncestream.errors import AuthFailed, LoginBarred, MailboxError, ServerRefused, Throttled
from bouncestream.sources.imap import refusals
from bouncestream.sources.imap.refusals import Sort


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


def without(settings: Mailbox, secret: str | None) -> Blank:
    """Takes the secret out of whatever the server says, also as it goes over the wire within a SASL message."""
    if not secret:
        return Blank()
    messages = (sasl(replace(settings, auth=auth), secret)[1] for auth in ("password", "xoauth2", "oauthbearer"))
    return Blank(secret, *messages, user=settings.user)


def _base64(text: str) -> str:
    return b64encode(text.encode("utf-8", "surrogatepass")).decode()


def refused(settings: Mailbox, words: str, code: str, challenge: str = "") -> MailboxError:
    """The error for a login that was answered NO or BAD: each kind has its own sentence. `words`: the server's;
    `code`: its response code; `challenge`: what it said about the token."""
    where, who = f"{settings.host}:{settings.real_port}", settings.user
    said = f"{words} ({challenge})" if challenge else words
    refusal = refusals.login(said, code, token=needs_token(settings))
    if refusal.sort is Sort.THROTTLED:
        return Throttled(f"{where} throttles the login of {who}: {said}", code)
    if refusal.sort is Sort.BUSY:
        return Throttled(
            f"{where} refused the login of {who} for now, too many connections to this mailbox: {said}. "
            f"Next: close other programs that read it, or list fewer of mailboxes.{settings.name}.folders.",
            code,
        )
    if refusal.sort is Sort.UNAVAILABLE:
        return ServerRefused(f"{where} refused the login of {who} for now: {said}", code)
    if refusal.sort is Sort.PERSON:
        return LoginBarred(f"{where} does not accept the login of {who} yet: {said}. Next: {refusal.fix}.")
    return AuthFailed(f"{where} refused the login of {who}: {said}. Next: {fix(settings)}.")


def fix(settings: Mailbox) -> str:
    """The fix for a refused login: what a person can do."""
    if settings.auth in ("xoauth2", "oauthbearer"):
        return f"run `bouncestream mailbox login {settings.name}`"
    return f"check mailboxes.{settings.name}.user and password (many providers require an app password)"
