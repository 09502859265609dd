# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions that are compiled at their first use."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from bouncestream.mail.late import late

#: Compiling patterns that no ordinary report needs took twice the time of all other imports of the reader.
IMPORT = """
import re
compiled, sizes = re._compile, []
def noting(pattern, flags):
    sizes.append(len(pattern))
    return compiled(pattern, flags)
re._compile = noting
import bouncestream.mail.decode
print(sum(sizes))
"""


def test_it_is_a_pattern_like_any_other() -> None:
    pattern = late(r"(\d)x", re.IGNORECASE)
    assert pattern.search("a1X") is not None
    assert pattern.match("a1X") is None
    assert pattern.fullmatch("1x") is not None
    assert [m[1] for m in pattern.finditer("1x2x")] == pattern.findall("1x2x") == ["1", "2"]
    assert pattern.sub("-", "1x2y") == "-2y"
    assert pattern.subn("-", "1x2x") == ("--", 2)
    assert pattern.split("a1xb") == ["a", "1", "b"]
    assert (pattern.pattern, pattern.flags) == (r"(\d)x", re.compile(r"(\d)x", re.IGNORECASE).flags)
    with pytest.raises(AttributeError):
        pattern.nonsense  # type: ignore[attr-defined]  # noqa: B018


def test_it_is_compiled_once_and_not_before_it_is_used() -> None:
    wrong = late("(")
    with pytest.raises(re.error):
        wrong.search("")
    pattern = late("a")
    search = pattern.search
    assert pattern.search is search


@pytest.mark.process
def test_the_reader_compiles_little_when_it_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) < 20_000
