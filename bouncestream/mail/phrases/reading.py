# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server's words mean: the clauses judged one by one, and the tables' phrases, weighed against each other.

The first sentence that tells a cause stands beside the reply code, and outranks the others. Within it the tables'
words for another cause outrank "not there", unless they only follow in passing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import lru_cache

from bouncestream.mail.phrases import engine
from bouncestream.mail.phrases.clauses import BECAUSE, Clause, cut, folded, has_any, told
from bouncestream.mail.phrases.composed import NEUTRAL, NOT_THERE, STATES
from bouncestream.mail.phrases.engine import Hit
from bouncestream.mail.phrases.saying import Said, read, strange_in, tags_of, tells
from bouncestream.mail.phrases.small import is_small
from bouncestream.mail.phrases.subjects import SELF
from bouncestream.mail.reason import kind_of
from bouncestream.record import record

OWN = ("mailbox", "domain")
"""Subjects that are the recipient's."""

VAGUE = ("perhaps", "unverified", "other", "chance", "limited")
"""States that decide nothing, and only speak against "not there" in their own clause."""

HARD = ("not there", "gone", "takes no mail")
_NAMED = ("sender", "client", "part", "record", "elsewhere")
"""Subjects that speak against "not there" in the next clause, or the one before, without a state of their own."""

_ONCE = ("mailbox_full", "mailbox_disabled")
"""Reasons that may be history: "it was full for a year, and has been deleted"."""

_WHY = ("mailbox_full", "policy", "spam", "user_filtered", "too_many")
"""Reasons for which a mailbox may have been deleted."""

_OF_THE_MAILBOX = ("mailbox_full", "mailbox_disabled", "user_filtered", "moved_owner")
"""Reasons that speak against "not there", wherever they stand."""


@record(frozen=True, slots=True)
class Reading:
    """What was found in a text."""

    hit: Hit | None  #: what decides; None when nothing tells a cause
    neutral: bool  #: there are no words, or only such as name no cause


@lru_cache(maxsize=256)  # a server says the same to many, and is asked about again when more is known of its stage
def read_words(text: str, heard: str = "") -> Reading:
    """Read a server's words. `heard`: host names and addresses around them, by which a vendor is recognised."""
    plain = told(text)
    sentences: dict[int, list[Clause]] = {}
    advice = False
    for clause in cut(plain):
        if clause.advice:
            advice = True
        else:
            sentences.setdefault(clause.sentence, []).append(clause)
    weak: Hit | None = None
    best: Hit | None = None
    once = False
    for clauses in sentences.values():
        hit = _sentence(clauses, heard)
        if hit is None:
            continue
        if hit.weak and hit.state in ("", *VAGUE):
            weak = weak or hit
        elif best is None:
            best = hit
            once = hit.reason in _ONCE and any(_WAS.search(c.text) for c in clauses)
            if kind_of(hit.reason) != "hard" and not once:
                break
        elif (
            (once and hit.state == "gone" and kind_of(hit.reason) == "hard")  # the last state counts
            or (hit.reason in _OF_THE_MAILBOX and not hit.inherited and not _was_full(best, hit, clauses))
            or _comes_back(best, hit)
            or (best.subject == "domain" and hit.reason == "network")  # "host not found. Name service error …"
            or (hit.sure and not best.sure)
        ):
            best = hit
            break
    if best is None:
        again = advice or len(sentences) > 1  # else there is no other text
        found = engine.find(engine.plain_words(plain)) if again else None
        if found is not None and kind_of(found.reason) != "hard" and (weak is None or not found.weak):
            best = found
    elif kind_of(best.reason) != "hard" and len(sentences) > 1:  # of all that is not hard, what tells most
        found = _found([clause for clauses in sentences.values() for clause in clauses])
        best = found if found is not None and not found.weak and kind_of(found.reason) != "hard" else best
    neutral = (
        best is None
        and _CONDITION.match(plain) is None
        and not has_any(plain, _IN_CASE)
        and all(
            word in NEUTRAL or word in "@~" or _foreign(word)
            for clauses in sentences.values()
            for clause in clauses
            for word in tags_of(clause.text)[0]
        )
    )
    return Reading(best or weak, neutral)


