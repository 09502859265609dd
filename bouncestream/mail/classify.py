# SPDX-License-Identifier: GPL-3.0-or-later
"""Status, reply code, words and action → kind and reason. Used by the mail reader and by the providers.

The order of trust: the action (a delayed mail is never final), the server's words, the codes within the words, the
Status field. Words that name the cause are hard unless something speaks against them; a code is, where no words do.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bouncestream.mail import phrases
from bouncestream.mail.phrases.clauses import has_any
from bouncestream.mail.reason import kind_of
from bouncestream.mail.status import Codes, enhanced, in_text, reason_of
from bouncestream.mail.verdict import Judgement
from bouncestream.record import record

FINAL_ACTIONS = frozenset(
    {"", "failed", "failure", "fail", "error", "expired", "rejected", "bounced", "undeliverable"}
)
"""Actions (RFC 3464 section 2.3.3, and what servers write instead) after which nothing more is tried."""

STILL_TRYING = frozenset({"delayed", "delay", "deferred", "warning", "transient"})

ARRIVED = frozenset({"relayed", "delivered", "expanded", "deliverable"})
ACTIONS = FINAL_ACTIONS | STILL_TRYING | ARRIVED
"""All that are known."""

# IronPort writes its own summary, then the remote server's words in quotes: 5.1.0 - Unknown address error 550-'…'
_REMOTE_SAID = re.compile(r"\b(?:[Ss]aid|did not like our [A-Z][A-Za-z ]{3,12}):\s{1,8}(?=[45]\d\d[ -])")
_CALLED_BACK = re.compile(r"call-?(?:back|out)|verif|\(", re.IGNORECASE)
_QUOTED_REPLY = re.compile(r"\b[245]\d\d-'(.{1,1500}?)'(?: \(|$)", re.DOTALL)
# Of several attempts the last answer counts, by its code or because it is called so.
_EARLIER = re.compile(
    r"\b4\d\d[ -]4\.\d{1,3}\.\d{1,3}\b.{1,600}?(?=(?<![\d.])5\d\d[ -]5\.\d{1,3}\.\d)|"
    r"\b4\d\d .{1,600}?\b(?:[Ff]inal(?:ly)?|last(?:ly)?|then|now|today)\b[^\w\n]{0,4}(?=5\d\d[ -])",
    re.DOTALL,
)
# A name of an address that no rule can take for words or marks.
_NAME = re.compile(r"[a-z0-9._+-]{1,64}", re.ASCII)
# Which command was refused, in the words of Postfix, Exim, Sendmail, qmail, Courier, m-FILTER and Yahoo; any white
# space is one blank.
_AFTER_MAIL = ("after mail from", "reply to mail from")
# What may be there tomorrow; `clauses.told` has taken out what denies it.
_LATER = re.compile(
    r"\btemporar(?:y|ily)\b(?! ones?\b| (?:mailbox|address|account|inbox)\b[^.]{0,80} (?:deleted|removed|gone))|"
    r"\b(?:again|try|retry|resend)\b[^.]{0,30}\blater\b|\bat a later time\b"
)
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[\w.-]{1,255}")
_MAIL_FROM = re.compile(r"mail\s{1,20}from")
_MAIL_REFUSED = re.compile(r">>> ?mail from:[^>]{0,330}>[^<]{0,60}<<< [45]")
_AFTER_RCPT = (
    "rcpt to", "rcpt_to", "after rcpt", ">>> rcpt", ">>>rcpt", "smtp:rcpt", "[rcpt", "does not like recipient",
    "rcpt command", "mail+rcpt",
)  # fmt: skip
_AFTER_DATA = (
    "end of data", "end-of-data", "reply to data", "after data", "failed after i sent the message",
    "smtp command data", "did not like our data", "did not like our final data",
)  # fmt: skip
_AFTER_HELO = (
    "my name was rejected", "reply to ehlo", "reply to helo", "after ehlo", "after helo", "refused to talk to me",
    "smtp command ehlo", "smtp command helo", "smtp:ehlo", "smtp:helo",
)  # fmt: skip
"""Then it was asked who we are, and nothing else."""
_MISUNDERSTOOD = ("500", "501", "502", "503", "504")
CARRIERS = (
    "docomo", "ezweb", "au.com", "softbank", "vodafone.ne.jp", "disney.ne.jp", "willcom", "pdx.ne.jp", "ymobile",
    "y-mobile", "emnet.ne.jp",
)  # fmt: skip
"""Japanese carriers that say "unknown user" for what their filters refuse."""
GONE_CODES = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")
"""Codes that say by themselves that the mailbox or its domain is not there."""
STAGE_LIMIT = 8000
"""So much of a notice is searched for the stage."""


@record(frozen=True, slots=True)
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
    subject: str = ""  #: whose thing, where a clause decided
    state: str = ""  #: how it is
    sure: bool = True  #: not a hard that rests on words alone, or on those of a carrier that masks its filters


def classify(
    *,
    status: str,
    reply_code: str,
    diagnostic: str,
    action: str = "failed",
    after_data: bool = False,
    at_rcpt: bool = False,
    context: str = "",
    heard: str = "",
    ours: tuple[str, ...] = (),
) -> Judged:
    """Judge one recipient.

    `status` is an RFC 3463 code, `reply_code` an SMTP one, `diagnostic` the server's words in any form, `action` an
    RFC 3464 action; each may be empty. `after_data`: the caller knows that the refusal followed DATA; `at_rcpt`:
    that it was the answer to RCPT, or that the report's writer would say if not. `context`: more of the notice
    around the diagnostic, only searched for the SMTP command that was refused. `heard`: the address and the host
    that spoke, the address first, by which a vendor is recognised. `ours`: the addresses that the mail came
    from, by which a refused sender is recognised; lower case. Never raises.
    """
    status = enhanced(status)
    action = action.strip().lower()
    if "4" in diagnostic and " 5" in diagnostic:
        diagnostic = _EARLIER.sub(" ", diagnostic)
    own = remote_words(diagnostic)
    found = in_text(own) if own else Codes("", "")
    reply = found.reply or reply_code.strip()[:3]
    if action not in FINAL_ACTIONS:
        return _not_final(action, status, reply)
    stage = _Stage(diagnostic, context, after_data, at_rcpt, f"{heard} {diagnostic[:STAGE_LIMIT]}".lower())
    address = heard.partition(" ")[0]
    reading = phrases.Reading(None, True)
    if own:
        address = address.lower() if "@" in address else ""
        own = phrases.with_roles(own, address, ours)
        reading = phrases.read_words(_of_anybody(own, address), _of_anybody(stage.heard, address))
    hit = reading.hit
    if hit is not None and hit.bare:
        hit = phrases.shape(diagnostic) or hit
    return _judge(hit, reading.neutral, _Numbers(status, found.enhanced, reply), stage)


def _of_anybody(text: str, address: str) -> str:
    """`text` with another name in the recipient's address: what a server tells of all its users is read once. Not
    where words have no blanks between them, and the address is quoted with them."""
    name, _, domain = address.partition("@")
    return text.replace(address, f"x@{domain}") if text.isascii() and _NAME.fullmatch(name) else text


@record(frozen=True, slots=True)
class _Stage:
    """At which command the mail was refused; only asked for when the judgement hangs on it."""

    diagnostic: str
    context: str
    after_data: bool
    at_rcpt: bool
    heard: str  #: hosts and addresses, lower case

    @property
    def words(self) -> str:
        """The diagnostic as it is searched."""
        return _flat(self.diagnostic)

    @property
    def around(self) -> str:
        """The context as it is searched: long, so only when needed."""
        return _flat(self.context)

    @property
    def refused_rcpt(self) -> bool:
        """Whether RCPT was refused."""
        return self.at_rcpt or has_any(self.words, _AFTER_RCPT) or has_any(self.around, _AFTER_RCPT)

    @property
    def said_after_data(self) -> bool:
        """Whether it was the answer to DATA."""
        if self.after_data or has_any(self.words, _AFTER_DATA):
            return True
        return has_any(self.around, _AFTER_DATA) and not self.refused_rcpt

    @property
    def names_data(self) -> bool:
        """Whether DATA is named at all."""
        return self.after_data or has_any(self.words, _AFTER_DATA) or has_any(self.around, _AFTER_DATA)

    @property
    def masked(self) -> bool:
        """Whether the words are a carrier's that masks its filters."""
        return has_any(self.heard, CARRIERS)

    def names_sender(self) -> bool:
        """Whether the context may tell of a refused sender at all: a cheap look first."""
        return _MAIL_FROM.search(self.context[:STAGE_LIMIT].lower()) is not None


