# SPDX-License-Identifier: GPL-3.0-or-later
"""The location of a signature, its time or its id in a request: a header, a part of one, a field of the JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from urllib.parse import unquote

from bouncestream.crypto.proof import Asked
from bouncestream.errors import Malformed


class Location(Protocol):
    """Where in a request a value is."""

    @property
    def inside(self) -> bool:
        """Whether it is in the body."""

    def read(self, request: Asked) -> tuple[str, ...]:
        """The values there; several while keys are changed; none: nothing is there."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header. `Header("X-Signature", prefix="v1=", separator=",")` is the part `v1=…` of `t=…,v1=…`, every one of
    them; `quoted`: the whole is percent-encoded."""

    name: str
    prefix: str = ""
    separator: str = ""
    quoted: bool = False

    inside: ClassVar[bool] = False

    def read(self, request: Asked) -> tuple[str, ...]:
        sent = request.headers.get(self.name)
        if sent is None:
            return ()
        sent = unquote(sent).strip() if self.quoted else sent.strip()
        size, prefix = len(self.prefix), self.prefix.lower()
        if not self.separator:
            return (sent[size:],) if sent[:size].lower() == prefix else ()
        parts = (part.strip() for part in sent.split(self.separator))
        return tuple(part[size:] for part in parts if part[:size].lower() == prefix)


class Either:
    """Any of several locations; a signature in one of them will do."""

    def __init__(self, *locations: Location) -> None:
        self.locations = locations

    @property
    def inside(self) -> bool:
        return any(location.inside for location in self.locations)

    def read(self, request: Asked) -> tuple[str, ...]:
        return tuple(value for location in self.locations for value in location.read(request))


class Field:
    """A field of the JSON body, by the keys that lead to it: `Field("signature", "token")`."""

    inside = True

    def __init__(self, *path: str) -> None:
        self.path = path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Field) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def read(self, request: Asked) -> tuple[str, ...]:
        value: Any = self.document(request)
        for key in self.path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return (value,) if isinstance(value, str) else ()

    def document(self, request: Asked) -> Any:
        """The body, as what it is read in."""
        return request.json()


class AnyField(Field):
    """A field of the body, which may be a form, too."""

    def document(self, request: Asked) -> Any:
        try:
            return request.json()
        except Malformed:
            return request.form()
