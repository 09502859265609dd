# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages before the door: the login, and what is told to those who do not come in."""

from __future__ import annotations

import htpy as h
from htpy import Element

from bouncestream.alerts.reading import span
from bouncestream.dashboard.frame import bare
from bouncestream.dashboard.parts import Look, note
from bouncestream.dashboard.verdict import Tone
from bouncestream.printable import printable


def login(look: Look, to: str, *, wrong: bool = False, wait: float = 0.0) -> str:
    """The login; afterwards the browser goes `to` a page. `wrong`: the token before was; `wait`: seconds until the
    next try."""
    t = look.t
    said = t.login_often.format(span=span(wait)) if wait else t.login_wrong if wrong else ""
    content = h.div(".login.card")[
        h.form(method="post", action="/login")[
            h.h1["bouncestream"],
            h.p(".note.bad", role="alert")[said] if said else None,
            h.input(type="hidden", name="to", value=to),
            h.label[
                t.login_field,
                h.input(
                    type="password",
                    name="token",
                    required=True,
                    autofocus=True,
                    autocomplete="current-password",
                    spellcheck="false",
                ),
            ],
            h.button(".main")[t.login],
            h.p(".quiet.small")[t.login_hint],
        ]
    ]
    return bare(look, t.login, content)


def refused(look: Look, why: str) -> str:
    """A page that says why there is none."""
    content = h.div(".login.card")[
        h.h1["bouncestream"],
        h.p[printable(why)],
        h.p[h.a(href="/")[look.t.home]],
    ]
    return bare(look, "bouncestream", content)


def remark(look: Look, why: str) -> Element:
    """The content of a page that cannot be made."""
    return h.div(".section")[h.h1[look.t.went_wrong], note(printable(why), tone=Tone.LOOK)]
