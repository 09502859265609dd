# SPDX-License-Identifier: GPL-3.0-or-later
"""Words in quotation marks, which are only said where nothing else is told around them: `Server replied "user
unknown"` is a reply, `we answered "user unknown" for everybody while the disk was changed` is history.
Texts are folded, as `clauses.told` has them. Source: texts of servers, November 2026.
"""

from __future__ import annotations

import re

from bouncestream.mail.late import late
from bouncestream.mail.phrases.clauses import has_any, listed
from bouncestream.mail.phrases.small import is_small

_MARKS = ('"', "«", "“", "„", "「", "『", "‹", "'")
_QUOTED = late(
    r"\"([^\"]{3,300})\"|[„“]([^„“”\n]{3,300})[“”]|«([^«»\n]{3,300})»|»([^«»\n]{3,300})«|「([^「」\n]{3,300})」|"
    r"『([^『』\n]{3,300})』|(?<![^\W\d_])'([^'\n]{3,300})'(?![^\W\d_])"
)
_END = re.compile(r"[.!?;。\n](?=\s|$)|。")
_WORD = re.compile(r"(?<![\w.@+-])[^\W\d_]+(?![\w@+-]|\.\w)")
_REPLYING = listed("""
    directory ldap backend store relay gateway answers server host remote said says replied reply replies response
    responded responds answer answered reported reports returned returns error message reason code diagnostic text
    rejected refused mta smtp mail system message delivery antwortete antwortet antwort meldet meldete meldung
    grund fehler sagt sagte gegenstelle serveur repondu reponse erreur raison motif servidor respondio respuesta
    razon motivo risposta risposto errore antwoord antwoordde reden serwer odpowiedz powod odpoved duvod svarade
    svarte svar orsak arsag сервер ответил ответ причина відповів
""")


def without_quoted(plain: str) -> str:
    """A text without what it only quotes."""
    if not has_any(plain, _MARKS):
        return plain
    return _QUOTED.sub(lambda m: m[0] if _is_reply(plain, m) else " ", plain)


def _is_reply(plain: str, quoted: re.Match[str]) -> bool:
    """Whether nothing else is told in the sentence around a quotation."""
    inside = next(one for one in quoted.groups() if one is not None).strip()
    if " " not in inside and inside.isascii():
        return True  # a name
    start = max((m.end() for m in _END.finditer(plain, max(quoted.start() - 400, 0), quoted.start())), default=0)
    end = _END.search(plain, quoted.end(), quoted.end() + 400)
    around = f"{plain[start : quoted.start()]} {plain[quoted.end() : end.start() if end else quoted.end() + 400]}"
    return all(word in _REPLYING or is_small(word) for word in _WORD.findall(around)) and not _HISTORY.search(
        around
    )


_HISTORY = re.compile(
    r"\b(?:once|last|previously|formerly|earlier|before|not|never|no|kein|nicht|pas|non|niet|nie|inte|ikke|не)\b"
)
"""Then it was said of another mail, or is not said."""