def _comes_back(best: Hit, hit: Hit) -> bool:
    """Whether a later sentence says that whoever was asked for the mailbox is not well, or that it comes back."""
    if hit.state == "temporary" and hit.subject == "mailbox" and (best.state == "gone" or not hit.inherited):
        return True
    return hit.state in ("temporary", "unreachable") and hit.subject in ("record", "system")


def _was_full(best: Hit, hit: Hit, clauses: list[Clause]) -> bool:
    """Whether it is told only how full a mailbox was, before it was gone."""
    return best.state == "gone" and hit.reason == "mailbox_full" and any(_WAS.search(c.text) for c in clauses)


def _found(clauses: list[Clause]) -> Hit | None:
    return engine.find(engine.plain_words(" ".join(clause.text for clause in clauses)))


_CONDITION = re.compile(
    r"[\W\d]{0,40}(?:if|unless|when|wenn|falls|si|se|als|om|jesli|pokud|should|sollte|mocht|qualora|gdyby|kdyby|если|якщо|如果)\b"
)
_IN_CASE = tuple(map(folded, ("場合", "경우", "もし", "如果")))
_BECAUSE_OF = re.compile(rf"(?:{BECAUSE})\b")
_OF_DOMAINS = re.compile(r"\b(?:mx|dns|a record|aaaa)\b(?!.{0,200}\b(?:ptr|spf|dkim|dmarc|txt)\b)")
_NOT_SO = re.compile(r"\b(?:not|nicht|pas|non?|nao|niet|nie|ne|inte|ikke|не)$")
_WAS = re.compile(
    r"\b(?:existed|worked|lived|existait|existio|existiu|esisteva|bestond|"
    r"was|had|were|war|hatte|etait|avait|estaba|estava|havia|habia|era|aveva|stava|bylo?|byla|bol[aoi]?|var|hade|havde|"
    r"hadde|oli|volt|был[аои]?|був|була|було|fusese|idi|earlier|before|previously|fruher|zuvor|vorher|estuvo|"
    r"esteve|antes|prima|avant|auparavant|eerder|wczesniej|drive|predtym|tidigare|tidligere|aiemmin|korabban|onceden|"
    r"раньше|ранее|раніше|раниие)\b"
)
_WITHIN = ("in ", "dans ", "en ", "na ", "nel ")
_UNTIL = re.compile(r"\b(?:until|till|bis|jusqu|hasta|ate|fino|tot|do|tills|indtil|inntil|до)\b")
_FAILED = re.compile(
    r"\b(?:fail|fehlgeschlagen|scheiter|gescheitert|echou|echec|fallo\b|fracas|falhou|fallit|mislukt|nie powiod|"
    r"selha|misslyck|mislykk|не удал|basarisiz)"
)
_IN_VAIN = re.compile(r"\b(?:not|cannot|nicht|pas|nao|non|niet|nie|ne|no se|inte|ikke|не|fail\w*|error)\b")
_DNS = re.compile(r"nxdomain|null ?mx|no such (?:domain|host)")
_READ = ("LATIN", "CYRILLIC", "GREEK", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "HEBREW", "ARABIC", "THAI")


def _foreign(word: str) -> bool:
    """Whether a word is written in a script of which no language is in the tables."""
    return not word.isascii() and not unicodedata.name(word[0], "").startswith(_READ)


