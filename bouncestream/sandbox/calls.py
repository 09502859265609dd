# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the API: credentials, permissions, and the table of routes."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from multidict import MultiMapping

from bouncestream.sandbox.answers import answer
from bouncestream.sandbox.listmonk import SandboxListmonk
from bouncestream.sandbox.model import ApiUser
from bouncestream.sandbox.posted import Refused


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated request to the API."""

    listmonk: SandboxListmonk
    user: ApiUser
    query: MultiMapping[str]
    body: bytes
    word: str = ""  #: what stands in the path where an id belongs

    @property
    def id(self) -> int:
        """The id in the path, or Refused."""
        found = self.number
        if not found:
            checked = self.listmonk.version.checks_lists
            raise Refused(400, "invalid ID" if checked else "Invalid ID(s)")
        return found

    @property
    def number(self) -> int:
        """The id in the path, 0 if it is none."""
        return int(self.word) if self.word.isascii() and self.word.isdecimal() else 0

    def may(self, *permissions: str) -> bool:
        """Whether the user has one of the permissions."""
        return not self.user.permissions.isdisjoint(permissions)

    def ids(self) -> list[int]:
        """The ids of `?id=1&id=2`, or Refused."""
        words = self.query.getall("id", [])
        if not words or not all(word.isascii() and word.isdecimal() for word in words):
            raise Refused(400, "Invalid ID(s)")
        return [int(word) for word in words]

    def answer(self, value: object, status: int = 200) -> web.Response:
        """A JSON answer with the content type of this version."""
        return answer(value, status, content_type(self.listmonk))


@dataclass(frozen=True, slots=True)
class Route:
    """A route: one call of the API; it needs one of `permissions`, of which the first is named in the refusal."""

    method: str
    path: str
    permissions: tuple[str, ...]
    handler: Callable[[Call], web.Response]
    needs_database: str = ""  #: what it says that it could not do while the database is away

    def match(self, method: str, path: str) -> str | None:
        """The word where an id belongs, empty where none does; None: another route."""
        if method != self.method:
            return None
        if "{id}" not in self.path:
            return "" if path == self.path else None
        found = re.fullmatch(re.escape(self.path).replace(r"\{id\}", "([^/]+)"), path)
        return found[1] if found else None


def content_type(listmonk: SandboxListmonk) -> str:
    """The content type of an answer; version 4 names the charset."""
    return "application/json; charset=UTF-8" if listmonk.version.major < 5 else "application/json"


def require(user: ApiUser, *permissions: str) -> None:
    """Refused (403) unless the user has one of the permissions."""
    if permissions and user.permissions.isdisjoint(permissions):
        raise Refused(403, f"permission denied: {permissions[0]}")


def authenticate(users: Mapping[str, ApiUser], header: str | None) -> ApiUser:
    """The API user of an `Authorization` header, or Refused (403) in Listmonk's words."""
    if not header:
        raise Refused(403, "invalid session")
    scheme, _, rest = header.partition(" ")
    if scheme == "token":
        pair = rest
    elif scheme == "Basic":
        try:
            pair = base64.b64decode(rest, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError) as error:
            words = "invalid Base64 value in Basic Authorization header"
            raise Refused(403, f"code=400, message={words}") from error
    else:
        raise Refused(403, "code=400, message=unknown Authorization scheme")
    name, colon, token = pair.partition(":")
    if not colon:
        raise Refused(403, "code=400, message=api_key:token missing")
    user = users.get(name)
    if user is None or not hmac.compare_digest(user.token.encode(), token.encode()):
        raise Refused(403, "invalid API credentials")
    return user
