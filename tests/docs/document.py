# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents as the tests read them: their code blocks, code spans, sections, tables, links and anchors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent

from tests.docs.blocks import DOCS, README

ROOT = README.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
#: What operators read: the README and docs/ without the pages for those who change the program.
OPERATORS = [README, *(path for path in DOCUMENTS if DOCS in path.parents and path.parent.name != "develop")]

#: A block of code, which may stand in a list.
FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
#: A link of Markdown: its text, the file, the place in it.
LINK = re.compile(r"\[([^\]\n]*(?:\n[^\]\n]*)?)\]\(([^()\s#]*)(?:#([^()\s]+))?\)")


def name(path: Path) -> str:
    """A document's path in the tree, for messages and the ids of tests."""
    return str(path.relative_to(ROOT))


@cache
def text(path: Path | str) -> str:
    """A document; its path below docs/, or as a whole."""
    return (DOCS / path).read_text("utf-8")


def blocks(path: Path | str, language: str) -> list[str]:
    """The code blocks of a language."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", text(path), re.DOTALL | re.MULTILINE)
    return [dedent(block) for _, block in found]


def everywhere(language: str) -> list[str]:
    """The code blocks of a language in all that operators read."""
    return [block for path in OPERATORS for block in blocks(path, language)]


def marked(path: Path | str, mark: str) -> str:
    """The block that stands behind its `<!-- tested: mark -->`."""
    found = re.search(rf"<!-- tested: {mark} -->\n```\w+\n(.*?)^```$", text(path), re.DOTALL | re.MULTILINE)
    assert found, f"{path} has no block {mark}"
    return found[1]


def written(path: Path | str) -> str:
    """The running text of a document: what is neither generated nor a block of code."""
    return re.sub(r"^ *```.*?^ *```$|<!-- begin: .*?<!-- end: ", "", text(path), flags=re.DOTALL | re.MULTILINE)


def spans() -> list[str]:
    """What stands between backticks in the running text of all that operators read."""
    return [span for path in OPERATORS for span in re.findall(r"`([^`\n]+)`", written(path))]


def section(path: Path | str, title: str) -> str:
    """What stands below a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", text(path), re.DOTALL | re.MULTILINE)
    assert found, f"{path} has no section {title}"
    return found[1]


def table(part: str) -> list[list[str]]:
    """The cells of the rows of the tables in a text, without their heads."""
    lines = re.findall(r"^\|(.*)\|$", part, re.MULTILINE)
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]
    heads = [number for number, row in enumerate(rows) if set("".join(row)) <= set("-: |")]
    return [row for number, row in enumerate(rows) if number not in heads and number + 1 not in heads]


def first_cells(part: str) -> list[str]:
    """What stands in the first column of the tables, if it is code or a number."""
    return re.findall(r"^\| `?([\w.<>-]+)`? \|", part, re.MULTILINE)


@cache
def anchors(path: Path) -> set[str]:
    """The places in a document that a link can lead to: those of its headings."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", text(path)), re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add("".join(c for c in shown.replace(" ", "-") if c.isalnum() or c in "-_"))
    return found


def links(path: Path) -> Iterator[tuple[str, Path, str]]:
    """The links of a document to other ones: the text of each, where it leads, and the place there."""
    for shown, target, anchor in LINK.findall(FENCE.sub("", text(path))):
        if not re.match(r"https?://|mailto:", target):
            yield shown, (path.parent / target).resolve() if target else path, anchor
