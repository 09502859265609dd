# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream doctor mail FILE` and `bouncestream doctor logs FILE…`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bouncestream.cli.findings import tell
from bouncestream.cli.opened import config_path
from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.doctor import log_files, log_judge, received
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.received_urls import host_and_port
from bouncestream.errors import ConfigError

#: A larger mail is examined up to here; bytes. Campaign mails have some hundred kilobytes.
_MOST = 32 << 20


def mail(args: argparse.Namespace) -> int:
    """Examine one mail; the exit code says how it is."""
    config = _configuration(args)
    try:
        raw = _read(args.file)
    except OSError as error:
        seen = f"{args.file} cannot be read: {error.strerror or error}."
        fix = "check the path, and which user may read there"
        return tell(
            [Finding("mail-unreadable", Level.ERROR, "mail", seen, fix=fix)], as_json=args.json, examined=False
        )
    root_url = _root_url(config) if config else ""
    own = received.Own(root_url, tuple(config.mail.verp) if config else ())
    findings, examined = received.judge(raw[:_MOST], own, cut=len(raw) > _MOST)
    return tell(findings, as_json=args.json, examined=examined)


def logs(args: argparse.Namespace) -> int:
    """Examine server logs; the exit code says how it is."""
    config = _configuration(args)
    host = host_and_port(_root_url(config))[0] if config else ""
    with _progress(log_files.sizes(args.files)) as advanced:
        tally, troubles = log_files.read(args.files, advanced)
    findings, examined = log_judge.judge(tally, troubles, host)
    return tell(findings, as_json=args.json, examined=examined)


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(_MOST + 1)
    with open(name, "rb") as file:
        return file.read(_MOST + 1)


def _configuration(args: argparse.Namespace) -> Config | None:
    """The configuration, for Listmonk's public address. One that was named must be right; one that lies where
    configurations lie is taken if it can be read. Raises ConfigError."""
    named = bool(args.config or os.environ.get("BOUNCESTREAM_CONFIG"))
    try:
        return load(config_path(args), with_secrets=False)
    except ConfigError:
        if named:
            raise
        return None


def _root_url(config: Config) -> str:
    """Listmonk's public address: as configured, else as Listmonk itself says; '' where it does not answer."""
    if config.listmonk.public_url:
        return config.listmonk.public_url
    try:
        listmonk = load(config.path or None).listmonk
    except ConfigError:  # the token belongs to another user; the address is optional here
        return ""
    return asyncio.run(_ask(listmonk.url, listmonk.user, listmonk.token.reveal() if listmonk.token else ""))


async def _ask(url: str, user: str, token: str) -> str:
    import aiohttp
    import orjson

    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.get(
                f"{url}/api/config", headers={"Authorization": f"token {user}:{token}"}, allow_redirects=False
            ) as response,
        ):
            told = orjson.loads(await response.content.read(1 << 20))
            root_url = told["data"]["root_url"]
            return root_url if isinstance(root_url, str) else ""
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None] | None]:
    """A bar on standard error, if a person sees it; what is short is over before it would be drawn."""
    if not sys.stderr.isatty() or (total is not None and total < 8 << 20):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda size: progress.advance(task, size)
