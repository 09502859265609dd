# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream demo` (what `make run` runs): the real bridge beside a sandbox Listmonk, in plain words.

Nothing is simulated on the bridge's side: real HTTP in, a real SQLite outbox, real HTTP out. Only its waiting times
are shortened, which it says. The restart in the middle really loses what Listmonk had accepted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import socket
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType

import orjson

from bouncestream import logs, providers
from bouncestream.app import App
from bouncestream.cli import out
from bouncestream.cli.demo import mails, opens
from bouncestream.cli.demo.end import COLUMNS, Scene, Sent, checks, table
from bouncestream.cli.demo.mailbox import Inbox
from bouncestream.cli.demo.mails import Case
from bouncestream.cli.parser import Parser, command
from bouncestream.cli.stopped import until_stopped
from bouncestream.config.dashboard import Dashboard
from bouncestream.config.model import Config, Listmonk, Relay, Server, Verify
from bouncestream.config.outbox import Outbox
from bouncestream.crypto.secret import Secret
from bouncestream.metrics import EVENTS_IGNORED, READ_BACKS
from bouncestream.net.http import call
from bouncestream.outbox import delivery, operator
from bouncestream.sandbox import ApiUser, Sandbox, SandboxSettings, Subscriber
from bouncestream.sandbox.model import Letter

#: Seconds that the bridge may take to settle what was sent.
DEADLINE = 40.0
#: Shortened waiting times: what they are instead is in the documentation of [relay.verify].
QUICK = Verify(post_timeout=10.0, margin=0.5, grace=8.0, pulse=0.25)
UNSETTLED = ("pending", "claimed", "posted")

SECRET = "demo-secret-of-no-one-else"  # noqa: S105 - everybody may know it
TOKEN = "demo-token-of-the-bridge"  # noqa: S105
DASHBOARD_TOKEN = "demo-token-of-the-dashboard"  # noqa: S105
PORT, DASHBOARD_PORT = 8025, 8026
#: How long ago the letter was sent that the bounces are of.
SENT_AGO = timedelta(hours=3)


def options(parser: Parser) -> None:
    """The options of `bouncestream demo`."""
    command(
        parser,
        run,
        "Everything happens on loopback addresses and in a temporary directory.",
        config=False,
    )
    parser.add_argument("--once", action="store_true", help="exit after the story instead of running until Ctrl-C")


def run(args: argparse.Namespace) -> int:
    """Run the story; then keep running until Ctrl-C, unless --once."""
    logs.start("text", "info" if os.environ.get("BOUNCESTREAM_DEBUG") else "error")
    with tempfile.TemporaryDirectory(prefix="bouncestream-demo-") as directory:
        return asyncio.run(_play(Path(directory), once=args.once))


async def _play(directory: Path, *, once: bool) -> int:
    async with until_stopped() as stopped:
        stage = Stage(
            directory,
            port=0 if once else _free_port(PORT),
            dashboard="" if once else f"127.0.0.1:{_free_port(DASHBOARD_PORT)}",
        )
        story = asyncio.create_task(_story(stage, once=once), name="demo")
        end = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait([story, end], return_when=asyncio.FIRST_COMPLETED)
            if not story.done():
                story.cancel()
                await asyncio.wait([story])
            if story.cancelled():
                print("\nEnded." if stage.told else "\nInterrupted.")
                return stage.code if stage.told else 130
            return story.result()
        finally:
            end.cancel()


