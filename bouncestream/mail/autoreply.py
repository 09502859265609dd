# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic answers (RFC 3834) and read receipts (RFC 8098): mails that come back and yet say nothing about
delivery.

Called only when no delivery report was found: Exim, Dovecot and Exchange mark their bounces "auto-replied" too.
"""

from __future__ import annotations

import re

from bouncestream.mail.mime import Fields, unencoded

_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|post[-_.]?master|mail[-_. ]delivery|maildelivery|delivery[-_. ](?:sub)?system|"
    r"(?<![a-z])bounces?(?![a-z])|mmsc|"
    r"mail[-_. ]admin|antivirus|symantec|daemon@|mail_service|mailsweeper"
)
_SUBJECT = re.compile(
    r"^(?:re: ?|aw: ?)*(?:auto(?:matic|mated)?[-: ]{0,2}(?:reply|response|respons|antwort|answer)|autorespon|auto:|"
    r"out[ -]of[ -](?:the[ -])?office|vacation\b|on vacation|away (?:from|until)|i am (?:away|out)|abwesen|"
    r"automatische antwort|réponse automatique|reponse automatique|respuesta automática|respuesta automatica|"
    r"risposta automatica|resposta automática|automatisch antwoord|automatiskt svar|autosvar|автоответ|自动回复|"
    r"自動回覆|自動応答)"
)


def from_daemon(fields: Fields) -> bool:
    """Whether the mail comes from a mail system: by its From, or by an empty Return-Path without auto-reply
    marks."""
    sender = fields.get("from", "").lower()
    if sender in ("", "<>") or "<>" in sender:
        return bool(sender) or "subject" in fields
    return _DAEMON.search(sender[:300]) is not None


def why_auto_reply(fields: Fields) -> str:
    """In words why this mail is an automatic answer; '' when it is none."""
    submitted = fields.get("auto-submitted", "").lower()
    if submitted.startswith("auto-replied"):
        return "Auto-Submitted: auto-replied"
    subject = unencoded(fields.get("subject", ""))[:200].strip().lower()
    match = _SUBJECT.match(subject)
    if match:
        return f"the subject begins {match[0]!r}"
    precedence = fields.get("precedence", "").lower()
    if precedence in ("auto_reply", "auto-reply"):
        return "Precedence: " + precedence
    for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from", "x-mail-autoreply"):
        if name in fields and fields[name].lower() != "no":
            return f"{name} is present"
    return ""


def why_correspondence(fields: Fields) -> str:
    """In words why this is a letter or newsletter that may only quote a bounce; '' when nothing says so.

    A mail system writes neither replies nor list mails (RFC 2369)."""
    if from_daemon(fields):
        return ""
    for name in ("list-unsubscribe", "list-post"):
        if name in fields:
            return f"{name} is present"
    subject = unencoded(fields.get("subject", ""))[:20].strip().lower()
    answers = "in-reply-to" in fields or "references" in fields
    return "a reply by a person" if answers and subject.startswith(("re:", "aw:", "sv:", "vs:", "antw:")) else ""


def is_rejection(disposition: str, notice: str) -> bool:
    """Whether a disposition notification is a refusal. Sieve's and Dovecot's reject send an MDN "deleted", as
    a mail client does for a mail deleted unread; only the words differ."""
    lower = disposition.lower()
    if "/failed" in lower or "; failed" in lower or "/denied" in lower:
        return True
    return "was automatically rejected" in notice.lower() and "deleted" in lower
