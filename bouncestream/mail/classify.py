# SPDX-License-Identifier: GPL-3.0-or-later
"""Status, reply code, words and action → kind and reason. Used by the mail reader and by the providers.

The order of trust: the action (a delayed mail is never final), the server's words, the codes within the words, the
Status field. Hard needs evidence that the address or domain is gone *and* nothing that speaks against it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bouncestream.mail import phrases
from bouncestream.mail import status as codes
from bouncestream.mail.reason import kind_of
from bouncestream.mail.verdict import Judgement

FINAL_ACTIONS = frozenset(
    {"", "failed", "failure", "fail", "error", "expired", "rejected", "bounced", "undeliverable"}
)
"""Actions (RFC 3464 section 2.3.3, and what servers write instead) after which nothing more is tried."""

STILL_TRYING = frozenset({"delayed", "delay", "deferred", "warning", "transient"})

# IronPort writes its own summary, then the remote server's words in quotes: 5.1.0 - Unknown address error 550-'…'
_REMOTE_SAID = re.compile(r"\b(?:[Ss]aid|did not like our [A-Z][A-Za-z ]{3,12}):\s{1,8}(?=[45]\d\d[ -])")
_QUOTED_REPLY = re.compile(r"\b[245]\d\d-'(.{1,1500}?)'(?: \(|$)", re.DOTALL)
# Which command was refused, in the words of Postfix, Exim, Sendmail, qmail, Courier, m-FILTER and Yahoo; any white
# space is one blank.
_AFTER_MAIL = ("after mail from", "reply to mail from")
# "Returned to sender" is not about the sender.
_SENDER = re.compile(
    r"(?<!to )(?<!to the )\bsenders?\b(?![@.\w-])|"
    r"\b(?:sending|originating|return|from|reply-to) (?:address|domain|host)"
)
# A name that was not found may be the sending host's, or one in the message.
_OUR_NAME = re.compile(
    r"\b(?:url|link|helo|ehlo|reverse|client|your (?:domain|host|server|ip|mail host|mail server))\b"
)
# What is unknown, closed or not found may be something of the sender's, or in the message.
_ANOTHER_THING = re.compile(
    r"\byour (?:e-?mail )?(?:address|account|mailbox|domain|host|server|ip|name|mail (?:server|host))\b"
    r"(?: [^ ]{1,40}){0,4}? (?:does|doesn|do|don|is|isn|has|was|not|could|cannot|must)\b|"
    r"\bfrom (?:an? |any )?(?:unknown|unverified|invalid|non-?existent)\b|\byou are (?:not|no) an?\b|"
    r"\b(?:reply-to|bounce address|mail from user|client (?:host|address|ip|name|server)|ehlo|helo)\b|"
    r"\b(?:user agent|message-id|balance|certificate)\b|"
    r"\bin (?:the )?(?:[a-z-]{1,20} )?headers?\b|\bin header\b|\bclosed (?:to|for)\b|"
    r"\bremoved from the\b|\b(?:url|link)\b(?! for)|\bnot accept mail from\b|\baccount sending\b"
)
_LINK = re.compile(r"https?://[^ ]{1,300}")
# What may be there tomorrow: words of time, unless they deny it.
_LATER = re.compile(
    r"(?<!not )(?<!not a )\btemporar(?:y|ily)\b|"
    r"\b(?:again|try|retry|resend)\b[^.]{0,30}\blater\b|\bat a later time\b"
)
_MAIL_FROM = re.compile(r"mail\s{1,20}from")
_MAIL_REFUSED = re.compile(r">>> ?mail from:[^>]{0,330}>[^<]{0,60}<<< [45]")
_AFTER_RCPT = (
    "rcpt to",
    "rcpt_to",
    "after rcpt",
    ">>> rcpt",
    ">>>rcpt",
    "smtp:rcpt",
    "[rcpt",
    "does not like recipient",
    "rcpt command",
    "mail+rcpt",
)
_AFTER_DATA = (
    "end of data",
    "end-of-data",
    "reply to data",
    "after data",
    "failed after i sent the message",
    "smtp command data",
    "did not like our data",
    "did not like our final data",
)
_SAID_OF_DATA = ("delivery error: dd",)
"""Words that a server itself uses only after DATA, whatever the report says."""
_MISUNDERSTOOD = ("500", "501", "502", "503", "504")
STAGE_LIMIT = 8000
"""So much of a notice is searched for the stage."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement and why. `status` and `reply_code` are what was settled on, from field or text."""

    kind: str
    reason: str
    evidence: str
    status: str = ""
    reply_code: str = ""
    rule: str = ""  #: words, shape, status, reply, action; '' when nothing told a cause
    matched: str = ""  #: the phrase or code that decided
    said_by: str = ""  #: whose words
    against: str = ""  #: what spoke against hard and won


