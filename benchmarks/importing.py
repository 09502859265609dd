# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream import` of .eml files: the whole command, from its start until all events are on the disk.

Against a script that reads the same files with the standard library's mail parser and keeps nothing. Each bounce is
another one, of 4 KB, about one recipient; after each run the outbox must hold an event for each file.
"""

from __future__ import annotations

import resource
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.figures import Effort, Figure, Run, compare, interleave
from benchmarks.machine import SERVER_CORE, SINK_TOKEN, Broken, Process, python, scratch
from benchmarks.prepared import dsns

#: Mails for each event of another row's delivery: 10,000 in a full run.
TIMES = 2


def importing(effort: Effort) -> list[Figure]:
    """Mails a second through `bouncestream import`, and against the standard library's parser without an outbox."""
    number = effort.events * TIMES
    with scratch() as directory:
        mails = directory / "mails"
        mails.mkdir()
        for name, mail in enumerate(dsns(number)):
            (mails / f"{name:06d}.eml").write_bytes(mail)
        numbers = count()
        ours, theirs = interleave(
            effort.reps,
            lambda: _ours(directory, mails, number, next(numbers)),
            partial(_run, number, python("benchmarks.servers.plain_mails", mails)),
        )
    what = f"import of {number:,} .eml files"
    rates = Figure(what, [run.rate for run in ours], 1000.0, unit="/s", counts_reps=False)
    names = ("bouncestream import", "email.message_from_bytes, nothing kept")
    ratio = compare("the same, against the standard library's parser alone", ours, theirs, 0.0, names)
    return [rates, replace(ratio, target=None, counts_reps=False)]


def _ours(directory: Path, mails: Path, number: int, run: int) -> Run:
    outbox = directory / f"outbox-{run}.db"
    config = directory / "config.toml"
    config.write_text(
        f'[outbox]\npath = "{outbox}"\n[listmonk]\nurl = "http://127.0.0.1:1"\ntoken = "{SINK_TOKEN}"\n'
    )
    config.chmod(0o600)
    measured = _run(number, python("bouncestream", "import", mails, "--yes", "--config", config))
    with closing(sqlite3.connect(outbox)) as conn:
        (stored,) = conn.execute("SELECT count(*) FROM outbox WHERE kind = 'hard'").fetchone()
    if stored != number:
        raise Broken(f"of {number} mails {stored} became hard bounces")
    return measured


def _run(number: int, argv: list[str]) -> Run:
    before, began = _used(), time.monotonic()
    with Process(argv, SERVER_CORE) as process:
        code = process.wait()
    if code:
        raise Broken(f"{' '.join(argv)} ended with {code}")
    return Run(number / (time.monotonic() - began), (_used() - before) / number)


def _used() -> float:
    """Processor seconds of all programs that this one has run."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
