# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream sandbox`: a stand-in Listmonk alone, to rehearse with."""

from __future__ import annotations

import argparse
import asyncio
import math

from bouncestream.cli import out
from bouncestream.cli.parser import Parser, command
from bouncestream.cli.stopped import until_stopped
from bouncestream.errors import UsageError
from bouncestream.sandbox import FAULTS, ApiUser, Sandbox, SandboxSettings, Subscriber, read_subscribers
from bouncestream.settings.shapes import LISTEN, Wrong, address_of


def options(parser: Parser) -> None:
    """The options of `bouncestream sandbox`."""
    command(
        parser,
        run,
        "Keeps everything in memory and listens on loopback addresses only. Inject faults with\nPOST "
        '/sandbox/fault {"fault": "restart"}, and inspect it with GET /sandbox/state.',
        config=False,
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:9000",
        help=("address to listen on (default: %(default)s)"),
    )
    parser.add_argument(
        "--row-ms", type=float, default=1.0, metavar="MS", help="milliseconds to record a bounce (default: 1)"
    )
    parser.add_argument("--user", default="bridge", metavar="NAME", help="its API user (default: %(default)s)")
    parser.add_argument(
        "--token", default="sandbox-token-of-bridge", metavar="TOKEN", help="the token (default: %(default)s)"
    )
    parser.add_argument(
        "--subscribers",
        metavar="FILE",
        help=("one address per line, optionally `,uuid` (default: ten made-up ones)"),
    )
    parser.add_argument(
        "--version",
        default="6.2",
        metavar="X.Y",
        help=("the Listmonk version to emulate: 4.1, 5.1, 6.2 (default: %(default)s)"),
    )


def run(args: argparse.Namespace) -> int:
    """Until SIGTERM or Ctrl-C."""
    try:
        host, port = address_of(LISTEN.parse(args.listen))
    except Wrong as wrong:
        raise UsageError(f"--listen {wrong}; write {LISTEN.words}") from None
    if not math.isfinite(args.row_ms) or not 0 <= args.row_ms <= 60_000:
        raise UsageError("--row-ms must be a number of milliseconds from 0 to 60000")
    if ":" in args.user or not args.user or not args.token:
        raise UsageError("--user and --token must not be empty, and --user must not contain a colon")
    people = read_subscribers(args.subscribers) if args.subscribers else _made_up()
    settings = SandboxSettings(
        row_seconds=args.row_ms / 1000,
        version=args.version,
        users={args.user: ApiUser(args.user, args.token)},
        subscribers=people,
    )
    asyncio.run(_serve(settings, host or "127.0.0.1", port, made_up=not args.subscribers))
    return 0


def _made_up() -> list[Subscriber]:
    return [Subscriber(f"reader{number}@example.com") for number in range(1, 11)]


async def _serve(settings: SandboxSettings, host: str, port: int, *, made_up: bool) -> None:
    async with until_stopped() as stopped:
        sandbox = Sandbox(settings)
        url = await sandbox.start(host, port)
        try:
            _introduce(sandbox, url, made_up=made_up)
            await stopped.wait()
        finally:
            await sandbox.close()


def _introduce(sandbox: Sandbox, url: str, *, made_up: bool) -> None:
    user = next(iter(sandbox.settings.users.values()))
    people = f"{len(sandbox.settings.subscribers)} subscribers"
    if made_up:
        people += " (reader1@example.com to reader10@example.com)"
    out.heading(f"A stand-in Listmonk {sandbox.listmonk.version} listens on {url}, with {people}.")
    print("Everything is in memory, and lost when it exits. Configuration for a bridge:")
    print(f'    [listmonk]\n    url = "{url}"\n    user = "{user.name}"\n    token = "{user.token}"')
    print("To see what it stored and lost:")
    print(f"    curl -s {url}/sandbox/state")
    print("To inject a fault:")
    print(f"""    curl -s {url}/sandbox/fault -d '{{"fault": "restart"}}'""")
    for name, words in FAULTS.items():
        print(f"        {name.ljust(max(map(len, FAULTS)))}  {words}")
    print("Ctrl-C stops it.", flush=True)