def classify(
    *,
    status: str,
    reply_code: str,
    diagnostic: str,
    action: str = "failed",
    after_data: bool = False,
    at_rcpt: bool = False,
    context: str = "",
) -> Judged:
    """Judge one recipient.

    `status` is an RFC 3463 code, `reply_code` an SMTP one, `diagnostic` the server's words in any form, `action` an
    RFC 3464 action; each may be empty. `after_data`: the caller knows that the refusal followed DATA; `at_rcpt`:
    that it was the answer to RCPT, or that the report's writer would say if not. `context`: more of the notice
    around the diagnostic, only searched for the SMTP command that was refused. Never raises.
    """
    status = codes.enhanced(status)
    action = action.strip().lower()
    own = remote_words(diagnostic)
    found = codes.in_text(own) if own else codes.Codes("", "")
    reply = found.reply or reply_code.strip()[:3]
    if action not in FINAL_ACTIONS:
        return _not_final(action, status, reply)
    text = phrases.words(own) if own else ""
    stage = _Stage(diagnostic, context, after_data, at_rcpt)
    hit = phrases.find(text)
    if hit is not None and hit.bare:
        hit = phrases.shape(diagnostic) or hit
    return _judge(hit, _Numbers(status, found.enhanced, reply), stage)


@dataclass(frozen=True, slots=True)
class _Stage:
    """At which command the mail was refused; only asked for when the judgement hangs on it."""

    diagnostic: str
    context: str
    after_data: bool
    at_rcpt: bool

    def words(self) -> str:
        """The diagnostic as it is searched."""
        return _flat(self.diagnostic)

    def around(self) -> str:
        """The context as it is searched: long, so only when needed."""
        return _flat(self.context)

    def names_sender(self) -> bool:
        """Whether the context may tell of a refused sender at all: a cheap look first."""
        return _MAIL_FROM.search(self.context[:STAGE_LIMIT].lower()) is not None


def _flat(text: str) -> str:
    return " ".join(text[:STAGE_LIMIT].lower().split()) if text else ""


def _names(text: str, stage: tuple[str, ...]) -> bool:
    return any(phrase in text for phrase in stage)


@dataclass(frozen=True, slots=True)
class _Numbers:
    field: str  #: enhanced code of the Status field
    inline: str  #: enhanced code in the server's words
    reply: str

    @property
    def status(self) -> str:
        """The remote server's own code counts before the field, which a sending server may have made up; x.0.0 says
        nothing."""
        if self.inline and not (self.inline.endswith(".0.0") and self.field):
            return self.inline
        return self.field


def _not_final(action: str, status: str, reply: str) -> Judged:
    final = action in ("relayed", "delivered", "expanded", "deliverable") or status[:1] == "2"
    reason = "delivered" if final else "delayed"
    known = final or action in STILL_TRYING
    says = f"action {action} is not final" if known else f"unknown action {action[:40]!r}"
    return Judged(Judgement.IGNORE.value, reason, says, status, reply, "action", action[:40])


def _judge(hit: phrases.Hit | None, numbers: _Numbers, stage: _Stage) -> Judged:
    status, reply = numbers.status, numbers.reply
    if hit is not None and not hit.weak:
        return _by_words(hit, numbers, stage)
    if status[:1] == "2" and not reply.startswith(("4", "5")):
        return Judged(
            Judgement.IGNORE.value, "delivered", f"status {status}", status, reply, rule="status", matched=status
        )
    reason = codes.reason_of(status)
    if reason and (hit is None or reason != "policy"):
        return _by(reason, f"status {status}", ("status", status, ""), numbers, stage)
    if hit is not None:
        return _by_words(hit, numbers, stage)
    if reason:
        return Judged(kind_of(reason), reason, f"status {status}", status, reply, "status", status)
    if reply == "552":  # RFC 5321 section 4.2.3: exceeded storage allocation
        return Judged(Judgement.SOFT.value, "mailbox_full", "reply 552", status, reply, "reply", reply)
    named = f"status {status}" if status else f"reply {reply}" if reply else "nothing"
    reason = "rejected" if status[:1] == "5" or reply[:1] == "5" else "undetermined"
    return Judged(Judgement.SOFT.value, reason, f"{named} tells no cause: soft", status, reply)


