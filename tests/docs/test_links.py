# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents hold together: links lead somewhere, no page is endless, generated parts are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import DOCS, README, RENEW, documents, renewed
from tests.docs.document import DOCUMENTS, ROOT, anchors, links, name, text
from tests.docs.pages import MADE, pages

pytestmark = pytest.mark.once

#: The longest page, in lines; the README is one screen and a half.
LONGEST, LONGEST_README = 200, 150


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    for shown, there, anchor in links(path):
        assert there.exists(), f"[{shown}] leads to {there}, which is not there"
        if anchor:
            assert anchor in anchors(there), f"[{shown}] leads to #{anchor} of {name(there)}, which is not there"


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/develop/rules.md"])
def test_the_readme_leads_to_the_documents(document: str) -> None:
    reached = {there for page in (README, DOCS / "develop/index.md") for _, there, _ in links(page)}
    listed = {(DOCS / "develop" / f"{line}.md").resolve() for line in text("develop/index.md").splitlines()}
    assert ROOT / document in reached | listed


def test_the_two_commands_open_what_can_be_tried() -> None:
    """`make run` and `make test` are what a stranger is told first to type."""
    first = re.search(r"^```sh\n(.*?)^```$", text(README), re.DOTALL | re.MULTILINE)
    assert first
    assert [line.split("#")[0].strip() for line in first[1].splitlines()] == ["make run", "make test"]


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if DOCS in path.parents or path == README], ids=name)
def test_no_page_is_endless(path: Path) -> None:
    assert text(path).count("\n") <= (LONGEST_README if path == README else LONGEST)


@pytest.mark.parametrize("path", documents(), ids=name)
def test_generated_blocks_are_up_to_date(path: Path) -> None:
    assert renewed(text(path), documents()[path]) == text(path), f"renew it: {RENEW}"


@pytest.mark.parametrize("page", pages())
def test_generated_pages_are_up_to_date(page: str) -> None:
    assert (DOCS / page).is_file(), f"make it: {RENEW}"
    assert text(page) == pages()[page], f"renew it: {RENEW}"


def test_no_generated_page_is_left_over() -> None:
    made = {name(path).removeprefix("docs/") for path in DOCUMENTS if text(path).startswith(MADE)}
    assert made == pages().keys(), f"remove it: {RENEW}"
