# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom Listmonk no longer knows (`[privacy] follow_deletions`), by what it answered. Pure.

What follows cannot be undone, so an answer has to prove itself: each question also asks for a subscriber who is
there (the canary), and an answer without that one says nothing about anybody. Nor does a Listmonk that knows none
of many: most likely it is another one, or its database was restored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bouncestream.ports import Subscriber

#: So few people may all have left.
FEW = 5


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the outbox: the address in the forms that Listmonk may have, and the UUID; either may be none."""

    emails: tuple[str, ...] = ()
    uuid: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.emails, *((self.uuid,) if self.uuid else ()))


def gone(
    people: Iterable[Person], asked: Collection[str], found: Iterable[Subscriber], canary: str, few: int = FEW
) -> tuple[list[Person], str]:
    """The people whom an answer shows to be gone, and why it shows nothing, in words. `asked`: the names that could
    be asked for; `canary`: the address of a subscriber who is there. Of whom not all names could be asked for,
    nothing is said; nor of more than `few` if all of them seem to be gone."""
    known = {name.lower() for one in found for name in (one.email, one.uuid)}
    if canary.lower() not in known:
        return [], "Listmonk's answer lacks a subscriber who is there"
    judged = [one for one in people if one.names and all(name in asked for name in one.names)]
    left = [one for one in judged if not any(name.lower() in known for name in one.names)]
    if len(left) == len(judged) > few:
        return [], (
            f"Listmonk knows none of {len(judged)} people: is it the right one? Where it is, and it deletes those "
            "who bounce (Settings, Bounces, Action), they may all be gone: erase them here by `bouncestream "
            "person`, or leave it to [retention] events"
        )
    return left, ""
