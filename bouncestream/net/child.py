# SPDX-License-Identifier: GPL-3.0-or-later
"""A job in a process of its own: this program, started again with a hidden command, gets one JSON value on its
standard input and writes one to its standard output.

For what would leave its memory in `run` for ever, or cannot be told to end by a certain time: a process can be
killed. What is secret goes over standard input only, so that nobody sees it in the list of processes.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson

from bouncestream import program
from bouncestream.errors import BouncestreamError

#: The hidden command; the name of the job follows it. `__main__` has the jobs.
COMMAND = "_job"
#: Bytes of an answer that are read.
LIMIT = 1 << 20
#: Seconds after its time that a child ends by itself, should whoever started it be gone.
_GRACE = 10
#: Seconds that a killed child's output may take to end: something of its own may hold it open.
_ENDING = 10


class ChildFailed(BouncestreamError):
    """There is no answer of a child process; its text says why, for a sentence that names the process."""


async def run(job: str, order: Any, *, within: float) -> Any:
    """The answer to an order, both as JSON has them. The process, and whatever it has started, is killed after
    `within` seconds, or when the caller is cancelled. Raises TimeoutError and ChildFailed."""
    command, more = program.again()
    if not command[0]:  # sys.executable: empty or None where Python cannot tell
        raise ChildFailed("cannot be started (Python does not know the path of its own program)")
    # What is ours alone is not handed on; what shapes TLS, proxies and names (SSL_CERT_FILE …) is.
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("BOUNCESTREAM", "NOTIFY_SOCKET"))}
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            *(COMMAND, job),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environ | more,
            cwd="/",
            start_new_session=True,  # so that its own children can be killed with it
        )
    except OSError as error:
        raise ChildFailed(f"cannot be started ({error.strerror})") from None
    try:
        async with asyncio.timeout(within):
            out = await _exchange(process, orjson.dumps({"within": within, "order": order}))
            await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await _ended(process)
    try:
        return orjson.loads(out)["answer"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ChildFailed(f"failed (exit code {process.returncode})") from None


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Until a killed process has ended. Its output is read to the end: asyncio waits for the pipe as well, and one
    that nobody reads any more would keep it waiting for ever."""
    assert process.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(_ENDING):
            while await process.stdout.read(1 << 16):
                pass
            await process.wait()


async def _exchange(process: asyncio.subprocess.Process, order: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(ConnectionError):  # it ended before it had read all
        process.stdin.write(order)
        await process.stdin.drain()
    process.stdin.close()
    out = bytearray()
    while piece := await process.stdout.read(1 << 16):
        out += piece
        if len(out) > LIMIT:
            raise ChildFailed(f"wrote more than {LIMIT >> 20} MiB")
    return bytes(out)


def serve(do: Callable[[Any], Any]) -> int:
    """Answer the one order on standard input; the exit code."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no part of the answer
    told = orjson.loads(sys.stdin.buffer.read())
    signal.alarm(math.ceil(told["within"]) + _GRACE)
    with answer:
        answer.write(orjson.dumps({"answer": do(told["order"])}, default=str))
    return 0
