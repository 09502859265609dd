# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import htpy as h
import pytest

from bouncestream.alert import AlertState
from bouncestream.dashboard.pages.doctor import doctor_page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reading.doctor import Checked, Doctor
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.doctor.finding import Finding, Level
from tests.dashboard.markup import HOSTILE, Page
from tests.dashboard.test_frame import CHROME
from tests.outbox.make import NOW, later

LOOK = Look(NOW, ENGLISH)
FINDING = Finding(
    "tls-expires", Level.WARNING, "tls", "it expires in 3 days", "Links break.", "renew:\n\n    certbot"
)


def page(found: Doctor) -> Page:
    return Page(str(h.div[doctor_page(LOOK, found, CHROME)]))


def test_the_last_findings_stand_with_their_fixes() -> None:
    made = page(Doctor(Checked(later(minutes=-3), (FINDING,)), True, ()))
    assert "Checked 3 min ago. tls-expires warning it expires in 3 days Links break. renew: certbot" in made.text
    assert [form["action"] for form in made.forms] == ["/doctor"]
    assert made.forms[0]["form"] == CHROME.form_token


def test_nothing_found_is_said_with_when() -> None:
    assert "Checked 3 min ago: nothing was found." in page(Doctor(Checked(later(minutes=-3)), True, ())).text
    assert "Not checked since the start." in page(Doctor(None, True, ())).text
    elsewhere = page(Doctor(None, False, ()))
    assert elsewhere.forms == []
    assert "bouncestream check" in elsewhere.text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_finding_of_strangers_is_text(text: str) -> None:
    hostile = replace(FINDING, id=text, seen=text, why=text, fix=text)
    alert = AlertState("doctor", text, "error", True, NOW, NOW, NOW, text=text, fix=text)
    page(Doctor(Checked(NOW, (hostile,)), True, (alert,)))
