# SPDX-License-Identifier: GPL-3.0-or-later
"""What a text does not say of this mail: the reply to an earlier one, which it quotes, and what it denies to mean.
Texts are folded, as `clauses.told` has them. Source: texts of servers, November 2026.
"""

from __future__ import annotations

from bouncestream.mail.late import late

_REPLY = (
    r"(?:repl(?:y|ies)|answers?|respon[sc]es?|reponses?|respuestas?|resposta|risposta|antwort|antwoord|odpowiedz|"
    r"odpoved|svar|ответ|відповідь)"
)
# Not "last", which is this one.
_FORMER = (
    r"(?:earlier|previous|former|older?|prior|fruhere|vorherige|alte|precedente?|anterior(?:es)?|eerdere|vorige|"
    r"poprzednia|predchozi|tidigare|tidligere|предыдущии|прежнии|попередня)"
)
_FORMER_REPLY = late(
    rf"\b(?:{_FORMER}(?: smtp| server)? {_REPLY}|{_REPLY} {_FORMER}|"
    r"(?<!as we )(?<!as i )told you|you were (?:once )?told|"
    r"last (?:week|month|year)(?: ?'?s)? (?:repl|answer|respon)\w{1,4})\b"
)
_FORMER_HINTS = (
    "lier", "told", "prev", "former", "old", "prior", "last ", "fruh", "vor", "alte", "preced", "anterior", "eerd",
    "poprzed", "predch", "tidig", "tidl", "пред", "преж", "попер",
)  # fmt: skip

_ON = r"(?:[^.:;,]|\.(?=\w))"
"""As long as the same is spoken of."""
_DENIAL = late(
    r"\b(?:(?:not|never) (?:to )?(?:say|mean|claim|imply|suggest)|(?:heißt|heisst|bedeutet|besagt|sagen) nicht|"
    r"ne (?:signifie|disons|veut) pas|no (?:significa|quiere decir|decimos)|nao (?:significa|quer dizer)|"
    r"non (?:significa|vuol dire)|betekent niet|nie oznacza|neznamena|betyder (?:inte|ikke)|"
    r"не (?:означа|значит)\w*|"
    rf"nem jelenti|only\b{_ON}{{0,80}}? (?:if|when)|nur\b{_ON}{{0,80}}?,? (?:wenn|falls)|"
    rf"(?:solo|seulement|somente|apenas|alleen|tylko|только)\b{_ON}{{0,80}}?,? "
    r"(?:si|cuando|quando|quand|als|gdy|jesli|если))"
    rf"\b(?:{_ON}|,){{0,200}}"
)
_DENIAL_HINTS = (
    " say", " mean", " claim", " imply", " suggest", " nicht", " pas", "signific", "decir", "decimos", "dizer",
    "dire", "betekent", "oznacza", "neznam", "betyder", "означ", "значит", "jelenti",
    "only ", "nur ", "solo ", "seulement", "somente", "apenas", "alleen", "tylko", "только",
)  # fmt: skip
"""Without any of these, the patterns cannot match."""


def may_quote_former(text: str) -> bool:
    """Whether a text may quote the reply to an earlier mail at all: a cheap look first."""
    return any(map(text.__contains__, _FORMER_HINTS))


def quotes_former(clause: str) -> bool:
    """Whether what follows is the reply to an earlier mail: "our former answer was: user unknown"."""
    return _FORMER_REPLY.search(clause) is not None


def without_denials(text: str) -> str:
    """A text without what it denies to mean: "this does not mean that the user does not exist";
    nor when only something would be said: "refused only when the user does not exist"."""
    return _DENIAL.sub(" ", text) if any(map(text.__contains__, _DENIAL_HINTS)) else text