@lru_cache(maxsize=8)  # each is asked for several times
def _flat(text: str) -> str:
    return " ".join(text[:STAGE_LIMIT].lower().split()) if text else ""


@record(frozen=True, slots=True)
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
    final = action in ARRIVED or status[:1] == "2"
    reason = "delivered" if final else "delayed"
    known = final or action in STILL_TRYING
    says = f"action {action} is not final" if known else f"unknown action {action[:40]!r}"
    return Judged(Judgement.IGNORE.value, reason, says, status, reply, "action", action[:40])


def _judge(hit: phrases.Hit | None, neutral: bool, numbers: _Numbers, stage: _Stage) -> Judged:
    status, reply = numbers.status, numbers.reply
    if hit is not None and not hit.weak:
        return _settled(hit, numbers, stage)
    if status[:1] == "2" and not reply.startswith(("4", "5")):
        return Judged(
            Judgement.IGNORE.value, "delivered", f"status {status}", status, reply, rule="status", matched=status
        )
    reason = reason_of(status)
    if reason and (hit is None or reason != "policy"):
        if kind_of(reason) == Judgement.HARD and not neutral:
            if hit is not None and hit.state and hit.reason not in ("rejected", "undetermined"):
                return _settled(hit, numbers, stage)  # a clause that names another cause
            against = f"the word {hit.doubt!r} may turn it" if hit and hit.doubt else "the words do not say so"
            because = hit.reason if hit is not None else "rejected"
            evidence = f"status {status}, but {against}"
            return Judged(Judgement.SOFT.value, because, evidence, status, reply, "status", status, against=against)
        return _settled(phrases.Hit(reason, status, False, True, rule="status"), numbers, stage)
    if hit is not None:
        return _settled(hit, numbers, stage)
    if reply == "552":  # RFC 5321 section 4.2.3: exceeded storage allocation
        return Judged(Judgement.SOFT.value, "mailbox_full", "reply 552", status, reply, "reply", reply)
    named = f"status {status}" if status else f"reply {reply}" if reply else "nothing"
    reason = "rejected" if status[:1] == "5" or reply[:1] == "5" else "undetermined"
    return Judged(Judgement.SOFT.value, reason, f"{named} tells no cause: soft", status, reply)


