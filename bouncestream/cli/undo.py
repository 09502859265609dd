# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream undo`: takes back in Listmonk what our bounces caused there."""

from __future__ import annotations

import argparse
import asyncio
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from bouncestream.cli import out
from bouncestream.cli.exits import FINE, INTERRUPTED, NOT_WELL
from bouncestream.cli.opened import configuration, since_when
from bouncestream.cli.parser import Parser, command
from bouncestream.cli.stopped import until_stopped
from bouncestream.clock import SystemClock
from bouncestream.config.model import Config
from bouncestream.errors import SinkError, SinkRefused, UsageError
from bouncestream.event import Kind, clean_uuid
from bouncestream.outbox import caused, delivery, operator
from bouncestream.outbox.alone import alone
from bouncestream.outbox.braking import HELD_FOR
from bouncestream.outbox.db import Database
from bouncestream.outbox.place import place_of
from bouncestream.printable import mask

if TYPE_CHECKING:
    from bouncestream.sinks.listmonk.repairs import Repairs, Told
    from bouncestream.undo.runner import Case, Undo


def options(parser: Parser) -> None:
    """The options of `bouncestream undo`."""
    command(
        parser,
        run,
        "Subscribers that a bounce of this bridge blocklisted are enabled again, and that bounce is deleted in "
        "Listmonk; lists and attributes stay as they are, and no mail is sent. Subscribers that were changed in "
        "Listmonk since are left alone. What several options name must all fit. It may be interrupted and "
        "repeated, also while `bouncestream run` is up.",
    )
    parser.add_argument("--since", default="", metavar="WHEN", help="caused since: 3h, 7d, a date, or all")
    parser.add_argument(
        "--campaign", default="", metavar="CAMPAIGN", help="of this campaign: its UUID or its number"
    )
    parser.add_argument("--domain", default="", metavar="DOMAIN", help="of recipients at this domain or below it")
    parser.add_argument(
        "--complaints", action="store_true", help="also what complaints caused (default: bounces only)"
    )
    parser.add_argument("--dry-run", action="store_true", help="change nothing, show what would be done")
    parser.add_argument("--json", action="store_true", help="one JSON object per subscriber, one per line")
    parser.add_argument("--reveal", action="store_true", help="show addresses in full")


def run(args: argparse.Namespace) -> int:
    """Undo, and tell what became of each."""
    if not (args.since or args.campaign or args.domain):
        raise UsageError(
            "What is to be undone? Next: give --since, --campaign or --domain; --dry-run shows it first."
        )
    config = configuration(args)
    return asyncio.run(_Telling(args, config).run())