def _by_words(hit: phrases.Hit, numbers: _Numbers, stage: _Stage) -> Judged:
    whose = (hit.rule, hit.phrase, hit.said_by)
    return _by(hit.reason, f"words {hit.phrase!r}", whose, numbers, stage, hit.bare, hit.sure)


def _by(
    reason: str,
    evidence: str,
    whose: tuple[str, str, str],
    numbers: _Numbers,
    stage: _Stage,
    bare: bool = False,
    sure: bool = False,
) -> Judged:
    kind = kind_of(reason)
    against = ""
    if kind == Judgement.HARD:
        instead, against = _doubt(reason, numbers, stage, bare, sure)
        if against:
            kind, reason, evidence = Judgement.SOFT.value, instead, f"{evidence}, but {against}"
    return Judged(kind, reason, evidence, numbers.status, numbers.reply, *whose, against)


def _doubt(reason: str, numbers: _Numbers, stage: _Stage, bare: bool, sure: bool) -> tuple[str, str]:
    """The objection to a hard judgement, and the reason to give then; '' when there is none."""
    status, reply = numbers.status, numbers.reply
    if reply.startswith("4"):
        return reason, f"the reply {reply} is temporary"
    if status.startswith("4") and not reply.startswith("5"):
        return reason, f"the status {status} is temporary"
    words = stage.words()
    if _LATER.search(words) is not None and "permanent" not in words:
        return "system_error", "it asks to try again later"
    if not status.startswith("5.1.") and _SENDER.search(words) is not None:
        return "sender_rejected", "it speaks of the sender"
    if (
        status in ("5.1.7", "5.1.8")
        or _about_sender(words)
        or (stage.names_sender() and _about_sender(stage.around()))
    ):
        return "sender_rejected", "it is about the sender's address"
    if not sure and not numbers.inline.startswith("5.1."):
        other = _ANOTHER_THING.search(_LINK.sub(" ", words))
        if other is not None:
            return "policy", f"it speaks of {other[0]!r}"
    if reason in ("host_unknown", "no_mail_domain"):
        ours = _OUR_NAME.search(words) if not numbers.inline.startswith("5.1.") else None
        if ours:
            return "policy", f"it speaks of {ours[0]!r}"
        if not bare:
            return "", ""
        if numbers.inline.startswith("5.7."):
            return "policy", f"the code {numbers.inline} is a policy's"
    if status.startswith("5.1.") and status == numbers.inline and not (bare and reply in _MISUNDERSTOOD):
        return "", ""  # the server's words and its own code agree: then the stage matters less
    around = stage.around()
    refused_rcpt = stage.at_rcpt or _names(words, _AFTER_RCPT) or _names(around, _AFTER_RCPT)
    after_data = stage.after_data or _names(words, _AFTER_DATA)
    if not refused_rcpt and not after_data:
        after_data = _names(words, _SAID_OF_DATA)
    if sure and not _names(words, _SAID_OF_DATA):
        return "", ""
    if after_data and not numbers.inline.startswith("5.1."):
        return "user_filtered", "it was said after DATA, when the address had been accepted"
    if numbers.inline.startswith("5.7.") and not refused_rcpt:
        return "user_filtered", f"the code {numbers.inline} is a policy's"
    if status == "5.2.0" and bare:
        return "user_filtered", "5.2.0 stands for a refusal after the address had been accepted"
    if status.startswith("5.1."):
        return "", ""
    if bare and reply in _MISUNDERSTOOD:
        return "protocol", f"the reply {reply} is about the command, not about the address"
    if bare and not refused_rcpt:
        return "user_filtered", "neither a code 5.1.x nor a refusal at RCPT stands beside it"
    if not refused_rcpt and _names(around, _AFTER_DATA):
        return "user_filtered", "it was said after DATA, when the address had been accepted"
    return "", ""


def _about_sender(text: str) -> bool:
    return "mail from" in text and (_names(text, _AFTER_MAIL) or _MAIL_REFUSED.search(text) is not None)


def remote_words(diagnostic: str) -> str:
    """The words of the server that refused, where the diagnostic quotes them within a relay's own summary."""
    if "-'" in diagnostic:
        quoted = _QUOTED_REPLY.search(diagnostic)
        if quoted:
            codes_before = diagnostic[quoted.start() : quoted.start() + 3]
            return f"{codes_before} {quoted[1]}"
    if "aid:" in diagnostic or "not like our" in diagnostic:
        said = _REMOTE_SAID.split(diagnostic, 2)
        if len(said) == 2:
            return said[1]
    if " -> " in diagnostic:
        before, _, after = diagnostic.partition(" -> ")
        if after[:3].isdigit():
            return after
        return before + " " + after
    return diagnostic
