# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream config example`: every key, made from the model. And `bouncestream version`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from bouncestream.cli.exits import FINE
from bouncestream.cli.parser import Parser, add, command, group


def options(parser: Parser) -> None:
    """The commands behind `bouncestream config`."""
    inner = group(parser, "")
    example = add(inner, "example", "print a configuration with every key, its default and its meaning")
    command(example, run, config=False)


def version(parser: Parser) -> None:
    """The options of `bouncestream version`."""
    command(parser, run_version, config=False)
    parser.add_argument("--verbose", action="store_true", help="also what it is built of and runs on")


def run(_: argparse.Namespace) -> int:
    """Print the example."""
    from bouncestream.config.example import render  # `version` need not wait for it

    print(render(), end="")
    return FINE


def run_version(args: argparse.Namespace) -> int:
    """Print the version."""
    from bouncestream import __version__

    print(f"bouncestream {__version__}")
    if args.verbose:
        for name, told in _built_of():
            print(f"{name:<12}  {told}")
    return FINE


def _built_of() -> Iterator[tuple[str, str]]:
    """What a report of a fault needs to name beside the version."""
    import json
    import platform
    import sqlite3
    import ssl
    from importlib.resources import files

    from bouncestream.net.failure import authorities

    build = files("bouncestream") / "build.json"  # written by deploy/build
    if build.is_file():
        facts = json.loads(build.read_text("utf-8"))
        yield "build", f"package, commit {facts['commit'] or 'unknown'} of {facts['date']}"
    else:
        yield "build", "source or wheel"
    yield "Python", platform.python_version()
    yield "SQLite", sqlite3.sqlite_version
    yield "OpenSSL", ssl.OPENSSL_VERSION.split()[1]
    yield "C library", " ".join(platform.libc_ver()).strip() or "unknown"
    yield "system", f"{platform.system()} {platform.release()} {platform.machine()}"
    yield "authorities", authorities() or "none: certificates cannot be checked"