class Stage:
    """The sandbox, the bridge, and someone who posts webhooks."""

    def __init__(self, directory: Path, *, port: int, dashboard: str = "") -> None:
        self.path = directory / "outbox.db"
        self.port = port
        begun = datetime.now(UTC) - SENT_AGO
        log = directory / "access.log"
        log.write_text(opens.access_log(begun), "utf-8")
        self.dashboard = Dashboard(listen=dashboard, token=Secret(DASHBOARD_TOKEN), access_log=(str(log),))
        self.sent: list[Sent] = []
        self.lost = 0
        self.settled = True
        self.told = False  #: the end was told, with this exit code
        self.code = 0
        self.inbox = Inbox()
        self.sandbox = Sandbox(
            SandboxSettings(
                users={"bridge": ApiUser("bridge", TOKEN)},
                subscribers=[Subscriber(address, mails.subscriber_uuid(address)) for address in mails.people()],
                campaigns={
                    mails.CAMPAIGN: Letter(
                        "The newsletter",
                        started_at=begun,
                        sent=len(mails.people()),
                        views=opens.opens(),
                        clicks=opens.clicks(),
                    )
                },
            )
        )

    def config(self, listmonk: str) -> Config:
        """The defaults, but for the places and the waiting times."""
        hook = providers.webhook("sendamatic", "sendamatic", secret=Secret(SECRET))
        return Config(
            server=Server(listen=f"127.0.0.1:{self.port}"),
            outbox=Outbox(path=str(self.path)),
            listmonk=Listmonk(url=listmonk, user="bridge", token=Secret(TOKEN)),
            relay=Relay(verify=QUICK),
            webhooks=MappingProxyType({"sendamatic": hook}),
            mailboxes=self.inbox.mailboxes,
            dashboard=self.dashboard,
        )

    @property
    def url(self) -> str:
        """The URL that webhooks are posted to."""
        host, port = self.app.addresses[0][:2]
        return f"http://{host}:{port}/webhooks/sendamatic"

    async def open(self) -> None:
        await self.inbox.open()
        self.app = App(self.config(await self.sandbox.start()))
        ready = asyncio.Event()
        self.bridge = asyncio.create_task(self.app.run(ready=lambda _: ready.set()), name="bridge")
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([self.bridge, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.bridge.done():
            self.bridge.result()

    async def close(self) -> None:
        if hasattr(self, "bridge"):
            self.app.stop()
            await asyncio.wait([self.bridge])
        self.inbox.close()
        await self.sandbox.close()

    async def receive(self, cases: list[Case]) -> None:
        """Let mails arrive, and wait until they are read."""
        self.settled &= await self.inbox.receive(self.app, cases, self.path.with_name("mails"))

    async def post(self, case: Case) -> Sent:
        """Send one webhook, as Sendamatic would."""
        secret = "a-guess-of-a-stranger" if case.forged else SECRET
        headers = {"X-Webhook-Secret": secret, "Content-Type": "application/json"}
        answer = await call("POST", self.url, within=DEADLINE, headers=headers, body=case.body)
        sent = Sent(case, answer.status, orjson.loads(answer.content) if answer.status == 200 else {})
        self.sent.append(sent)
        return sent

    async def settle(self) -> None:
        """Until nothing waits any more in the outbox."""
        try:
            async with asyncio.timeout(DEADLINE):
                while True:
                    await self.app.relay.idle.wait()
                    tally = await self.app.db.read(delivery.tally)
                    if not any(tally.get(state) for state in UNSETTLED):
                        return
                    await asyncio.sleep(0.05)  # it was idle just before something came in
        except TimeoutError:
            self.settled = False

    async def accepted(self, number: int) -> None:
        """Until Listmonk has answered 200 to so many bounces, and the bridge has looked for their rows once."""
        try:
            async with asyncio.timeout(DEADLINE):
                await self.sandbox.posted(number)
                looks = self.app.metrics.get(READ_BACKS, "read")
                while self.app.metrics.get(READ_BACKS, "read") < looks + 2:  # noqa: ASYNC110 - only a count
                    await asyncio.sleep(0.02)
        except TimeoutError:
            self.settled = False

    async def scene(self) -> Scene:
        rows = await self.app.db.read(partial(operator.list_rows, limit=1000))
        ignored = self.app.metrics.get(EVENTS_IGNORED, "sendamatic")
        return Scene(
            self.sent,
            rows,
            self.sandbox.state(),
            self.lost,
            ignored,
            self.settled,
            self.inbox.sent,
            self.inbox.folders(),
        )


async def _story(stage: Stage, *, once: bool) -> int:
    try:
        await stage.open()
        _introduce(stage)
        await _one_of_each(stage)
        await _mails(stage)
        await _restart(stage)
        stage.code = await _end(stage)
        stage.told = True
        if not once:
            _invite(stage)
            await _go_on(stage)
        return stage.code
    finally:
        await stage.close()


def _step(number: int, text: str) -> None:
    print()
    out.heading(f"{number}. {text}")


def _say(text: str) -> None:
    out.prose(text, "   ", "   ")
    sys.stdout.flush()


def _introduce(stage: Stage) -> None:
    _step(1, "A bridge and a Listmonk, both on this machine")
    _say(
        f"A stand-in Listmonk {stage.sandbox.listmonk.version} listens on {stage.sandbox.url}. It has "
        f"{len(stage.sandbox.settings.subscribers)} made-up subscribers and behaves as the real one does."
    )
    _say(
        f"The bridge is the real one. It accepts webhooks at {stage.url} and stores each event in its outbox, "
        f"{stage.path}, before it answers."
    )
    _say(
        "Only its waits are shortened, so that this takes seconds instead of minutes: the margin for late "
        f"requests from 60 s to {QUICK.margin:g} s, the time before a row counts as absent from 10 min to "
        f"{QUICK.grace:g} s, the poll of Listmonk from every 2 s to every {QUICK.pulse:g} s."
    )


async def _one_of_each(stage: Stage) -> None:
    _step(2, "Sendamatic reports feedback: one webhook of each kind")
    for case in mails.cases():
        sent = await stage.post(case)
        words = {
            "accepted": "stored, then answered 200",
            "duplicate": "duplicate: answered 200, counted once",
            "ignored": "no bounce: answered 200, not stored",
            "refused": f"wrong secret: answered {sent.status}, not stored",
            "quarantined": "unreadable: quarantined",
        }
        print(f"   {case.title + ', ' + case.address:<38} {words[sent.outcome]}")
    await stage.settle()
    _say("The bridge posted them to Listmonk and read back that each is recorded, or why not.")


async def _mails(stage: Stage) -> None:
    _step(3, "Bounce mails arrive in a mailbox")
    _say(stage.inbox.way)
    await stage.receive(mails.mail_cases())
    words = {
        "accepted": "stored",
        "duplicate": "duplicate of the webhook: counted once",
        "ignored": "no bounce: left untouched",
        "unidentified": "kept, for a later version to judge",
    }
    for sent in stage.inbox.sent:
        case = sent.case
        told = words.get(sent.outcome, sent.outcome)
        if sent.outcome == "accepted" and case.kind == "soft":
            told += ", as soft at most: without proof"
        print(f"   {case.title + (f', {case.address}' if case.address else ''):<38} {told}")
    await stage.settle()


async def _restart(stage: Stage) -> None:
    cases = mails.restart_cases()
    _step(4, f"Listmonk restarts with {len(cases)} accepted bounces in its memory")
    before = stage.sandbox.state()
    stage.sandbox.fault("stall")
    await asyncio.gather(*(stage.post(case) for case in cases))
    await stage.accepted(before["posted"] + len(cases))
    _say(
        f"{len(cases)} soft bounces arrived. The bridge posted them, and Listmonk answered 200 to each; but its "
        "database is slow, so they wait in a queue in memory. The bridge looks for them: none is there."
    )
    stage.sandbox.fault("restart")
    stage.sandbox.fault("clear")
    stage.lost = len(stage.sandbox.state()["lost"]) - len(before["lost"])
    _say(
        "Now an administrator saves a setting in Listmonk, which restarts it, as every save does. "
        f"{stage.lost} accepted bounces are gone. No connection broke, and nothing reported an error."
    )
    _say("A bridge that trusts the 200 would have lost them. This one checks …")
    await stage.settle()
    _say("… noticed the restart, found them missing, made sure that they are lost, and posted only those again.")


async def _end(stage: Stage) -> int:
    scene = await stage.scene()
    _step(5, "The result")
    print()
    out.table(COLUMNS, table(scene))
    print()
    results = checks(scene)
    for good, text in results:
        out.mark("PASS" if good else "FAIL", text)
    print(flush=True)
    return 0 if all(good for good, _ in results) else 1


def _invite(stage: Stage) -> None:
    _step(6, "It keeps running. Post to it yourself:")
    # without a Message-ID, every other text is another event
    note = {
        "notification_type": "bounce",
        "bounce": {
            "bounce_type": "Soft bounce - General",
            "reason": "450 4.7.1 Try again later",
            "original_recipient": f"you@{mails.DOMAIN}",
        },
    }
    body = orjson.dumps(note).decode()
    print(f"   curl -sS -H 'X-Webhook-Secret: {SECRET}' -d {shlex.quote(body)} {stage.url}")
    if stage.app.dashboard is not None:
        print(f"   Look at it in your browser, with the token {DASHBOARD_TOKEN}:")
        print("  ", *stage.app.dashboard.server.urls)
    print("   Look into the outbox, and into Listmonk:")
    print("   sqlite3", shlex.quote(str(stage.path)), "'SELECT * FROM inbox LIMIT 10'")
    print(f"   curl -sS {stage.sandbox.url}/sandbox/state")
    print("   Ctrl-C stops it and removes everything.", flush=True)


async def _go_on(stage: Stage) -> None:
    """Until cancelled, tell what becomes of what comes in; ends when the bridge does."""
    known = {row.row: row.state for row in await stage.app.db.read(partial(operator.list_rows, limit=1000))}
    while not stage.bridge.done():
        for row in reversed(await stage.app.db.read(partial(operator.list_rows, limit=50))):
            if known.get(row.row) is not row.state and row.state.value not in UNSETTLED:
                known[row.row] = row.state
                who = row.event.recipient or row.event.subscriber_uuid
                out.mark("·", f"event {row.row}, {row.event.kind.value}, {who}: {row.state.value}, {row.why}")
        await asyncio.wait([stage.bridge], timeout=0.5)
    stage.bridge.result()


def _free_port(port: int) -> int:
    """The usual port where it is free, so that what is told is the same each time; else any."""
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port
