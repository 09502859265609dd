# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide of a provider, for a person: what to click and to paste, how campaign and subscriber come back, and
what has to be known of it. `init` and `provider guide` tell the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from bouncestream.cli import out
from bouncestream.providers._contract import Provider
from bouncestream.providers._settings import Webhook

TO_HEADERS = "In Listmonk, add to each campaign's headers"
_INDENT = "    "


def tell(provider: Provider[Any], hook: Webhook, url: str, secret: str) -> None:
    """Print it, for a webhook of this URL and this secret."""
    guide = provider.guide
    _steps(guide.told(hook, url, secret), (url, secret))
    if headers := [{name: value} for name, value in guide.campaign_headers.items()]:
        paste(f"{TO_HEADERS} (6.2 or later fills in the UUIDs):", headers)
    else:
        out.prose(f"Campaign and subscriber come back {guide.uuids}.", _INDENT, _INDENT)


def limits(provider: Provider[Any]) -> Iterable[tuple[str, str]]:
    """What has to be known of it: names and words."""
    guide = provider.guide
    yield "campaign and subscriber", guide.uuids
    yield "it tries again", guide.retries or ("its documentation does not say" if provider.classes else "")
    yield "it waits", f"{provider.deadline:g} seconds for the answer" if provider.deadline else ""
    yield "its own list", guide.suppressions
    yield "as of", f"{guide.read}, by its documentation" if provider.classes else ""


def paste(told: str, headers: list[dict[str, str]]) -> None:
    """What can be pasted stands on a line of its own, never broken."""
    out.prose(told, _INDENT, _INDENT)
    print(f"{_INDENT}{_INDENT}{json.dumps(headers)}")


def _steps(steps: Iterable[str], values: Sequence[str]) -> None:
    """The lines of a guide in lines that fit; one with a value to paste stays as it is."""
    for pasted, lines in groupby(steps, key=lambda step: any(value in step for value in values)):
        if pasted:
            print(*(f"{_INDENT}{line}" for line in lines), sep="\n")
        else:
            out.prose(" ".join(lines), _INDENT, _INDENT)
