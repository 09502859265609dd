# SPDX-License-Identifier: GPL-3.0-or-later
"""The cheap checks (`quick`) in a process of their own (see `net.child`), for `run`.

Why a process: what they import, and the certificates of the system that each connection loads, would stay in the
memory of `run` for ever (2 to 4 MB), for a few seconds of work every few hours.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from bouncestream.config.listmonk_db import ListmonkDb
from bouncestream.config.model import Config, Listmonk, Server
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.finding import Finding, Level, unexamined
from bouncestream.net import child
from bouncestream.net.child import ChildFailed

#: Seconds for the process.
PATIENCE = 30.0


async def quick(config: Config) -> list[Finding]:
    """The findings of `quick.quick`. Ends within 30 seconds; never raises."""
    listmonk = config.listmonk
    job = {
        "url": listmonk.url,
        "user": listmonk.user,
        "token": listmonk.token.reveal() if listmonk.token else "",
        "public_url": listmonk.public_url,
        "hooks_url": config.server.public_url,
        "in_tables": config.listmonk_db.enabled,
    }
    try:
        found = await child.run("quick-checks", job, within=PATIENCE)
        return [Finding(**(told | {"level": Level(told["level"])})) for told in found]
    except TimeoutError:
        return [unexamined(f"it did not finish within {PATIENCE:g} s")]
    except ChildFailed as error:
        return [unexamined(f"its process {error}")]


def examine(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings for a job, in the process of its own."""
    from bouncestream.doctor import quick

    with suppress(PermissionError):  # the unit's SystemCallFilter forbids it
        os.nice(10)  # feedback that comes in meanwhile goes first
    config = Config(
        listmonk=Listmonk(
            url=job["url"], user=job["user"], token=Secret(job["token"]), public_url=job["public_url"]
        ),
        server=Server(public_url=job["hooks_url"]),
        listmonk_db=ListmonkDb(enabled=job["in_tables"]),
    )
    return [asdict(one) for one in asyncio.run(quick.quick(config))]
