# SPDX-License-Identifier: GPL-3.0-or-later
"""The sink: the sandbox Listmonk with as many readers as there will be events. `PORT READERS ROW-MS [TIMES-FILE]`.

With a TIMES-FILE it notes when each row was recorded (CLOCK_MONOTONIC, one clock for all processes) and writes that
on SIGTERM, as JSON: address → seconds.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
import time
from pathlib import Path

from benchmarks.machine import SINK_TOKEN, SINK_USER
from benchmarks.prepared import address, subscriber_uuid
from bouncestream.sandbox import ApiUser, Sandbox, SandboxSettings, Subscriber
from bouncestream.sandbox.posted import Bounce


async def _serve(port: int, readers: int, row_seconds: float, times_file: Path | None) -> None:
    sandbox = Sandbox(
        SandboxSettings(
            row_seconds=row_seconds,
            users={SINK_USER: ApiUser(SINK_USER, SINK_TOKEN)},
            subscribers=[Subscriber(address(number), subscriber_uuid(number)) for number in range(readers)],
        )
    )
    times: dict[str, float] = {}
    if times_file is not None:
        worker = sandbox.listmonk.worker
        record = worker._record

        def timed(bounce: Bounce) -> None:
            record(bounce)
            times[bounce.email] = time.monotonic()

        worker._record = timed
    gc.freeze()  # a hundred thousand readers, which the collector would walk through again and again
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await sandbox.start(port=port)
    await stop.wait()
    if times_file is not None:
        times_file.write_text(json.dumps(times))
    await sandbox.close()


if __name__ == "__main__":
    asyncio.run(
        _serve(
            int(sys.argv[1]),
            int(sys.argv[2]),
            float(sys.argv[3]) / 1000,
            Path(sys.argv[4]) if len(sys.argv) > 4 else None,
        )
    )
