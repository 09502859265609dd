# SPDX-License-Identifier: GPL-3.0-or-later
"""Clauses that say of nobody that he is called so, has the address or uses it: "there is nobody here who is called
jane". Words are folded, as `tagging.tokens` has them.
"""

from __future__ import annotations

from bouncestream.mail.phrases.clauses import listed
from bouncestream.mail.phrases.composed import STATES
from bouncestream.mail.phrases.strange import Strange
from bouncestream.mail.phrases.tagging import NEGATIONS

RELATIVE = listed("der die das who that qui que che die dat ktory ktora ktery ktera som который которая")
NOBODY = listed("""
    keiner keines nobody niemand niemanden personne nadie ninguem nessuno nikt nikdo nikto ingen никто ніхто никои
    nimeni nitko niko nihce kimse none kukaan senki senkit niemandem jemanden nikogo nikoho nikoga никого нікого
    nimanui ketaan ningun κανενας κανεις anybody anyone
""")
_NAMES = listed("""
    name named namens namen nom nombre nome naam nazwa nazwie nazwisku nazwiskiem nazywa jmeno jmena jmenem meno
    mena menom namn namnet navn navnet naziv nazivom ime imena imenom имя имени именем име ім іменем nume numele
""")
_USES = listed("""
    belongs gehort appartient pertenece appartiene pertence hoort behoort nalezy patri принадлежит tillhor
    tilhorer uses using used nutzt benutzt verwendet usa utilise utiliza utilizza gebruikt uzywa anvander bruker
    bruger pouziva nepouziva hasznalja kullanmiyor пользуется использует
""")
_CALLED = listed("""
    jamais jamas nunca nooit ooit nigdy nikdy aldrig aldri никогда ніколи olmadi hele hel so heisst heißt hort
    hore wohnt lebt appelle nomme repond reponde habite llama llame llamado llamada responde vive chama chame
    chamado chamada atende mora chiama chiami chiamato risponde abita heet luistert woont nazywa jmenuje heter
    hedder bor зовут живет звати adinda nevu called named known heard reachable lives answers goes erreichen
    erreichbar connu conocido conocida
""")
_IS_CALLED = listed(
    "heisst heißt heet appelle llama llame chiama chiami chama nazywa jmenuje nejmenuje heter hedder зовут"
)
_WITH = listed("""
    with under behind con bajo com sob avec sous sotto mit unter hinter met onder achter pod med under bag с под
    за
""")
_MAY = listed("""
    may can could must should write writes send sends mail mails reach darf durfen kann soll schreiben schreibt peut
    peuvent doit ecrire puede pueden debe escribir pode podem deve escrever puo possono scrivere mag kan moet moze
    moga musi muze smi musi pisac psat skriva far kan skal может могут должен писать moze pisati yazamaz yazabilir
""")
"""With these it tells who is refused, and not who is not there."""
_HAS = listed("has hat tiene tem ha heeft ma har имеет")
_ANYBODY = listed("anybody anyone jemanden ningun")
"""Nobody, where it is denied."""
_DENIALS = NEGATIONS | {"not", "never"}


def tells_nobody(clause: Strange) -> bool:
    """Whether a clause says that nobody is called so, or uses the address."""
    words = clause.words
    nobody = NOBODY.intersection(words)
    if not nobody or (nobody <= _ANYBODY and _DENIALS.isdisjoint(words)):
        return False
    if not _NAMES.isdisjoint(words) or not _IS_CALLED.isdisjoint(words):
        return True
    has = [at for at, word in enumerate(words) if word in _HAS or words[at - 1 : at + 1] == ["n", "a"]]
    own = [one for one in clause.subjects if one.name == "mailbox"]
    if any(one.at - at in (1, 2) for at in has for one in own) or (own and not _USES.isdisjoint(words)):
        return True
    states = any(tag.name in STATES and tag.name != "exists" for tag in clause.tags)
    named = any(words[one.at] == "@" or not _WITH.isdisjoint(words[max(one.at - 2, 0) : one.at]) for one in own)
    known = NOBODY | _CALLED
    return named and not states and _MAY.isdisjoint(words) and all(words[at] in known for at in clause.odd())
