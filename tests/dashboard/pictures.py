# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of docs/operate/dashboard.md: `.venv/bin/python -m tests.dashboard.pictures` makes them anew, by
Chromium, of a made-up outbox."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from bouncestream import providers
from bouncestream.cli.demo import opens
from bouncestream.cli.demo.opens import Asked
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config, Server
from bouncestream.crypto.secret import Secret
from bouncestream.event import MAILBOX, NO_PROOF, Kind
from bouncestream.ports import Campaign, State
from bouncestream.survey.running import Running
from tests.dashboard.chromium import chromium
from tests.dashboard.reading.test_event import MAIL
from tests.dashboard.stage import Clock, config, opened
from tests.outbox import make
from tests.outbox.make import NOW, later

FOLDER = Path(__file__).parents[2] / "docs" / "operate" / "pictures"
DOMAINS = ("example.com", "mail.example.net", "post.example.de", "webmail.example.jp", "corp.example.org")
#: Kind, reason, how often, and the words of the server.
CAUSES = (
    (Kind.HARD, "user_unknown", 30, "550 5.1.1 Recipient address rejected: User unknown"),
    (Kind.HARD, "host_unknown", 5, "Host or domain name not found"),
    (Kind.SOFT, "mailbox_full", 25, "452 4.2.2 The email account that you tried to reach is over quota"),
    (Kind.SOFT, "blocklisted", 12, "554 5.7.1 Client host [192.0.2.7] blocked using a list of ours"),
    (Kind.SOFT, "greylisted", 12, "450 4.7.1 Greylisted, please try again later"),
    (Kind.COMPLAINT, "complaint", 5, ""),
    (Kind.UNSUBSCRIBE, "unsubscribe", 6, ""),
)
DAYS, EVENTS = 30, 900
CAMPAIGNS = [f"{n}a7c1f00-5b1e-4c1e-9d51-7d0f3a2b9c{n}0" for n in range(1, 5)]
NAMES = ("Winter letter", "News of January", "Spring letter", "News of March")
SENT = 2400
#: How readers and machines ask: kind of request, and how often.
WAYS = (("apple", 30), ("gmail", 18), ("prefetch", 5), ("scanner", 9), ("soon", 3), ("reader", 25), ("clicker", 10))


def filled(path: Path) -> Config:
    """The outbox of a bridge that has worked for a month."""
    conn, chance = make.connect(path), random.Random(7)
    conn.execute("BEGIN")
    for number in range(EVENTS):
        ago = timedelta(days=DAYS) * (1 - number / EVENTS) ** 1.1 + timedelta(seconds=140)
        kind, reason, _, words = chance.choices(CAUSES, [cause[2] for cause in CAUSES])[0]
        source = "sendamatic" if chance.random() < 0.7 else "bounces"
        event = make.event(
            f"reader{number}@{chance.choice(DOMAINS)}", kind, reason=reason, diagnostic=words, source=source,
            provider="sendamatic" if source == "sendamatic" else MAILBOX, evidence="the server's words",
            campaign_uuid=CAMPAIGNS[number * 4 // EVENTS],
        )  # fmt: skip
        make.submit(conn, event, source=source, now=NOW - ago)
    words = "550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown in table"
    unproven = f"Final-Recipient, Status 5.1.1; {NO_PROOF}: reported as soft at most (it says hard)"
    mail = make.event(
        "ann@example.com", Kind.SOFT, reason="user_unknown", diagnostic=words, source="bounces", provider=MAILBOX,
        evidence=unproven,
    )  # fmt: skip
    make.submit(conn, mail, raw=MAIL, source="bounces", provider=MAILBOX, now=later(minutes=-2))
    conn.execute("COMMIT")
    for row in make.claim(conn, limit=2 * EVENTS):
        make.settle(conn, row.row, State.POSTED, State.VERIFIED, now=later(minutes=-1))
    conn.close()
    hook = replace(providers.webhook("sendamatic", "sendamatic"), path_secret=Secret("a-secret-of-the-path"))
    return replace(
        config(path),
        server=Server(public_url="https://bounces.example.org"),
        webhooks=MappingProxyType({"sendamatic": hook}),
        mailboxes=MappingProxyType({"bounces": Mailbox(name="bounces", host="imap.example.org", user="x")}),
    )


def read(path: Path) -> dict[str, Campaign]:
    """Write the access log of the proxy before Listmonk; the campaigns as Listmonk tells of them."""
    chance, lines, known = random.Random(11), [], {}
    for number, (uuid, name) in enumerate(zip(CAMPAIGNS[1:], NAMES[1:], strict=True)):
        begun = NOW - timedelta(days=9 - 4 * number, hours=3)
        asked = [one for reader in range(SENT // 2) for one in _asked(chance, reader)]
        lines += [(begun + timedelta(seconds=one.after), uuid, one) for one in asked]
        views = sum(not one.link for one in asked)
        known[uuid] = Campaign(number, uuid, name, "finished", SENT, begun, None, views, len(asked) - views)
    text = [
        opens.line(at, uuid, f"9e107d9d-372b-4b68-a1f0-{one.person:012x}", one)
        for at, uuid, one in sorted(lines, key=lambda line: line[0])
    ]
    path.write_text("".join(text), "utf-8")
    return known


def _asked(chance: random.Random, reader: int) -> Iterator[Asked]:
    """What one reader's letter is asked for."""
    client = f"192.0.2.{chance.randrange(250)}"
    late = chance.expovariate(1 / 20_000) + 60
    match chance.choices([way for way, _ in WAYS], [often for _, often in WAYS])[0]:
        case "apple":
            yield Asked(late, reader, opens.APPLE, client)
        case "gmail":
            yield Asked(late, reader, opens.GMAIL, client)
        case "prefetch":
            yield Asked(chance.uniform(20, 60), reader, opens.PREFETCH, client)
            yield Asked(late, reader, opens.GMAIL, client)
        case "soon":
            yield Asked(chance.uniform(1, 12), reader, opens.SCANNER, client)
        case "scanner":
            for link in range(4):
                yield Asked(40 + link / 2, reader, opens.SCANNER, client, link)
        case "reader":
            yield Asked(late, reader, opens.READER, client)
        case "clicker":
            yield Asked(late, reader, opens.PHONE, client)
            yield Asked(late + 15, reader, opens.PHONE, client, chance.randrange(1, 4))


async def main() -> None:
    """Make them all."""
    green = {"state": "green", "why": ""}
    parts = {"listmonk": {"state": "green", "why": "Listmonk v6.2.0"}, "webhook:sendamatic": green}
    counted = {"bouncestream_listmonk_restarts_total": 1.0, "bouncestream_listmonk_lost_total": 24.0}
    running = Running(True, True, parts | {"mailbox:bounces": green}, counted)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        known, made = read(log), filled(Path(folder) / "outbox.db")
        made = replace(made, dashboard=replace(made.dashboard, access_log=(str(log),)))
        async with opened(made, Clock(), running, campaigns=known) as browser, chromium() as tab:
            await browser.log_in()
            await tab.cookie(browser.url, "bouncestream", browser.cookies["bouncestream"])
            for name, place, width, height, dark in (
                ("dashboard-now", "/", 1100, 980, False),
                ("dashboard-domains", "/domains", 1100, 720, True),
                ("dashboard-opens", "/opens", 1100, 940, False),
                ("dashboard-event", f"/events/{EVENTS + 1}", 1100, 1150, False),
            ):
                await tab.look(width, height, dark=dark)
                await tab.open(browser.url + place)
                await tab.picture(FOLDER / f"{name}.png")
                print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(main())
