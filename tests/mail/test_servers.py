# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports that real servers wrote (Debian 12: Postfix 3.7, Exim 4.96, Sendmail 8.17, OpenSMTPD 6.8, Courier 1.0,
nullmailer 2.2, dma 0.13), sending to a peer with scripted answers. Hosts, addresses and networks are reserved ones.

The same answers to each server: what comes back differs, what it means mostly does not. truth.json says it; where a
server hides the cause (OpenSMTPD's "Envelope expired", nullmailer's copied refusals), it says what can be known.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bouncestream.mail.decode import as_dict, read

FIXTURES = Path(__file__).parent.parent / "fixtures" / "mail" / "servers"
TRUTH = json.loads((FIXTURES / "truth.json").read_text("utf-8"))


@pytest.mark.parametrize("truth", TRUTH, ids=lambda truth: truth["file"].removesuffix(".eml"))
def test_what_each_server_makes_of_the_same_answers(truth: dict[str, Any]) -> None:
    verdict = read((FIXTURES / truth["file"]).read_bytes())
    assert verdict.kind == truth["mail_kind"]
    found = {r.address: (r.kind, r.reason) for r in verdict.recipients}
    assert found == {r["address"]: (r["kind"], r["reason"]) for r in truth["recipients"]}, as_dict(verdict)


def test_every_report_is_tested() -> None:
    assert {p.name for p in FIXTURES.glob("*.eml")} == {truth["file"] for truth in TRUTH}
