# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of a minute, as one line of the log: what came in, and what became of what was delivered. It stays
silent while nothing happens."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field

from bouncestream.event import Kind
from bouncestream.metrics import (
    DELIVERED,
    EVENTS_DUPLICATE,
    EVENTS_RECEIVED,
    LOST,
    QUARANTINED,
    REQUESTS_REFUSED,
    RETRIES,
    UNIDENTIFIED,
    Metric,
    Metrics,
)

log = logging.getLogger("bouncestream.account")

#: Seconds between two lines.
EVERY = 60.0

#: What was counted, in words; `{}` is the number, `{s}` an s where it is not 1.
_WORDS: dict[tuple[Metric, str], str] = {
    (DELIVERED, "verified"): "{} recorded",
    (DELIVERED, "posted"): "{} posted",
    (DELIVERED, "unstored"): "{} not stored by Listmonk",
    (DELIVERED, "dropped"): "{} dropped",
    (DELIVERED, "dead"): "{} dead",
    (RETRIES, "failure"): "{} failed, to be tried again",
    (LOST, ""): "{} lost by Listmonk, to be posted again",
    (REQUESTS_REFUSED, ""): "{} request{s} refused",
}
_COUNTED = (
    EVENTS_RECEIVED,
    EVENTS_DUPLICATE,
    QUARANTINED,
    UNIDENTIFIED,
    DELIVERED,
    RETRIES,
    LOST,
    REQUESTS_REFUSED,
)

Counts = Counter[tuple[Metric, tuple[str, ...]]]


def counts(metrics: Metrics) -> Counts:
    """What the account is made of, as it is now."""
    return Counter(
        {(metric, labels): int(value) for metric in _COUNTED for labels, value in metrics.of(metric).items()}
    )


def line(news: Counts) -> str:
    """What is new, in words, such as `12 in by esp (10 hard, 2 soft), 12 recorded`; empty: nothing."""
    said = []
    for source in dict.fromkeys(labels[0] for metric, labels in news if metric is EVENTS_RECEIVED):
        kinds = [(kind.value, news[EVENTS_RECEIVED, (source, kind.value)]) for kind in Kind]
        told = ", ".join(f"{number} {kind}" for kind, number in kinds if number)
        said.append(f"{sum(number for _, number in kinds)} in by {source} ({told})")
    for metric, word in (
        (EVENTS_DUPLICATE, "known already"),
        (QUARANTINED, "unreadable"),
        (UNIDENTIFIED, "unidentified"),
    ):
        if number := sum(value for (counted, _), value in news.items() if counted is metric):
            said.append(f"{number} {word}")
    for (metric, label), words in _WORDS.items():
        number = sum(
            value
            for (counted, labels), value in news.items()
            if counted is metric and (not label or label in labels)
        )
        if number:
            said.append(words.format(number, s="" if number == 1 else "s"))
    return ", ".join(said)


@dataclass(eq=False)
class Account:
    """The account of one running bridge."""

    metrics: Metrics
    _before: Counts = field(default_factory=Counter)

    async def run(self) -> None:
        """Tell, each minute."""
        while True:
            await asyncio.sleep(EVERY)
            self.tell()

    def tell(self) -> None:
        """Log what is new since the last time, if anything is."""
        now = counts(self.metrics)
        news, self._before = now - self._before, now
        if said := line(news):
            log.info("%s", said)
