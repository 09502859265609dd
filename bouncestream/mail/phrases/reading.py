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
from bouncestream.mail.phrases.against import HARD, OWN, VAGUE, WAS, speaks_against
from bouncestream.mail.phrases.clauses import BECAUSE, Clause, cut, folded, has_any, told
from bouncestream.mail.phrases.composed import NEUTRAL, NOT_THERE, STATES
from bouncestream.mail.phrases.engine import Hit
from bouncestream.mail.phrases.quoted import without_quoted
from bouncestream.mail.phrases.saying import (
    Said,
    is_about_whom,
    is_of_another,
    is_thing,
    read,
    strange_in,
    tags_of,
    tells,
    topic_of,
)
from bouncestream.mail.phrases.small import is_small
from bouncestream.mail.reason import kind_of
from bouncestream.record import record

_NAMED = ("sender", "client", "part", "record", "thing", "elsewhere")
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
    plain = without_quoted(told(text))
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
        if best is not None and _UNTRUE.match(clauses[0].text):
            best = None
        if best is not None and kind_of(best.reason) == "hard" and _tells_size(plain_of(clauses)):
            continue
        hit = _sentence(clauses, heard)
        if hit is None:
            continue
        if hit.weak and hit.state in ("", *VAGUE):
            weak = weak or hit
        elif best is None or _tells_nothing_of_him(best, hit):
            best = hit
            once = hit.reason in _ONCE and any(WAS.search(c.text) for c in clauses)
        elif (
            (once and hit.state == "gone" and kind_of(hit.reason) == "hard")  # the last state counts
            or (hit.reason in _OF_THE_MAILBOX and not hit.inherited and hit.subject != "content")
            or (_comes_back(best, hit) and not best.sure)
            or _beside_him(best, hit, clauses)
            or (hit.sure and not best.sure)
            or (best.bare and "@" not in best.phrase and hit.subject in ("sender", "client") and hit.state in HARD)
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
            word in NEUTRAL or word in "@~" or _foreign(word) or not word.isalpha()
            for clauses in sentences.values()
            for clause in clauses
            for word in tags_of(clause.text)[0]
        )
    )
    return Reading(best or weak, neutral)


_GENERAL = ("spam", "policy", "content", "rejected", "undetermined")
"""Reasons that a first sentence may give of all mail: "unsolicited mail is not welcome here"."""


def plain_of(clauses: list[Clause]) -> str:
    """The words of a sentence."""
    return " ".join(clause.text for clause in clauses)


_SIZE = re.compile(r"\d ?(?:[kmgt]i?b|[kmg]o|[кмг]б)(?![a-zа-я])")
_USED = re.compile(r"\b(?:used|now|full|belegt|voll|utilis|plein|usad|llen|pien|vol)")


def _tells_size(text: str) -> bool:
    """Whether a sentence tells how much anybody's mailbox or letter may hold."""
    return _SIZE.search(text) is not None and "@" not in text and _USED.search(text) is None


def _beside_him(best: Hit, hit: Hit, clauses: list[Clause]) -> bool:
    """Whether it stands beside the recipient's address, and what was found is said of all mail."""
    return best.reason in _GENERAL and kind_of(hit.reason) == "hard" and not hit.doubt and "@" in plain_of(clauses)


def _tells_nothing_of_him(best: Hit, hit: Hit) -> bool:
    """Whether what was found tells nothing of the recipient, and a later sentence may say that he is not there:
    "we looked today and yesterday. There is no jane"."""
    nothing = best.rule == "clause" and (
        (best.subject == "" and best.inherited)
        or f"{best.subject} {best.state}" in ("system gone", "content not there")
    )
    return nothing and kind_of(hit.reason) == "hard" and not hit.inherited


def _comes_back(best: Hit, hit: Hit) -> bool:
    """Whether a later sentence says that whoever was asked for the mailbox is not well, or that it comes back."""
    if hit.state == "temporary" and hit.subject == "mailbox" and (best.state == "gone" or not hit.inherited):
        return not (hit.inherited and not best.inherited and is_of_another(hit.phrase))
    return hit.state in ("temporary", "unreachable") and hit.subject in ("record", "system")


