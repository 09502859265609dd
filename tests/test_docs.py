# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents are true: links and references lead somewhere, tables and words are those of the code."""

from __future__ import annotations

import importlib
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
from bouncestream.sinks.listmonk import client, payload
from bouncestream.sources.webhook import errands
from tests import readme_blocks
from tests.test_architecture import FLOORS, PACKAGE
from tests.test_contributing import WRITTEN

ROOT = PACKAGE.parent
DELIVERY = ROOT / "docs" / "delivery.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

#: `rule 5`, `rules 1, 2 and 8`, `rules 3 to 7`: what the code says of the rules of delivery.
REFERENCE = re.compile(r"\brules?\s+(\d+(?:(?:,\s+|\s+and\s+|\s+or\s+|\s+to\s+)\d+)*)", re.IGNORECASE)
#: A link of Markdown: its text, the file, the place in it.
LINK = re.compile(r"\[([^\]\n]*(?:\n[^\]\n]*)?)\]\(([^()\s#]*)(?:#([^()\s]+))?\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def texts() -> dict[str, str]:
    """All that people wrote here: code, comments, tests, documents. By path; without this file."""
    wanted = {".py", ".sql", ".md", ".toml", ".service", ".sh", ".c"}
    rooms = ("bouncestream", "tests", "benchmarks", "deploy", "docs")
    files = [*ROOT.iterdir(), *(path for room in rooms for path in (ROOT / room).rglob("*"))]
    files = [path for path in files if path.suffix in wanted and path != Path(__file__)]
    return {names(path): path.read_text("utf-8") for path in files if path.is_file()}


@cache
def anchors(path: Path) -> set[str]:
    """The places in a document that a link can lead to: its own ones, and those of its headings."""
    text = FENCE.sub("", path.read_text("utf-8"))
    found = set(re.findall(r'<a id="([\w-]+)"></a>', text))
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add("".join(c for c in shown.replace(" ", "-") if c.isalnum() or c in "-_"))
    return found


def section(path: Path, title: str) -> str:
    found = re.search(
        rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", path.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found, f"{names(path)} has no section {title}"
    return found[1]


def table(text: str) -> list[list[str]]:
    """The cells of the rows of the tables in a text, without their heads."""
    lines = re.findall(r"^\|(.*)\|$", text, re.MULTILINE)
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]
    heads = [number for number, row in enumerate(rows) if set("".join(row)) <= set("-: |")]
    return [row for number, row in enumerate(rows) if number not in heads and number + 1 not in heads]


def rules() -> set[int]:
    return {int(anchor.removeprefix("rule-")) for anchor in anchors(DELIVERY) if re.fullmatch(r"rule-\d+", anchor)}


def referred(text: str) -> Iterator[int]:
    """The rules that a text names."""
    for match in REFERENCE.finditer(re.sub(r"\n\s*(?:#:?|--|\*)?\s*", " ", text)):
        numbers = [int(number) for number in re.findall(r"\d+", match[1])]
        yield from range(numbers[0], numbers[1] + 1) if re.search(r"\sto\s", match[1]) else numbers


# -- the rules of delivery ----------------------------------------------------------------------------------------


def test_the_rules_are_numbered_and_have_a_place_of_their_own() -> None:
    headed = [int(n) for n in re.findall(r"^### Rule (\d+): \w", DELIVERY.read_text("utf-8"), re.MULTILINE)]
    assert headed == list(range(1, 10))
    assert rules() == set(headed)


def test_every_reference_to_a_rule_leads_to_it() -> None:
    wrong = {name: lost for name, text in texts().items() if (lost := set(referred(text)) - rules())}
    assert not wrong, f"docs/delivery.md has no such rule: {wrong}"


def test_every_rule_is_named_where_it_is_carried_out() -> None:
    told = {n for name, text in texts().items() if name.startswith("bouncestream/") for n in referred(text)}
    assert told == rules()


def test_the_code_refers_to_documents_that_are_here() -> None:
    for name, text in texts().items():
        assert not re.search(r"\bDESIGN\b", text), f"{name} names a document that is not here: docs/delivery.md?"
        for document, _, anchor in re.findall(r"\b((?:docs/)?(?:delivery|architecture)\.md)(#([\w-]+))?", text):
            path = ROOT / "docs" / Path(document).name
            assert path.is_file()
            assert not anchor or anchor in anchors(path), f"{name}: {document} has no #{anchor}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(rule 5)", {5}),
        ("rules 1, 2 and 8", {1, 2, 8}),
        ("as rules 3 to 5 have it", {3, 4, 5}),
        ("see rule\n    # 7", {7}),
        ("a rule of 5 lines", set()),
    ],
)
def test_a_reference_is_understood(text: str, found: set[int]) -> None:
    assert set(referred(text)) == found


def minutes(seconds: Iterable[float]) -> str:
    """Such as `1, 5 and 25`."""
    *first, last = (f"{one / 60:g}" for one in seconds)
    return f"{', '.join(first)} and {last}"


