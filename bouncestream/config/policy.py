# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the operator's own word on what comes in: `[policy]`, declared as in `model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bouncestream.config import tables
from bouncestream.decay import COUNTS, Decay
from bouncestream.policy import UNSURE, Rules
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Soft:
    """Who counts soft bounces. docs/understand/soft.md tells more."""

    mode: str = live_key(
        shapes.choice("listmonk", "bridge"),
        '"listmonk"',
        'With "listmonk", Listmonk counts soft bounces, for ever, and acts at its own count. With "bridge", '
        "bouncestream counts them by the keys below and tells the one that reaches the count as hard: then set "
        "Listmonk's action for soft bounces to None.",
    )
    count: Mapping[str, int] = live_key(
        tables.SOFT_COUNTS,
        "{ mailbox = 5, unreachable = 7, unknown = 7 }",
        "On how many different days a person must bounce, by the class of the reason: the mailbox (full, "
        "disabled), its server (unreachable), or no reason that is understood (unknown). 0: never.",
    )
    window: float = live_key(
        shapes.DURATION, '"180d"', "Older soft bounces are forgotten; so are those before the person's last click."
    )
    tell: bool = live_key(
        shapes.TRUTH, "true", "With mode bridge: tell soft bounces to Listmonk too, or (false) only keep them here."
    )

    @property
    def rule(self) -> Decay:
        """The counts as they are applied."""
        return Decay({**COUNTS, **self.count}, timedelta(seconds=self.window))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Your own word on what comes in. docs/understand/policy.md has the reasons and the default of each."""

    unsubscribe: str = live_key(
        shapes.choice("campaign", "lists", "blocklist", "ignore"),
        '"campaign"',
        "What to do when someone unsubscribes at the provider or by mail: unsubscribe from the lists of the "
        '"campaign", as Listmonk\'s own page does it (from all lists where the campaign is not known), from all '
        '"lists", "blocklist" the subscriber, or "ignore" it.',
    )
    unsure: str = live_key(
        shapes.choice(*UNSURE),
        '"repeat"',
        "How to treat a hard bounce that rests on the words of a report alone: "
        '"repeat" (soft, and hard when the same person bounces so again within 90 days, for another campaign or at '
        'least 24 hours later), "hard" or "soft".',
    )
    reasons: Mapping[str, str] = live_key(
        tables.REASONS,
        "{}",
        "Treat a reason as hard, soft, complaint or ignore (stored, but not sent to Listmonk): { mailbox_disabled "
        '= "hard", spam = "ignore" }.',
    )
    providers: Mapping[str, Mapping[str, str]] = live_key(
        shapes.by_name(tables.REASONS),
        "{}",
        'The same for one provider, or "mailbox"; overrides `reasons`: { mailbox = { blocklisted = "ignore" } }.',
    )
    domains: Mapping[str, Mapping[str, str]] = live_key(
        tables.by_domain(tables.REASONS),
        "{}",
        'The same for recipients at a domain and its subdomains; overrides both: { "example.com" = { '
        'mailbox_full = "hard" } }.',
    )

    soft: Soft = field(default_factory=Soft)

    @property
    def rules(self) -> Rules:
        """The tables as they are applied."""
        keep = self.soft.mode == "bridge" and not self.soft.tell
        return Rules(self.reasons, self.providers, self.domains, self.unsure, keep)
