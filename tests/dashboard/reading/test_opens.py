# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import gzip
import io
import os
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bouncestream.dashboard.reading import opens
from bouncestream.dashboard.reading.opens import (
    BROKEN,
    DENIED,
    KEPT,
    MISSING,
    PACKED,
    STRANGE,
    AccessLog,
    Opens,
    read_opens,
)
from bouncestream.doctor.logs import files
from bouncestream.doctor.logs.campaigns import PREFETCH, SCANNERS
from bouncestream.doctor.logs.files import blocks_back
from bouncestream.doctor.logs.paths import APPLE as APPLE_NAME
from bouncestream.doctor.logs.paths import BOTS, GMAIL_PREFETCH
from tests.dashboard.stage import Clock, config
from tests.dashboard.stage import opened as dashboard
from tests.doctor.logs.test_campaigns import opened
from tests.doctor.logs.test_logs import APPLE, GMAIL, C, caddy

LOGS = Path(__file__).parents[2] / "fixtures" / "logs"


def log_of(path: Path, *lines: str) -> str:
    path.write_text("".join(lines))
    return str(path)


def test_files_are_read_together(tmp_path: Path) -> None:
    old = log_of(tmp_path / "access.log.1", opened(1, at="08:00:00"))
    new = log_of(tmp_path / "access.log", opened(1, GMAIL, "09:00:00"), opened(2, APPLE, "10:00:00"))
    caddys = log_of(tmp_path / "caddy.log", caddy())
    os.utime(old, (1, 1))
    found = read_opens([old, new, caddys])
    (one,) = found.campaigns
    assert (one.campaign, one.opens.total, one.opens.by_machines, one.readers) == (C, 4, 1, 2)
    assert found.first == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert (found.whole, found.unread) == (True, ())
    assert found.size == sum(Path(path).stat().st_size for path in (old, new, caddys))


def test_a_large_log_is_read_from_its_end_and_says_how_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BACK", 4096)
    lines = [opened(number, at=f"{number // 60:02}:{number % 60:02}:00") for number in range(1000)]
    large = log_of(tmp_path / "access.log", *lines)
    old = log_of(tmp_path / "access.log.1", *lines[:2])
    os.utime(old, (1, 1))
    found = read_opens([old, large], limit=20_000)
    (one,) = found.campaigns
    assert 80 < one.opens.total < 120
    assert one.opens.total == one.readers, "no line twice"
    assert not found.whole
    assert found.first is not None
    assert found.first.hour == (1000 - one.opens.total) // 60
    assert 20_000 <= found.size <= 20_000 + 4096
    whole = read_opens([large])
    assert (whole.campaigns[0].readers, whole.whole) == (1000, True), "no line is cut where blocks meet"
    assert not read_opens([large], seconds=0).whole


@pytest.mark.parametrize("block", [1, 3, 7, 64, 4096])
def test_blocks_from_the_end_are_whole_lines(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BACK", block)
    for text in (b"", b"\n", b"a", b"one\ntwo\n\nthree-which-is-longer\nfour", b"one\ntwo\n"):
        found = [data for data, _ in blocks_back(io.BytesIO(text), len(text))]
        assert b"".join(reversed(found)) == text
        assert all(data.endswith(b"\n") for data in found[1:])
    monkeypatch.setattr(files, "LONGEST_LINE", 10)
    monkeypatch.setattr(files, "BACK", 10)
    text = b"first\n" + b"x" * 1000 + b"\nlast\n"
    found = [data for data, _ in blocks_back(io.BytesIO(text), len(text))]
    assert b"last\n" in b"".join(found)
    assert b"first\n" in b"".join(found)
    assert max(map(len, found)) <= 40, "an endless line is not kept"


def test_what_cannot_be_read_is_told_and_the_rest_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = log_of(tmp_path / "access.log", opened(1))
    packed = tmp_path / "access.log.2.gz"
    packed.write_bytes(gzip.compress(opened(1).encode()))
    error = "2026/03/02 10:00:00 [error] 12#12: *1 open() failed\n"
    strange = log_of(tmp_path / "error.log", *[error] * 5)
    empty = log_of(tmp_path / "empty.log")
    os.mkfifo(tmp_path / "pipe")
    secret = log_of(tmp_path / "secret.log", opened(2))
    real = os.open

    def refusing(path: str, *args: int, **more: int) -> int:
        if path == secret:  # tests may run as root, whom no mode keeps out
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **more)

    monkeypatch.setattr(os, "open", refusing)
    bad = [str(tmp_path / "none"), str(packed), strange, str(tmp_path), secret]
    found = read_opens([*bad, good, empty, str(tmp_path / "pipe")])
    told = {one.path: one.why for one in found.unread}
    assert told == dict(zip(bad, (MISSING, PACKED, STRANGE, BROKEN, DENIED), strict=True))
    assert found.campaigns[0].readers == 1


