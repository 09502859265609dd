# SPDX-License-Identifier: GPL-3.0-or-later
"""What may turn a clause: a word that no table has, or a thing, where it stands as the head or owner of the subject
or as the place where it was looked for ("user folder not found").
"""

from __future__ import annotations

from bouncestream.mail.phrases.clauses import folded, listed
from bouncestream.mail.phrases.small import is_small
from bouncestream.mail.phrases.subjects import ARTICLES, MANY, OFS, THE, Subjects
from bouncestream.mail.phrases.tagging import Tag, ends_as_mailbox, squeezed

_WHERE = tuple(
    listed("""
    director address table map database datenbank benutzerdatenbank verzeichnis annuaire base file ldap dns record
    look post system machine site organi rechner maquina macchina sitio empresa compan entreprise firm serv mailserv
    mailsys serwer сервер сървър систем компани организац sistem poslu foretag skol sustav tjener jarjestelm
    διακομιστ συστημα domain domen adresar sunucu szerver palvelin may network error request list elenco seznam
    popis register registr daftar lijst bestand diretorio список списк
""")
)
_GENITIVES = tuple(map(folded, "の的의"))
GENITIVE_OF = listed("of de du des del della dell do da dos di van der")
_DURING = listed("""
    during wahrend pendant durant durante mientras enquanto tijdens podczas trakcie behem pocas sirasinda aikana
    soran timpul tokom tijekom время час διαρκεια selama
""")
_IN = _DURING | listed("""
    to by unserem unserer in on among within for against im am auf unter dans au aux sur parmi en entre neste
    nesta nesse num numa nei sobre na no nos nas em nel nella sul sulla su op w we v ve pa i у в во на til med
""")
_BETWEEN = listed("between zwischen entre tra fra tussen miedzy mezi mellan mellem между між without with")
_SPEAKERS = ("domain", "system", "record")
_THAT = listed("that dass que qu che dat ze att at что що да da")
_DETERMINERS = THE | ARTICLES | listed("deze dit dieses dieser cet cette este esta questo questa")
_CALLED = ("named", "called", "namens", "nomm", "llamad", "chiamat", "isimli", "adli")
_FROM_WHERE = _DURING | listed("from aus uit iz из од z ze depuis dalla dal")
_ANY = listed("a an any every each")
_BY = listed("by through to durch par por da door av prin")
_SOME = listed("a an ein eine einen einem eines une un una uno um uma een en ett et")
_OFF = listed("from off von vom aus de del della dalla dal da do van uit z ze iz из со fran fra af")
_LISTS = ("list", "verteiler", "elenc", "lijst", "seznam", "spis", "спис")
AND = listed("""
    and und et y e en i och og ja ve и та but aber sondern maar mais pero mas ma ale men mutta dar ama но а
""")


