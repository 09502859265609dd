# SPDX-License-Identifier: GPL-3.0-or-later
"""The beginning of several commands: finding and loading the configuration, and opening the outbox beside `run`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bouncestream.config.example import is_example
from bouncestream.config.load import PREFIX, load
from bouncestream.config.model import Config
from bouncestream.errors import ConfigError, NoConfiguration, StoreUnavailable, UsageError
from bouncestream.outbox.engine import Conn
from bouncestream.settings import shapes
from bouncestream.settings.shapes import Wrong

if TYPE_CHECKING:
    from bouncestream.outbox.db import Database
    from bouncestream.outbox.view import View

log = logging.getLogger("bouncestream.outbox")

T = TypeVar("T")

_PLACES = ("config.toml", "/etc/bouncestream/config.toml")


def config_path(args: argparse.Namespace, environ: Mapping[str, str] | None = None) -> str | None:
    """The configuration file to read; None: everything comes from the environment.

    The example as it comes is none: it is passed over where it merely lies, and ConfigError where it is named, or
    where there is nothing else. NoConfiguration: there is nothing at all.
    """
    environ = os.environ if environ is None else environ
    named = args.config or environ.get("BOUNCESTREAM_CONFIG")
    if named:
        if is_example(named):
            raise ConfigError([_example(named)], named)
        return str(named)
    examples = []
    for place in _PLACES:
        if Path(place).exists():
            if not is_example(place):
                return place
            examples.append(place)
    if any(name.startswith(PREFIX) for name in environ):
        return None
    if examples:
        raise ConfigError([_example(place) for place in examples], examples[0])
    places = [f"{os.path.abspath(place)}: there is no such file" for place in _PLACES]
    raise NoConfiguration(
        ["$BOUNCESTREAM_CONFIG: is not set", *places, f"the environment: no variable begins with {PREFIX}"]
    )


def _example(place: str) -> str:
    return (
        f"{os.path.abspath(place)}: is the unchanged example configuration; create one with `bouncestream init "
        f"--output {place}`, or write your values into it"
    )


def as_root() -> str:
    """A warning where the program runs with the rights of root; empty: it does not."""
    if os.geteuid() != 0:
        return ""
    return (
        "bouncestream runs as root, which it does not need: a vulnerability in it would expose the whole machine. "
        "Next: run it as its own user, as deploy/bouncestream.service does"
    )


def configuration(
    args: argparse.Namespace, *, with_secrets: bool = True, judging: bool = False, sealing: bool = False
) -> Config:
    """The configuration, whole. `judging`: with the secrets that decide what a mail proves; `sealing`: with the key
    of the outbox. Raises ConfigError."""
    return load(config_path(args), with_secrets=with_secrets, judging=judging, sealing=sealing)


def configuration_if_any(args: argparse.Namespace) -> Config:
    """The configuration that mails are judged by, where there is one that this user may read, else defaults: its
    return addresses, domains and policy belong to the way. Raises ConfigError."""
    try:
        path = config_path(args)
    except ConfigError:  # there is none, or the example that comes with us, which is none
        if args.config is not None:
            raise
        return Config()
    if args.config is None and (path is None or not os.access(path, os.R_OK)):
        return Config()
    return configuration(args, with_secrets=False, judging=True)


def since_when(args: argparse.Namespace) -> datetime | None:
    """The time that --since names; None: the beginning. Raises UsageError."""
    try:
        return shapes.since(shapes.START.parse(args.since), datetime.now(UTC))
    except Wrong as wrong:
        raise UsageError(f"--since {args.since} {wrong}. Next: write {shapes.START.words}.") from None


@contextmanager
def looking(config: Config, *, reveal: bool = False) -> Iterator[View]:
    """The outbox for a command that only looks: it may run beside `run`, and leaves every file as it was. `reveal`:
    what is sealed is opened with the key of the configuration. An outbox that is not the one to use any more is
    shown, and that is said."""
    from bouncestream.outbox import copied, files  # not every command that reads the configuration needs the outbox
    from bouncestream.outbox.place import place_of
    from bouncestream.outbox.view import view

    place = place_of(config)
    if isinstance(place, Path):
        files.warn_if_wide(place)
    with view(place, key=config.privacy.key, reveal=reveal) as outbox:
        if text := outbox.read(copied.refusal):
            log.warning("%s", text)
        yield outbox


def has_outbox(config: Config) -> bool:
    """Whether there may be an outbox already: whether a server has one is not asked."""
    return bool(config.outbox.url) or Path(config.outbox.path).exists()


@asynccontextmanager
async def storing(config: Config) -> AsyncIterator[Database]:
    """The outbox for a command that stores new events, made if there is none. Raises StoreUnavailable where it is
    missing: a new one in the place of one that is only away would be taken for it at the next start."""
    from bouncestream.outbox.db import Database
    from bouncestream.outbox.marker import lost_of
    from bouncestream.outbox.place import place_of

    if lost := lost_of(config):
        raise StoreUnavailable(lost)
    db = await Database.open(place_of(config), key=config.privacy.key)
    try:
        yield db
    finally:
        await db.close()


class Changing:
    """The outbox for a command that changes it; made by `changing`."""

    def __init__(self, runner: asyncio.Runner, db: Database) -> None:
        self._runner = runner
        self._db = db

    def read(self, fn: Callable[[Conn], T]) -> T:
        """The result of `fn`, which sees one consistent state."""
        return self._runner.run(self._db.read(fn))

    def write(self, fn: Callable[[Conn], T]) -> T:
        """The result of `fn`, once what it wrote is on the disk. It may run twice."""
        return self._runner.run(self._db.write(fn))


@contextmanager
def changing(config: Config) -> Iterator[Changing]:
    """The outbox for a command that changes it, which needs the key of a sealed one. It may run beside `run`; an
    outbox of an older version is upgraded, which is said."""
    from bouncestream.outbox.db import Database
    from bouncestream.outbox.place import place_of

    with asyncio.Runner() as runner:
        db = runner.run(Database.open(place_of(config), create=False, key=config.privacy.key))
        try:
            yield Changing(runner, db)
        finally:
            runner.run(db.close())
