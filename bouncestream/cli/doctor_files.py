# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream doctor mail FILE` and `bouncestream doctor logs FILE…`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from bouncestream.cli.findings import tell
from bouncestream.cli.opened import config_path
from bouncestream.cli.parser import Parser, command
from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.doctor.asked import ask
from bouncestream.doctor.campaign_mail import body
from bouncestream.doctor.campaign_mail.urls import host_and_port
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.logs import files, judge
from bouncestream.errors import ConfigError

#: A larger mail is examined up to here; bytes. Campaign mails have some hundred kilobytes.
_MOST = 32 << 20


_JSON = """\
--json: {"findings": [{"id", "level": ok|info|warning|error, "topic", "seen", "why", "fix", "evidence"}]}."""


def mail_options(parser: Parser) -> None:
    """The options of `bouncestream doctor mail`."""
    command(
        parser,
        mail,
        "Save it with all its headers: Gmail: Show original, Download; Thunderbird: Save as; Outlook on the\n"
        f"web: Save as. With a configuration its URLs are compared with Listmonk's public address.\n\n{_JSON}",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    parser.add_argument("file", metavar="FILE", help="the mail, as a raw file (.eml); - is standard input")


def logs_options(parser: Parser) -> None:
    """The options of `bouncestream doctor logs`."""
    command(
        parser,
        logs,
        "Reads access logs of Nginx, Apache, Caddy (JSON) and Traefik, plain or gzip, of any size: all\n"
        "files are counted together. With a configuration their host is compared with Listmonk's public\n"
        f"address.\n\n{_JSON}",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    parser.add_argument("files", nargs="+", metavar="FILE", help="an access log; - is standard input")


def mail(args: argparse.Namespace) -> int:
    """Examine one mail; the exit code says how it is."""
    config = _configuration(args)
    try:
        raw = _read(args.file)
    except OSError as error:
        seen = f"{args.file} cannot be read: {error.strerror or error}."
        fix = "check the path and its permissions"
        return tell(
            [Finding("mail-unreadable", Level.ERROR, "mail", seen, fix=fix)], as_json=args.json, examined=False
        )
    own = replace(_told(config), verp=config.mail.verp if config else ())
    findings, examined = body.judge(raw[:_MOST], own, cut=len(raw) > _MOST)
    return tell(findings, as_json=args.json, examined=examined)


def logs(args: argparse.Namespace) -> int:
    """Examine server logs; the exit code says how it is."""
    config = _configuration(args)
    told = _told(config)
    with _progress(files.sizes(args.files)) as advanced:
        tally, troubles = files.read(args.files, advanced)
    host = host_and_port(told.root_url)[0]
    findings, examined = judge.judge(tally, troubles, host, individual=told.individual)
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


def _told(config: Config | None) -> body.Own:
    """The settings that Listmonk tells of itself, with its public address as configured; nothing where it does not
    answer."""
    if config is None:
        return body.Own()
    try:
        listmonk = load(config.path or None).listmonk
    except ConfigError:  # the token belongs to another user; what Listmonk says is optional here
        return body.Own(config.listmonk.public_url)
    told = asyncio.run(ask(listmonk))
    return replace(told, root_url=listmonk.public_url or told.root_url)


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
