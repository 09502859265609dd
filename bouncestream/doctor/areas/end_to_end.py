# SPDX-License-Identifier: GPL-3.0-or-later
"""`doctor --write`: a test event goes the whole way, in by a webhook's public URL and out to Listmonk.

It is about an address that nobody has, so Listmonk keeps nothing of it; the outbox does, as of every event.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bouncestream.config.model import Config
from bouncestream.doctor.areas.webhooks import TOPIC, post, secret_of
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import Reply, clean, describe, evidence
from bouncestream.doctor.probe.target import Target
from bouncestream.doctor.probe.web import Web
from bouncestream.errors import StoreError
from bouncestream.outbox.place import place_of
from bouncestream.outbox.view import newest_about
from bouncestream.sources.webhook import selftest

FINDINGS: Mapping[str, str] = {
    "trial-ok": "a test event was received and delivered to Listmonk (--write)",
    "trial-waiting": "a test event was received, but its delivery is not settled yet (--write)",
    "trial-failed": "a test event could not be received or delivered (--write)",
    "trial-impossible": "no webhook has a public URL and a secret, so no test event can be sent (--write)",
}
#: Seconds to wait for Listmonk, and between two looks.
PATIENCE, EVERY = 6.0, 0.1
_OUT = ("verified", "unstored")


@dataclass(frozen=True, slots=True)
class EndToEndFacts:
    """The facts about the test event."""

    name: str = ""  #: of the webhook; empty: there is none to try
    reply: Reply | None = None
    state: str = ""
    why: str = ""


async def collect(config: Config, web: Web, now: datetime) -> EndToEndFacts:
    """Send it, and watch it in the outbox."""
    public = Target.read(config.server.public_url) if config.server.public_url else None
    hooks = sorted(config.webhooks.values(), key=lambda one: bool(one.allow_ips))  # those may keep us out
    hook = next((one for one in hooks if secret_of(one)), None)
    secret = secret_of(hook) if hook is not None else None
    if public is None or hook is None or secret is None:
        return EndToEndFacts()
    mark = secrets.token_hex(16)
    reply = await post(web, public, hook, secret, selftest.asking_for(mark), now, 3.0)
    if reply.status != 200:
        return EndToEndFacts(hook.name, reply)
    state, why = "", ""
    try:
        async with asyncio.timeout(PATIENCE):
            while state not in (*_OUT, "dead", "held", "dropped"):
                await asyncio.sleep(EVERY)
                state, why = await asyncio.to_thread(
                    newest_about, place_of(config), selftest.recipient(mark), config.privacy.key
                )
    except TimeoutError:
        pass
    except StoreError as error:
        state, why = "", str(error)
    return EndToEndFacts(hook.name, reply, state, why)


def judge(seen: EndToEndFacts) -> list[Finding]:
    """The finding about the test event."""
    if seen.reply is None:
        fix = 'set both:\n\n    [server]\n    public_url = "https://bounces.example.org"'
        text = "no test event was sent: no webhook has a public URL and a secret"
        return [Finding("trial-impossible", Level.INFO, TOPIC, text, "", fix)]
    told = evidence(seen.reply) | {"state": seen.state, "why": clean(seen.why, 200)}
    answer = seen.reply.json()
    accepted = isinstance(answer, dict) and answer.get("accepted") == 1
    if seen.reply.status == 401 and isinstance(answer, dict) and "sender" in answer:
        text = f"no test event was sent: allow_ips of the webhook {seen.name} excludes this machine"
        return [Finding("trial-impossible", Level.INFO, TOPIC, text, evidence=told)]
    why = (
        f"{seen.state}: {clean(seen.why, 200)}" if seen.state else clean(seen.why, 200) or "it is not in the outbox"
    )
    if accepted and seen.state in _OUT:
        text = f"a test event was received at the webhook {seen.name} and delivered to Listmonk ({why})"
        return [Finding("trial-ok", Level.OK, TOPIC, text, evidence=told)]
    if accepted and seen.state in ("pending", "claimed", "posted"):
        text = f"a test event was received at the webhook {seen.name}; its delivery is not settled yet ({why})"
        fix = "check again in some minutes:\n\n    bouncestream outbox list --limit 5"
        return [Finding("trial-waiting", Level.INFO, TOPIC, text, "", fix, told)]
    said = why if accepted else describe(seen.reply)
    text = f"a test event at the webhook {seen.name} failed: {said}"
    fix = "see the findings about this webhook and Listmonk, and the event itself:\n\n"
    fix += "    bouncestream outbox list --limit 5"
    return [Finding("trial-failed", Level.ERROR, TOPIC, text, "A real event would fail too.", fix, told)]
