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
    r"\b(?:(?:not|never) (?:to )?(?:say|mean|claim|imply|suggest|take (?:this|it) for)|(?:heißt|heisst|bedeutet|"
    r"besagt|sagen) nicht|"
    r"ne (?:signifie|disons|veut) pas|no (?:significa|quiere decir|decimos)|nao (?:significa|quer dizer)|"
    r"non (?:significa|vuol dire)|betekent niet|nie oznacza|neznamena|betyder (?:inte|ikke)|"
    r"не (?:означа|значит)\w*|"
    rf"nem jelenti|only\b{_ON}{{0,80}}? (?:if|when)|nur\b{_ON}{{0,80}}?,? (?:wenn|falls)|"
    rf"(?:solo|seulement|somente|apenas|alleen|tylko|только)\b{_ON}{{0,80}}?,? "
    r"(?:si|cuando|quando|quand|als|gdy|jesli|если))"
    rf"\b(?:{_ON}|,){{0,200}}"
)
_DENIAL_HINTS = (
    " say", " mean", " claim", " imply", " suggest", " take ", " nicht", " pas", "signific", "decir", "decimos",
    "dizer",
    "dire", "betekent", "oznacza", "neznam", "betyder", "означ", "значит", "jelenti",
    "only ", "nur ", "solo ", "seulement", "somente", "apenas", "alleen", "tylko", "только",
)  # fmt: skip
"""Without any of these, the patterns cannot match."""

_NO_QUESTION = late(
    r"\b(?:no|not an?) (?:matter|question|case) of [^.:;]{1,60}?(?=[.:;]|, (?:and|but)\b|$)|"
    r"\b(?:(?:reason|cause|trouble|it|this) (?:is|was) not that|nicht,? dass|no es que|n'est pas que|nie to,? ze)\b"
    r"[^.,:;]{1,150}|"
    r"\b(?:inutile de|inutil|inutile|zwecklos|useless to|no use|no point in|do not|never|versuchen sie es nicht|"
    r"ne reessayez pas|"
    r"forsok inte|prov ikke|ikke prov|no (?:lo )?intente|non riprovi?|nao tente|probeer (?:het )?niet|nie probuj|"
    r"prosze nie probowac|nezkousejte|не пытаитесь|не повторяите) ?[^.,:;]{0,30}?"
    r"(?:later|again|retry\w{0,3}|try\w{0,3}|reessay\w{1,4}|plus tard|erneut|spater|noch einmal|senare|senere|"
    r"igen|mas tarde|"
    r"de nuevo|piu tardi|mais tarde|novamente|opnieuw|later|ponownie|pozniej|znovu|pozdeji|позже|снова)"
    r"(?: (?:later|plus tard|spater|senare|senere|again|mas tarde|piu tardi|mais tarde|pozniej|pozdeji|позже))?\b|"
    r"\b(?:not for (?:lack|want) of|no es (?:una )?cuestion de|no se trata de|no (?:es )?por|"
    r"non e (?:una )?questione di|"
    r"non (?:e )?per|non si tratta di|nao e (?:uma )?questao de|nao se trata de|nao (?:e )?por|"
    r"n'est pas une question d|"
    r"pas (?:par )?(?:manque|faute) d|to nie kwestia|nie chodzi o|nie z powodu|neni to otazka|nejde o|nikoli kvuli|"
    r"es geht nicht um|liegt nicht an|nicht wegen|het is geen kwestie van|niet (?:wegens|vanwege)|handlar inte om|"
    r"beror inte pa|skyldes ikke|дело не в|не из-за|справа не в)\b [^.:;,]{1,60}"
)
_NO_QUESTION_HINTS = (
    " of ", "later", "again", "retry", "reessay", "plus tard", "erneut", "spater", "einmal", "senare", "senere",
    "igen", "tarde", "nuevo", "tardi", "novamente", "opnieuw", "ponownie", "pozniej", "znovu", "pozdeji",
    "позже", "снова", "not that", "dass", "es que", "pas que", " ze ", "cuestion", "por ", "question", " per ",
    "tratta", "trata ", "faute", "manque", "kwesti", "chodzi", "powodu", "otazka", "nejde", "kvuli",
    "geht nicht", "liegt nicht", "wegen", "vanwege", "handlar", "beror", "skyldes", "дело", "из-за", "справа",
)  # fmt: skip


def may_quote_former(text: str) -> bool:
    """Whether a text may quote the reply to an earlier mail at all: a cheap look first."""
    return any(map(text.__contains__, _FORMER_HINTS))


def quotes_former(clause: str) -> bool:
    """Whether what follows is the reply to an earlier mail: "our former answer was: user unknown"."""
    return _FORMER_REPLY.search(clause) is not None


def without_denials(text: str) -> str:
    """A text without what it denies to mean: "this does not mean that the user does not exist";
    nor when only something would be said: "refused only when the user does not exist"."""
    if any(map(text.__contains__, _NO_QUESTION_HINTS)):
        text = _NO_QUESTION.sub(" ", text)
    return _DENIAL.sub(" ", text) if any(map(text.__contains__, _DENIAL_HINTS)) else text
