# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of each page: head, navigation, foot; and the style sheet, which stands in the page and is let in by
its digest. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files

import htpy as h
from htpy import Element, Node
from markupsafe import Markup

from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.session import Session

STYLE = files("bouncestream.dashboard").joinpath("style.css").read_text("utf-8")

#: Nothing but our style sheet and our forms (W3C, Content Security Policy Level 3): no script, image or frame, not
#: even of our own.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "img-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

#: Seconds between two looks, where that is wished.
REFRESH = 30


@dataclass(frozen=True, slots=True)
class Chrome:
    """What the frame of a page shows of its session. `path`: of the page itself, with its query."""

    session: Session
    form_token: str
    path: str
    tabs: tuple[tuple[str, str], ...]  #: path and name of each page
    refresh: bool = False
    hidden: bool = False  #: the outbox is sealed, and cannot be opened
    can_logout: bool = True  #: the session is of a token, and not of a proxy


def page(look: Look, title: str, content: Node, chrome: Chrome) -> str:
    """A whole page of somebody who is logged in."""
    t = look.t
    return _document(
        look,
        title,
        h.header(".top")[
            h.div[
                h.a(".brand", href="/")["bouncestream"],
                h.nav(aria_label=t.pages)[
                    h.ul[(h.li[_tab(place, name, chrome.path)] for place, name in chrome.tabs)]
                ],
                h.div(".actions")[_actions(look, chrome)],
            ]
        ],
        h.main("#content")[content],
        h.footer[h.div[_foot(look, chrome)]],
        refresh=chrome.refresh,
    )


def bare(look: Look, title: str, content: Node) -> str:
    """A whole page of somebody who is not logged in, or of no page."""
    return _document(look, title, h.main("#content")[content])


def _document(look: Look, title: str, *content: Node, refresh: bool = False) -> str:
    return str(
        h.html(lang=look.t.lang)[
            h.head[
                h.meta(charset="utf-8"),
                h.meta(name="viewport", content="width=device-width, initial-scale=1"),
                h.meta(name="robots", content="noindex"),
                h.meta(http_equiv="refresh", content=str(REFRESH)) if refresh else None,
                h.title[f"{title} · bouncestream"],
                h.style[Markup(STYLE)],  # noqa: S704 - our own file
            ],
            h.body[h.a(".skip", href="#content")[look.t.skip], content],
        ]
    )


def _tab(place: str, name: str, path: str) -> Element:
    here = path.partition("?")[0]
    current = here == place if place == "/" else here == place or here.startswith(f"{place}/")
    return h.a(href=place, aria_current="page" if current else None)[name]


def form(chrome: Chrome, action: str, *content: Node, style: str | None = None) -> Element:
    """A form of this session, which comes back to the page that it is on."""
    return h.form(method="post", action=action, class_=style)[
        h.input(type="hidden", name="form", value=chrome.form_token),
        h.input(type="hidden", name="to", value=chrome.path),
        content,
    ]


def _actions(look: Look, chrome: Chrome) -> Iterator[Node]:
    t = look.t
    if look.shown:
        yield form(chrome, "/hide", h.button[t.hide])
    else:
        yield form(chrome, "/show", h.button[t.show])
    if chrome.can_logout:
        yield form(chrome, "/logout", h.button[t.logout])


def _foot(look: Look, chrome: Chrome) -> Iterator[Node]:
    t = look.t
    yield h.span[t.as_of.format(time=f"{look.now:%Y-%m-%d %H:%M:%S}")]
    yield h.span[t.user.format(who=chrome.session.who) if chrome.session.who else t.anonymous]
    if chrome.path.partition("?")[0] == "/":
        yield h.a(href="/" if chrome.refresh else "/?refresh=1")[t.no_refresh if chrome.refresh else t.refresh]
    if look.shown:
        yield h.span[t.shown.format(time=f"{datetime.fromtimestamp(chrome.session.shown_until, UTC):%H:%M}")]
    if chrome.hidden:
        yield h.span[t.sealed]
