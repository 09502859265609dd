# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's findings as text: grouped for people, as one JSON object for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from bouncestream.cli import out
from bouncestream.cli.exits import FINE, NOT_EXAMINED, NOT_WELL
from bouncestream.doctor.finding import Finding, Level, exit_code
from bouncestream.printable import printable

_SIGNS = {Level.OK: "✔", Level.INFO: "·", Level.WARNING: "⚠", Level.ERROR: "✘"}
_NOT_EXAMINED = "Not everything could be examined: see above."


def tell(
    findings: Iterable[Finding],
    *,
    as_json: bool,
    examined: bool = True,
    headings: Mapping[str, str] | None = None,
) -> int:
    """Print the findings; returns the exit code: 0 fine, 1 warnings, 2 errors, 3 not `examined`. `headings`: what
    stands above a topic, where that is not the topic itself."""
    found = list(findings)
    code = exit_code(found) if examined else NOT_EXAMINED
    if as_json:
        out.json_line({"findings": [asdict(finding) for finding in found]})
        return code
    for topic in dict.fromkeys(finding.topic for finding in found):
        out.heading((headings or {}).get(topic, f"{topic[:1].upper()}{topic[1:]}"))
        for finding in found:
            if finding.topic == topic:
                _print(finding, "why: ", "fix: ")
        print()
    out.heading(_sum(found) if examined else _NOT_EXAMINED)
    return code


def tell_briefly(findings: Iterable[Finding], heading: str = "") -> None:
    """Print the findings for `check`, `init` and `mailbox test`: no labels, and what is well without its why.
    `heading`: what stands above them, instead of their topic."""
    from bouncestream.doctor.catalogue import TOPICS  # heavy; `doctor mail` and `doctor logs` do without

    found = list(findings)
    for topic in dict.fromkeys(finding.topic for finding in found):
        out.heading(heading or TOPICS[topic])
        for finding in found:
            if finding.topic == topic:
                bad = finding.level in (Level.WARNING, Level.ERROR)
                fix = "\n".join(line for line in finding.fix.splitlines() if line)
                _print(replace(finding, fix=fix, why=finding.why if bad else ""), "", "→ ")


def brief_code(findings: Iterable[Finding]) -> int:
    """The exit code of `check` and `mailbox test`: 3 something could not be examined, 1 problems found, 0 fine."""
    from bouncestream.doctor.catalogue import UNKNOWN

    found = list(findings)
    if any(one.id in UNKNOWN for one in found):
        return NOT_EXAMINED
    return NOT_WELL if exit_code(found) else FINE


def _sum(found: Sequence[Finding]) -> str:
    errors, warnings = (sum(one.level is level for one in found) for level in (Level.ERROR, Level.WARNING))
    told = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    if not told:
        return "All is well."
    first = "✘: later ones often have the same cause" if errors else "⚠"
    return f"{', '.join(told)}. Start with the first {first}."


def _print(finding: Finding, because: str, remedy: str) -> None:
    sign = _SIGNS[finding.level]
    bad = finding.level in (Level.WARNING, Level.ERROR)  # what is fine needs no looking up
    out.mark(sign, finding.seen + (f" [{finding.id}]" if bad else ""))
    if finding.why:
        _say(finding.why, because if bad else "")
    label = remedy
    for line in finding.fix.splitlines():
        if line.startswith("    ") or not line:  # a snippet stays one that can be pasted
            print(f"  {printable(line)}".rstrip())
        else:
            _say(line, label)
        label = ""


def _say(text: str, label: str) -> None:
    """Prose below its sign."""
    out.prose(text, f"  {label}", "  " + " " * len(label))
