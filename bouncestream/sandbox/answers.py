# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers in the shapes of Listmonk: JSON, error bodies, and the pages whose style sheets carry the boot id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from aiohttp import web
from multidict import MultiMapping

from bouncestream.sandbox.posted import Refused

#: as in Listmonk, 20 to a page unless asked otherwise
PER_PAGE = 20

T = TypeVar("T")


class NoAnswer(Exception):
    """The connection is closed without an answer: a handler that died, or a restart."""


def answer(value: Any, status: int = 200, content_type: str = "application/json") -> web.Response:
    """A JSON answer."""
    return web.Response(body=orjson.dumps(value) + b"\n", status=status, headers={"Content-Type": content_type})


def page(title: str, boot_id: str, status: int = 200) -> web.Response:
    """An HTML page such as Listmonk's own: its style sheets carry the boot id."""
    text = (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title>\n"
        f'<link href="/public/static/style.css?v={boot_id}" rel="stylesheet" />\n'
        f'<link href="/public/custom.css?v={boot_id}" rel="stylesheet" />\n'
        f"</head><body><h2>{title}</h2>\n"
        '<footer>Powered by <a href="https://listmonk.app">listmonk</a> (a sandbox of bouncestream)</footer>\n'
        "</body></html>\n"
    )
    return web.Response(text=text, status=status, headers={"Content-Type": "text/html; charset=UTF-8"})


def foreign_page(title: str, status: int) -> web.Response:
    """A page of something that is not Listmonk: a login page, a firewall."""
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return web.Response(text=text, status=status, headers={"Content-Type": "text/html"})


def moment(at: datetime) -> str:
    """A time as Listmonk writes it: UTC, no more digits of a second than needed."""
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"


def read_object(body: bytes, what: str = "One or more IDs are invalid: ") -> dict[str, Any]:
    """The JSON object of a request that changes something."""
    try:
        found = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"{what}code=400, message={error}") from error
    if not isinstance(found, dict):
        raise Refused(400, f"{what}code=400, message=not an object")
    return found


def read_ids(body: dict[str, Any], key: str, none: str) -> list[int]:
    """A list of ids in a request's body."""
    found = body.get(key) or []
    if not isinstance(found, list) or not all(type(one) is int for one in found):
        raise Refused(400, f"One or more IDs are invalid: code=400, message=Unmarshal type error: field={key}")
    if not found:
        raise Refused(400, none)
    return found


class Pages:
    """`page` and `per_page` of a request; 0 stands for all."""

    def __init__(self, query: MultiMapping[str], all_words: Sequence[str] = ("all", "-1")) -> None:
        asked = query.get("per_page", "")
        self.all = asked in all_words
        self.per_page = 0 if self.all else _number(asked) or PER_PAGE
        self.page = _number(query.get("page", "")) or 1

    def cut(self, found: Sequence[T]) -> Sequence[T]:
        """The part of the results that was asked for."""
        if self.all:
            return found
        start = (self.page - 1) * self.per_page
        return found[start : start + self.per_page]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0
