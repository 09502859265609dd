# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream dashboard`: the dashboard beside an outbox, also while no bridge runs."""

from __future__ import annotations

import argparse
import asyncio
import secrets
from dataclasses import replace
from pathlib import Path

from bouncestream import logs
from bouncestream.cli import out
from bouncestream.cli.opened import config_path
from bouncestream.cli.parser import Parser, command
from bouncestream.cli.stopped import until_stopped
from bouncestream.clock import SystemClock
from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.crypto.secret import Secret
from bouncestream.errors import ListenError
from bouncestream.outbox.files import require
from bouncestream.survey.running import Running, ask

#: Where it listens, if [dashboard] does not say.
LISTEN = "127.0.0.1:8026"
_GRACE = 1.0


def options(parser: Parser) -> None:
    """The options of `bouncestream dashboard`."""
    command(
        parser,
        run,
        "Reads the outbox, and queries the running bridge at [server] listen. It listens at [dashboard] listen "
        f"(default: {LISTEN})\nuntil Ctrl-C. Without [dashboard] token or trusted_header it makes a token for this "
        "run and prints it.\nA bridge whose configuration has [dashboard] listen shows the dashboard by itself.",
    )


def run(args: argparse.Namespace) -> int:
    """Until SIGTERM or Ctrl-C."""
    config = load(config_path(args), with_secrets=False, judging=True, sealing=True, dashboard=True)
    if not config.outbox.url:
        require(Path(config.outbox.path))
    logs.start(config.log.format, config.log.level, aside=True)
    made = _settled(config)
    return asyncio.run(_serve(made, new_token=made.dashboard.token is not config.dashboard.token))


def _settled(config: Config) -> Config:
    """The configuration with a place to listen on, and a way to log in."""
    settings = config.dashboard
    if not settings.listen:
        settings = replace(settings, listen=LISTEN)
    if settings.token is None and not settings.trusted_header:
        settings = replace(settings, token=Secret(secrets.token_urlsafe(24)))
    return replace(config, dashboard=settings)


async def _serve(config: Config, *, new_token: bool) -> int:
    from bouncestream.dashboard.server import DashboardServer  # with aiohttp, which takes 0.2 s

    async def running() -> Running:
        return await asyncio.to_thread(ask, config.told_url)

    server = DashboardServer(config, running, SystemClock())
    async with until_stopped() as stopped:
        try:
            await server.start()
        except OSError as error:
            raise ListenError(
                f"The dashboard cannot listen on {config.dashboard.listen}: {error.strerror or error}. Next: if "
                "the bridge shows it already, open it there; else set another [dashboard] listen."
            ) from error
        try:
            out.heading(f"The dashboard is at {', '.join(server.urls)}")
            if new_token and config.dashboard.token is not None:
                print(f"Token for this run: {config.dashboard.token.reveal()}")
            print("Ctrl-C stops it.", flush=True)
            await stopped.wait()
        finally:
            await server.stop(_GRACE)
    return 0
