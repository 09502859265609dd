# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `configuration`: settings that can be used, but are risky. One that cannot ends every command. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import clean

TOPIC = "configuration"
FINDINGS: Mapping[str, str] = {
    "config-ok": "the configuration is valid",
    "config-risky": "a setting is valid, but risky",
}


def judge(path: str, warnings: Sequence[str]) -> list[Finding]:
    """A finding for each warning of `config.load`. `path`: the file; empty: everything is from the environment."""
    ok = Finding("config-ok", Level.OK, TOPIC, f"{clean(path, 300) or 'the environment'} is valid")
    return [ok, *map(_risk, warnings)]


def _risk(warning: str) -> Finding:
    """The finding about a risk. What stands behind the last semicolon of a warning is what to write instead."""
    what, _, fix = warning.rpartition("; ")
    why = "bouncestream runs anyway."
    fix = clean(fix, 300) if what else "see this key in the example:\n\n    bouncestream config example"
    return Finding("config-risky", Level.WARNING, TOPIC, clean(what or warning, 600), why, fix)
