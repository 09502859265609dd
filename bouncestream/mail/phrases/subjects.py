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
_DENIABLE = ("gone =", "gone <", "full", "off", "temporary", "chance", "loop")
_TURNED = ("there", "not there =", *_DENIABLE)
_NOT = listed("not never nor cannot without beyond ohne sans sin sem senza zonder bez utan uden uten без")
_NOR = frozenset(("nor", "neither", "noch", "weder", "ni", "ne", "ani"))
_WILL = listed("""
    sera seront sara saranno verra verranno sera serao vai va zostanie beda bude budou nebude nebudou nezostane
    wird werden wordt worden wird zal zullen kommer ska skal vil будет будут буде ce fogjak bo
""")
_BACK = tuple(
    listed("""
    restor reinstat recover reopen reactiv come coming back bring put brought undelet return wiederher zuruck
    wieder reaktiv retabl restaur rouv reouv reactiv restablec recuper volver volvera reabrir ripristin riapert
    riattiv reativ restabel reabert hersteld heropend terug teruggezet przywr przywroc odtwor obnov znovu aterst
    tillbaka tilbake gendann gjenopp genopp восстан возобн відновл vrac vrat
""")
)
_IS = listed("es e est is ist era fue era")
_SPAN = tuple(
    listed("""
        day week month year tag woche monat jahr mois an jour dia semana mes ano dias giorn anni dag maand jaar
        dni rok lat den дн месяц год лет
    """)
)
_AFTER = ("later", "spater", "tard", "senere", "senare", "pozniej", "pozdeji", "позже", "piu", "mas", "mais")
THE = listed("the this la le les l un une el los las il lo gli o os um uma das die der het de")
_OWNERS = tuple(listed("uzytkownik odbiorc uzivatel pouzivatel prijemc korisni primatel uporabnik prejemnik"))
"""Of these the genitive stands behind its noun, without a word for "of"."""
_FOR_A_WHILE = listed("""
    temporary temporares temporare temporarer temporaire temporal temporales temporanea temporaneo temporaria
    temporario tijdelijke tymczasowe tymczasowa tillfallig tillfalliga midlertidige временныи временная временное
""")
_MORE = listed("mehr plus mas mais piu meer wiecej vice viac mer mere lenger langer longer more any")
_NOT_BEHIND = tuple(
    folded(
        "ません ない なか できま できな 지않 지못 할수없 될수없 되지않 하지않 되지못 "
        "されませ されない されることはあり することはあり はでき"
    ).split()
)
_NOT_BEFORE = ("未", "没", "沒", "并未", "不是", "无法", "無法", "不能", "不会", "不會", "不再", "不予")
OFS = listed("of for to in on de du des d del della dell dello do da dos der van von af av z od od sieve")


