# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks work at all: each row on a tiny run, and their own arithmetic. Never how fast anything is."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from benchmarks import figures, ingest, machine, prepared
from benchmarks.figures import TINY, Figure
from benchmarks.machine import Broken
from benchmarks.openloop import percentile
from benchmarks.rows import ROWS
from tests.mailserver.dovecot import needs_dovecot
from tests.postgres.cluster import needs_postgres

WRK = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
FLASK = pytest.mark.skipif(importlib.util.find_spec("flask") is None, reason="only `make bench` installs flask")


@pytest.mark.process
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("ingest", marks=WRK),
        pytest.param("providers", marks=WRK),
        pytest.param("end-to-end", marks=WRK),
        "relay",
        "latency",
        pytest.param("million", marks=WRK),
        "dashboard",
        "import",
        "postgres",
        "postgres-10m",
        "mail-latency",
        "mail-backlog",
        "mail-sealed",
        "mail-100k",
    ],
)
def test_a_row_gives_figures(name: str) -> None:
    if name.startswith("mail-"):
        needs_dovecot()
    if name.startswith("postgres"):
        needs_postgres()
    found = ROWS[name](TINY)
    assert found
    for figure in found:
        assert figure.value > 0
        assert figure.verdict in ("yes", "NO", "no count") or figure.target is None
    assert found[0].what in figures.table(found)


@pytest.mark.process
def test_the_row_of_logs_gives_figures() -> None:
    found = ROWS["logs"](TINY)
    assert len(found) == 10
    assert all(figure.value > 0 for figure in found)


@pytest.mark.process
@WRK
@FLASK
def test_the_tutorial_row_gives_figures() -> None:
    assert len(ROWS["tutorial"](TINY)) == 2


@pytest.mark.process
@WRK
@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no C compiler")
def test_the_slow_disk_is_slow() -> None:
    (figure,) = ROWS["fsync"](TINY)
    # Not a question of speed: a commit per request waits 5 ms for its fsync, so more than 200 a second is a fault.
    assert all(run["rate"] < 205 for run in figure.details["a commit per request"])


@pytest.mark.process
def test_the_row_of_packages_measures_a_program_beside_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUNCESTREAM_PROGRAM", str(tmp_path / "program"))
    with pytest.raises(Broken, match="Next: deploy/build file"):
        ROWS["packages"](TINY)
    (tmp_path / "program").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bouncestream "$@"\n')
    (tmp_path / "program").chmod(0o755)
    size, listening, memory, version = ROWS["packages"](TINY)
    assert size.value < 1
    assert listening.value > 0
    assert abs(memory.value) < 20
    assert version.value > 0


@pytest.mark.process
def test_idle_mailboxes_give_figures() -> None:
    needs_dovecot()
    memory, cpu = ROWS["mail-idle"](TINY)
    assert memory.values
    assert cpu.values


@pytest.mark.process
@WRK
def test_the_command_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    command = [sys.executable, "-m", "benchmarks", "footprint", "--quick", "--json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=machine.HERE.parent, check=True)
    assert "idle memory" in done.stdout
    told = json.loads(path.read_text())
    assert {figure["what"] for figure in told["figures"]} >= {"idle memory"}
    assert told["about"]["python"]


def test_prepared_requests_are_distinct_and_of_one_size(tmp_path: Path) -> None:
    for make in (prepared.generic, prepared.sendamatic):
        found = make(tmp_path / "requests", 50)
        requests = found.requests()
        assert len(set(requests)) == 50
        assert {len(request) for request in requests} == {found.size}
        assert requests[7] == found.request(7)
        for request in requests:
            head, _, body = request.partition(b"\r\n\r\n")
            assert b"Content-Length: %d\r\n" % len(body) in head + b"\r\n"
            orjson.loads(body)


@pytest.mark.parametrize("keys", [1, 2, 3])
def test_an_event_has_2_kb_and_so_many_identity_keys(keys: int) -> None:
    from bouncestream.event import identity_keys
    from bouncestream.providers.generic import _event

    body = prepared.generic_body(3, keys)
    assert len(body) == prepared.BODY
    assert len(identity_keys(_event(orjson.loads(body), "generic"), b"key")) == keys


def test_the_returned_mail_has_4_kb() -> None:
    assert len(prepared._dsn(3, "0123456789abcdef" * 4)) == prepared.DSN


def test_what_is_missing_on_the_disk_is_told() -> None:
    ingest.check(stored=100, answered=100, seen=98, connections=4)
    for stored, answered, seen in ((99, 100, 98), (101, 100, 98), (100, 100, 101), (100, 100, 95)):
        with pytest.raises(Broken):
            ingest.check(stored, answered, seen, connections=4)


def test_a_busy_load_core_makes_a_figure_not_count() -> None:
    figure = Figure("x", [1.0, 3.0, 2.0], 2.0, busy=0.5)
    if machine.TWO_CORES:
        assert figure.verdict == "yes"
        figure.target = 2.1
        assert figure.verdict == "NO"
    figure.busy = 0.8
    assert figure.verdict == "no count"


def test_percentile() -> None:
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([1, 2], 0.99) == 2