def test_the_figures_of_delivery_are_those_of_the_code() -> None:
    text = " ".join(DELIVERY.read_text("utf-8").split())
    gaps = [ledger.GAP * ledger.GAP_GROWTH**n for n in range(4)]
    later = [schedule.LATER_GROWTH**n for n in range(schedule.LATER_READS)]
    for figure in (
        f"from the {LABEL_EVENTS + 1:,}st event on",
        f"within {payload.META_LIMIT} bytes of JSON",
        f"at most {payload.DIAGNOSTIC_CHARACTERS} characters",
        f"up to {scouts.LIMIT:,}",
        f"{client.LOOKUP_MANY} in a call",
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
        assert figure in text, figure
    assert (breaker.TROUBLE_LIMIT, gaps[0], later[0]) == (60, 60, 1)


def test_the_figures_of_security_are_those_of_the_code() -> None:
    text = " ".join((ROOT / "SECURITY.md").read_text("utf-8").split())
    for figure in (
        f"no redirect, {errands.LARGEST >> 10} KiB and {errands.PATIENCE:g} seconds at most, and not more than"
        f" {errands.A_MINUTE} times a minute",
        f"generic webhook holds for {signature.WINDOW} seconds",
        f"One of ours needs {MINIMUM_LENGTH} characters",
    ):
        assert figure in text, figure
    assert mail_room.SHARE == 20
    assert text.count("a twentieth of the disk") == 1
    assert keys_of(Mail)["max_unproven"].written == "5"
    assert text.count("five people") == 1


# -- links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=names)
def test_links_lead_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text("utf-8"))
    for shown, target, anchor in LINK.findall(text):
        if re.match(r"https?://|mailto:", target):
            continue
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), f"[{shown}] leads to {target}, which is not there"
        if anchor:
            assert anchor in anchors(there), f"[{shown}] leads to {target}#{anchor}, which is not there"


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/delivery.md"])
def test_the_readme_leads_to_the_documents(document: str) -> None:
    assert f"({document})" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("path", DOCUMENTS, ids=names)
def test_make_knows_what_is_told_to_make(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)(?:sudo )?make ([a-z]+)", path.read_text("utf-8"), re.MULTILINE)) <= targets


# -- the plan of the tree -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [p for p in readme_blocks.documents() if p.parent != ROOT], ids=names)
def test_generated_blocks_are_up_to_date(path: Path) -> None:
    text = path.read_text("utf-8")
    assert readme_blocks.renewed(text, readme_blocks.documents()[path]) == text, f"renew it: {readme_blocks.RENEW}"


def test_every_room_is_described() -> None:
    described = re.findall(r"^### `(\w+)/`$", section(ARCHITECTURE, "Room by room"), re.MULTILINE)
    assert sorted(described) == sorted(room for room in FLOORS if (PACKAGE / room).is_dir())
    assert [FLOORS[room] for room in described] == sorted(FLOORS[room] for room in described), "from the ground up"


def paths(text: str) -> Iterator[str]:
    """What is written as a path into the tree: `relay/`, `outbox/queries.sql`, `tests/contract`."""
    tops = {*FLOORS, "tests", "docs", "benchmarks", "deploy"} - {"__init__", "__main__"}
    for span in re.findall(r"`([\w./]+)`", FENCE.sub("", text)):
        if span.partition("/")[0] in tops and ("/" in span or (span.removesuffix(".py") in FLOORS and "." in span)):
            yield span


@pytest.mark.parametrize("path", [p for p in DOCUMENTS if p.name not in ("CHANGELOG.md", "README.md")], ids=names)
def test_paths_are_there(path: Path) -> None:
    for span in set(paths(path.read_text("utf-8"))) - WRITTEN.keys():
        places = [base / f"{span.rstrip('/')}{end}" for base in (ROOT, PACKAGE) for end in ("", ".py")]
        assert any(place.exists() for place in places), f"there is no {span}"


# -- words --------------------------------------------------------------------------------------------------------


def glossary() -> list[list[str]]:
    return table(section(ARCHITECTURE, "Glossary"))


def named(dotted: str) -> object:
    """What a name of the glossary stands for: a module of ours, or what is in it."""
    parts = dotted.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(["bouncestream", *parts[:split]]))
        except ModuleNotFoundError:
            continue
        for part in parts[split:]:
            found = getattr(found, part)
        return found
    raise AssertionError(f"there is no {dotted}")


def test_the_words_are_those_of_the_code() -> None:
    words = [word for word, _, _ in glossary()]
    assert len(words) == len(set(words)) > 20
    for word, code, _ in glossary():
        for dotted in re.findall(r"`([\w.]+)`", code):
            assert dotted.partition(".")[0] in FLOORS, f"{word}: {dotted} is in no room"
            assert named(dotted) is not None
