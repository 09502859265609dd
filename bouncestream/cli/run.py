# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream run`: the bridge, until SIGTERM. SIGHUP reads the configuration again."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bouncestream import __version__, logs
from bouncestream.app import App
from bouncestream.cli.exits import TEMPORARY
from bouncestream.cli.notify import notify
from bouncestream.cli.opened import as_root, config_path
from bouncestream.cli.parser import Parser, command
from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.config.reload import reloadable_difference, reloaded
from bouncestream.errors import (
    ConfigError,
    NoFolder,
    OutboxCopied,
    SchemaTooNew,
    SealRefused,
    StoreUnavailable,
)

log = logging.getLogger("bouncestream")

#: Threads for what would hold the loop up, made as they are needed. Where DNS is dead each name that is looked up
#: takes one for half a minute; by default there are six on two cores, and large requests are read by the same.
THREADS = 64


def options(parser: Parser) -> None:
    """The options of `bouncestream run`."""
    command(
        parser,
        run,
        "Logs to standard error. Notifies systemd when it is ready (Type=notify). If the outbox is missing\nbut "
        "existed before (its disk is not mounted?), senders are asked to retry later until it\nis back.",
    )
    parser.add_argument(
        "--new-outbox",
        action="store_true",
        help="the former outbox is lost: create a new one, which does not know what was delivered before",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="do everything except posting: events are dropped, `outbox replay --from-dry-run` sends them later",
    )


def run(args: argparse.Namespace) -> int:
    """Run it."""
    path = config_path(args)
    config = load(path)
    logs.start(config.log.format, config.log.level, aside=True)
    _warn(config)
    if warning := as_root():
        log.warning("%s", warning)
    log.info("bouncestream %s, configuration %s", __version__, config.path or "from the environment")
    if args.dry_run:
        log.warning("dry run: nothing is sent to Listmonk, events are dropped")
    if not config.webhooks and not config.mailed:
        so = "only what Listmonk's own log shows" if config.listmonk_log.enabled else "nothing"
        log.warning(
            "no webhook, mailbox or listener for mail is configured, so %s can arrive. Next: add a section "
            "[webhooks.<name>], [mailboxes.<name>] or [smtp.<name>]",
            so,
        )
    service = _Service(config, path, dry_run=args.dry_run, new_outbox=args.new_outbox)
    try:
        asyncio.run(_run_with_signals(service, service.on_reload, ready=service.ready))
    except (NoFolder, OutboxCopied, SealRefused, SchemaTooNew):  # no start will find another folder, outbox or key
        raise
    except StoreUnavailable as error:  # a full disk, a damaged file: whoever starts it again may have more luck
        log.error("%s", error)
        return TEMPORARY
    log.info("stopped")
    return 0


class _Service(App):
    """The bridge as a service: systemd is told how it is, and SIGHUP reloads."""

    def __init__(self, config: Config, path: str | None, *, dry_run: bool, new_outbox: bool) -> None:
        super().__init__(config, dry_run=dry_run, new_outbox=new_outbox)
        self._path = path
        self._started_with = config
        self._ready = False

    def ready(self, _: App) -> None:
        if self.missing:
            notify("READY=1", "STATUS=waiting for the outbox: nothing is accepted")
            return
        self._ready = True
        log.info("ready")
        notify("READY=1", "STATUS=dry run: nothing is sent to Listmonk" if self.dry_run else "STATUS=delivering")

    def stop(self) -> None:
        notify("STOPPING=1")
        super().stop()

    def on_reload(self) -> None:
        """Take over a changed configuration, as far as that is possible; a wrong one is refused as a whole."""
        if self.missing and not self.stopping:
            log.warning(
                "not reloaded: waiting for the outbox. Next: if the configuration has changed, restart bouncestream"
            )
            return
        if not self._ready or self.stopping:
            log.warning("not reloaded: bouncestream is starting or stopping")
            return
        try:
            new = load(self._path)
        except ConfigError as error:
            for problem in error.problems:
                log.error("not reloaded: %s", problem)
            where = error.path or "the environment"
            log.error("the new configuration, %s, has problems: the old one stays in force", where)
            return
        _warn(new)
        restart = reloadable_difference(self._started_with, new)  # not with what a reload before this one has read
        changed = reloaded(self.config, new)
        self.reload(new)
        logs.set_level(new.log.level)
        log.info("reloaded: %s", ", ".join(changed) or "no setting that a reload applies has changed")
        if os.environ.get("CREDENTIALS_DIRECTORY"):
            log.info("the secrets that systemd handed over at the start stay. Next: restart if one has changed")
        if restart:
            log.warning("not applied: %s. Next: restart bouncestream for these", ", ".join(restart))


def _warn(config: Config) -> None:
    for warning in config.warnings:
        log.warning("%s", warning)


async def _run_with_signals(
    app: App, on_reload: Callable[[], None], *, ready: Callable[[App], None] | None = None
) -> None:
    """`app.run` until SIGTERM or SIGINT; SIGHUP calls `on_reload`. A second signal ends it at once."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="asyncio"))
    task = asyncio.current_task()

    def end() -> None:
        if app.stopping and task is not None:
            task.cancel()
        app.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    loop.add_signal_handler(signal.SIGHUP, on_reload)
    await app.run(ready=ready)