def _sentence(clauses: list[Clause], heard: str) -> Hit | None:
    """What a sentence says."""
    found = _found(clauses)
    if found is not None and kind_of(found.reason) == "hard" and _of_another(clauses):
        found = None
    alone = found is not None and len(clauses) == 1 and not found.weak and kind_of(found.reason) != "hard"
    if alone and found is not None and engine.heard(found, heard) and not _may_be_gone(clauses[0].text):
        return found
    if not any(tells(clause.text) for clause in clauses):
        return found
    said = _said(clauses)
    gone_ones = [(at, one) for at, one in said if one.subject in OWN and one.state in HARD]
    causes = [bool(gone_ones) and _BECAUSE_OF.match(clause.text) is not None for clause in clauses]
    denied = [cause and at > 0 and bool(_NOT_SO.search(clauses[at - 1].text)) for at, cause in enumerate(causes)]
    effects = [cause and not no for cause, no in zip(causes, denied, strict=True)]
    gone_ones = [(at, one) for at, one in gone_ones if not denied[at]]  # "not because the user does not exist"
    gone_ones.sort(key=lambda placed: (not placed[1].proof, bool(placed[1].strange)))
    said = [(at, one) for at, one in said if not _asked_for_him(one, clauses[at].text, heard)]
    place, gone = next((placed for placed in gone_ones if not _against(*placed, said, effects)), (0, None))
    before = clauses[place - 1].text if place else ""
    if before and gone is not None and not gone.strange and (gone.inherited or _FAILED.search(before)):
        gone = gone._replace(strange=strange_in(before))  # "the copy failed: address unknown"
    if gone is not None and gone.strange and not gone.proof:
        clear = found is not None and not found.weak and (found.sure or kind_of(found.reason) != "hard")
        return found if clear else _doubtful(gone)
    if found is not None and kind_of(found.reason) == "hard" and not found.bare:
        if engine.recognised(found, heard):
            return found
        against = next((one for _, one in said if one.state and one.state not in HARD), None)
        return _hit(against) if against is not None and gone is None and not found.sure else found
    if gone is None:
        if found is not None and not found.weak:
            return found
        other = next(
            (one for _, one in said if one.state and (one.subject not in OWN or one.state not in HARD)), None
        )
        return _hit(other) if other is not None and (found is None or other.state != "other") else found
    if found is not None and not found.weak and kind_of(found.reason) != "hard" and not gone.proof:
        for at, clause in enumerate(clauses):
            hit = engine.find(engine.plain_words(clause.text))
            clear = hit is not None and not hit.weak and kind_of(hit.reason) != "hard"
            if (
                clear
                and hit is not None
                and engine.heard(hit, heard)
                and _outranks(hit, at - place, gone, effects[place])
            ):
                return hit
    return _hit(gone)


def _of_another(clauses: list[Clause]) -> bool:
    """Whether somebody's address is named, and not the recipient's."""
    texts = [clause.text for clause in clauses]
    return any(has_any(text, ("mailfrom", "otheraddress")) for text in texts) and not any(
        "@" in text for text in texts
    )


def _may_be_gone(text: str) -> bool:
    """Whether a clause with another cause may tell all the same that something is gone."""
    return _DNS.search(text) is not None or any(tag.name[0] == "g" for tag in tags_of(text)[1])


def _outranks(hit: Hit, at: int, gone: Said, why: bool) -> bool:
    """Whether the table's words for another cause outrank "not there". `at`: so many clauses behind it; `why`: "not
    there" is told as the reason of something."""
    if gone.subject == "domain" and hit.reason == "network" and not hit.within:
        return False  # "DNS error: this domain does not exist"
    if why and at < 0 and hit.reason in ("mailbox_disabled", "user_filtered"):
        return False
    if gone.state == "gone" and (hit.reason == "mailbox_disabled" or (at == 0 and hit.reason in _WHY)):
        return False  # "was deleted by the retention policy"
    if at == 0 and gone.state == "takes no mail" and hit.reason == "user_filtered":
        return False
    if at == 0 or hit.reason in _OF_THE_MAILBOX:
        return True
    return at < 0 and (gone.inherited or hit.reason in ("network", "system_error"))


def _asked_for_him(said: Said, text: str, heard: str) -> bool:
    """Whether the recipient was asked about elsewhere: "callout verification failed for" his address."""
    return said.subject == "client" and "call" in text and "@" in text and heard.partition(" ")[0] in text


def _doubtful(gone: Said) -> Hit:
    """What was said, with the word that may turn it."""
    return replace(_hit(gone), reason="rejected", weak=True, doubt=gone.strange, state="perhaps")


def statements(text: str) -> list[Hit]:
    """What each clause says that is no advice, as hits. For `explained`."""
    clauses = [clause for clause in cut(told(text)) if not clause.advice]
    return [_hit(said) for _, said in _said(clauses) if said.state]