class _Telling:
    """One call of the command."""

    def __init__(self, args: argparse.Namespace, config: Config) -> None:
        self.args = args
        self.config = config
        self.counts: Counter[str] = Counter()
        self.ended: list[Case] = []
        self.by_hand = False

    async def run(self) -> int:
        from bouncestream.sinks.listmonk.repairs import Repairs

        db = await Database.open(place_of(self.config), create=False, key=self.config.privacy.key)
        try:
            async with alone(db, "undo"):
                instance: str | None = await db.read(partial(delivery.get_meta, name="instance"))
                async with Repairs(*self.config.listmonk.login, instance=instance or "") as sink:
                    return await self._undo(db, sink)
        finally:
            await db.close()

    async def _undo(self, db: Database, sink: Repairs) -> int:
        from bouncestream.undo.runner import Undo

        try:
            told = await sink.told()
            scope = await self._scope(sink)
            self.by_hand = not told.patches
            self._begin(told, scope, await db.read(partial(caused.waiting, scope=scope)))
            dry_run = self.args.dry_run or self.by_hand
            async with until_stopped() as stopped:
                undo = Undo(db, sink, SystemClock(), scope, self.ended.append, dry_run, stopped)
                await self._follow(undo, told, db)
        except SinkRefused as refused:
            if refused.status not in (401, 403):
                raise
            raise SinkError(
                f"Listmonk does not let the token do it ({refused.why}). What was begun is written down. Next: "
                "grant it bounces:get, bounces:manage, subscribers:get_all, subscribers:manage, "
                "subscribers:sql_query and lists:manage_all, and run the same command again."
            ) from refused
        except SinkError as error:
            self._end(interrupted=False)
            raise SinkError(
                f"{error}. What was begun is written down. Next: once Listmonk answers again, run the same command "
                "again."
            ) from error
        self._end(interrupted=stopped.is_set())
        if stopped.is_set():
            return INTERRUPTED
        return NOT_WELL if self.counts["refused"] or (self.by_hand and self.counts["would"]) else FINE

    async def _follow(self, undo: Undo, told: Told, db: Database) -> None:
        """Tell of each that has ended, also when Listmonk goes away."""
        task = asyncio.create_task(undo.run(told))
        try:
            while not task.done():
                await asyncio.wait([task], timeout=0.2)
                await self._tell(db)
            await self._tell(db)
            task.result()
        finally:
            task.cancel()

    async def _scope(self, sink: Repairs) -> caused.Scope:
        args = self.args
        campaign = clean_uuid(args.campaign)
        if args.campaign and not campaign:
            if not (args.campaign.isascii() and args.campaign.isdigit() and len(args.campaign) < 10):
                raise UsageError(
                    f"--campaign {args.campaign} is neither the UUID nor the number of a campaign. Next: Listmonk "
                    "shows both on the campaign's page."
                )
            try:
                campaign = clean_uuid(await sink.campaign_uuid(int(args.campaign)))
            except SinkRefused as refused:
                raise UsageError(
                    f"Listmonk does not tell campaign {args.campaign} ({refused.why}). Next: give its UUID."
                ) from refused
        domain = args.domain.strip().rstrip(".").lower()
        if domain and not domain.isascii():
            try:
                domain = domain.encode("idna").decode("ascii")
            except UnicodeError:
                raise UsageError(f"--domain {args.domain} is not a domain.") from None
        kinds = [Kind.HARD, Kind.SOFT, *([Kind.COMPLAINT] if args.complaints else [])]
        return caused.Scope(since_when(args) if args.since else None, campaign, domain, kinds)

    def _begin(self, told: Told, scope: caused.Scope, waiting: Mapping[str, int]) -> None:
        """What is said first."""
        if self.args.json:
            return
        deletes = [kind for kind in sorted(scope.kinds) if told.actions.get(kind) == "delete"]
        if deletes:
            out.mark(
                "⚠",
                f"Listmonk deletes subscribers at {' and '.join(deletes)} bounces: that cannot be undone.",
                "change it in Listmonk (Settings, Bounces), and import the subscribers again.",
            )
        if self.by_hand:
            out.mark(
                "⚠",
                f"Listmonk {told.version} cannot change a subscriber without losing its lists (6.1 and later can): "
                "nothing is changed. These are to be enabled by hand, at the place that is named:",
            )
        for words, step in _to_come(waiting, _drop(scope, self.args.since)):
            out.mark("⚠", words, step)

    async def _tell(self, db: Database) -> None:
        ended, self.ended[:] = list(self.ended), []
        for case in ended:
            done = "left" if case.verdict.left else "refused" if case.left else "restored"
            if done == "restored" and (self.args.dry_run or self.by_hand):
                done = "would"
            self.counts[done] += 1
            shown, _ = await db.read(partial(operator.show, row=case.cause.row))
            recipient = shown.event.recipient or shown.event.subscriber_uuid
            who = recipient if self.args.reveal else mask(recipient)
            place = f"{(self.config.listmonk.public_url or self.config.listmonk.url)}/admin/subscribers"
            place = f"{place}/{case.subscriber_id}"
            if self.args.json:
                out.json_line(
                    {
                        "subscriber": case.subscriber_id,
                        "recipient": who,
                        "events": case.rows,
                        "result": "by hand" if self.by_hand and done == "would" else done,
                        "why": case.left,
                        "place": place,
                    }
                )
            elif done == "would":
                out.mark("·", f"{who}: {f'enable it at {place}' if self.by_hand else 'would be restored'}")
            elif done == "restored":
                out.mark("✔", f"{who}: restored")
            else:
                out.mark("·" if done == "left" else "✘", f"{who}: left alone: {case.left}")

    def _end(self, *, interrupted: bool) -> None:
        if self.args.json:
            return
        counts = self.counts
        verb = "to be enabled by hand" if self.by_hand else "would be restored" if self.args.dry_run else "restored"
        done = counts["would"] if self.by_hand or self.args.dry_run else counts["restored"]
        parts = [f"{done} {verb}", f"{counts['left']} left alone"]
        if counts["refused"]:
            parts.append(f"{counts['refused']} not done")
        out.heading(f"Subscribers: {', '.join(parts)}.")
        if interrupted:
            out.mark("⚠", "interrupted. Next: run the same command again; it goes on where it ended")


def _drop(scope: caused.Scope, since: str) -> str:
    """The command that drops what the brake holds within a scope, as far as it can name that."""
    words = ["bouncestream", "brake", "drop"]
    if scope.domain:
        words += ["--domain", scope.domain]
    if scope.since is not None:
        words += ["--since", since]
    return shlex.join(words) + (" (it drops what it holds of other campaigns too)" if scope.campaign_uuid else "")


def _to_come(waiting: Mapping[str, int], drop: str) -> Iterator[tuple[str, str]]:
    """What may yet blocklist the same subscribers, by what holds it: what was seen, and the next step. It need not:
    a soft bounce seldom does, and Listmonk can be set to do nothing."""
    braked, unheld = waiting.get(HELD_FOR, 0), waiting.get("", 0)
    if unheld:
        yield (
            f"{_bounces(unheld)} of what is to be undone {_are(unheld)} not delivered yet. Once delivered, "
            "Listmonk may blocklist the subscribers again.",
            "see them: bouncestream outbox list --state pending; drop them: bouncestream outbox drop NUMBER.",
        )
    if braked:
        yield (
            f"The brake holds {_bounces(braked)} of what is to be undone: Listmonk is not told unless you release "
            "them.",
            f"if the server was wrong: {drop}.",
        )
    if held := sum(waiting.values()) - braked - unheld:
        yield (
            f"{_bounces(held)} of what is to be undone {_are(held)} held for another reason. If you release them, "
            "Listmonk may blocklist the subscribers again.",
            "see them: bouncestream outbox list --state held; drop them: bouncestream outbox drop NUMBER.",
        )


def _bounces(number: int) -> str:
    return f"{number:,} bounce{'s' if number != 1 else ''}"


def _are(number: int) -> str:
    return "are" if number != 1 else "is"
