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

from tests.docs.document import marked, text

ROOT = Path(__file__).parents[2]
TUTORIAL = text("develop/provider.md") + text("develop/provider-tests.md")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
#: File of the tree → what the tutorial writes into it, or adds to it.
WRITTEN: dict[str, str] = dict(
    re.findall(r"<!-- tested: ([\w./]+\.py) -->\n```\w+\n(.*?)^```$", TUTORIAL, re.DOTALL | re.MULTILINE)
)
PROVIDER, CASES, OWN = (
    "bouncestream/providers/pigeon.py",
    "tests/providers/cases/pigeon.py",
    "tests/providers/test_pigeon.py",
)
PAGE = "develop/provider-tests.md"
#: A request's head and body, in a file each → their events, or the refusal.
READ = """
import sys; from datetime import UTC, datetime; from pathlib import Path; from multidict import CIMultiDict
from bouncestream import providers; from bouncestream.config.load import load
from bouncestream.providers._contract import WebhookRequest, read
headers = CIMultiDict(line.split(": ", 1) for line in Path("head").read_text().splitlines())
asked = WebhookRequest("POST", headers, Path("body").read_bytes())
hook = load(Path("pigeon.toml"), {}).webhooks["pigeon"]
print(*(event.recipient for event in read(providers.get("pigeon"), asked, hook, datetime.now(UTC)).events))
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
    (tree / "pigeon.toml").write_text(marked(PAGE, "configuration"), "utf-8")
    loaded = (
        "from pathlib import Path; from bouncestream.config.load import load;"
        "hook = load(Path('pigeon.toml'), {}).webhooks['pigeon']; print(type(hook).__name__, *hook.verifiable)"
    )
    assert python(tree, "-c", loaded).split() == ["Pigeon", "signing_key"]


@pytest.mark.process
def test_it_can_be_looked_at_and_is_sent_with_a_right_signature(tree: Path) -> None:
    told = shell(tree, marked(PAGE, "look"))
    for words in (
        "At Pigeon Post, open Settings",
        "8 times within a day",
        '"returned/no such loft" is hard',
        "1 event",
    ):
        assert words in told
    if shutil.which("openssl") is None:
        return  # the page needs it, this project does not
    (tree / "pigeon.toml").write_text(marked(PAGE, "configuration"), "utf-8")
    (tree / "curl").write_text("""#!/bin/sh
        for word; do
            case $word in @*) cat "${word#@}" >body ;; X-*) echo "$word" >>head ;; esac
        done""")
    (tree / "curl").chmod(0o755)
    posted, _, _ = marked(PAGE, "post").partition(".venv")
    shell(tree, posted)
    assert python(tree, "-c", READ).split() == ["reader1@example.com"]
    (tree / "head").unlink()
    shell(tree, posted.replace("a-key", "another-key"))
    with pytest.raises(AssertionError, match="wrong signature"):
        python(tree, "-c", READ)


def shell(tree: Path, script: str) -> str:
    """What a block of the page prints in the copy."""
    here = script.replace(".venv/bin/bouncestream", f"{sys.executable} -m bouncestream").replace(
        "/tmp/", f"{tree}/"
    )
    environ = {**os.environ, "PYTHONPATH": str(tree), "PATH": f"{tree}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-eu", "-c", here], cwd=tree, env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())


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
    for name, part in excerpts():
        assert part in (ROOT / name).read_text("utf-8"), f"{name} has this no more:\n{part}"
