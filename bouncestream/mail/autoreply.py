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

_UNATTENDED = re.compile(
    r"(?:no|not|dont|never)[-_. ]?repl(?:y|ies)|no-?respond|nao-?respond|ne-?pas-?repond|nicht-?antwort|"
    r"non-?rispond"
)
_AWAY = re.compile(
    r"out of (?:the )?office|\bvacation|\bholidays?\b|on leave|maternity|(?:i am|i'm|i will be) (?:away|out|"
    r"back)|\burlaub|"
    r"abwesen|nicht im (?:büro|haus)|en congé|absent|vacaciones|de férias|in ferie|vakantie|"
    r"semester(?:n)?\b|в отпуске|"
    r"休假|度假|不在|休暇|휴가|부재"
)
# A mail that waits for somebody: a moderator, or its own sender who is to prove that he is a person.
_WAITING = re.compile(
    r"(?:await(?:s|ing)?|pending|wait(?:s|ing)? for|subject to|needs?|requires?) (?:[a-z']{1,12} ){0,3}(?:moderat|"
    r"approv|confirm)|"
    r"(?:being|is|was|been|and) held\b|held (?:for|until|pending|in)\b|(?:waiting|pending|guest) list|"
    r"verification required|must (?:first )?be (?:verif|confirm|approv)|"
    r"moderat(?:ion|or's) queue|moderators? (?:will|has to|must|can) |"
    r"(?:until|once|unless|before|after) (?:you |it |the \w{1,12} |your \w{1,12} )?(?:\w{1,9} )?"
    r"(?:confirm|verif|approv|authenticat|review)|"
    r"(?:pre-?|yet )approved by (?:the|your|its) (?:recipient|addressee)|(?:confirm|verify|"
    r"prove) (?:that )?you(?:'re| are) |"
    r"(?:confirm|verify) (?:that )?your (?:message|mail|e-?mail|letter|identity)|(?:add|put) yourself (?:to|on) |"
    r"(?:reply|respond|answer)(?:ing)? to this [^.]{0,60}(?:confirm|releas|deliver|approv|inbox)|"
    r"(?:click|follow|visit|press) [^.]{0,60}(?:to (?:confirm|releas|deliver|verif|be approved)|so that)|"
    r"challenge[- /]response|"
    r"wartet (?:noch )?auf (?:die |ihre |eine )?(?:freigabe|moderat|bestätig|genehmig)|zurückgehalten|"
    r"warteschlange der moderat|"
    r"bestätigen sie|(?:en attente|attend) (?:de |d'|la |une |votre )?(?:modérat|approb|valid|confirm)|"
    r"confirmez (?:que|votre|l')|"
    r"(?:pendiente|espera|a la espera) de (?:su |la )?(?:aprob|moder|confirm)|confirme (?:que|su|seu|o envio)|"
    r"in attesa di (?:approv|moder|conferma)|confermare (?:di|il|che)|aguarda(?:ndo)? (?:a )?(?:aprov|moder|"
    r"confirm)|"
    r"wacht op (?:goedkeuring|bevestig|moderat)|oczekuje na (?:zatwierdz|moderac|potwierdz|akceptac)|"
    r"ожидает (?:одобр|подтвержд|модерац|проверк|рассмотр)|подтвердите|"
    r"(?:等待|等候|待)[^。\n]{0,8}(?:审核|審核|批准|确认|確認|审批)|请(?:点击|回复)[^。\n]{0,30}(?:确认|验证)|"
    r"承認(?:待ち|を待|されるまで)|保留(?:されて|中)|承認が必要|승인(?:을)? ?대기|승인을 기다|보류"
)
_HINTS = (
    "confirm",
    "moderat",
    "held",
    "approv",
    "verif",
    "authentic",
    "review",
    "list",
    "inbox",
    "click",
    "challenge",
    "releas",
    "prove",
    "conferm",
    "wart",
    "attente",
    "esper",
    "pendiente",
    "aguard",
    "wacht",
    "oczekuje",
    "visit",
    "follow",
)
_REFUSED = re.compile(
    r"reject|refus|\bdenied|bounced|permanent|will not be (?:held|retried)|\b5\d\d[ -]|\b5\.\d\.\d|no such|"
    r"unknown (?:user|recip|mailb|addr|account)|(?:user|recipient|mailbox|address|account) (?:is )?unknown|"
    r"not exist|abgelehnt|abgewiesen|rejeté|rechazad|rifiutat|recusad|rejeitad|geweigerd|odrzuc|отклон|отвергн|"
    r"拒绝|拒收|拒絕|拒否|거부|거절"
)


def unattended(fields: Fields) -> bool:
    """Whether a machine writes, and nobody reads what is answered (RFC 3834, or an address that says so)."""
    automatic = fields.get("auto-submitted", "no").lower().startswith("auto")
    return automatic or _UNATTENDED.search(fields.get("from", "")[:300].lower()) is not None


def away(text: str) -> bool:
    """Whether a text in lower case is that of somebody who is not there just now."""
    return _AWAY.search(text) is not None


def why_waiting(text: str) -> str:
    """The words of a notice in lower case that say that the mail waits: for the moderator of a list, or for a proof
    that its sender is a person (challenge and response); '' when it was refused, or nothing says so."""
    if text.isascii() and not any(hint in text for hint in _HINTS):
        return ""
    words = _WAITING.search(text)
    return words[0] if words is not None and _REFUSED.search(text) is None else ""


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