def test_the_logs_of_a_real_nginx_and_a_real_caddy_tell_who_asked() -> None:
    """Of a campaign that Listmonk 6.2.0 sent to 30 people, of whom each was played as the comment says; half
    of the requests went by Nginx 1.22, half by Caddy 2.6, both as `bouncestream proxy` configures them. Listmonk
    counted 30 views and 17 clicks."""
    begun = {"f149fd06-97ba-4427-a482-08b491c4cf0d": datetime(2026, 11, 30, 12, 40, 31, 212_453, tzinfo=UTC)}
    found = read_opens([str(LOGS / "nginx.log"), str(LOGS / "caddy.log")], begun)
    (one,) = found.campaigns
    assert (one.opens.total, one.clicks.total) == (30, 17)
    assert one.opens.machines == {
        PREFETCH: 4,  # a gateway that fetches the picture 1.4 s after the sending began
        GMAIL_PREFETCH: 4,  # whose readers opened it later: that is its image proxy
        SCANNERS: 5,  # every link, then the picture
        APPLE_NAME: 5,  # of whom one clicked
        BOTS: 1,  # curl
    }
    assert one.opens.proxies == {"Gmail's image proxy": 4, "Yahoo's image proxy": 2}
    assert (one.opens.by_people, one.clicks.by_people) == (5, 2)
    assert one.readers == 4 + 2 + 5 + 1
    assert (found.whole, found.unread) == (True, ())


async def test_it_is_kept_a_minute_and_longer_where_nothing_changed(tmp_path: Path) -> None:
    path, clock = log_of(tmp_path / "access.log", opened(1)), Clock()
    log = AccessLog([path], clock.monotonic)
    first = await log.opens()
    assert first is not None
    clock.seconds += KEPT + 1
    assert await log.opens() is first, "the file is as it was"
    log_of(tmp_path / "access.log", opened(1), opened(2))
    assert await log.opens() is first
    clock.seconds += KEPT + 1
    second = await log.opens()
    assert second is not None
    assert second.campaigns[0].readers == 2


async def test_one_reading_at_a_time_on_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, threads = threading.Event(), threading.Event(), []

    def slow(*_: object) -> Opens:
        threads.append(threading.current_thread())
        begun.set()
        assert go_on.wait(20)
        return Opens()

    monkeypatch.setattr(opens, "read_opens", slow)
    monkeypatch.setattr(opens, "PATIENCE", 0.05)
    log = AccessLog([log_of(tmp_path / "access.log")])
    assert await asyncio.gather(log.opens(), log.opens()) == [None, None], "a disk that hangs holds up no page"
    assert await log.opens() is None
    go_on.set()
    monkeypatch.setattr(opens, "PATIENCE", 20)
    assert await log.opens() == Opens()
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


async def test_the_page_is_there_where_a_log_is_given(path: Path, conn: sqlite3.Connection, tmp_path: Path) -> None:
    async with dashboard(config(path)) as browser:
        await browser.log_in()
        assert (await browser.get("/opens")).status == 404
        assert "/opens" not in (await browser.get("/")).page.links
    log = log_of(tmp_path / "access.log", opened(1), opened(1, APPLE))
    async with dashboard(config(path, access_log=(log, "/none/access.log"))) as browser:
        assert (await browser.get("/opens")).status == 303, "not without a login"
        await browser.log_in()
        answer = await browser.get("/opens")
        assert answer.status == 200
        assert "/opens" in answer.page.links
        assert f"{C} 2 1 (50%) · 1 1" in answer.page.text
        assert "/none/access.log is not there. Next:" in answer.page.text
        assert answer.page.headings[0] == 1
