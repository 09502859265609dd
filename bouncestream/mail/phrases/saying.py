# SPDX-License-Identifier: GPL-3.0-or-later
"""What a clause says: whose thing (subject) is how (state), from its tags.

A state stands behind its subject ("user unknown"), before it ("no such user"), or either way. Subjects that stand
together are one ("sender domain", "address of the sender"), and what is the sender's anywhere is the sender's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from bouncestream.mail.phrases.clauses import folded, listed
from bouncestream.mail.phrases.composed import NEUTRAL, STATES
from bouncestream.mail.phrases.nobody import NOBODY, RELATIVE, tells_nobody
from bouncestream.mail.phrases.small import is_small
from bouncestream.mail.phrases.strange import AND, GENITIVE_OF, Strange
from bouncestream.mail.phrases.subjects import FOREIGN, MANY, SUBJECTS, THE
from bouncestream.mail.phrases.tagging import (
    Tag,
    joined,
    squeezed,
    tagged,
    tokens,
)

LATE = ("list", "protocol")
"""Of these, such as come behind the state are no part of what is not there: "not in my list"."""

REACH = 12
"""So many words may stand between a subject and a state behind it."""

MOST = 100
"""So many tags of a clause are looked at: no server says as much between two commas."""

LETTERS = 24
"""And so many letters, where words are not told apart."""

_WHICH = ("that", "which", "who")
_LAST = listed("ole non nie nema neni нет няма нема немає nincs nav nera ni yok ma")
"""Words for "is not there" that may end a clause, or stand before "any more"."""
_BECOMES = listed("wird wordt bliver blir viene")
_BEING = (["is"], ["are"])
_DETERMINERS = THE | listed("our unser unsere notre nuestro nuestra nosso nossa nostro nostra onze")
_US = listed("us uns nous nosotros nos noi ons oss nas нас")
_AT = tuple(folded(one) for one in ("に", "で", "上", "中", "里", "内", "에", "-に", "ーに", "ーで"))
_FOR_ALL = frozenset(["at", "all", "any", "nullmx", "null", "anymore", "here", "ever"])


_NOTHING = ("of", "yours", "failure", "nothing")
"""Words that say nothing alone."""

_STATELESS = SUBJECTS.union(_NOTHING, "@~", ["from"])
"""Tags that tell of no state."""


class Said(NamedTuple):
    """What a clause says."""

    subject: str  #: of `SUBJECTS`
    state: str  #: "not there", "gone", "takes no mail", or of `composed.STATES`; '': only a subject is named
    words: str  #: that say it
    proof: bool = False  #: the DNS' own answer
    stock: bool = False  #: as servers say it of anything: "unknown user"; not "does not exist"
    inherited: bool = False  #: it names no subject, and is said of that of the clause before
    strange: str = ""  #: a word beside it that may turn it: no name, and not of those that never do


P = ParamSpec("P")
R = TypeVar("R")


def _kept(ask: Callable[Concatenate[str, P], R]) -> Callable[Concatenate[str, P], R]:
    """`ask`, which keeps its answers: some thousand clauses make up most reports. Of long ones, which a stranger
    may make up, none is kept; 2,048 short ones take 6 MB at most."""
    known = lru_cache(maxsize=2048)(ask)

    def asked(text: str, /, *more: P.args, **named: P.kwargs) -> R:
        return known(text, *more, **named) if len(text) <= 200 else ask(text, *more, **named)  # type: ignore[arg-type]

    return asked


@_kept
def tags_of(text: str) -> tuple[list[str], list[Tag]]:
    """The words of a clause, and its tags."""
    words = tokens(text)
    return words, tagged(words)[:MOST]


def tells(text: str) -> bool:
    """Whether a clause can tell how something is: most do not, and need not be read."""
    words, tags = tags_of(text)
    return not text.isascii() or any(tag.name not in _STATELESS for tag in tags) or not NOBODY.isdisjoint(words)


@_kept
def read(text: str, before: str = "") -> tuple[Said, ...]:
    """What a clause says. `before`: the subject of the clause before it, for when this one names none."""
    found: tuple[Said, ...] = ()
    if not text.isascii():
        found = tuple(_Reader(joined(text), [], text, before).said())
    if not any(said.state for said in found):
        words, tags = tags_of(text)
        if not all(tag.name in _NOTHING for tag in tags) or not NOBODY.isdisjoint(words):
            found = tuple(_Reader(tags, words, " ".join(words), before).said()) or found
    return found


def is_about_whom(text: str, after: str) -> bool:
    """Whether the next clause tells only of whom a clause speaks: "there is nobody, who is called a@example.com",
    "we have no such person: a@example.com"."""
    words, more = tokens(text), tokens(after)
    if NOBODY.isdisjoint(words):
        return more == ["@"] and any(tag.name.startswith("not there") for tag in tags_of(text)[1])
    return bool(more) and (more[0] in RELATIVE or more == ["@"])


@_kept
def strange_in(text: str) -> str:
    """The first thing in a clause that may turn what is said of its subject; ''."""
    if not text.isascii() and (tags := joined(text)):
        return _Reader(tags, [], text, "").strange()
    words, tags = tags_of(text)
    return _Reader(tags, words, text, "").strange()


def topic_of(text: str) -> str:
    """What a clause is about, where its last subject is only the place or the object of its first: "the account is
    on this server", "the inbox hit its limit"."""
    first = next((tag.name for tag in tags_of(text)[1] if tag.name in SUBJECTS or tag.name in ("@", "of")), "")
    return "mailbox" if first in ("mailbox", "@") else "system"


