# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that operators stumbled over stay out of what they read: errors, findings, help, log lines, alerts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "bouncestream"
#: Not here: words of foreign servers, and of a stand-in for Listmonk.
ELSEWHERE = {"mail", "sandbox"}
RIDDLES = re.compile(
    r"\b(?:whoever|whomever|somebody|anew|lost never|for good|come again|who sends|has its say"
    r"|as many as may|may be well|(?:is|are|be) taken in|travels? readable|in the mail stands"
    r"|goes on by itself)\b",
    re.IGNORECASE,
)


def shown(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each string that is no docstring; of an f-string the fixed parts, joined."""
    tree = ast.parse(source)
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.JoinedStr):
            silent.update(map(id, node.values))
            fixed = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
            yield node.lineno, "".join(map(str, fixed))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def files() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] not in ELSEWHERE]


def test_no_riddle_is_shown_to_an_operator() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {riddle.group()}: {text[:80]}"
        for path in files()
        for line, text in shown(path.read_text("utf-8"))
        if " " in text and (riddle := RIDDLES.search(text))  # a single word is a name, of a column for instance
    ]
    assert not found, "say it plainly (what happened, then the next step):\n" + "\n".join(found)


@pytest.mark.parametrize(
    "source", ['raise E("who sends is told")', 'x = f"{a} is taken in by {b}"', 'f("a" "new, anew")']
)
def test_a_riddle_is_found(source: str) -> None:
    assert any(RIDDLES.search(text) for _, text in shown(source))


def test_a_docstring_may_have_one() -> None:
    assert list(shown('def f() -> None:\n    """Whoever calls."""\n')) == []