def _settled(hit: phrases.Hit, numbers: _Numbers, stage: _Stage) -> Judged:
    """The judgement by what decides, unless it is hard and something speaks against that."""
    kind, reason = kind_of(hit.reason), hit.reason
    evidence = f"status {hit.phrase}" if hit.rule == "status" else f"words {hit.phrase!r}"
    if hit.state:
        evidence += f" ({hit.subject}: {hit.state})"
    against, sure = f"the word {hit.doubt!r} may turn it" if hit.doubt else "", True
    if against:
        evidence += f", but {against}"
    if kind == Judgement.HARD:
        instead, against = _doubt(hit, numbers, stage)
        if against:
            kind, reason, evidence = Judgement.SOFT.value, instead, f"{evidence}, but {against}"
        else:
            coded = numbers.inline in GONE_CODES or numbers.field in GONE_CODES
            known = hit.sure and (hit.rule == "clause" or phrases.recognised(hit, stage.heard))
            sure = not stage.masked and (known or coded or stage.refused_rcpt)
    said_by = hit.said_by if phrases.recognised(hit, stage.heard) else ""
    return Judged(
        kind, reason, evidence, numbers.status, numbers.reply, hit.rule, hit.phrase, said_by, against,
        hit.subject, hit.state, sure,
    )  # fmt: skip