def _found(clauses: list[Clause]) -> Hit | None:
    return engine.find(engine.plain_words(" ".join(clause.text for clause in clauses)))


_CONDITION = re.compile(
    r"[\W\d]{0,40}(?:if|unless|when|had|were|wenn|falls|si|se|als|om|jesli|pokud|should|sollte|mocht|qualora|gdyby|kdyby|"
    r"если|якщо|如果)\b"
)
_IN_CASE = tuple(map(folded, ("場合", "경우", "もし", "如果")))
_BECAUSE_OF = re.compile(rf"(?:{BECAUSE})\b")
_NOT_SO = re.compile(r"\b(?:not|nicht|pas|non?|nao|niet|nie|ne|inte|ikke|не)$")
_HIS = re.compile(
    r"\b(?:his|hers?|their|seine?[mnrs]?|ihr(?:e[mnrs]?)?|son|sa|ses|su|sus|de (?:el|ella)|seu|sua|dele|dela|suo|"
    r"sua|zijn|"
    r"haar|jego|jej|jeho|jeji|его|ее|hans|hendes|hennes)\b"
)
_UNTRUE = re.compile(
    r"(?:but |aber |mais |pero |ma |mas )?(?:that|this|it|das|dies|es|c'?|ce|cela|eso|esto|isso|isto|cio|questo|"
    r"dat|to|это)? ?"
    r"(?:(?:is|was|were) (?:not true|not so|untrue|wrong|false|a mistake|an error|mistaken)|stimmt nicht|(?:ist|"
    r"war) (?:falsch|"
    r"nicht wahr|ein irrtum|ein fehler)|(?:est|etait) (?:faux|une erreur)|n'est pas vrai|(?:es|era|fue) (?:falso|"
    r"un error)|no es "
    r"cierto|nao e verdade|foi um erro|e falso|non e vero|era un errore|klopt niet|was een fout|nieprawda|"
    r"byl blad|неверно|не так)"
)
_FAILED = re.compile(
    r"\b(?:fail|fehlgeschlagen|scheiter|gescheitert|echou|echec|fallo\b|fracas|falhou|fallit|mislukt|nie powiod|"
    r"selha|misslyck|mislykk|не удал|basarisiz)"
)
_FAILED_WORD = re.compile(_FAILED.pattern + r"\w{0,8}")
_READ = ("LATIN", "CYRILLIC", "GREEK", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "HEBREW", "ARABIC", "THAI")


def _foreign(word: str) -> bool:
    """Whether a word is written in a script of which no language is in the tables."""
    return not word.isascii() and not unicodedata.name(word[0], "").startswith(_READ)


