# SPDX-License-Identifier: GPL-3.0-or-later
"""The subjects of a clause: nouns that stand together are one ("sender domain", "address of the sender"), words
that are denied tell nothing, and a thing in the wrong place turns what is said ("user folder not found").
"""

from __future__ import annotations

from bouncestream.mail.phrases.clauses import folded, listed
from bouncestream.mail.phrases.small import is_small
from bouncestream.mail.phrases.tagging import NEGATIONS, Tag, denied, squeezed

SUBJECTS = listed("mailbox domain elsewhere sender client list content part record system protocol thing")
FOREIGN = ("sender", "client", "part", "list", "protocol")
"""Subjects that make a compound theirs wherever they stand in it."""

ARTICLES = listed("the a an this that l la le les el los il lo any our its their s")
SELF = tuple(
    listed(
        "recip addressee destinat empfang ontvang odbior prijemc mottag mottak modtag vastaanot получ одерж отрим"
    )
)  # of these, "your" is whom we mail to
_GOING = ("mail", "mails", "message", "messages", "email")  # what goes to somebody
_ENGLISH_MAIL = listed(
    "message messages mail mails content letter letters body header headers subject attachment attachments"
)
MANY = ("users", "recipients", "addresses", "mailboxes", "accounts", "aliases", "people", "members")
_STORES = ("table", "file", "database", "column", "view")
_WHERE = tuple(
    listed("""
        director address table map database datenbank benutzerdatenbank verzeichnis annuaire base file ldap dns
        record look system machine site organi rechner maquina macchina sitio empresa compan entreprise firm
        serv mailserv mailsys serwer сервер сървър систем компани организац sistem poslu foretag skol sustav tjener
        jarjestelm διακομιστ συστημα domain domen adresar sunucu szerver palvelin may network error request list
        elenco seznam popis register registr daftar lijst bestand diretorio список списк
    """)
)
_DENIABLE = ("gone =", "gone <", "full", "off", "temporary", "chance", "loop")
_TURNED = ("there", *_DENIABLE)
_NOT = listed("not never nor cannot without beyond ohne sans sin sem senza zonder bez utan uden uten без")
_GENITIVES = tuple(map(folded, "の的의"))
_THE = listed("the this la le les l un une el los las il lo gli o os um uma das die der het de")
GENITIVE_OF = listed("of de du des del della dell do da dos di van der")
_OWNERS = tuple(listed("uzytkownik odbiorc uzivatel pouzivatel prijemc korisni primatel uporabnik prejemnik"))
"""Of these the genitive stands behind its noun, without a word for "of"."""
_FOR_A_WHILE = listed("""
    temporary temporares temporare temporarer temporaire temporal temporales temporanea temporaneo temporaria
    temporario tijdelijke tymczasowe tymczasowa tillfallig tillfalliga midlertidige временныи временная временное
""")
_MORE = listed("mehr plus mas mais piu meer wiecej vice viac mer mere lenger langer longer more any")
_NOT_BEHIND = tuple(
    folded(one) for one in ("ません", "ない", "なか", "できま", "できな", "지않", "지못", "할수없", "될수없")
)
_NOT_BEFORE = ("未", "没", "沒", "并未", "不是", "无法", "無法", "不能")
OFS = listed("of for to in on de du des d del della dell dello do da dos der van von af av z od od sieve")
_DURING = listed("""
    during wahrend pendant durant durante mientras enquanto tijdens podczas trakcie behem pocas sirasinda aikana
    soran timpul tokom tijekom время час διαρκεια selama
""")
_IN = _DURING | listed("""
    to by unserem unserer in on among within for against im am auf unter dans au aux sur parmi en entre neste nesta
    nesse num numa nei sobre na no nos nas em nel nella sul sulla su op w we v ve pa i у в во на til med
""")
_DETERMINERS = _THE | ARTICLES | listed("deze dit dieses dieser cet cette este esta questo questa")

_CALLED = ("named", "called", "namens", "nomm", "llamad", "chiamat", "isimli", "adli")
_FROM_WHERE = _DURING | listed("from aus uit iz из од z ze depuis dalla dal")
_BY = listed("by through to durch par por da door av prin")
_SOME = listed("a an ein eine einen einem eines une un una uno um uma een en ett et")
_OFF = listed("from off von vom aus de del della dalla dal da do van uit z ze iz из со fran fra af")
_LISTS = ("list", "verteiler", "elenc", "lijst", "seznam", "spis", "спис")
_AND = listed("""
    and und et y e en i och og ja ve и та but aber sondern maar mais pero mas ma ale men mutta dar ama но а
""")


