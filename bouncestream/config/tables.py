# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes that know about mail: domains, and the tables of `[policy]` by reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bouncestream.decay import COUNTS
from bouncestream.mail.address import a_label
from bouncestream.mail.reason import REASONS as REASON_TABLE
from bouncestream.policy import WORDS
from bouncestream.settings.shapes import Shape, Wrong, any_text, by_name, each, nearest, sort_of, words_table


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
            near = nearest(str(reason), REASON_TABLE)
            raise Wrong(f"has {reason!r}, which is not a reason" + (f"; did you mean {near}?" if near else ""))
    return words_table(*WORDS).parse(value)  # type: ignore[no-any-return]


def by_domain(inner: Shape) -> Shape:
    """A table of tables; its keys are domains."""
    return by_name(inner, _domain)


def _counts(value: Any) -> Mapping[str, int]:
    if not isinstance(value, dict):
        raise Wrong(f"is {sort_of(value)}, not a table")
    for name, count in value.items():
        if name not in COUNTS:
            raise Wrong(f"has {name!r}, which is not a class of reasons; there are {', '.join(COUNTS)}")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= 1000:
            raise Wrong(f"has {name} = {count!r}, which is not a whole number from 0 to 1000")
    return dict(value)


DOMAINS = Shape('a list of domains, such as ["example.org"]', each(_domain), plain=False)
REASONS = Shape('{ reason = "hard", "soft", "complaint" or "ignore" }', _reasons, plain=False)
SOFT_COUNTS = Shape("{ mailbox = 5, unreachable = 7, unknown = 7 }, with 0 for never", _counts, plain=False)
