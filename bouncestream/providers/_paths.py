# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths: where in a request a value stands, as an operator writes it: `data.items[0].email`, `["odd.key"].x`,
`event["user-variables"]`; `[*]` is each of a list, or each value of an object.

A path begins in one event. `body:` before it begins in the whole body, `header:X-Name` is a header of the request,
`query:name` a parameter of its URL. JSON that lies in a text is read where a path leads into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson

from bouncestream.errors import TooLarge
from bouncestream.providers._request import WebhookRequest
from bouncestream.settings.shapes import Shape, Wrong, any_text, each, sort_of

#: Steps of a path at most; a path that needs more is a mistake.
MOST_STEPS = 8

#: Where a path begins, if not in an event.
BODY, HEADER, QUERY = "body", "header", "query"

#: A step to each of a list.
EACH = "*"

_STEP = re.compile(r'(\.?)([^.\[\]"\s][^.\[\]"]{0,99})|\[(-?\d{1,5})\]|\["([^"]{1,100})"\]|\[(\*)\]')
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", re.ASCII)

_WORDS = 'a path such as "data.items[0].email", or "header:X-Name"'


@dataclass(frozen=True, slots=True)
class Path:
    """A path, read."""

    text: str  #: as it was written
    start: str  #: empty: the event
    steps: tuple[str | int | None, ...]  #: of a key its name, of a list its number; None: each

    @property
    def kept(self) -> str:
        """Under which name its value is stored with the body, which it is not in; empty: it is in the body."""
        return {HEADER: self.text.partition(":")[2], QUERY: self.text}.get(self.start, "")


def read(text: Any) -> Path:
    """The path that is written in `text`. Raises Wrong."""
    if not isinstance(text, str):
        raise Wrong(f"is {sort_of(text)}, not text")
    text = any_text(text)
    start, colon, rest = text.partition(":")
    if not colon or start not in (BODY, HEADER, QUERY):
        start, rest = "", text
    if start in (HEADER, QUERY):
        if not _NAME.fullmatch(rest):
            raise Wrong(f"names no {'header' if start == HEADER else 'parameter of the URL'}")
        return Path(text, start, (rest,))
    return Path(text, start, tuple(_steps(rest)))


def _steps(text: str) -> Iterator[str | int | None]:
    at = count = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or (found[2] is not None and bool(found[1]) != bool(at)):
            raise Wrong(f"is no path: it cannot be read from character {at + 1} on")
        if (count := count + 1) > MOST_STEPS:
            raise Wrong(f"has more than {MOST_STEPS} steps")
        yield int(found[3]) if found[3] else None if found[5] else (found[2] or found[4])
        at = found.end()


def _one(value: Any) -> Path:
    found = read(value)
    if not found.text or found.text == f"{BODY}:":
        raise Wrong("is empty")
    if None in found.steps:
        raise Wrong("has [*], which only events may have")
    return found


def _several(value: Any) -> tuple[Path, ...]:
    if isinstance(value, str):
        value = [value]
    found = each(_one)(value)
    if not found:
        raise Wrong("is empty")
    return found


def _to_events(value: Any) -> Path:
    found = read(value)
    if found.start in (HEADER, QUERY):
        raise Wrong("does not lead into the body")
    return found


#: A path to one value, or several, of which the first that has one counts.
PATHS = Shape(f"{_WORDS}; or a list of such paths", _several, plain=False)
#: The path to the list of events, or to the only one.
TO_EVENTS = Shape('a path such as "events" or "users[*].events"; "" for the whole body', _to_events)


@dataclass(slots=True)
class Reader:
    """Reads one request by paths. What is the same for each of its events is looked up once."""

    request: WebhookRequest
    document: Any  #: its body, read
    _known: dict[Path, Any] = field(default_factory=dict)

    def events(self, path: Path, most: int) -> list[Any] | None:
        """What a path leads to: of a list its items, of all else one; None: nothing is there. Raises TooLarge when
        there are more than `most`."""
        found = [self.document]
        for step in path.steps:
            found = [value for one in found for value in _stepped(one, step)]
            if len(found) > most:
                raise _too_many(most)
        if not found:
            return None if None not in path.steps else []
        items: list[Any] = []
        for one in map(_inner, found):
            items += one if isinstance(one, list) else [one]
        if len(items) > most:
            raise _too_many(most)
        return items

    def value(self, item: Any, path: Path) -> Any:
        """What a path leads to from an event; None: nothing is there."""
        if not path.start:
            return _walked(item, path)
        if path not in self._known:
            self._known[path] = self._once(path)
        return self._known[path]

    def _once(self, path: Path) -> Any:
        if path.start == BODY:
            return _walked(self.document, path)
        if path.start == HEADER:
            return self.request.headers.get(path.kept)
        stored = self.request.headers.get(path.kept)
        return stored if stored is not None else parameter(self.request, path)


def kept(request: WebhookRequest, paths: Mapping[Path, None]) -> dict[str, str]:
    """Of a request what is to be stored with its body, so that it can be judged again: headers, and parameters of
    its URL under `query:name`."""
    found: dict[str, str] = {}
    for path in paths:
        value = (
            parameter(request, path)
            if path.start == QUERY
            else request.headers.get(path.kept)
            if path.kept
            else None
        )
        if value is not None:
            found[path.kept] = value
    return found


def parameter(request: WebhookRequest, path: Path) -> str | None:
    """A parameter of the URL; of a repeated one the last."""
    try:
        return parse_qs(request.query, keep_blank_values=True, max_num_fields=100).get(str(path.steps[0]), [None])[
            -1
        ]
    except ValueError:
        return None


def _too_many(most: int) -> TooLarge:
    return TooLarge(f"more than {most} events in one request")


def _walked(value: Any, path: Path) -> Any:
    for step in path.steps:
        value = next(_stepped(value, step), None)
        if value is None:
            return None
    return value


def _stepped(value: Any, step: str | int | None) -> Iterator[Any]:
    value = _inner(value)
    if step is None:
        yield from value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    elif isinstance(value, dict) and isinstance(step, str):
        if step in value:
            yield value[step]
    elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
        yield value[step]


def _inner(value: Any) -> Any:
    """A text of JSON as what it says; all else as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            pass
    return value