class Strange(Subjects):
    """A clause, and what may turn it."""

    def strange(self, state: Tag | None = None) -> str:
        """The first thing that may turn a state by where it stands: as the head or owner of its subject,
        right behind that, or as the place where it was looked for ("user folder not found", "not found on this
        node"); ''."""
        if not self.words:
            return (
                self.shown
                if any(tag.name in ("thing", "record") for tag in self.all_tags) or self._owned_by(state)
                else ""
            )
        pairs = [tuple(self.words[at : at + 2]) for at in (0, state.end if state is not None else 0)]
        if ("for", "you") in pairs or ("to", "you") in pairs:
            return "you"  # "for you it does not exist"
        if "who" in self.words and state is not None and "you" in self.words[self.words.index("who") : state.at]:
            return "who"  # "the account of the person who invited you"
        if state is not None and state.name[0] == "g" and (what := self._object(state)):
            return what
        if {"who", "which", "that"}.intersection(self.words[2:5]) and self.words[0] in _ANY:
            return self.words[0]  # "a user who does not confirm is deleted"
        if state is not None and state.name[0] == "g" and (which := self._taken_off()):
            return which
        odd = (at for at in self.odd() if state is None or self._matters(at, state))
        own = self._own(state) if state is not None else None
        if own is not None and state is not None:
            odd = (at for at in odd if not self._harmless(at, own, state))
        return next((self.words[at] for at in odd), "")

    def _own(self, state: Tag) -> Tag | None:
        """The recipient's own address, where that is what is not there, and no part of "the copy for a@b"."""
        for noun in self.subjects:
            if noun.name != "mailbox" or "@" not in self.words[noun.at : noun.end]:
                continue
            ahead = state.name[-1] == ">" and 0 <= noun.at - state.end <= 1
            if self._prepositional(noun) or (noun.end > state.at and not ahead):
                continue
            if any(noun.at < tag.at < noun.end for tag in self.all_tags if tag.name == "of"):
                continue
            if all(self._prepositional(one) for one in self.subjects if noun.end <= one.at < state.at):
                return noun
        return None

    def _harmless(self, at: int, own: Tag, state: Tag) -> bool:
        """Whether a word that is not known does not turn what is said of the recipient's own address: "however, the
        shared box a@b …", "a@b ran out in May and was wiped"."""
        if any(tag.at <= at < tag.end for tag in self.all_tags) or self._has_owner(at):
            return False  # a thing
        start = min(own.at, state.at)
        if at < start:
            if any(word in _IN or word in _BETWEEN for word in self.words[:at]):
                return False
            if any(one.name not in _SPEAKERS for one in self.subjects if one.end <= own.at):
                return False
            if any(one.end == at for one in self.subjects):
                return not _THAT.isdisjoint(self.words[at + 1 : start])  # "the server states that …"
            if at + 1 != own.at:
                return False
            return self.words[at + 1] != "@" or ends_as_mailbox(self.words[at])  # "das Sammelpostfach a@b"
        if at < state.at:
            behind = self.words[at + 1 : state.at]
            joined = max((n for n, word in enumerate(behind) if word in AND), default=-1)
            return joined >= 0 and all(map(is_small, behind[joined:]))
        return any(one.name == "mailbox" and one.end == at for one in self.subjects)  # "in this user repository"

    def _object(self, state: Tag) -> str:
        """What somebody deleted, where that is no mailbox: "jane deleted the app"; ''."""
        if not any(noun.end == state.at for noun in self.subjects) or not THE.intersection(
            self.words[state.end :][:1]
        ):
            return ""
        if any(tag.at in (state.end, state.end + 1) for tag in self.all_tags):
            return ""
        return next(iter(self.words[state.end + 1 :]), "")

    def _taken_off(self) -> str:
        """The list that somebody was taken off, which is none of users; ''."""
        for at, word in enumerate(self.words):
            if word.startswith(_LISTS) and not _OFF.isdisjoint(self.words[max(at - 2, 0) : at]):
                of_users = any(tag.end == at and tag.name == "mailbox" for tag in self.all_tags)
                return "" if of_users or set(MANY) & set(self.words[at + 1 : at + 4]) else word
        return ""

    def _owned_by(self, state: Tag | None) -> bool:
        """Whether it is something of the mailbox that is not there, where words are not told apart."""
        nouns = [tag for tag in self.subjects if state is not None and tag.end <= state.at]
        between = squeezed(self.shown)[nouns[-1].end : state.at] if nouns and state is not None else ""
        return any(mark in between for mark in _GENITIVES)

    def odd(self) -> list[int]:
        """Where the words are that the tables do not know, or that name things."""
        known = {at for tag in self.all_tags if self._usual(tag) for at in range(tag.at, tag.end)}
        things = {at for tag in self.all_tags if not self._usual(tag) for at in range(tag.at, tag.end)}
        things |= {at for at in range(len(self.words)) if at not in known and self._has_owner(at)}
        if self.words and not self.words[0].isalpha():
            known.add(0)  # a code
        return [at for at, word in enumerate(self.words) if at in things or not (at in known or is_small(word))]

    def _has_owner(self, at: int) -> bool:
        """Whether a word is a noun, and what it names is somebody's: "the school of the user", but not "in the
        school of …", "at the wish of …"."""
        if GENITIVE_OF.isdisjoint(self.words[at + 1 : at + 2]):
            return False
        owner = next((tag for tag in self.all_tags if tag.at > at + 1 and self._word(tag) not in THE), None)
        if owner is None or owner.name not in ("mailbox", "domain", "@"):
            return False
        if not _DETERMINERS.issuperset(self.words[at + 2 : owner.at]):
            return False
        return at == 0 or (self.words[at - 1] in THE and (at < 2 or self.words[at - 2] not in OFS))

    def _matters(self, at: int, state: Tag) -> bool:
        nouns = [tag for tag in self.subjects if tag.name in ("mailbox", "domain")] or [state]
        near = [tag for tag in nouns if tag.end <= state.at] or nouns
        if at and self.words[at - 1].startswith(_CALLED):
            return False
        if self.words[at + 1 : at + 2] == ["@"] and any(tag.end in (at, at + 2) and tag.at < at for tag in nouns):
            return False  # "user Kim kim@example.com": a name
        if nouns[0].name == "domain" and self.words[at].startswith("regist"):
            return False  # whose registry it is handed back to
        if any(tag is not state and at <= self._joined_at(tag) for tag in near):
            return False  # "has left the firm and his mailbox was deleted"
        gone = state.name[0] == "g"
        beside = near[-1].end
        while gone and self.words[beside : beside + 1] == ["s"]:
            beside += 1
        if gone and beside < at:
            by = self.words[at - 2] in _BY and self.words[at - 1] in _SOME  # "deleted by an attack"
            by = by or self.words[at - 1] == "przez"
            return by or self._placed(at, beside, _FROM_WHERE)
        last = max(state.end, nouns[0].end)
        return at <= last or self._placed(at, min(nouns[0].at, state.at), _IN)

    def _joined_at(self, noun: Tag) -> int:
        """Where "and" stands before a noun; -1."""
        at = noun.at - 1
        while at >= 0 and (self.words[at] in ARTICLES or is_small(self.words[at])) and self.words[at] not in AND:
            at -= 1
        return at if at >= 0 and self.words[at] in AND else -1

    def _placed(self, at: int, start: int, places: frozenset[str]) -> bool:
        """Whether a preposition of place stands before a word."""
        for back in range(at - 1, max(start, at - 4) - 1, -1):
            word = self.words[back]
            if word in places and not any(t.name == "not there >" and t.at <= back < t.end for t in self.all_tags):
                return word not in ("to", "by") or back < at - 1  # "unknown to our resolver", not "to contact"
            if word not in ARTICLES and not is_small(word):
                return False
        return False

    def _usual(self, tag: Tag) -> bool:
        """Whether a tag is no thing that a mailbox could only be missing in: a cache, a queue."""
        if tag.name == "list" or self._word(tag).startswith("list"):
            return self._listing(tag)
        return tag.name not in ("record", "system", "thing") or self._word(tag).startswith(_WHERE)

    def _listing(self, tag: Tag) -> bool:
        """Whether a list is one of users: "not in our list", but not "in the list of contacts"."""
        if not self._word(tag).startswith(_WHERE):
            return False
        rest = [word for word in self.words[tag.end : tag.end + 4] if word not in ARTICLES]
        return not rest or rest[0] not in OFS or (bool(rest[1:]) and rest[1] in MANY and rest[1] != "people")
