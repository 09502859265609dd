# SPDX-License-Identifier: GPL-3.0-or-later
"""Durability as the kernel sees it, and what happens when the disk is full."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from pathlib import Path

import aiohttp
import pytest

from bouncestream.outbox.intake import MIN_FREE
from tests.e2e.conftest import needs
from tests.e2e.program import Program, event, post
from tests.packages.program import is_built


@pytest.mark.binary
@pytest.mark.process
async def test_each_200_comes_after_an_fdatasync(program: Program, session: aiohttp.ClientSession) -> None:
    needs("strace")
    await program.start()
    assert program.process is not None
    trace = program.folder / "trace"
    strace = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-o", str(trace), "-e", "trace=fdatasync,sendto,recvfrom", "-s", "40"),
        *("-p", str(program.process.pid)),
        stderr=asyncio.subprocess.PIPE,
    )
    assert strace.stderr is not None
    assert b"attached" in await strace.stderr.readline()
    for number in range(10):
        assert (await post(session, program, event(number)))["accepted"] == 1
    await program.stop()
    await strace.communicate()
    answered = synced = 0
    begun = False
    for line in trace.read_text(errors="replace").splitlines():
        if "recvfrom" in line and '"POST /webhooks' in line:
            begun, synced = True, 0
        # "resumed" lines carry the result; a call that was not interrupted has both in one line.
        elif re.search(r"fdatasync(\(\d+\)| resumed>.*)\s*=\s*0", line):
            synced += 1
        elif begun and "sendto" in line and '"HTTP/1.1 200' in line:
            answered, begun = answered + 1, False
            assert synced, "a 2xx left before anything was forced to the disk"
    assert answered == 10


@pytest.mark.process
async def test_a_full_disk_refuses_and_goes_on_when_there_is_room(
    program: Program, session: aiohttp.ClientSession
) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    disk = program.folder / "disk"
    disk.mkdir()
    # A built program keeps a reserve, and what it delivers meanwhile takes more of the disk.
    size, ballast = (MIN_FREE + (24 << 20), 20 << 20) if is_built() else (3 << 20, 1 << 20)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        program.config.write_text(
            program.config.read_text().replace(f"{program.folder}/outbox.db", f"{disk}/outbox.db")
        )
        program.environment["BOUNCESTREAM_TEST_MIN_FREE"] = "0"
        await program.start()
        acknowledged = await fill(program, session, disk / "ballast", ballast)
        async with session.get(program.url + "/readyz") as response:
            assert response.status == 503
            assert (await response.json())["parts"]["outbox"]["state"] == "red"
        (disk / "ballast").unlink()
        async with asyncio.timeout(30):
            while (status := await try_post(session, program, event(5999))) == 503 and is_built():
                await asyncio.sleep(0.05)  # how much the disk has left is looked at once a second
        assert status == 200
        await program.kill()
        await program.start()
        async with session.get(program.url + "/readyz") as response:
            assert (await response.json())["parts"]["outbox"]["state"] == "green"
        stored = stored_recipients(disk)
        assert {f"p{number}@example.com" for number in [*acknowledged, 5999]} <= stored
        await program.kill()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


async def fill(program: Program, session: aiohttp.ClientSession, ballast: Path, size: int) -> list[int]:
    """Post until it is refused; at first there is ballast that a person could remove."""
    ballast.write_bytes(bytes(size))
    acknowledged = []
    for number in range(5000):
        status = await try_post(session, program, event(number, diagnostic=os.urandom(1000).hex()))
        if status != 200:
            assert status == 503
            return acknowledged
        acknowledged.append(number)
    raise AssertionError("3 MB held 5,000 events")


async def try_post(session: aiohttp.ClientSession, program: Program, body: object) -> int:
    try:
        await post(session, program, body)
    except aiohttp.ClientResponseError as error:
        return error.status
    return 200


def stored_recipients(disk: Path) -> set[str]:
    done = subprocess.run(
        ["sqlite3", f"{disk}/outbox.db", "SELECT recipient FROM inbox"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())