class Subjects:
    """A clause while it is read. `words` is empty where the tags count letters, not words."""

    def __init__(self, tags: list[Tag], words: list[str], shown: str, before: str) -> None:
        self.words = words
        self.all_tags = tags
        self.shown = shown
        self.before = before
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
            if tag.name == "not there =" and before is not None and before[::2] == ("not there >", tag.at):
                found.remove(before)
                continue  # "not an unknown user"
            none = (
                tag.name in ("temporary", "chance") or (before is not None and self._word(before) in ("ni", "ne"))
            ) and (before is not None and before[::2] == ("not there >", tag.at))
            start = next((one.end for one in reversed(tags[:i]) if one.name != "of"), 0)
            denied_ = tag.name in _DENIABLE and (none or self._is_denied(tag, start))
            if before is not None and tag.name in ("off", "full", "temporary") and before.name == "not there >":
                between = self.words[before.end : tag.at]
                denied_ = denied_ or (between[:1] != [] and between[0] in _IS and all(map(is_small, between)))
            denied_ = denied_ or (
                tag.name == "temporary"
                and self.words[tag.at - 1 : tag.at] != []
                and (self.words[tag.at - 1].startswith(_SPAN) and self.words[tag.at].startswith(_AFTER))
            )
            denied_ = denied_ or (tag.name == "temporary" and self._was_for_a_while(tags, i))
            denied_ = denied_ or (
                tag.name in ("temporary", "other", "off", "full", "refuses") and self._is_never(tag)
            )
            if tag.name != "there" and not denied_ and not (there and self._word(tag) == "no"):
                found.append(tag)
        return sorted(found, key=lambda tag: tag.at)

    def _was_for_a_while(self, tags: list[Tag], i: int) -> bool:
        """Whether a word tells only which mailbox is gone: "the temporary mailbox was deleted"."""
        beside = [tag for tag in tags[max(i - 1, 0) : i + 2] if tag.end == tags[i].at or tag.at == tags[i].end]
        return self._word(tags[i]) in _FOR_A_WHILE and any(tag.name == "mailbox" for tag in beside)

    def _is_denied(self, tag: Tag, start: int) -> bool:
        """Whether a word for gone, full and the like is denied: "has not been deleted", "silinmiş değildir"."""
        if not self.words:
            plain = squeezed(self.shown)
            return plain.startswith(_NOT_BEHIND, tag.end) or plain[max(tag.at - 2, 0) : tag.at].startswith(
                _NOT_BEFORE
            )
        before = self.words[max(start, tag.at - 4) : tag.at]
        if any(word.startswith("degil") for word in self.words[tag.end : tag.end + 3]):
            return True
        at = max(
            (n for n, word in enumerate(before) if (word in NEGATIONS or word in _NOT) and word not in _MORE),
            default=-1,
        )
        if at >= 0 and before[at] == "nu" and (tag.name[0] == "g" or before[at - 1] in ("is", "er", "ar")):
            return False  # "is nu verwijderd": now
        return at >= 0 and all(is_small(word) and word not in _MORE for word in before[at + 1 :])

    def _is_never(self, tag: Tag) -> bool:
        """Whether a word is denied by what its verb needs: "ne sera pas rétablie", "nie zostanie przywrócona",
        "восстановлен не будет", "nor is the inbox full"; but not "nebude přijata", which refuses."""
        if not self.words:
            return False
        if self.words[0] in _NOR or not {"neither", "weder"}.isdisjoint(self.words[:3]):
            return True
        word = self.words[tag.at]
        around = self.words[max(tag.at - 4, 0) : tag.at] + self.words[tag.end : tag.end + 3]
        if word in _WILL:
            return any(one.startswith(_BACK) for one in self.words[max(tag.at - 3, 0) : tag.end + 4]) and (
                word.startswith("ne") or not NEGATIONS.isdisjoint(around)
            )
        return word.startswith(_BACK) and any(one in _WILL for one in around) and not NEGATIONS.isdisjoint(around)

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
            elif tag.name == "nothing" and [t.name in SUBJECTS for t in tags[at : at + 2]] == [False, True]:
                at += 2 * (tags[at].name == "of" and tags[at].at == tag.end)  # "at the request of the client"
            elif tag.name not in SUBJECTS and tag.name not in "@~":
                found.append(tag)
            else:
                name, end, at = self._compound(tags, at)
                if name == "sender" and self._word(tag) == "su" and any(t.name == "mailbox" for t in found):
                    name = "mailbox"  # "la cuenta y su buzón"
                own = bool(self.words) and any(t.name == "@" and tag.at <= t.at < end for t in tags)
                if own and name == "sender" and self._word(tag) == "su":
                    name = "mailbox"  # "su correo jane@example.com"
                if (
                    0 <= tag.at - yours <= 1
                    and not own
                    and not self._word(tag).startswith((*SELF, "reader", "subscrib"))
                ):
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
        if "elsewhere" in (name, new):
            return "elsewhere" if of is None or "domain" in (name, new) else name
        if name in FOREIGN or new in FOREIGN:
            return name if name in FOREIGN else new
        if name == "@" and new == "record" and of is None:
            return new  # "a@b alias file not found"
        if name in "@~" or name == "thing" or (name == "record" and self._word(first) in _STORES):
            return name
        if name in ("content", "record", "system") and self._word(new_at) in ("name", "id", "domain"):
            return name if self._word(first) not in _GOING else new
        genitive = not self._word(new_at).isascii() or self._word(new_at).startswith(_OWNERS)
        if of is None and genitive and name in ("system", "record", "content"):
            return name
        if of is None or (self._word(first) in _GOING and self._word(of) in ("to", "for")):
            return new
        return name

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
