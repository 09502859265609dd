# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of each piece of a request, and which key decided it: for a person who tries a provider, or a
description of one, on saved requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bouncestream.event import BounceEvent
from bouncestream.providers._classes import key_of
from bouncestream.providers._contract import Parsed, Provider, WebhookRequest, parse
from bouncestream.providers._gathered import NOTHING, Gathered, S
from bouncestream.providers._settings import Webhook


@dataclass(slots=True)
class Piece:
    """A piece of feedback, as it was reported by the provider's file."""

    said: str = ""  #: what the provider calls it
    by: str = ""  #: the key that decided its class; empty: no table, but code
    how: Mapping[str, str] = field(default_factory=dict)  #: of a description: option → the path that led to a value
    event: BounceEvent | None = None
    ignored: str = ""  #: why it is no event, by design


@dataclass(slots=True)
class Traced(Gathered[S]):
    """A `Gathered` that writes down each report."""

    pieces: list[Piece] = field(default_factory=list)

    def report(self, said: str, *, class_: str = "", how: Mapping[str, str] = NOTHING, **values: Any) -> None:
        own, table = key_of(said, self.settings.classes), key_of(said, self.classes)
        by = ""
        if own is not None:
            by = f'classes: "{own}" = "{self.settings.classes[own]}"'
        elif "words" in how:
            by = f"words: {how['words']}"
        elif not class_ and table is not None:
            by = f'"{table}" is {self.classes[table]} in the table of {self.title}'
        count = len(self.ignored)
        piece = Piece(said, by, {name: path for name, path in how.items() if name != "words"})
        self.pieces.append(piece)
        Gathered.report(self, said, class_=class_, how=how, **values)
        if len(self.ignored) > count:
            piece.ignored = self.ignored[-1]

    def add(self, event: BounceEvent) -> None:
        Gathered.add(self, event)
        if not self.pieces or self.pieces[-1].event is not None or self.pieces[-1].ignored:
            self.pieces.append(Piece())
        self.pieces[-1].event = self.events[-1]


def trace(
    provider: Provider[Any], request: WebhookRequest, settings: Webhook, now: datetime
) -> tuple[Parsed, list[Piece]]:
    """What a request is read as, and its pieces: those that became an event, or none by design. Raises Malformed,
    TooLarge."""
    made: list[Traced[Any]] = []

    def make(*values: Any) -> Gathered[Any]:
        made.append(Traced(*values))
        return made[-1]

    parsed = parse(provider, request, settings, now, make)
    return parsed, [piece for piece in made[0].pieces if piece.event is not None or piece.ignored]
