# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of delivery are numbered, and each reference to one leads there; figures are those of the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from bouncestream.config.model import Mail
from bouncestream.crypto import signature
from bouncestream.crypto.secret import MINIMUM_LENGTH
from bouncestream.outbox import mail_room
from bouncestream.outbox.delivery import LABEL_EVENTS
from bouncestream.relay import breaker, ledger, schedule, scouts
from bouncestream.settings.key import keys_of
from bouncestream.sinks.listmonk import lookup, payload
from bouncestream.sources.webhook import errands
from tests.docs.document import ROOT, anchors, name, text

RULES = "develop/rules.md"
#: `rule 5`, `rules 1, 2 and 8`, `rules 3 to 7`: what the code says of the rules of delivery.
REFERENCE = re.compile(r"\brules?\s+(\d+(?:(?:,\s+|\s+and\s+|\s+or\s+|\s+to\s+)\d+)*)", re.IGNORECASE)
#: A document that code or a test names, with the place in it.
NAMED = re.compile(r"\b((?:docs/)(?:[\w-]+/)*[\w-]+\.md)(?:#([\w-]+))?")


@cache
def texts() -> dict[str, str]:
    """All that people wrote here: code, comments, tests, documents. By path; without this file."""
    wanted = {".py", ".sql", ".md", ".toml", ".service", ".sh", ".c"}
    rooms = ("bouncestream", "tests", "benchmarks", "deploy", "docs")
    files = [*ROOT.iterdir(), *(path for room in rooms for path in (ROOT / room).rglob("*"))]
    files = [path for path in files if path.suffix in wanted and path != Path(__file__)]
    return {name(path): path.read_text("utf-8") for path in files if path.is_file()}


def rules() -> set[int]:
    """The numbers of the rules, by their headings."""
    return {int(number) for number in re.findall(r"^## Rule (\d+): \w", text(RULES), re.MULTILINE)}


def referred(text: str) -> Iterator[int]:
    """The rules that a text names."""
    for match in REFERENCE.finditer(re.sub(r"\n\s*(?:#:?|--|\*)?\s*", " ", text)):
        numbers = [int(number) for number in re.findall(r"\d+", match[1])]
        yield from range(numbers[0], numbers[1] + 1) if re.search(r"\sto\s", match[1]) else numbers


def test_the_rules_are_numbered() -> None:
    assert sorted(rules()) == list(range(1, 10))


def test_every_reference_to_a_rule_leads_to_it() -> None:
    wrong = {path: lost for path, told in texts().items() if (lost := set(referred(told)) - rules())}
    assert not wrong, f"{RULES} has no such rule: {wrong}"


def test_every_rule_is_named_where_it_is_carried_out() -> None:
    told = {n for path, said in texts().items() if path.startswith("bouncestream/") for n in referred(said)}
    assert told == rules()


def test_the_code_refers_to_documents_that_are_here() -> None:
    for path, said in texts().items():
        assert not re.search(r"\bDESIGN\b", said), f"{path} names a document that is not here"
        for document, anchor in NAMED.findall(said):
            assert (ROOT / document).is_file(), f"{path}: there is no {document}"
            assert not anchor or anchor in anchors(ROOT / document), f"{path}: {document} has no #{anchor}"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("(rule 5)", {5}),
        ("rules 1, 2 and 8", {1, 2, 8}),
        ("as rules 3 to 5 have it", {3, 4, 5}),
        ("see rule\n    # 7", {7}),
        ("a rule of 5 lines", set()),
    ],
)
def test_a_reference_is_understood(said: str, found: set[int]) -> None:
    assert set(referred(said)) == found


def minutes(seconds: Iterable[float]) -> str:
    """Such as `1, 5 and 25`."""
    *first, last = (f"{one / 60:g}" for one in seconds)
    return f"{', '.join(first)} and {last}"


def test_the_figures_of_delivery_are_those_of_the_code() -> None:
    told = " ".join(f"{text(RULES)} {text('develop/delivery.md')}".split())
    gaps = [ledger.GAP * ledger.GAP_GROWTH**n for n in range(4)]
    later = [schedule.LATER_GROWTH**n for n in range(schedule.LATER_READS)]
    for figure in (
        f"from the {LABEL_EVENTS + 1:,}st event on",
        f"within {payload.META_LIMIT} bytes of JSON",
        f"at most {payload.DIAGNOSTIC_CHARACTERS} characters",
        f"up to {scouts.LIMIT:,}",
        f"{lookup.LOOKUP_MANY} in a call",
        f"after {minutes(gaps)} minutes, then every {ledger.GAP_LIMIT / 3600:g} hours.",
        f"After {ledger.LIMIT} of these",
        f"after {ledger.LIMIT} of them",
        f"After {ledger.LIMIT} failures it is `dead`",
        f"{ledger.LIMIT} failures, or {ledger.LIMIT} absences",
        f"may be {('zero', 'one', 'two', 'three')[round(ledger.LOOK_AGE)]} seconds old at most",
        f"the last {ledger.ROWLESS_LIMIT:,} events",
        f"from {breaker.TROUBLE_BASE:g} s up to a minute",
        f"after one margin, and after {', '.join(map(str, later[1:-1]))} and {later[-1]} more of them",
    ):
        assert figure in told, figure
    assert (breaker.TROUBLE_LIMIT, gaps[0], later[0]) == (60, 60, 1)


def test_the_figures_of_security_are_those_of_the_code() -> None:
    told = " ".join(text(ROOT / "SECURITY.md").split())
    for figure in (
        f"no redirect, {errands.LARGEST >> 10} KiB and {errands.PATIENCE:g} seconds at most, and not more than"
        f" {errands.A_MINUTE} times a minute",
        f"generic webhook holds for {signature.WINDOW} seconds",
        f"One of ours needs {MINIMUM_LENGTH} characters",
    ):
        assert figure in told, figure
    assert mail_room.SHARE == 20
    assert told.count("a twentieth of the disk") == 1
    assert keys_of(Mail)["max_unproven"].written == "5"
    assert told.count("five people") == 1