class Subjects:
    """A clause while it is read. `words` is empty where the tags count letters, not words."""

    def __init__(self, tags: list[Tag], words: list[str], shown: str, before: str) -> None:
        self.words = words
        self.all_tags = tags
        self.shown = shown
        self.before = before
        self.going: set[int] = set()  # where a message to somebody is named
        self.tags = self._compounds(self._negated(tags))
        self.subjects = [tag for tag in self.tags if tag.name in SUBJECTS]

    def _negated(self, tags: list[Tag]) -> list[Tag]:
        """The tags: words of "there" that are denied become a state, the others are nothing; nor is what is called
        not temporary."""
        if not any(tag.name in _TURNED for tag in tags):
            return tags
        there = [tag for tag in tags if tag.name == "there" and denied(self.words, tag)]
        found = [tag._replace(name="not there *") for tag in there]
        for i, tag in enumerate(tags):
            before = tags[i - 1] if i else None
            none = (
                tag.name in ("temporary", "chance")
                and before is not None
                and before[::2] == ("not there >", tag.at)
            )
            start = next((one.end for one in reversed(tags[:i]) if one.name != "of"), 0)
            denied_ = tag.name in _DENIABLE and (none or self._is_denied(tag, start))
            denied_ = denied_ or (tag.name == "temporary" and self._was_for_a_while(tags, i))
            if tag.name != "there" and not denied_ and not (there and self._word(tag) == "no"):
                found.append(tag)
        return sorted(found, key=lambda tag: tag.at)

    def _was_for_a_while(self, tags: list[Tag], i: int) -> bool:
        """Whether a word tells only which mailbox is gone: "the temporary mailbox was deleted"."""
        beside = [tag for tag in tags[max(i - 1, 0) : i + 2] if tag.end == tags[i].at or tag.at == tags[i].end]
        return (
            self._word(tags[i]) in _FOR_A_WHILE
            and any(tag.name == "mailbox" for tag in beside)
            and any(tag.name[0] == "g" for tag in tags)
        )

    def _is_denied(self, tag: Tag, start: int) -> bool:
        """Whether a word for gone, full and the like is denied: "has not been deleted", "silinmiş değildir"."""
        if not self.words:
            plain = squeezed(self.shown)
            return plain.startswith(_NOT_BEHIND, tag.end) or plain[max(tag.at - 2, 0) : tag.at].startswith(
                _NOT_BEFORE
            )
        before = self.words[max(start, tag.at - 4) : tag.at]
        if self.words[tag.at] in ("no", "non", "ni") or (
            tag.name[0] == "g" and tag.end - tag.at > 1 and "no" in before
        ):
            return False
        if any(word.startswith("degil") for word in self.words[tag.end : tag.end + 3]):
            return True
        at = max(
            (n for n, word in enumerate(before) if (word in NEGATIONS or word in _NOT) and word not in _MORE),
            default=-1,
        )
        return at >= 0 and all(is_small(word) and word not in _MORE for word in before[at + 1 :])

    def _compounds(self, tags: list[Tag]) -> list[Tag]:
        """The tags, with subjects that stand together made one."""
        found: list[Tag] = []
        yours = -9
        at = 0
        while at < len(tags):
            tag = tags[at]
            at += 1
            if tag.name == "yours":
                yours = tag.end
            elif tag.name not in SUBJECTS and tag.name not in "@~":
                found.append(tag)
            else:
                name, end, at = self._compound(tags, at)
                if (
                    name in ("mailbox", "content")
                    and tag.name == "content"
                    and any(tag.at < t.at < end for t in tags if t.name == "of")
                ):
                    self.going.add(tag.at)
                if name == "sender" and self._word(tag) == "su" and any(t.name == "mailbox" for t in found):
                    name = "mailbox"  # "la cuenta y su buzón"
                if 0 <= tag.at - yours <= 1 and not self._word(tag).startswith(SELF):
                    name = "content" if tag.name == "content" or self._word(tag) in _GOING else "sender"
                found.append(Tag({"@": "mailbox", "~": "domain"}.get(name, name), tag.at, end))
        return found

    def _compound(self, tags: list[Tag], at: int) -> tuple[str, int, int]:
        """(subject, end, the next tag's number) of the subject that begins before `at`. The last noun is its head,
        or of nouns with "of" the first."""
        first = tags[at - 1]
        name, end = first.name, first.end
        while at < len(tags):
            of, tag = False, tags[at]
            after = tags[at + 1] if tag.name == "of" and tag.at == end and at + 1 < len(tags) else None
            if (
                after is not None
                and (after.name in SUBJECTS or after.name == "@")
                and self._only_articles(tag.end, after.at)
            ):
                of, tag = True, after
            if not of and tag.at != end and not (self.words and self._only_articles(end, tag.at)):
                break
            if tag.name not in "@~":
                if tag.name not in SUBJECTS:
                    break
                name = self._head(name, tag, first, tags[at] if of else None)
            end = tag.end
            at += 2 if of else 1
        return name, end, at

    def _head(self, name: str, new_at: Tag, first: Tag, of: Tag | None) -> str:
        new = new_at.name
        if name in ("client", "sender") and new == "elsewhere":
            return name
        if "elsewhere" in (name, new):
            return "elsewhere" if of is None or "domain" in (name, new) else name
        if name in FOREIGN or new in FOREIGN:
            return name if name in FOREIGN else new
        if new == "content" and name == "mailbox" and of is None and self._word(new_at) not in _ENGLISH_MAIL:
            return name
        if name in "@~" or name == "thing" or (name == "record" and self._word(first) in _STORES):
            return name
        if name in ("content", "record", "system") and self._word(new_at) in ("name", "id", "domain"):
            return name if self._word(first) not in _GOING else new
        genitive = not self._word(new_at).isascii() or self._word(new_at).startswith(_OWNERS)
        if of is None and genitive and name in ("system", "record", "content"):
            return name
        if of is None or (self._word(first) in _GOING and self._word(of) in ("to", "for")):
            return new
        if name == "content" and of is not None and self._word(first) not in _ENGLISH_MAIL:
            return new
        return name

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
        if state is not None and state.name[0] == "g" and (which := self._taken_off()):
            return which
        return next((self.words[at] for at in self._odd() if state is None or self._matters(at, state)), "")

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

    def _odd(self) -> list[int]:
        """Where the words are that the tables do not know, or that name things."""
        known = {at for tag in self.all_tags if self._usual(tag) for at in range(tag.at, tag.end)}
        things = {at for tag in self.all_tags if not self._usual(tag) for at in range(tag.at, tag.end)}
        things |= {at for at in range(len(self.words)) if at not in known and self._has_owner(at)}
        return [at for at, word in enumerate(self.words) if at in things or not (at in known or is_small(word))]

    def _has_owner(self, at: int) -> bool:
        """Whether a word is a noun, and what it names is somebody's: "the school of the user", but not "in the
        school of …", "at the wish of …"."""
        if GENITIVE_OF.isdisjoint(self.words[at + 1 : at + 2]):
            return False
        owner = next((tag for tag in self.all_tags if tag.at > at + 1 and self._word(tag) not in _THE), None)
        if owner is None or owner.name not in ("mailbox", "domain", "@"):
            return False
        if not _DETERMINERS.issuperset(self.words[at + 2 : owner.at]):
            return False
        return at == 0 or (self.words[at - 1] in _THE and (at < 2 or self.words[at - 2] not in OFS))

    def _matters(self, at: int, state: Tag) -> bool:
        nouns = [tag for tag in self.subjects if tag.name in ("mailbox", "domain")] or [state]
        near = [tag for tag in nouns if tag.end <= state.at] or nouns
        if at and self.words[at - 1].startswith(_CALLED):
            return False
        if self.words[at + 1 : at + 2] == ["@"] and any(tag.end in (at, at + 2) and tag.at < at for tag in nouns):
            return False  # "user Kim kim@example.com": a name
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
        while at >= 0 and (self.words[at] in ARTICLES or is_small(self.words[at])) and self.words[at] not in _AND:
            at -= 1
        return at if at >= 0 and self.words[at] in _AND else -1

    def _placed(self, at: int, start: int, places: frozenset[str]) -> bool:
        """Whether a preposition of place stands before a word."""
        for back in range(at - 1, max(start, at - 4) - 1, -1):
            word = self.words[back]
            if word in places:
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

    def _prepositional(self, noun: Tag, after: bool = False) -> bool:
        """Whether a preposition stands before a tag, or right after it."""
        if after:
            return any(tag.name == "of" and tag.at == noun.end for tag in self.tags)
        return any(
            tag.name == "of" and tag.end <= noun.at <= tag.end + 1 and (tag.at or self._word(tag) != "der")
            for tag in self.tags
        )  # "Der Kontakt" begins with no preposition

    def _only_articles(self, start: int, end: int) -> bool:
        return all(word in ARTICLES for word in self.words[start:end])

    def _word(self, tag: Tag) -> str:
        """The first word of a tag; '' where there are none."""
        return self.words[tag.at] if self.words else ""
