# SPDX-License-Identifier: GPL-3.0-or-later
"""CONTRIBUTING and its tutorial are true: excerpts are of the code, and the tutorial is followed in a copy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "develop" / "provider.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
#: File of the tree → what the tutorial writes into it, or adds to it.
WRITTEN: dict[str, str] = dict(
    re.findall(r"<!-- tested: ([\w./]+) -->\n```\w+\n(.*?)^```$", TUTORIAL, re.DOTALL | re.MULTILINE)
)
PROVIDER, CASES, OWN = (
    "bouncestream/providers/pigeon.py",
    "tests/providers/cases/pigeon.py",
    "tests/providers/test_pigeon.py",
)

CONFIG = """
[listmonk]
url = "http://127.0.0.1:9000"
user = "bridge"
token = "a-token-of-the-tutorial"

[webhooks.birds]
provider = "pigeon"
signing_key = "a-key-that-pigeon-post-shows"
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in which the tutorial was followed."""
    copy = tmp_path_factory.mktemp("tutorial")
    leave = shutil.ignore_patterns("__pycache__", "fixtures")
    shutil.copytree(ROOT / "bouncestream", copy / "bouncestream", ignore=leave)
    shutil.copytree(ROOT / "tests" / "providers", copy / "tests" / "providers", ignore=leave)
    shutil.copy(ROOT / "tests" / "__init__.py", copy / "tests")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name in (PROVIDER, CASES, OWN):
        (copy / name).write_text(WRITTEN[name], "utf-8")
    return copy


def python(tree: Path, *arguments: str) -> str:
    """What Python prints in the copy, where it finds that one's bouncestream."""
    environ = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=environ, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_step_is_there() -> None:
    assert WRITTEN.keys() == {PROVIDER, CASES, OWN}


@pytest.mark.process
@pytest.mark.timeout(300)  # the suite throws junk at it for a while
def test_the_provider_holds_to_what_every_provider_must(tree: Path) -> None:
    suite = "tests/providers/test_every_provider.py"
    out = python(tree, "-m", "pytest", "-p", "no:cacheprovider", "-k", "pigeon or has_a_case", suite, OWN)
    assert out.count(".") > 50


@pytest.mark.process
def test_the_configuration_knows_it(tree: Path) -> None:
    example = python(tree, "-m", "bouncestream", "config", "example")
    assert "# [webhooks.pigeon]" in example
    assert "# Secret. The key that Pigeon Post shows below Settings, Webhooks." in example
    (tree / "birds.toml").write_text(CONFIG, "utf-8")
    loaded = (
        "from pathlib import Path; from bouncestream.config.load import load;"
        "hook = load(Path('birds.toml'), {}).webhooks['birds']; print(type(hook).__name__, *hook.verifiable)"
    )
    assert python(tree, "-c", loaded).split() == ["Pigeon", "signing_key"]


@pytest.mark.process
def test_it_is_written_as_the_lint_wants_it(tree: Path) -> None:
    for arguments in (("check", PROVIDER, CASES, OWN), ("format", "--check", PROVIDER, CASES, OWN)):
        python(tree, "-m", "ruff", *arguments)


def excerpts() -> list[tuple[str, str]]:
    """The parts of the tree that the two show: where each is from, and its text."""
    return re.findall(
        r"<!-- from: ([\w./]+) -->\n```\w+\n(.*?)^```$", TUTORIAL + CONTRIBUTING, re.DOTALL | re.MULTILINE
    )


def test_excerpts_are_of_the_code() -> None:
    assert len(excerpts()) > 3
    for name, text in excerpts():
        assert text in (ROOT / name).read_text("utf-8"), f"{name} has this no more:\n{text}"
