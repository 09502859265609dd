# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain POST loop: events that it has in memory, over four connections, each forgotten once it was answered.

No outbox, no read-back: as fast as Listmonk takes them. `SINK-PORT EVENTS RESULT-FILE`; the
result is when the first one went out.
The bodies are those that bouncestream sends, with the same `meta`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import orjson

from benchmarks.machine import SINK_TOKEN, SINK_USER
from benchmarks.prepared import generic_body
from bouncestream.event import BounceEvent, Kind, new_id
from bouncestream.ports import Claimed, State
from bouncestream.sinks.listmonk.payload import body

CONNECTIONS = 4


def _bodies(events: int) -> Iterator[bytes]:
    now = datetime.now(UTC)
    label = f"generic {now:%Y-%m-%d}"
    for number in range(events):
        said = orjson.loads(generic_body(number))
        event = BounceEvent(
            Kind.HARD,
            said["recipient"],
            "generic",
            "generic",
            now,
            reason=said["reason"],
            reply_code=said["reply_code"],
            enhanced_status=said["enhanced_status"],
            diagnostic=said["diagnostic"],
        )
        event_id = new_id(int(now.timestamp() * 1000))
        yield body(Claimed(number, event_id, State.CLAIMED, event, now, label, 1), "plain")


async def _main(port: int, events: int, result: Path) -> None:
    todo = iter(list(_bodies(events)))
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    headers = {"Authorization": f"token {SINK_USER}:{SINK_TOKEN}", "Content-Type": "application/json"}

    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def post_each() -> None:
            for data in todo:
                async with session.post(f"http://127.0.0.1:{port}/webhooks/bounce", data=data) as answer:
                    answer.raise_for_status()
                    await answer.read()

        began = time.monotonic()
        await asyncio.gather(*(post_each() for _ in range(CONNECTIONS)))
    partial = result.with_suffix(".part")
    partial.write_text(str(began))
    partial.rename(result)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
