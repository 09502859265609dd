# SPDX-License-Identifier: GPL-3.0-or-later
"""The cheap checks (`quick`) in a process of their own, for `run`: `python -m bouncestream.doctor.background`.

Why a process: what they import, and the certificates of the system that each connection loads, would stay in the
memory of `run` for ever (2 to 4 MB), for a few seconds of work every few hours. The job comes as JSON on standard
input, so that no secret is seen in the list of processes; the findings go out as JSON.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import orjson

from bouncestream.config.model import Config, Listmonk, Server
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.finding import Finding, Level, as_dict, unexamined

#: Seconds for the process, which ends by itself a little earlier; and until it is ended by the system.
PATIENCE, WHOLE = 30.0, 40
_ROOT = Path(__file__).parents[2]


async def quick(config: Config) -> list[Finding]:
    """What `quick.quick` finds. Ends within 30 seconds; never raises."""
    listmonk = config.listmonk
    job = {
        "url": listmonk.url,
        "user": listmonk.user,
        "token": listmonk.token.reveal() if listmonk.token else "",
        "public_url": listmonk.public_url,
        "hooks_url": config.server.public_url,
    }
    # What is ours alone is not handed on; what shapes TLS and names (SSL_CERT_FILE …) is.
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("BOUNCESTREAM", "NOTIFY_SOCKET"))}
    environ["PYTHONPATH"] = str(_ROOT)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "bouncestream.doctor.background"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environ,
            cwd="/",
        )
    except OSError as error:
        return [unexamined(f"no process can be started ({error.strerror})")]
    try:
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate(orjson.dumps(job))
    except TimeoutError:
        return [unexamined(f"it did not end within {PATIENCE:g} s")]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        return [Finding(**(told | {"level": Level(told["level"])})) for told in orjson.loads(out)]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return [unexamined(f"its process failed (exit code {process.returncode})")]


def main() -> None:
    """Do the job on standard input."""
    from bouncestream.doctor import quick as checks

    signal.alarm(WHOLE)  # should whoever started it be gone
    os.nice(10)  # feedback that comes in meanwhile goes first
    job = orjson.loads(sys.stdin.buffer.read())
    config = Config(
        listmonk=Listmonk(
            url=job["url"], user=job["user"], token=Secret(job["token"]), public_url=job["public_url"]
        ),
        server=Server(public_url=job["hooks_url"]),
    )
    found = asyncio.run(checks.quick(config))
    sys.stdout.buffer.write(orjson.dumps([as_dict(one) for one in found], default=str))


if __name__ == "__main__":
    main()
