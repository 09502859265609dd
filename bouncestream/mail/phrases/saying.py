# SPDX-License-Identifier: GPL-3.0-or-later
"""What a clause says: whose thing (subject) is how (state), from its tags.

A state stands behind its subject ("user unknown"), before it ("no such user"), or either way. Subjects that stand
together are one ("sender domain", "address of the sender"), and what is the sender's anywhere is the sender's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from bouncestream.mail.phrases.clauses import listed
from bouncestream.mail.phrases.composed import NEUTRAL, STATES
from bouncestream.mail.phrases.tagging import (
    NEGATIONS,
    Tag,
    denied,
    is_harmless,
    joined,
    strange_letters,
    tagged,
    tokens,
)

SUBJECTS = frozenset(
    {
        "mailbox",
        "domain",
        "elsewhere",
        "sender",
        "client",
        "list",
        "content",
        "part",
        "record",
        "system",
        "protocol",
    }
    | {"thing"}
)
FOREIGN = ("sender", "client", "part", "list", "protocol")
"""Subjects that make a compound theirs wherever they stand in it."""

LATE = ("list", "protocol")
"""Of these, such as come behind the state are no part of what is not there: "not in my list"."""

REACH = 8
"""So many words may stand between a subject and a state behind it."""

_ARTICLES = listed("the a an this that l la le les el los il lo any our its their s")
_SELF = tuple(
    listed(
        "recip addressee destinat empfang ontvang odbior prijemc mottag mottak modtag vastaanot получ одерж отрим"
    )
)  # of these, "your" is whom we mail to
_GOING = ("mail", "mails", "message", "messages", "email")  # what goes to somebody
_MANY = ("users", "recipients", "addresses", "mailboxes", "accounts", "aliases", "people", "members")
_BEING = (["are"], ["is"], ["will"], ["were"])
_STORES = ("table", "file", "database", "column", "view")
_BOOKS = ("directory", "address", "table", "map")
_WHERE = tuple(
    listed("""
        director address table map database datenbank benutzerdatenbank verzeichnis annuaire base file ldap
        dns record look lookup server system machine site organi company rechner maquina macchina sitio
        empresa entreprise firm serv сервер sunucu szerver palvelin may network error request
    """)
)
_NAMING = ("named", "called")
_LINKS = ("of", "for", "to", "by")  # behind which a name may stand
_FROM = listed("von van da od от від av af fran z ze")
_GENITIVE = listed("des du del della dell do dos van")
_US = listed("us uns nous noi nosotros nos nas nam нас нам ons oss dem ihnen hier")
_FOR_ALL = frozenset(["at", "all", "any", "nullmx", "null", "anymore", "here", "ever"])


class Said(NamedTuple):
    """What a clause says."""

    subject: str  #: of `SUBJECTS`
    state: str  #: "not there", "gone", "takes no mail", or of `composed.STATES`; '': only a subject is named
    words: str  #: that say it
    proof: bool = False  #: the DNS' own answer
    stock: bool = False  #: as servers say it of anything: "unknown user"; not "does not exist"
    inherited: bool = False  #: it names no subject, and is said of that of the clause before
    strange: str = ""  #: a word beside it that may turn it: no name, and not of those that never do


@lru_cache(maxsize=256)  # servers and notices repeat themselves
def read(text: str, before: str = "") -> tuple[Said, ...]:
    """What a clause says. `before`: the subject of the clause before it, for when this one names none."""
    found: tuple[Said, ...] = ()
    if not text.isascii():
        found = tuple(_Reader(joined(text), [], text, before).said())
    if not any(said.state for said in found):
        words = tokens(text)
        tags = tagged(words)
        found = tuple(_Reader(tags, words, " ".join(words), before).said()) or found if tags else found
    return found


@lru_cache(maxsize=256)
def strange_in(text: str) -> str:
    """The first word of a clause that may turn what is said of its subject; ''."""
    if not text.isascii() and (tags := joined(text)):
        return strange_letters(text, tags)
    words = tokens(text)
    return _Reader(tagged(words), words, text, "").strange()


class _Reader:
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
        there = [tag for tag in tags if tag.name == "there" and denied(self.words, tag)]
        found = [tag._replace(name="not there *") for tag in there]
        for tag in tags:
            passing = tag.name == "temporary" and (
                self._before(tag) in NEGATIONS or "degildir" in self.words[tag.end : tag.end + 2]
            )
            if tag.name != "there" and not passing and not (there and self._word(tag) == "no"):
                found.append(tag)
        return sorted(found, key=lambda tag: tag.at)

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
                if 0 <= tag.at - yours <= 1 and not self._word(tag).startswith(_SELF):
                    name = "content" if self._word(tag) in _GOING else "sender"
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
            if after is not None and after.name in SUBJECTS and self._only_articles(tag.end, after.at):
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
        if name in "@~" or name == "thing" or (name == "record" and self._word(first) in _STORES):
            return name
        if name in ("content", "record", "system") and self._word(new_at) in ("name", "id", "domain"):
            return name if self._word(first) not in _GOING else new
        if of is None and name in ("system", "record", "content") and not self._word(new_at).isascii():
            return name  # a genitive behind its noun
        if of is None or (self._word(first) in _GOING and self._word(of) in ("to", "for")):
            return new
        return name

    def said(self) -> Iterator[Said]:
        """What it says, and last the subject that it names last."""
        foreign = next((tag.name for tag in self.subjects if tag.name in FOREIGN and tag.name != "protocol"), "")
        for i, tag in enumerate(self.tags):
            name = tag.name
            if name == "nobody":
                yield Said(foreign or "mailbox", "not there", self.shown, strange=self.strange())
            elif name == "no such domain":
                elsewhere = bool(self.subjects) and all(one.name == "elsewhere" for one in self.subjects)
                foreign = foreign or ("elsewhere" if elsewhere else "")
                proof = not foreign and self._word(tag) == "nxdomain"
                yield Said(foreign or "domain", "not there", self.shown, proof, strange=self.strange())
            elif name == "null mx":
                yield Said(foreign or "domain", "takes no mail", self.shown, proof=not foreign)
            elif name == "takes no mail":
                yield self._takes_none(tag)
            elif name in STATES:
                owner = self.subjects[0].name if self.subjects else self.before
                yield Said(foreign or owner, name, self.shown)
            elif name.startswith(("not there", "gone")):
                own = self._owner(i, tag)
                owner = own or (self.before if name[-1] != ">" and self._bare(tag) else "")
                if owner:
                    state = "gone" if name[0] == "g" else "not there"
                    stock = state == "not there" and (name[-1] not in "<*" or self._word(tag) == "not")
                    yield Said(
                        self._other(tag, owner) or owner,
                        state,
                        self.shown,
                        False,
                        stock,
                        not own,
                        self.strange(),
                    )
        if self.subjects:
            yield Said(self.subjects[-1].name, "", self.shown)
        elif self.tags and self.tags[-1].name == "from":
            yield Said("sender", "", self.shown)

    def strange(self) -> str:
        """The first word that may turn a state; ''. A name and the name of a directory never do."""
        words = self.words
        if not words:
            return strange_letters(self.shown, self.all_tags)
        known = {at for tag in self.all_tags if self._usual(tag) for at in range(tag.at, tag.end)}
        known |= {at + 1 for at, word in enumerate(words) if word in _NAMING}
        for tag in self.all_tags:
            if tag.name == "record" and words[tag.at] in _BOOKS:
                known.add(
                    next((t.at for t in self.all_tags if t.end == tag.at and t.name == "mailbox"), tag.at) - 1
                )
        return next((word for at, word in enumerate(words) if at not in known and not is_harmless(word)), "")

    def _usual(self, tag: Tag) -> bool:
        """Whether a tag is no thing that a mailbox could only be missing in: a cache, a queue."""
        return tag.name not in ("record", "system") or self._word(tag).startswith(_WHERE)

    def _takes_none(self, tag: Tag) -> Said:
        """A host or domain that takes no mail; or no such mail, or not in such a way."""
        rest = self.words[tag.end :]
        owner = self._behind(tag)
        if rest and rest[0] not in _FOR_ALL and rest[:2] not in (["from", "anybody"], ["from", "anyone"]):
            return Said(owner or "domain", "refuses", self.shown)
        if owner in ("domain", "system", ""):
            return Said("domain", "takes no mail", self.shown)
        return Said(owner, "off", self.shown)

    def _owner(self, i: int, tag: Tag) -> str:
        """The subject that a state is said of; '' when none is named."""
        side = tag.name[-1]
        if side == ">":
            last = not self.words or tag.end == len(self.words)  # "takiego adresu nie ma"
            return self._ahead(i) or (self._behind(tag) if last else "")
        if side == "*":
            return self._around(i)
        if tag.name == "not there =" and self._from_unknown(i):
            return "sender"
        if side == "=":
            return self._beside(i) or self._ahead(i) or self._behind(tag)
        return self._behind(tag) or next((a for a in (self._ahead(i),) if a in ("mailbox", "domain", "sender")), "")

    def _from_unknown(self, i: int) -> bool:
        """Whether a state is who writes: "von Unbekannten"."""
        before = self.tags[i - 1] if i else None
        return (
            before is not None
            and before.name == "of"
            and before.end == self.tags[i].at
            and self._word(before) in _FROM
        )

    def _around(self, i: int) -> str:
        """The subject that a state is said of in a language whose order is free: the one before it, unless only the
        one behind it can be meant."""
        state = self.tags[i]
        before = self._behind(state)
        if before and self._of_something(state):
            return ""
        after = next((tag.name for tag in self.subjects if 0 <= tag.at - state.end < REACH), "")
        if before in ("mailbox", "sender", "thing"):
            return before
        at_place = before == "system" and all(self._prepositional(noun) for noun in self.subjects)
        return after or (self.before if at_place and self.before else before)

    def _of_something(self, state: Tag) -> bool:
        """Whether the only subject before a state is whose something else is that: "Das Skript des Benutzers"."""
        near = [tag for tag in self.subjects if tag.end <= state.at]
        if len(near) != 1 or not self._prepositional(near[0]):
            return False
        at = near[0].at - 1
        while at > 0 and self.words[at] in _ARTICLES:
            at -= 1
        return at > 0 and self.words[at] in _GENITIVE and self.words[at - 1] not in _ARTICLES

    def _other(self, tag: Tag, owner: str) -> str:
        """Whose it is instead, by what else the clause names."""
        for subject in self.subjects:
            if subject.name in FOREIGN and (subject.name not in LATE or subject.end <= tag.at):
                return subject.name
            if subject.name == "thing" and subject.end <= tag.at and not self._prepositional(subject):
                return "thing"
            if owner == "domain" and subject.name == "content" and subject.end <= tag.at:
                return "content"
        return ""

    def _behind(self, state: Tag) -> str:
        """The subject that stands before a state, but not within "at this domain" or "on this server"."""
        near = [tag for tag in self.subjects if tag.end <= state.at and state.at - tag.end <= REACH]
        if near and self.words:
            if state.name != "gone =" and self._mentions_another(near[-1].end, state.at):
                return ""
            while len(near) > 1 and near[-1].name not in ("mailbox", "sender") and self._prepositional(near[-1]):
                near.pop()
        return near[-1].name if near else ""

    def _beside(self, i: int) -> str:
        """The subject right before a state, but for "is" and an address."""
        before = self.tags[i - 1] if i else None
        if before is None or before.name not in SUBJECTS:
            return ""
        state = self.tags[i]
        if state.at - before.end > (2 if self.words else 4):
            return ""
        after = self.tags[i + 1] if i + 1 < len(self.tags) else None
        if after is not None and after.at == state.end and self.words and after.name in SUBJECTS:
            return before.name if after.name in ("mailbox", "domain") else after.name  # "recipient unknown limit"
        return before.name

    def _ahead(self, i: int) -> str:
        """The subject that a state stands right before."""
        state = self.tags[i]
        subject = self.tags[i + 1] if i + 1 < len(self.tags) else None
        if subject is None or subject.name not in SUBJECTS:
            return ""
        if subject.at - state.end > (2 if self.words else 3):
            return ""
        if self._word(subject) == "@" and state.at and self.words[state.at - 1] not in NEUTRAL:
            return ""  # an adjective behind a noun that is not known
        being = self.words[subject.end : subject.end + 1] in _BEING
        if self._word(subject) in _MANY and (being or self._prepositional(state)):
            return ""  # "unknown users are …" says nothing of this one
        if i and self.tags[i - 1].name == "from" and self.tags[i - 1].end == state.at:
            return "sender"
        return subject.name

    def _mentions_another(self, start: int, end: int) -> bool:
        """Whether a preposition between a subject and its state brings in a thing that is not known."""
        for tag in self.tags:
            if tag.name != "of" or not start <= tag.at < tag.end < end or self._word(tag) in _LINKS:
                continue
            if self.words[tag.end] in _US:
                continue
            if all(is_harmless(word) for word in self.words[tag.end : min(tag.end + 2, end)]):
                continue
            if not any(tag.end <= noun.at <= tag.end + 2 and noun.at < end for noun in self.subjects):
                return True
        return False

    def _prepositional(self, noun: Tag, after: bool = False) -> bool:
        """Whether a preposition stands before a tag, or right after it."""
        if after:
            return any(tag.name == "of" and tag.at == noun.end for tag in self.tags)
        return any(tag.name == "of" and tag.end <= noun.at <= tag.end + 1 for tag in self.tags)

    def _bare(self, state: Tag) -> bool:
        """Whether nothing but small words stands before a state, and none that it may be said of right behind."""
        after = next(iter(self.words[state.end : state.end + 1]), "")
        named = bool(after) and (after in _MANY or after not in NEUTRAL)
        if named and state.name[-1] == "=" and not self._prepositional(state, after=True):
            return False
        return all(
            word in _ARTICLES or word in NEGATIONS or word in ("is", "was", "sorry", "error")
            for word in self.words[: state.at]
        )

    def _only_articles(self, start: int, end: int) -> bool:
        return all(word in _ARTICLES for word in self.words[start:end])

    def _before(self, tag: Tag) -> str:
        """The word before a tag; '' where there is none."""
        return self.words[tag.at - 1] if self.words and tag.at else ""

    def _word(self, tag: Tag) -> str:
        """The first word of a tag; '' where there are none."""
        return self.words[tag.at] if self.words else ""