def is_thing(text: str) -> bool:
    """Whether a clause only names a thing, as who speaks: "license server: no such user"."""
    words, tags = tags_of(text)
    return any(tag.name == "record" for tag in tags) and len(words) == sum(tag.end - tag.at for tag in tags)


def is_of_another(text: str) -> bool:
    """Whether a clause is about something that no table knows: "the helpdesk is", "die Poststelle ist zurzeit"."""
    words, tags = tags_of(text)
    if any(tag.name in SUBJECTS or tag.name in "@~" for tag in tags):
        return False
    known = {at for tag in tags for at in range(tag.at, tag.end)}
    nouns = [at + 1 for at, word in enumerate(words[:-1]) if word in _DETERMINERS]
    return any(at not in known and not is_small(words[at]) for at in nouns)


class _Reader(Strange):
    """A clause while it is read."""

    def said(self) -> Iterator[Said]:
        """What it says, and last the subject that it names last."""
        foreign = next((tag.name for tag in self.subjects if tag.name in FOREIGN and tag.name != "protocol"), "")
        if tells_nobody(self):
            yield Said(foreign or "mailbox", "not there", self.shown)
        for i, tag in enumerate(self.tags):
            name = tag.name
            if name == "nobody":
                yield Said(foreign or "mailbox", "not there", self.shown, strange=self.strange(tag))
            elif name == "no such domain":
                proof = not foreign and self._word(tag) == "nxdomain"
                strange = "" if proof else self.strange(tag)
                yield Said(foreign or "domain", "not there", self.shown, proof, strange=strange)
            elif name == "null mx":
                yield Said(foreign or "domain", "takes no mail", self.shown, proof=not foreign)
            elif name == "takes no mail":
                yield self._takes_none(tag)
            elif name == "exists" and any(tag.name == "not there >" for tag in self.tags[:i]):
                continue  # "no such user exists"
            elif name in STATES:
                owner = self.subjects[0].name if self.subjects else self.before
                yield Said(foreign or owner, name, self.shown, inherited=not self.subjects)
            elif name[0] == "g" and not _BECOMES.isdisjoint(self.words[max(tag.at - 5, 0) : tag.at]):
                yield Said(
                    foreign or (self.subjects[0].name if self.subjects else self.before), "other", self.shown
                )
            elif name.startswith(("not there", "gone")):
                own = self._owner(i, tag)
                bare = name[-1] != ">" or (
                    bool(self.words) and tag.end == len(self.words) and self.words[-1] in _LAST
                )
                owner = own or (self.before if bare and self._bare(tag) else "")
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
                        self.strange(tag),
                    )
        if self.subjects:
            yield Said(
                foreign if foreign in ("sender", "client", "part") else self.subjects[-1].name, "", self.shown
            )
        elif self.tags and self.tags[-1].name == "from":
            yield Said("sender", "", self.shown)

    def _takes_none(self, tag: Tag) -> Said:
        """A host or domain that takes no mail; or no such mail, or not in such a way."""
        rest = self.words[tag.end :]
        owner = self._behind(tag)
        if (
            rest
            and rest[0] not in _FOR_ALL
            and not (rest[0] in ("from", "for", "to") and rest[1:2] in (["anybody"], ["anyone"], ["all"], ["any"]))
        ):
            return Said(owner or "domain", "refuses", self.shown)
        if owner in ("domain", "system", ""):
            return Said("domain", "takes no mail", self.shown)
        return Said(owner, "off", self.shown)

    def _owner(self, i: int, tag: Tag) -> str:
        """The subject that a state is said of; '' when none is named."""
        side = tag.name[-1]
        if side == ">":
            last = not self.words or tag.end == len(self.words)  # "takiego adresu nie ma"
            last = last or (self._word(tag) in _LAST and all(map(is_small, self.words[tag.end :])))
            if not last and self._prepositional(tag, after=True) and (behind := self._behind(tag)):
                return behind  # "nie ma na serwerze"
            if self._ahead(i) == "system" and self.words and self._own(tag):
                return "mailbox" if self.words[tag.end - 1] in _LAST else "system"  # "a@b ei ole järjestelmässä"
            return self._ahead(i) or (self._behind(tag) if last else "")
        if side == "*":
            return self._around(i)
        if side == "=":
            return self._beside(i) or self._ahead(i) or self._behind(tag)
        return self._behind(tag) or next((a for a in (self._ahead(i),) if a in ("mailbox", "domain", "sender")), "")

    def _around(self, i: int) -> str:
        """The subject that a state is said of in a language whose order is free: the one before it, unless only the
        one behind it can be meant."""
        state = self.tags[i]
        before = self._behind(state)
        after = next((tag.name for tag in self.subjects if 0 <= tag.at - state.end < REACH), "")
        if before in ("mailbox", "sender", "thing"):
            return before
        at_place = (before or after) == "system" and all(self._prepositional(noun) for noun in self.subjects)
        return after or (self.before if at_place and self.before else before)

    def _other(self, tag: Tag, owner: str) -> str:
        """Whose it is instead, by what else the clause names."""
        after = next((one for one in self.subjects if 0 <= one.at - tag.end < 4), None)
        if tag.name[0] == "g" and after is not None and after.name == "content" and tag.end < len(self.words):
            whose = {at for one in self.all_tags if one.name in ("yours", "of") for at in range(one.at, one.end)}
            between = [word for at, word in enumerate(self.words[tag.end : after.at], tag.end) if at not in whose]
            passed = self._prepositional(after) and self.words[after.at - 1] != "su"
            if all(map(is_small, between)) and AND.isdisjoint(between) and not passed:
                return "content"  # "the user deleted your message"
        for subject in self.subjects:
            if subject.name in FOREIGN and (subject.name not in LATE or subject.end <= tag.at):
                return subject.name
        return ""

    def _behind(self, state: Tag) -> str:
        """The subject that stands before a state, but not within "at this domain" or "on this server"."""
        near = [
            tag
            for tag in self.subjects
            if tag.end <= state.at and state.at - tag.end <= (REACH if self.words else LETTERS)
        ]
        if near and self.words:
            if self.words[state.at - 1] in _WHICH and self._word(near[-1]) in MANY:
                return ""  # "do not send to addresses that do not exist"
            if self._owned(near):
                near.pop()
            elif len(near) > 1 and (not RELATIVE.isdisjoint(self.words[near[-2].end : near[-2].end + 2])):
                near.pop()  # "the server which hosts jane was not found"
            while len(near) > 1 and near[-1].name not in ("mailbox", "sender") and self._prepositional(near[-1]):
                near.pop()
        if not self.words:
            plain = squeezed(self.shown)
            while len(near) > 1 and near[-1].name == "system" and plain.startswith(_AT, near[-1].end):
                near.pop()
        return near[-1].name if near else ""

    def _owned(self, near: list[Tag]) -> bool:
        """Whether the last of these is whose the one before is: "le serveur de stockage de l'utilisateur"."""
        if len(near) < 2 or near[-1].name != "mailbox" or near[-2].name not in ("record", "system", "thing"):
            return False
        between = self.words[near[-2].end : near[-1].at]
        return not GENITIVE_OF.isdisjoint(between[:1]) and (near[-2].at < 2 or not self._prepositional(near[-2]))

    def _beside(self, i: int) -> str:
        """The subject right before a state, but for "is" and an address."""
        before = self.tags[i - 1] if i else None
        if before is None or before.name not in SUBJECTS:
            return ""
        state = self.tags[i]
        if self.words and before.name == "system" and self._prepositional(before):
            return ""  # "ist aus der Firma ausgeschieden"
        if state.at - before.end > (2 if self.words else 4):
            return ""
        after = self.tags[i + 1] if i + 1 < len(self.tags) else None
        if after is not None and after.at == state.end and self.words and after.name in SUBJECTS:
            return before.name if after.name in ("mailbox", "domain") else after.name  # "recipient unknown limit"
        return before.name

    def _ahead(self, i: int) -> str:
        """The subject that a state stands right before."""
        state = self.tags[i]
        with_us = int(self._prepositional(state, after=True))
        if with_us and _US.isdisjoint(self.words[state.end + 1 :][:1]):  # or "нет у нашей компании сотрудника"
            with_us = 2 if [tag.name for tag in self.tags[i + 2 : i + 4]] == ["system", "mailbox"] else 0
        subject = next(iter(self.tags[i + 1 + with_us :]), None)
        if subject is None or subject.name not in SUBJECTS:
            return ""
        rest = self.words[subject.end :]
        if self._word(subject) in MANY and (
            rest[:1] in _BEING or self._prepositional(state) or not all(map(is_small, rest))
        ):
            return ""  # "unknown users are …" says nothing of this one
        if i and self.tags[i - 1].name == "from" and self.tags[i - 1].end == state.at:
            return "sender"
        return subject.name

    def _bare(self, state: Tag) -> bool:
        """Whether nothing but small words stands before a state, and none that it may be said of right behind."""
        after = next(iter(self.words[state.end : state.end + 1]), "")
        named = bool(after) and (after in MANY or after not in NEUTRAL)
        if named and state.name == "not there =" and not self._prepositional(state, after=True):
            return False
        if any(noun.at < state.at for noun in self.subjects):
            return False
        if not self.words and state.name[0] == "g":  # "客户的预订已被删除" names something that no table has
            return len(squeezed(self.shown)[: state.at].strip("@")) <= 4
        states = {at for tag in self.tags if tag.name in STATES for at in range(tag.at, tag.end)}
        return state.at - 1 not in states and all(
            word == "error" or is_small(word) or at in states for at, word in enumerate(self.words[: state.at])
        )