def _sentence(clauses: list[Clause], heard: str) -> Hit | None:
    """What a sentence says."""
    found = _found(clauses)
    if found is not None and kind_of(found.reason) == "hard" and _of_another(clauses):
        found = None
    if not any(tells(clause.text) for clause in clauses):
        return found
    said = _said(clauses)
    texts = [clause.text for clause in clauses]
    gone_ones = [(at, one) for at, one in said if one.subject in OWN and one.state in HARD]
    causes = [bool(gone_ones) and _BECAUSE_OF.match(clause.text) is not None for clause in clauses]
    denied = [cause and at > 0 and bool(_NOT_SO.search(clauses[at - 1].text)) for at, cause in enumerate(causes)]
    effects = [cause and not no for cause, no in zip(causes, denied, strict=True)]
    gone_ones = [(at, one) for at, one in gone_ones if not denied[at]]  # "not because the user does not exist"
    gone_ones.sort(key=lambda placed: (not placed[1].proof, bool(placed[1].strange)))
    said = [(at, one) for at, one in said if not _asked_for_him(one, clauses[at].text, heard)]
    passing = (placed for placed in gone_ones if not speaks_against(*placed, said, effects, texts))
    place, gone = next(passing, (0, None))
    before = clauses[place - 1].text if place else ""
    if (
        gone is not None
        and gone.inherited
        and place > 1
        and not any(at == place - 1 and one.state for at, one in said)
    ):
        head = read(texts[place - 2])[-1:]
        if head and head[0].subject not in (*OWN, "elsewhere") and not head[0].state:
            gone = gone._replace(strange=head[0].words)  # "the path, which jane has given, is unknown"
    if gone is not None and "@" not in gone.words and not gone.strange and _HIS.search(gone.words):
        whose = next(
            (one.strange for at, one in gone_ones if at < place and one.strange in one.words.split()[:3]), ""
        )
        gone = gone._replace(strange=whose)  # "her deputy has left us, and his mailbox was deleted"
    of_thing = gone is not None and gone.stock and not gone.inherited and place > 0 and is_thing(before)
    at_first = any(at == place - 1 and one.subject in OWN and one.state not in ("", *HARD) for at, one in said)
    doubtful = (
        gone is not None
        and not gone.strange
        and ((gone.inherited and not at_first) or of_thing or _FAILED.search(before))
    )
    if before and gone is not None and doubtful:
        odd = strange_in(_FAILED_WORD.sub(" ", before))
        gone = gone._replace(strange=odd)  # "the copy failed: address unknown"
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
            if hit is None or hit.weak or kind_of(hit.reason) == "hard":
                continue
            if engine.heard(hit, heard) and _outranks(hit, at - place, gone):
                return hit
    return _hit(gone)


def _of_another(clauses: list[Clause]) -> bool:
    """Whether somebody else's address is named."""
    return any(has_any(clause.text, ("mailfrom", "otheraddress")) for clause in clauses)


def _outranks(hit: Hit, at: int, gone: Said) -> bool:
    """Whether the table's words for another cause outrank "not there". `at`: so many clauses behind it."""
    if gone.state == "gone" and at < 0 and hit.reason in _ONCE:
        return False  # "unpaid for months; now it is deleted"
    if gone.subject == "domain" and hit.reason == "network" and not hit.within:
        return False  # "DNS error: this domain does not exist"
    if gone.state == "gone" and (hit.reason == "mailbox_disabled" or (at == 0 and hit.reason in _WHY)):
        return False  # "was deleted by the retention policy"
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
    clauses = [clause for clause in cut(without_quoted(told(text))) if not clause.advice]
    return [_hit(said) for _, said in _said(clauses) if said.state]


def _said(clauses: list[Clause]) -> list[tuple[int, Said]]:
    """What each clause says, with its place."""
    found: list[tuple[int, Said]] = []
    topic = last = "mailbox"
    named = False
    for at, clause in enumerate(clauses):
        relative = bool(at) and _RELATIVE.match(clause.text) is not None
        before = last if relative else topic
        told_here = read(clause.text, before)
        after = clauses[at + 1].text if at + 1 < len(clauses) else ""
        if "@" in after and is_about_whom(clause.text, after):
            told_here = read(f"{clause.text} {after}", before)
        if named and any(one.inherited for one in told_here):
            told_here = tuple(one._replace(inherited=False) if one.state not in HARD else one for one in told_here)
        named = named or any(not one.inherited and one.subject in OWN for one in told_here)
        found += [(at, one) for one in told_here if one.state or one.subject in _NAMED]
        if told_here:
            last = told_here[-1].subject if told_here[-1].subject != "elsewhere" else before
            if not relative:
                topic = topic_of(clause.text) if last == "system" else last
        elif any(word not in NEUTRAL and not is_small(word) for word in tags_of(clause.text)[0]):
            topic = last = ""
    return found


_RELATIVE = re.compile(
    r"(?:(?:an|in|auf|bei|mit|to|at|on|in|for|from|a|en|con|per|pour|aan|op|do|na|w|v) )?"
    r"(?:der|die|das|dem|den|who|that|which|whom|que|qui|che|cui|laquelle|lequel|quien|dat|ktor|kter|котор)"
)


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