def _doubt(hit: phrases.Hit, numbers: _Numbers, stage: _Stage) -> tuple[str, str]:
    """The objection to a hard judgement, and the reason to give then; '' when there is none."""
    status, reply = numbers.status, numbers.reply
    of_domain = hit.reason in ("host_unknown", "no_mail_domain")
    # The DNS has answered, whatever code was made up for that.
    proven = of_domain and (hit.sure or "nxdomain" in stage.around)
    if reply.startswith("4") and not proven:
        return hit.reason, f"the reply {reply} is temporary"
    if status.startswith("4") and not reply.startswith("5") and not (proven or (of_domain and status == "4.0.0")):
        return hit.reason, f"the status {status} is temporary"
    words = stage.words
    told = hit.rule == "clause" and not hit.inherited and ("@" in hit.phrase or not hit.bare)  # clauses were asked
    if not (proven and of_domain) and not told and _asks_again(words, of_domain):
        return "system_error", "it asks to try again later"
    if (
        status in ("5.1.7", "5.1.8")
        or _about_sender(words)
        or (stage.names_sender() and _about_sender(stage.around))
    ):
        return "sender_rejected", "it is about the sender's address"
    if has_any(words, _AFTER_HELO):
        return "policy", "it answers our own greeting"
    if of_domain and hit.state != "gone" and numbers.inline.startswith("5.7."):
        return "policy", f"the code {numbers.inline} is a policy's"
    if not of_domain and stage.masked and stage.names_data:
        return "user_filtered", "this carrier says so after DATA of what its filters refuse"
    if hit.sure or not hit.bare or numbers.inline in GONE_CODES:
        return "", ""
    if "mailbox unavailable" in words and "invalid" in hit.phrase and not stage.refused_rcpt:
        return "rejected", "it says 'mailbox unavailable', which is said of anything"
    if stage.said_after_data:
        return "user_filtered", "it was said after DATA, when the address had been accepted"
    if status == "5.2.0":
        return "user_filtered", "5.2.0 stands for a refusal after the address had been accepted"
    if status in GONE_CODES:
        return "", ""
    if reply in _MISUNDERSTOOD:
        return "protocol", f"the reply {reply} is about the command, not about the address"
    if stage.refused_rcpt:
        return "", ""
    if hit.rule == "words":
        return "user_filtered", "neither a code 5.1.x nor a refusal at RCPT stands beside it"
    if stage.masked:
        return "user_filtered", "this carrier says so of what its filters refuse"
    return "", ""


def _asks_again(words: str, of_domain: bool) -> bool:
    """Whether it asks to try again later."""
    if not has_any(words, ("temporar", "later", "try again")) or "permanent" in words:
        return False
    told = _ADDRESS.sub(" ", phrases.told(words))
    starts = ((told.rfind(". ", 0, later.start()), later.start()) for later in _LATER.finditer(told))
    asks = any(not phrases.is_of_another(told[start + 1 : end]) for start, end in starts)
    return asks or (of_domain and "try again" in told)


def _about_sender(text: str) -> bool:
    return "mail from" in text and (has_any(text, _AFTER_MAIL) or _MAIL_REFUSED.search(text) is not None)


def remote_words(diagnostic: str) -> str:
    """The words of the server that refused, where the diagnostic quotes them within a relay's own summary."""
    if "-'" in diagnostic:
        quoted = _QUOTED_REPLY.search(diagnostic)
        if quoted:
            codes_before = diagnostic[quoted.start() : quoted.start() + 3]
            return f"{codes_before} {quoted[1]}"
    if "aid:" in diagnostic or "not like our" in diagnostic:
        said = _REMOTE_SAID.split(diagnostic, 2)
        if len(said) == 2 and not _CALLED_BACK.search(said[0]):
            return said[1]
    if " -> " in diagnostic:
        before, _, after = diagnostic.partition(" -> ")
        if after[:3].isdigit():
            return after
        return before + " " + after
    return diagnostic
