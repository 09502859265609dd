# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic answers (RFC 3834) and read receipts (RFC 8098): mails that come back and yet say nothing about
delivery.

Called only when no delivery report was found: Exim, Dovecot and Exchange mark their bounces "auto-replied" too.
"""

from __future__ import annotations

import re

from bouncestream.mail.address import addresses
from bouncestream.mail.families import REFUSED
from bouncestream.mail.mime import Fields, unencoded
from bouncestream.mail.phrases.clauses import folded, folding, has_any

_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|post[-_.]?master|mail[-_. ]delivery|maildelivery|delivery[-_. ](?:sub)?system|"
    r"(?<![a-z])bounces?(?![a-z])|mmsc|"
    r"microsoftexchange329e71ec|mail[-_. ]admin|antivirus|symantec|daemon@|mail_service|mailsweeper"
)
_SELF = "auto|otomatik|samodejn|авто|αυτοματ|自动|自動|자동|אוטומטי|تلقائي|خودكار|خودکار|tu dong|อตโนมต|स्वचालित"
_ANSWER = (
    "repl|respon|answer|antw|antwoord|repon|respuesta|risposta|resposta|svar|vast|odpov|odpow|odgovor|valasz|raspuns|"
    "yanit|cevap|ответ|відпові|отговор|απαντησ|回复|回覆|答复|答覆|回復|応答|返信|응답|회신|답장|תשובה|מענה|رد|پاسخ|ตอบ|"
    "tra loi|balasan|jawab|atsak|atbild|उत्तर"
)
_SUBJECT = folding(
    rf"^(?:(?:re|aw|sv|vs|odp): ?)*(?:\[?(?:{_SELF})[^ ]{{0,12}}[ :-]{{0,3}}(?:{_ANSWER})|auto:|"
    rf"(?:{_ANSWER})[^ ]{{0,12}} ?(?:{_SELF})|"
    r"out[ -]of[ -](?:the[ -])?office|vacation\b|on vacation|away (?:from|until)|i am (?:away|out)|abwesen|"
    r"nicht im (?:buro|haus)|absence\b|absent|franvaro|fravar|afwezig|부재|不在|休暇|休假)"
)
"""What the subjects of automatic answers say."""

_UNATTENDED = re.compile(
    r"(?:no|not|dont|never)[-_. ]?repl(?:y|ies)|no-?respond|nao-?respond|ne-?pas-?repond|nicht-?antwort|"
    r"non-?rispond"
)
_AWAY = folding(
    r"out of (?:the )?office|\bvacation|\bholidays?\b|on leave|maternity|(?:i am|i'm|i will be) (?:away|out|back)|"
    r"\burlaub|abwesen|nicht im (?:buro|haus)|bin [^\n]{0,40} nicht (?:erreichbar|da)\b|"
    r"en conge|absent|vacances|vacaciones|fuera de la oficina|de ferias|fora do escritorio|in ferie|fuori ufficio|"
    r"vakantie|afwezig|ferie\b|semester(?:n)?\b|foraldraledig|lomalla|puhkus|urlop|nieobecn|dovolen|odmor|dopust|"
    r"szabadsag|concediu|izinde|tatilde|cuti\b|nghi phep|atostog|atvalinajum|"
    r"отпуск|отпустк|відпустц|αδεια|"
    r"בחופשה|اجازة|خارج المكتب|مرخصی|休假|度假|不在|休暇|휴가|부재|ลาพกรอน"
)
# A mail that waits for somebody: a moderator, or its own sender who is to prove that he is a person.
_WAITS = (
    "wartet|warteschlange|muss erst|attente|attend\\b|retenu|esper|pendiente|aguard|attesa|trattenut|wacht|"
    "vastgehouden|oczekuj|czeka\\b|ceka\\b|vantar|afventer|venter|odottaa|ожида|очіку|чекає|bekli|asteapta|αναμεν|"
    "等待|等候|待ち|待って|を待|待[^。]{0,4}审|待[^。]{0,4}審|されるまで|保留|대기|기다"
)
_APPROVAL = (
    "freig|bestatig|genehmig|moder|approv|approb|approuv|aprob|aprov|valid|confirm|conferm|goedkeur|bevestig|"
    "zatwierdz|potwierdz|akcept|schval|potvrz|godkann|godkend|godkjen|hyvaks|одобр|подтвержд|провер|рассмотр|схвал|"
    "підтверд|jovahagy|onay|εγκρι|审核|審核|批准|确认|確認|审批|承認|승인|확인"
)
_CONFIRM = (
    "bestatig|klick|confirm|cliqu|haga clic|clique|clicc|conferm|bevestig|klik|potwierdz|potvrd|bekrafta|vahvist|"
    "подтверд|перейд|підтверд|erositse meg|kattints|onayla|tikla|επιβεβαι|点击|點擊|回复|クリック|確認|클릭|확인"
)
_HUMAN = (
    "mensch|humain|humano|umano|\\bmens\\b|czlowiek|clovek|manniska|menneske|ihminen|человек|людин|\\bember\\b|"
    "\\binsan|ανθρωπ|robot|робот|ロボット|人間|人类|人類|真人|사람|로봇"
)
_WAITING = folding(
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
    r"approved senders|allowed (?:senders? )?list|complete the verification|"
    r"(?:reply|respond|answer)(?:ing)? to this [^.]{0,60}(?:confirm|releas|deliver|approv|inbox)|"
    r"(?:click|follow|visit|press) [^.]{0,60}(?:to (?:confirm|releas|deliver|verif|be approved)|so that)|"
    r"challenge[- /]response|"
    rf"(?:{_WAITS})[^.。\n]{{0,60}}(?:{_APPROVAL})|(?:{_APPROVAL})[^.。\n]{{0,30}}(?:{_WAITS})|"
    rf"(?:{_CONFIRM})[^\n]{{0,80}}(?:{_HUMAN})|(?:{_HUMAN})[^\n]{{0,60}}(?:{_CONFIRM})|"
    r"zuruckgehalten|bestatigen sie|confirmez (?:que|votre|l')|confirme (?:que|su|seu|o envio)|"
    r"confermare (?:di|il|che)|承認が必要|보류|jovahagyasra var"
)
_WAITS_HINTS, _APPROVAL_HINTS, _HUMAN_HINTS, _CONFIRM_HINTS = (
    tuple(re.split(r"[\\\[(]", stem.removeprefix("\\b"))[0] for stem in folded(stems).split("|"))
    for stems in (_WAITS, _APPROVAL, _HUMAN, _CONFIRM)
)
_OTHER_HINTS = tuple(map(folded, ("zuruckgehalten", "bestatigen sie", "confirm", "承認が必要", "보류")))
_HINTS = (
    "confirm", "moderat", "held", "approv", "verif", "authentic", "review", "ing list", "guest list", "to this ",
    "click ", "follow ", "visit ", "press ", "challenge", "releas", "prove", "yourself", "conferm", "wart",
    "attente", "esper", "pendiente", "aguard", "wacht", "oczekuje", "klik", "bevest", "goedk", "onay", "potwierdz",
    "freig", "aprob", "jovahagy", "hyvaks", "venter", "vantar",
)  # fmt: skip
_REFUSED_WORDS = ("reject", "denied", "bounced", "permanent", "no such", "not exist", *folded(REFUSED).split("|"))
_REFUSED = re.compile(
    r"will not be (?:held|retried)|5(?<!\w5)(?:\d\d[ -]|\.\d\.\d)|"
    r"unknown (?:user|recip|mailb|addr|account)|(?:user|recipient|mailbox|address|account) (?:is )?unknown"
)


def unattended(fields: Fields) -> bool:
    """Whether a machine writes, and nobody reads what is answered (RFC 3834, or an address that says so)."""
    automatic = fields.get("auto-submitted", "no").lower().startswith("auto")
    return automatic or _UNATTENDED.search(fields.get("from", "")[:300].lower()) is not None


def away(text: str) -> bool:
    """Whether a text is that of somebody who is not there just now."""
    return _AWAY.search(folded(text)) is not None


def why_waiting(text: str) -> str:
    """The words of a notice that say that the mail waits: for the moderator of a list, or for a proof
    that its sender is a person (challenge and response); '' when it was refused, or nothing says so."""
    plain = folded(text)
    if not has_any(plain, _HINTS) and (text.isascii() or not _waits_abroad(plain)):
        return ""
    if has_any(plain, _REFUSED_WORDS) or _REFUSED.search(plain) is not None:  # first: the cheaper question
        return ""
    words = _WAITING.search(plain)
    return words[0] if words is not None else ""


def _waits_abroad(plain: str) -> bool:
    """Whether a folded text has words in other languages that `_WAITING` looks for: much cheaper to ask."""
    return (
        (has_any(plain, _WAITS_HINTS) and has_any(plain, _APPROVAL_HINTS))
        or (has_any(plain, _HUMAN_HINTS) and has_any(plain, _CONFIRM_HINTS))
        or has_any(plain, _OTHER_HINTS)
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
    match = _SUBJECT.match(folded(unencoded(fields.get("subject", ""))[:200].strip()))
    if match:
        return f"the subject begins {match[0]!r}"
    precedence = fields.get("precedence", "").lower()
    if precedence in ("auto_reply", "auto-reply"):
        return "Precedence: " + precedence
    for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from", "x-mail-autoreply"):
        if name in fields and fields[name].lower() != "no":
            return f"{name} is present"
    return ""


def why_letter(fields: Fields, text: str) -> str:
    """In words why a mail in which nothing fails is a person's, or his autoresponder's; '' when nothing says so."""
    if from_daemon(fields) or unattended(fields):
        return ""
    if away(f"{unencoded(fields.get('subject', ''))[:200]}\n{text}"):
        return "somebody is away"
    return "an answer by a person" if "in-reply-to" in fields or "references" in fields else ""


def author(fields: Fields) -> str:
    """The address of the person who writes; '' where a mail system or another machine does."""
    if from_daemon(fields) or unattended(fields):
        return ""
    return next(iter(addresses(fields.get("from", "")[:2000], 1)), "")


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
