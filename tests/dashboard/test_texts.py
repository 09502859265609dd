# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text of the pages is in the catalogue, and each of the catalogue is on a page."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import bouncestream.dashboard
from bouncestream.dashboard.texts import ENGLISH, Texts

SENTENCE = r"[a-z]{3,} [a-z]{3,} [a-z]{2,}"
#: Of the style sheet.
CLASSES = "facts words rows"
ROOM = Path(bouncestream.dashboard.__file__).parent


def test_each_text_is_used_and_says_something() -> None:
    source = "\n".join(path.read_text() for path in ROOM.rglob("*.py") if path.name != "texts.py")
    shown_by_name = {"hard", "soft", "complaint", "unsubscribe", "green", "yellow", "red", "lang"}
    for one in fields(Texts):
        assert getattr(ENGLISH, one.name).strip()
        assert one.name in shown_by_name or re.search(rf"\bt\.{one.name}\b", source), f"{one.name} is on no page"


def test_the_pages_have_no_text_of_their_own() -> None:
    """A sentence in the code of a page could not be translated."""
    for path in [*(ROOM / "pages").glob("*.py"), ROOM / "frame.py", ROOM / "parts.py"]:
        tree = ast.parse(path.read_text())
        silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
                fine = node.value == CLASSES or node.value.startswith("bouncestream ")
                assert fine or not re.search(SENTENCE, node.value), f"{path.name}: {node.value}"


def test_another_language_is_another_instance() -> None:
    assert Texts(lang="de", now="Jetzt").now == "Jetzt"
    assert Texts(lang="de").login == ENGLISH.login
