# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream alert test`: a message over each channel that is configured, and what came of it."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime

from bouncestream.alert import Notice, What
from bouncestream.alerts import channels
from bouncestream.cli import out
from bouncestream.cli.exits import FINE, NOT_WELL
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, add, command, group
from bouncestream.config.alerting import Alerts

TEXT = "This is a test: bouncestream's alerts reach you over this channel."


def options(parser: Parser) -> None:
    """The commands behind `bouncestream alert`."""
    inner = group(parser, "Alerts are sent while `bouncestream run` is up; `bouncestream status` shows them.")
    test = add(inner, "test", "send a test message over each alert channel, and a heartbeat")
    command(
        test,
        run,
        'Works without a running bridge.\n\n--json: {"channels": [{"channel", "sent", "why"}]}.',
    )
    test.add_argument("--json", action="store_true", help="JSON output")


def run(args: argparse.Namespace) -> int:
    """Send them all at the same time."""
    found = asyncio.run(send_test(configuration(args).alerts))
    if args.json:
        told = [{"channel": name, "sent": sent, "why": why} for name, (sent, why) in found.items()]
        out.json_line({"channels": told})
    else:
        for name, (sent, why) in found.items():
            words = f"sent, but {why}" if sent and why else why or "sent"
            out.mark("✔" if not why else "⚠" if sent else "✘", f"{name}: {words}")
        if not found:
            fix = "set one in [alerts], [alerts.email] or [alerts.webhook]; `bouncestream config example` shows how"
            out.mark("✘", "no channel is configured, so alerts reach no one", fix)
    return NOT_WELL if not found or any(why for _, why in found.values()) else FINE


async def send_test(settings: Alerts) -> dict[str, tuple[bool, str]]:
    """Send a test message over each channel: channel → whether it was sent, and why not, or not to everybody."""
    notice = Notice(0, datetime.now(UTC), What.TEST, "info", "test message", TEXT)
    missed: dict[str, str] = {}

    async def send(channel: channels.Channel) -> None:
        missed[channel.name] = await channel.send(notice) or ""

    failed = await channels.each(settings, send, channels.beat)
    return {name: (not why, why or missed.get(name, "")) for name, why in failed.items()}
