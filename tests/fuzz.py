# SPDX-License-Identifier: GPL-3.0-or-later
"""`make fuzz`: coverage-guided fuzzing of the mail reader with atheris (libFuzzer), for a minute or longer.

    python -m tests.fuzz [SECONDS]

It starts from the fixtures, which are ours, and from what earlier runs found (.fuzz/, not committed). The contract:
any bytes give a verdict that holds what every verdict holds, with and without an explanation, within a second.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["bouncestream.mail"]):
    from bouncestream.mail.decode import read

from tests.mail.test_bounds import PIECES, check

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "tests" / "fixtures" / "mail"
WORK = ROOT / ".fuzz"
LONGEST = 65_536
SECONDS = 60
SOON = 1.0


def one(data: bytes) -> None:
    """What is asked of every input."""
    started = time.process_time()
    verdict = read(data, verp=("bounce+*@lists.example.org",))
    check(verdict)
    assert time.process_time() - started < SOON * 5, "too slow"  # instrumented code is several times slower
    check(read(data, explain=True))


def main() -> None:
    """Fuzz for so many seconds; ends with an exit code other than 0 when an input breaks the contract."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    corpus = WORK / "corpus"
    seeds = WORK / "seeds"
    corpus.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(seeds, ignore_errors=True)
    seeds.mkdir()
    for path in SEEDS.rglob("*.eml"):
        shutil.copyfile(path, seeds / f"{path.parent.name}_{path.name}")
    words = WORK / "words"
    quoted = ("".join(f"\\x{byte:02x}" for byte in piece) for piece in dict.fromkeys(PIECES))
    words.write_text("".join(f'"{word}"\n' for word in quoted if word))
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST}",
            f"-dict={words}",
            f"-artifact_prefix={WORK}/",
            "-rss_limit_mb=1024",
            str(corpus),
            str(seeds),
        ],
        one,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
