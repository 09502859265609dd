# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken set-ups lead to their finding, with its fix, and to no other; healthy ones to none."""

from __future__ import annotations

import re

import pytest

from bouncestream.doctor.catalogue import CATALOGUE
from tests.doctor.case import Case
from tests.doctor.cases import BROKEN, CASES, HEALTHY
from tests.doctor.conftest import Theatre
from tests.doctor.stage import TOKEN


@pytest.mark.process
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(theatre: Theatre, case: Case) -> None:
    played = theatre.played(case.name)
    assert played.ids("error", "warning") == case.expect, played.told
    assert case.also <= played.ids(), played.findings
    assert played.seconds < case.seconds
    levels = {one["level"] for one in played.findings}
    expected = 2 if "error" in levels else 1 if "warning" in levels else 0
    assert played.code == (expected if case.code is None else case.code), played.stderr
    for one in played.findings:
        assert one.keys() == {"id", "level", "topic", "seen", "why", "fix", "evidence"}
        assert one["id"] in CATALOGUE
        if one["level"] in ("error", "warning"):
            assert one["seen"] and one["why"] and (one["fix"] or one["id"] == "not-examined")
        assert TOKEN not in str(one)
        assert all(
            line.isprintable() for text in (one["seen"], one["why"], one["fix"]) for line in text.split("\n")
        )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_advice_makes_it_worse(theatre: Theatre, case: Case) -> None:
    """No port but 80 and 443 is to be opened, and what proves it from outside begins at Listmonk's root URL."""
    values = {"host": theatre.stage.host(case), "folder": "", "port": 0}
    hooks = re.findall(r'\[server\]\npublic_url = "(\S+)"', case.config % values)
    for one in theatre.played(case.name).findings:
        for port in re.findall(r"ufw allow (\d+)|sport = :(\d+)|listen \S*?(\d+) ssl", one["fix"]):
            assert set(port) <= {"80", "443", ""}, one
        for url in re.findall(r"--outside (\S+)", one["fix"]):
            assert ":9000" not in url
            if hooks and "[webhooks" in case.config:
                assert f"--webhook-url {hooks[0]}/webhooks/" in one["fix"], one
                assert (url == hooks[0]) is (hooks[0] == case.public_url % values), one


ANOTHER_SITE = {
    "catch-all-page",
    "catch-all-empty",
    "login-page",
    "wordpress",
    "parked",
    "nginx-default",
    "caddy-default",
    "caddy-unknown-site",
    "redirect-to-front",
    "login-redirect",
    "caddy-respond-wins",
    "gigabyte",
}


PIXELS = [case for case in CASES if any(one.startswith("pixel-") for one in case.expect)]


@pytest.mark.parametrize("case", PIXELS, ids=lambda case: case.name)
def test_before_a_site_is_replaced_it_is_asked_whose_it_is(theatre: Theatre, case: Case) -> None:
    found = theatre.played(case.name).findings
    (told,) = [one for one in found if one["id"] in case.expect and one["topic"] == "pixel"]
    asked = "the right root URL?" in told["fix"]
    assert asked is (case.name in ANOTHER_SITE), told
    if asked and "nginx, in" in told["fix"]:
        assert told["fix"].index("the right root URL?") < told["fix"].index("nginx, in")


def test_there_are_enough() -> None:
    assert len(BROKEN) >= 40
    assert len(HEALTHY) >= 4
    assert len({case.name for case in CASES}) == len(CASES)
