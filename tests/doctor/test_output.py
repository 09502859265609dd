# SPDX-License-Identifier: GPL-3.0-or-later
"""The output in docs/doctor/index.md is a real one.

`RENEW_OUTPUT=1 .venv/bin/python -m pytest tests/doctor/test_output.py` writes it anew.

Ports, times, dates and paths of the test's own are put into what an operator would see, before it is printed.
"""

from __future__ import annotations

import json
import os
import re

import pytest

from bouncestream.cli.doctor import report
from bouncestream.doctor.finding import Finding, Level
from tests.docs.blocks import DOCS
from tests.doctor.case import Case
from tests.doctor.cases import SHOWN
from tests.doctor.conftest import Theatre

SHOWN_IN = DOCS / "doctor" / "index.md"
_BLOCK = re.compile(r"(<!-- begin: doctor output -->\n).*?(<!-- end: doctor output -->)", re.DOTALL)


def as_an_operator_sees_it(theatre: Theatre, text: str) -> str:
    """Without what differs from run to run."""
    text = text.replace(f"127.0.0.1:{theatre.stage.ports[SHOWN.name]}", "127.0.0.1:9000")
    text = re.sub(r"/[^ \"]+/(?:outbox|bridge)\.db", "/var/lib/bouncestream/outbox.db", text)
    text = re.sub(r"/[^ \"]+/config\.toml", "/etc/bouncestream/config.toml", text)
    # The bridge of the stage has its outbox from case to case, and some cases leave a test event there.
    text = re.sub(r"holds \d+ events", "holds 0 events", text)
    text = re.sub(r"shop \d{4}-\d\d-\d\d \d\d:\d\d", "shop never", text)
    text = re.sub(r"valid until \d{4}-\d\d-\d\d \(\d+ days", "valid until 2027-02-10 (80 days", text)
    return re.sub(r"\d+ ms", "12 ms", text)


@pytest.mark.parametrize("case", [SHOWN], ids=["shown"])
def test_the_output_that_is_shown_is_real(theatre: Theatre, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(as_an_operator_sees_it(theatre, json.dumps(theatre.played(case.name).findings)))
    # Of the stage, not of the case: a webhook of its own, and whether an event went through it before.
    found = [one for one in found if "webhook:open" not in one["seen"] and "no read has shown" not in one["seen"]]
    capsys.readouterr()
    assert report([Finding(**one | {"level": Level(one["level"])}) for one in found], as_json=False) == 2
    block = f"```text\n$ bouncestream doctor\n{capsys.readouterr().out.strip()}\n```\n"
    text = SHOWN_IN.read_text("utf-8")
    if os.environ.get("RENEW_OUTPUT"):
        SHOWN_IN.write_text(_BLOCK.sub(lambda m: m[1] + block + m[2], text), "utf-8")
        return
    shown = _BLOCK.search(text)
    assert shown
    assert shown[0].removeprefix(shown[1]).removesuffix(shown[2]) == block


@pytest.mark.parametrize("case", [SHOWN], ids=["shown"])
def test_what_is_printed_is_what_json_says(theatre: Theatre, case: Case) -> None:
    played = theatre.stage.play(case, as_json=False)
    said = " ".join(played.findings[0]["text"].split())
    assert played.code == 2
    for one in theatre.played(case.name).findings:
        if one["level"] == "error":
            assert " ".join(one["why"].split()) in said
            assert f"[{one['id']}]" in said