def _said(clauses: list[Clause]) -> list[tuple[int, Said]]:
    """What each clause says, with its place."""
    found: list[tuple[int, Said]] = []
    before = "mailbox"
    named = False
    for at, clause in enumerate(clauses):
        told_here = read(clause.text, before)
        if before == "sender" and told_here and clauses[at - 1].text.endswith("from"):
            told_here = tuple(one._replace(subject="sender") for one in told_here)
        if named and any(one.inherited for one in told_here):
            told_here = tuple(one._replace(inherited=False) if one.state not in HARD else one for one in told_here)
        named = named or any(not one.inherited and one.subject in OWN for one in told_here)
        found += [(at, one) for one in told_here if one.state or one.subject in _NAMED]
        if told_here:
            before = told_here[-1].subject if told_here[-1].subject != "elsewhere" else before
        elif any(word not in NEUTRAL and not is_small(word) for word in tags_of(clause.text)[0]):
            before = ""
    return found


def _against(at: int, gone: Said, said: list[tuple[int, Said]], effects: list[bool]) -> bool:
    """Whether what else is said in the sentence speaks against "not there". `effects`: which clauses tell why."""
    named = not gone.inherited and any(word == "@" or word.startswith(SELF) for word in gone.words.split())
    for place, other in said:
        if named and place != at and other.subject in ("sender", "client", "part", "content"):
            continue  # "the sender was accepted, but a@example.com is unknown"
        if gone.subject == "domain" and other.subject in ("client", "sender"):
            return True  # "domain does not exist: no PTR for …"
        if place == at + 1 and other.words.startswith(("mailfrom", "for mailfrom")):
            return True  # "unknown user: news@…", which is our address
        if not other.state:
            if place < at and (other.subject in ("sender", "client", "part") or "otheraddress" in other.words):
                return True  # "callout to the sender: user unknown"
            if place < at and other.subject == "record" and _IN_VAIN.search(other.words):
                return True  # "could not ask the directory: user unknown"
            if place == at + 1 and other.subject == "part" and other.words.startswith(_WITHIN):
                return True  # "the phrase 'account deleted' in your letter"
            if place == at + 1 and gone.inherited and other.subject in ("record", "elsewhere"):
                return True  # "not found: A record for …"
            continue
        if other is gone or (other.subject in OWN and other.state in HARD):
            continue
        if gone.proof and other.state != "temporary" and other.subject != "elsewhere":
            continue
        if other.state == "unreachable" and other.subject == gone.subject == "mailbox" and place != at:
            continue  # "cannot be reached: unknown user"
        if other.state == "chance" and gone.state == "gone":
            return True  # "was deleted by mistake"
        if other.state == "temporary" and place != at and _UNTIL.search(other.words) and _WAS.search(other.words):
            continue  # "it was here until May, and has been deleted"
        if other.state in ("unreachable", "temporary"):
            return True
        if gone.subject == "domain" and other.subject == "record" and _OF_DOMAINS.search(other.words):
            continue  # "no MX record found: domain does not exist"
        if effects[at] and place < at and other.state in ("off", "refuses", "other"):
            continue  # "disabled because it does not exist any more"
        if gone.state == "gone" and other.state in ("full", "off") and _WAS.search(other.words):
            continue  # "removed: it had been full for months"
        if gone.state == "gone" and (other.state == "off" or (other.state == "full" and place == at)):
            continue  # "expired and was removed"; "was full for a year, and has been deleted"
        if place < at and other.state in ("perhaps", "limited"):
            return True  # "may be wrong, or does not exist"; "for you, it does not exist"
        if other.subject in (*OWN, "", "content") and other.state in VAGUE and place != at:
            continue  # "refused: user unknown"
        if place == at or (other.subject in (*OWN, "") and other.state not in HARD) or place < at:
            return True
    return False


def _hit(said: Said) -> Hit:
    """What was said, as a hit."""
    if said.state == "takes no mail" and said.subject in OWN:
        reason = "no_mail_domain"
    elif said.state in HARD:
        reason = {"mailbox": "user_unknown", "domain": "host_unknown", **NOT_THERE}[said.subject]
    else:
        passing = said.state in ("temporary", "unreachable", "too many", "loop") or (
            said.state == "refuses" and said.subject == "content"
        )
        reason = STATES[said.state] if passing else NOT_THERE.get(said.subject, STATES[said.state])
    weak = said.state not in HARD  # a code may tell more
    return Hit(
        reason,
        said.words,
        weak,
        said.stock,
        "",
        said.proof,
        "clause",
        subject=said.subject,
        state=said.state,
        inherited=said.inherited,
    )
