# SPDX-License-Identifier: GPL-3.0-or-later
"""The site: which page is where, and how it is made of the outbox and of the running bridge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from htpy import Node

from bouncestream.config.model import Config
from bouncestream.dashboard.pages.now import now_page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.reading.now import read_now
from bouncestream.dashboard.texts import Texts
from bouncestream.survey.running import Running


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is made for. `query`: the first value of each field."""

    path: str
    query: Mapping[str, str]
    config: Config
    running: Running
    look: Look


@dataclass(frozen=True, slots=True)
class Made:
    """A page without its frame."""

    title: str
    content: Node
    status: int = 200


Maker = Callable[[Asked, Pages], Made]


def _now(asked: Asked, pages: Pages) -> Made:
    look = asked.look
    return Made(look.t.now, now_page(look, read_now(pages, asked.config, asked.running, look.now)))


#: Path → its page. One that ends with / has a name below it.
PAGES: Mapping[str, Maker] = {"/": _now}


def maker(path: str) -> Maker | None:
    """The maker of the page at a path; None: there is no such page."""
    found = PAGES.get(path)
    if found is None and path.count("/") == 2:
        found = PAGES.get(path[: path.rindex("/") + 1]) if not path.endswith("/") else None
    return found


def tabs(t: Texts) -> tuple[tuple[str, str], ...]:
    """Path and name of each page of the navigation."""
    return (("/", t.now),)
