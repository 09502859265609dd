# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed fix, pasted where it says, makes the doctor content."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.doctor.case import PASS, Case
from tests.doctor.cases import CASES
from tests.doctor.conftest import Theatre
from tests.doctor.stage import TOKEN, Stage

FIXABLE = [case for case in CASES if case.fix]
_LOCATION = re.compile(r"location\s+(?:(?:\^~|~\*|~|=)\s+)?(\S+)\s*\{")


def snippet(fix: str) -> str:
    """The first block of lines that a fix has for pasting."""
    lines = fix.split("\n\n", 1)[1].splitlines()
    kept = []
    for line in lines:
        if line and not line.startswith("    "):
            break
        kept.append(line.removeprefix("    "))
    return "\n".join(kept).strip("\n")


def pasted(site: str, lines: str) -> str:
    """An nginx site with the lines in it, instead of the location that is for the same paths."""
    if not lines.startswith("location"):
        return re.sub(r"(location /webhooks/ \{)", rf"\1 {lines}", site)
    found = _LOCATION.match(lines)
    assert found
    for other in list(_LOCATION.finditer(site)):
        if other[1] == found[1]:
            end = site.index("}", other.end()) + 1
            site = site[: other.start()] + site[end:]
            break
    return f"{lines}\n{site}"


def in_listmonk(stage: Stage, case: Case, root_url: str) -> None:
    """Save the root URL, as an operator does in Listmonk's settings."""
    code = (
        "import json, sys, urllib.request as web\n"
        "url, token, root = sys.argv[1:]\n"
        "head = {'Authorization': f'token bridge:{token}', 'Content-Type': 'application/json'}\n"
        "stored = json.load(web.urlopen(web.Request(url, headers=head)))['data'] | {'app.root_url': root}\n"
        "web.urlopen(web.Request(url, json.dumps(stored).encode(), head, method='PUT')).read()\n"
    )
    url = f"http://127.0.0.1:{stage.ports[case.name]}/api/settings"
    subprocess.run([*stage.inside(), sys.executable, "-c", code, url, TOKEN, root_url], check=True, timeout=30)


@pytest.mark.parametrize("case", FIXABLE, ids=lambda case: case.name)
def test_the_fix_works(theatre: Theatre, case: Case) -> None:
    stage = theatre.stage
    fix = theatre.played(case.name).one(case.fix)["fix"]
    if case.fix.startswith("root-url"):
        in_listmonk(stage, case, snippet(fix))
    elif case.fix == "tls-chain":
        assert "fullchain.pem" in snippet(fix)
        stage.write_site(replace(case, cert="chained"), stage.host(case), PASS)
        stage.reload()
    else:
        site = pasted(
            case.site % {"port": stage.ports[case.name], "folder": stage.folder, "host": ""}, snippet(fix)
        )
        stage.write_site(case, stage.host(case), site)
        stage.reload()
    played = stage.play(case)
    assert played.ids("error", "warning") == set(), played.told
    assert played.code == 0


def test_several_are_tried() -> None:
    assert len(FIXABLE) >= 15
    assert json.dumps(sorted({case.fix for case in FIXABLE})).count("root-url") >= 5
