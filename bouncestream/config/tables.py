# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes that know about mail: domains, and the tables of `[policy]` by reason."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from bouncestream.mail.address import a_label
from bouncestream.mail.reason import REASONS as REASON_TABLE
from bouncestream.policy import WORDS
from bouncestream.settings.shapes import Shape, Wrong, any_text, by_name, each, sort_of, words_table


def _domain(value: Any) -> str:
    name = a_label(any_text(value).lstrip("@"))
    if "." not in name:
        raise Wrong("is not a domain")
    return name


def _reasons(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise Wrong(f"is {sort_of(value)}, not a table")
    for reason in value:
        if reason not in REASON_TABLE:
            near = get_close_matches(str(reason), REASON_TABLE, 1, 0.6)
            raise Wrong(f"has {reason!r}, which is not a reason" + (f"; did you mean {near[0]}?" if near else ""))
    return words_table(*WORDS).parse(value)  # type: ignore[no-any-return]


def by_domain(inner: Shape) -> Shape:
    """A table of tables; its keys are domains."""
    return by_name(inner, _domain)


DOMAINS = Shape('a list of domains, such as ["example.org"]', each(_domain), plain=False)
REASONS = Shape('{ reason = "hard", "soft", "complaint" or "ignore" }', _reasons, plain=False)
