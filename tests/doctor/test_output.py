# SPDX-License-Identifier: GPL-3.0-or-later
"""The output in the README is a real one. `RENEW_README=1 .venv/bin/python -m pytest tests/doctor/test_output.py`
writes it anew.

Ports, times and dates of the test's own are put into what an operator would see.
"""

from __future__ import annotations

import os
import re

import pytest

from tests.doctor.case import Case
from tests.doctor.cases import SHOWN
from tests.doctor.conftest import Theatre
from tests.readme_blocks import README

_BLOCK = re.compile(r"(<!-- begin: doctor output -->\n).*?(<!-- end: doctor output -->)", re.DOTALL)


def as_an_operator_sees_it(theatre: Theatre, text: str) -> str:
    """Without what differs from run to run."""
    text = text.replace(f"127.0.0.1:{theatre.stage.ports[SHOWN.name]}", "127.0.0.1:9000")
    text = re.sub(r"/\S+/outbox\.db", "/var/lib/bouncestream/outbox.db", text)
    text = re.sub(r"valid until \d{4}-\d\d-\d\d \(\d+ days", "valid until 2027-02-10 (80 days", text)
    return re.sub(r"\d+ ms", "12 ms", text)


@pytest.mark.parametrize("case", [SHOWN], ids=["shown"])
def test_the_output_in_the_readme_is_real(theatre: Theatre, case: Case) -> None:
    played = theatre.stage.play(case, as_json=False)
    assert played.code == 2
    said = as_an_operator_sees_it(theatre, played.findings[0]["text"])
    block = f"```text\n$ bouncestream doctor\n{said.strip()}\n```\n"
    text = README.read_text("utf-8")
    if os.environ.get("RENEW_README"):
        README.write_text(_BLOCK.sub(lambda m: m[1] + block + m[2], text), "utf-8")
        return
    found = _BLOCK.search(text)
    assert found
    assert found[0].removeprefix(found[1]).removesuffix(found[2]) == block
