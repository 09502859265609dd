# SPDX-License-Identifier: GPL-3.0-or-later
"""How the doctor's findings are shown: grouped for people, as one JSON object for programs."""

from __future__ import annotations

from collections.abc import Iterable

from bouncestream.cli import show as out
from bouncestream.cli.exits import NOT_EXAMINED
from bouncestream.doctor.finding import Finding, Level, as_dict, exit_code
from bouncestream.printable import printable

_SIGNS = {Level.OK: "✔", Level.INFO: "·", Level.WARNING: "⚠", Level.ERROR: "✘"}
_WORDS = {0: "All is well.", 1: "There are warnings: see ⚠.", 2: "There are errors: see ✘."}
_NOT_EXAMINED = "It could not be examined, or not all of it: see above."


def tell(findings: Iterable[Finding], *, as_json: bool, examined: bool = True) -> int:
    """Print the findings; returns the exit code: 0 fine, 1 warnings, 2 errors, 3 not `examined`."""
    found = list(findings)
    code = exit_code(found) if examined else NOT_EXAMINED
    if as_json:
        out.json_line({"findings": [as_dict(finding) for finding in found]})
        return code
    for topic in dict.fromkeys(finding.topic for finding in found):
        out.heading(f"{topic[:1].upper()}{topic[1:]}")
        for finding in found:
            if finding.topic == topic:
                _print(finding)
        print()
    out.heading(_WORDS[code] if examined else _NOT_EXAMINED)
    return code


def _print(finding: Finding) -> None:
    sign = _SIGNS[finding.level]
    print(f"  {out.coloured(sign, out.MARKS.get(sign, ''))} {_lines(finding.seen)} {_id(finding)}".rstrip())
    if finding.why:
        print(f"      why: {_lines(finding.why)}")
    if finding.fix:
        print(f"      fix: {_lines(finding.fix)}")


def _id(finding: Finding) -> str:
    """Its id, to look it up in the README; what is fine needs no looking up."""
    return out.coloured(f"[{finding.id}]", "dim") if finding.level in (Level.WARNING, Level.ERROR) else ""


def _lines(text: str) -> str:
    """Text of one or more lines, made printable, further lines indented: a snippet stays one that can be pasted."""
    return "\n           ".join(printable(line) for line in text.split("\n"))
