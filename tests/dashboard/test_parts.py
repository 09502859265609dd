# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from dataclasses import replace

import htpy as h
import pytest

from bouncestream.dashboard.parts import (
    SHORT,
    Bars,
    Column,
    Look,
    badge,
    bars,
    clock,
    command,
    facts,
    legend,
    light,
    moment,
    note,
    section,
    table,
)  # fmt: skip
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.dashboard.verdict import Tone
from tests.dashboard.markup import HOSTILE, Page
from tests.outbox.make import NOW, later

LOOK = Look(NOW, ENGLISH)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_foreign_text_is_text_wherever_it_stands(text: str) -> None:
    shown = replace(LOOK, shown=True)
    for look in (LOOK, shown):
        told = look.words(text, SHORT)
        made = h.div[
            command(told),
            note(told, tone=Tone.BAD),
            section(told, told, beside=told),
            facts([(told, told, told)]),
            table(told, [Column(told)], [[told]]),
            badge("hard", told),
            h.span(title=told, aria_label=told)[look.address(text)],
        ]
        Page(str(made))


def test_addresses_are_masked_unless_they_are_shown() -> None:
    shown = replace(LOOK, shown=True)
    assert (LOOK.address("ann@example.com"), shown.address("ann@example.com")) == (
        "a•••@example.com",
        "ann@example.com",
    )
    assert "ann@" not in LOOK.words("550 <ann@example.com>: unknown")
    assert "ann@" in shown.words("550 <ann@example.com>: unknown")
    assert len(LOOK.words("x" * 1000, SHORT)) == SHORT


def test_times() -> None:
    assert "2 min ago" in str(moment(LOOK, later(minutes=-2)))
    assert 'datetime="2026-03-01T11:58:00+00:00"' in str(moment(LOOK, later(minutes=-2)))
    assert moment(LOOK, None) == "never"
    assert "0 s ago" in str(moment(LOOK, later(minutes=2))), "a clock that went wrong is no future"
    assert ">11:58:00<" in str(clock(later(minutes=-2), NOW))
    assert ">27 Feb 12:00<" in str(clock(later(days=-2), NOW))
    assert ">2025-01-25 12:00<" in str(clock(later(days=-400), NOW))
    assert clock(None, NOW) == ""


def test_bars_are_as_high_as_their_events_and_tell_their_sums() -> None:
    drawn = str(bars(ENGLISH, Bars([{"hard": 3, "soft": 1}, {}, {"hard": 1}])))
    Page(drawn)
    assert 'aria-label="The last 30 days, by day: 4 hard, 1 soft."' in drawn
    heights = [(m[1], float(m[2])) for m in re.finditer(r'class="(hard|soft)"[^>]*height="([\d.]+)"', drawn)]
    assert heights == [("hard", 28.5), ("soft", 9.5), ("hard", 9.5)]
    places = [float(y) for y in re.findall(r' y="([\d.]+)"', drawn)]
    assert all(0 <= y <= 40 for y in places)
    assert "nothing" in str(bars(ENGLISH, Bars()))


def test_a_light_says_nothing_by_itself() -> None:
    assert 'aria-hidden="true"' in str(light(Tone.PROVEN))
    assert Page(str(legend(ENGLISH))).text == "hard soft complaint unsubscribe"


def test_a_table_names_itself_and_its_columns() -> None:
    made = str(table("The events", [Column("who"), Column("how many", "number", wide=True)], [["ann", "1"]]))
    assert '<caption class="hidden">The events</caption>' in made
    assert made.count('scope="col"') == 2
    assert 'class="number wide-only"' in made
    assert 'aria-label="The events"' in made
