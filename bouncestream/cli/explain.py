# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream explain FILE` and `bouncestream explain EVENT`: the way from a mail to a verdict, for a person."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bouncestream.cli.explain_event import explain_event
from bouncestream.cli.explain_mail import explain_mail
from bouncestream.cli.opened import config_path, configuration
from bouncestream.config.model import Config
from bouncestream.errors import ConfigError, UsageError


def run(args: argparse.Namespace) -> int:
    """A file is explained as a mail; anything else is looked up in the outbox."""
    name = args.target
    if name != "-" and not Path(name).exists():
        return explain_event(args)
    raw = sys.stdin.buffer.read() if name == "-" else _bytes(Path(name))
    config = _configuration(args)
    explain_mail(raw, config, args, name=name)
    return 0


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise UsageError(f"{path} is a directory. Next: name one mail; `bouncestream parse` takes many.")
    return path.read_bytes()


def _configuration(args: argparse.Namespace) -> Config:
    """The configuration where there is one: its policy, VERP patterns and domains belong to the way."""
    try:
        path = config_path(args)
    except ConfigError:  # the example that comes with us is no configuration
        if args.config is not None:
            raise
        return Config()
    if args.config is None and (path is None or not Path(path).exists()):
        return Config()
    return configuration(args, with_secrets=False, judging=True)
