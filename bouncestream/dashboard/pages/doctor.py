# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the doctor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import htpy as h
from htpy import Element, Node

from bouncestream.dashboard.frame import Chrome, form
from bouncestream.dashboard.parts import Look, ago, command, light, section
from bouncestream.dashboard.verdict import Tone
from bouncestream.printable import printable

if TYPE_CHECKING:
    from bouncestream.dashboard.reading.doctor import Doctor

_TONES = {"error": Tone.BAD, "warning": Tone.LOOK, "info": Tone.CALM, "ok": Tone.PROVEN}


def doctor_page(look: Look, found: Doctor, chrome: Chrome) -> Iterator[Node]:
    """The content of the page."""
    t, checked = look.t, found.checked
    yield h.div(".section")[h.h1[t.doctor], h.p(".quiet")[t.doctor_intro]]
    if found.can_check:
        yield form(chrome, "/doctor", h.button(".main")[t.run_checks])
    else:
        yield h.div(".section")[h.p[t.checks_elsewhere], command("bouncestream check")]
    if checked is not None and not checked.findings:
        yield h.p(".status.proven")[light(Tone.PROVEN), t.checked.format(ago=ago(look, checked.at))]
    elif checked is not None:
        yield h.p(".quiet")[t.checked_found.format(ago=ago(look, checked.at))]
        for one in checked.findings:
            yield _finding(look, h.h2, one.id, one.level, one.seen, one.why, one.fix)
    elif found.can_check:
        yield h.p(".quiet")[t.not_checked]
    if found.alerts:
        yield section(
            t.told_before,
            [
                _finding(look, h.h3, one.subject, one.level, one.text, _since(look, one.fired_at), one.fix)
                for one in found.alerts
            ],
        )
    yield h.div(".section")[h.p[t.whole], command("bouncestream doctor")]


def _since(look: Look, at: object) -> str:
    return look.t.since_when.format(time=f"{at:%Y-%m-%d %H:%M}") if at else ""


def _finding(look: Look, heading: Element, id: str, level: str, seen: str, why: str, fix: str) -> Element:
    tone = _TONES.get(level, Tone.LOOK)
    return h.article(".card.section")[
        h.div(".head")[
            heading(class_=f"status {tone}")[light(tone), h.span[printable(id)]],
            h.span(".quiet.small")[level],
        ],
        h.p[look.words(seen)],
        h.p(".quiet")[look.words(why)] if why else None,
        h.pre(tabindex="0")["\n".join(look.words(line) for line in fix.strip().splitlines())] if fix else None,
    ]
