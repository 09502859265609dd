# SPDX-License-Identifier: GPL-3.0-or-later
"""A request as a provider's file sees it, and an answer that it shapes itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from bouncestream.errors import Malformed
from bouncestream.providers._fields import load_json, to_text

#: No provider's form has more fields.
_MOST_FIELDS = 1000


_UNREAD = object()


@dataclass(slots=True)
class WebhookRequest:
    """A request. The server fills in its body, once there, and unpacks it, once proven; nobody else changes it."""

    method: str
    headers: Mapping[str, str]  #: must look names up without regard to case
    body: bytes  #: decompressed, once it is proven; the query string of a GET
    sent: bytes | None = None  #: the body as it was sent, if it was compressed
    path_secret: str = ""  #: the part of the URL behind the webhook's name
    remote_ip: str = ""  #: of the sender, behind trusted proxies; empty when it cannot be told
    query: str = ""  #: of the URL, without its question mark
    claims: dict[int, Any] = field(default_factory=dict, repr=False, compare=False)  #: see `crypto.proof.Asked`
    _json: Any = field(default=_UNREAD, init=False, repr=False, compare=False)

    @property
    def as_sent(self) -> bytes:
        """The bytes that a signature was made over."""
        return self.body if self.sent is None else self.sent

    def json(self) -> Any:
        """The body as JSON, read once: what a proof had to read is handed on. Raises Malformed."""
        if self._json is _UNREAD:
            self._json = load_json(self.body, self.headers)
        return self._json

    def text(self) -> str:
        """The body as text, in the charset that it says or UTF-8."""
        return to_text(self.body, self.headers)

    def json_lines(self) -> Any:
        """The body as JSON, or as a list of JSON lines: one that cannot be read stays as its bytes, which no reader
        of an event takes. Raises Malformed."""
        lines = [line for line in self.body.splitlines() if line.strip()]
        if len(lines) < 2:
            return self.json()
        try:
            return self.json()
        except Malformed:
            return [_line(line, self.headers) for line in lines]

    def json_or_form(self) -> Any:
        """The body as JSON, or as a form where it is none. Raises Malformed."""
        try:
            return self.json()
        except Malformed:
            if any((form := self.form()).values()):
                return form
            raise

    def form(self) -> dict[str, str]:
        """The body as a form: of a repeated field the last value. Raises Malformed."""
        try:
            read = parse_qs(self.text(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError as error:
            raise Malformed(f"the form cannot be read: {error}") from None
        return {name: values[-1] for name, values in read.items()}


def _line(line: bytes, headers: Mapping[str, str]) -> Any:
    try:
        return load_json(line, headers)
    except Malformed:
        return line


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request, where a provider wants another answer than ours."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
