# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream mailbox login NAME`: gets the permission to read a mailbox by OAuth, keeps it beside the outbox,
and tries it. No browser is opened from here: the address would then stand in the list of processes."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from bouncestream.cli import out
from bouncestream.cli.exits import FINE
from bouncestream.cli.findings import brief_code, tell_briefly
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, command
from bouncestream.clock import SystemClock
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config
from bouncestream.config.oauth import CLIENT, DEVICE, needs_token, plan
from bouncestream.doctor.areas import mailbox
from bouncestream.errors import LoginRefused, UsageError
from bouncestream.printable import mask_all, printable
from bouncestream.sources.mailbox.visit import Visitor
from bouncestream.sources.oauth.file import TokenFile, login_command, token_path
from bouncestream.sources.oauth.flows import DeviceCode, Tokens
from bouncestream.sources.oauth.login import PATIENCE, Login


def options(parser: Parser) -> None:
    """The options of `bouncestream mailbox login`."""
    command(
        parser,
        run,
        "Shows what to open in a browser, waits until you have done so, stores the permission beside the\noutbox "
        "(mode 0600), and tries to log in to the mailbox. A running bridge picks it up by itself.",
    )
    parser.add_argument("name", metavar="NAME", help="the mailbox")
    parser.add_argument(
        "--port",
        type=_port,
        default=0,
        metavar="N",
        help=(
            "the port on 127.0.0.1 that the browser returns to, with oauth_flow = loopback (default: any free port)"
        ),
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def named(config: Config, name: str) -> Mailbox:
    """The mailbox that a command was told to use. Raises UsageError, with the names that there are."""
    if name in config.mailboxes:
        return config.mailboxes[name]
    there = f"there are: {', '.join(config.mailboxes)}" if config.mailboxes else "none is configured"
    raise UsageError(f"There is no mailbox {name}; {there}. Next: add a section [mailboxes.{name}], or correct it.")


def run(args: argparse.Namespace) -> int:
    """Log in."""
    config = configuration(args)
    box = named(config, args.name)
    if not needs_token(box):
        raise UsageError(
            f'The mailbox {box.name} logs in with a password (auth = "{box.auth}"). '
            f"Next: `bouncestream mailbox test {box.name}` tries it."
        )
    return asyncio.run(_login(box, Path(config.outbox.path), args.port))


async def _login(box: Mailbox, outbox: Path, port: int) -> int:
    made = plan(box)
    login = Login(made, SystemClock(), command=login_command(box.name), timeout=box.timeout, ca_file=box.ca_file)
    if made.flow == CLIENT:
        await login.by_client()
        out.mark("✔", f"{made.token_url} grants the application access; nothing needs to be stored")
    else:
        file = TokenFile(token_path(outbox, box.name), box)
        # Before anybody takes the trouble: can it be kept?
        async with file.locked(box.timeout):
            await asyncio.to_thread(file.rehearse, "")
        if made.flow == DEVICE:
            tokens = await login.by_device(lambda code: _tell_code(box, code))
        else:
            typed = _typed() if sys.stdin.isatty() else None
            tokens = await login.by_loopback(lambda url, on: _tell_url(box, url, on), port=port, pasted=typed)
        await _keep(file, box, tokens)
    return await _try(box, outbox)


def _tell_code(box: Mailbox, code: DeviceCode) -> None:
    print(f"1. On any device, open  {printable(code.uri)}")
    print(f"2. Enter the code       {printable(code.user_code)}")
    print(
        f"3. Log in as            {printable(box.user)}  (or as a user who may read that mailbox), and allow access"
    )
    print(f"Waiting for at most {code.lifetime / 60:.0f} minutes. Ctrl-C cancels.", flush=True)


def _tell_url(box: Mailbox, url: str, port: int) -> None:
    print("1. Open this address in a browser:\n")
    print(f"{printable(url)}\n")
    print(f"2. Log in as {printable(box.user)}, and allow access.\n")
    print(f"The browser then goes to port {port} of this machine. If it runs on another machine, first run there")
    print(f"    ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}")
    if sys.stdin.isatty():
        print("or, if it cannot open the last page, paste that page's address here and press Enter.")
    print(f"Waiting for at most {PATIENCE / 60:.0f} minutes. Ctrl-C cancels.", flush=True)


async def _typed() -> AsyncIterator[str]:
    """The lines that a person types or pastes, until the end of the input."""
    loop, number = asyncio.get_running_loop(), sys.stdin.fileno()
    lines: asyncio.Queue[bytes] = asyncio.Queue()
    loop.add_reader(number, lambda: lines.put_nowait(os.read(number, 65536)))
    try:
        while line := await lines.get():
            yield line.decode("utf-8", "replace")
    finally:
        loop.remove_reader(number)


async def _keep(file: TokenFile, box: Mailbox, tokens: Tokens) -> None:
    if not tokens.refresh:
        raise LoginRefused(
            "The provider returned no refresh token, so the permission would expire within the hour. Next: grant "
            "the application offline access (often the scope offline_access in "
            f"mailboxes.{box.name}.oauth_scope)."
        )
    async with file.locked(box.timeout):
        await asyncio.to_thread(file.write, tokens.refresh)
    out.mark("✔", f"the permission is stored in {file.path}; a running bridge picks it up by itself")


async def _try(box: Mailbox, outbox: Path) -> int:
    """Log in to the mailbox with it. A server that cannot be reached now is no fault of the permission."""
    seen = await mailbox.visit(Visitor(box, outbox), datetime.now(UTC))
    if seen.error is None:
        out.mark("✔", mask_all(f"{box.host}:{box.real_port} accepts the login of {box.user}"))
        return FINE
    found = mailbox.judge([seen], {})
    tell_briefly(found)
    return brief_code(found)
