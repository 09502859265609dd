# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's own word on reasons: `[policy]` maps a reason to a kind, or has it ignored.

The judgement itself (`mail/`, a provider's classes) stays as it is and keeps its evidence; this is on top of it. Of
several words about one event the most telling counts: for the recipient's domain (the longest that fits), for the
provider, for the reason alone. One reason is ignored unless the policy has a word for it: `LISTED`.

A kind is changed when the event comes in (`judged`), since identity and gravity hang on it. What is to be ignored
is stored all the same and dropped by the relay (`ignores`), so that it can be seen, and replayed once the policy is
another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bouncestream.event import BounceEvent, Kind

IGNORE = "ignore"

#: What becomes of a hard that rests on words alone: `judging.unsure`.
UNSURE = ("repeat", "hard", "soft")

#: The reason of a mail that a provider did not send, by a list of its own that says nothing more.
LISTED = "provider_list"

#: Why a soft bounce is not told, where they are only counted here.
KEPT_SOFT = "soft bounces are only counted here ([policy.soft] tell = false)"

#: What a reason may be mapped to.
WORDS = (Kind.HARD.value, Kind.SOFT.value, Kind.COMPLAINT.value, IGNORE)

_Words = Mapping[str, str]
_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Rules:
    """The tables of `[policy]`: reason → word, alone, by provider and by recipient domain; and one of `UNSURE`."""

    reasons: _Words = field(default_factory=lambda: _NONE)
    providers: Mapping[str, _Words] = field(default_factory=lambda: MappingProxyType({}))
    domains: Mapping[str, _Words] = field(default_factory=lambda: MappingProxyType({}))
    unsure: str = "repeat"
    keep_soft: bool = False  #: soft bounces are only counted here (`[policy.soft] tell = false`)

    def word(self, event: BounceEvent) -> str:
        """The word of the policy on an event: a kind, `ignore`, or nothing."""
        if not (self.reasons or self.providers or self.domains):
            return ""
        if event.kind is Kind.UNSUBSCRIBE or not event.reason:
            return ""
        if self.domains:
            domain = event.recipient.rpartition("@")[2]
            while domain:
                if word := self.domains.get(domain, _NONE).get(event.reason):
                    return word
                domain = domain.partition(".")[2]
        return self.providers.get(event.provider, _NONE).get(event.reason, "") or self.reasons.get(event.reason, "")

    def judged(self, event: BounceEvent) -> BounceEvent:
        """The event with the kind that the policy gives it; what it is given is sure."""
        word = self.word(event)
        if not word or word == IGNORE or (word == event.kind.value and event.sure):
            return event
        evidence = f"{event.evidence}; the policy says {word} to {event.reason}".removeprefix("; ")
        return replace(event, kind=Kind(word), evidence=evidence, sure=True)

    def ignores(self, event: BounceEvent) -> str:
        """Why the event is not told to Listmonk, in words; empty: it is."""
        word = self.word(event)
        if word == IGNORE:
            return f"the policy ignores {event.reason}"
        if event.reason == LISTED and not word:
            return "the provider refused it by a list of its own, which says nothing about the address"
        if self.keep_soft and event.kind is Kind.SOFT:
            return KEPT_SOFT
        return ""
