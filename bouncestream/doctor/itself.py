# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `bouncestream`: whether feedback can come in, and whether what came in goes out.

The way to each webhook is proven by a signed request that stores nothing (`sources.selftest`): once small, once
larger than what nginx lets through by default.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from bouncestream.config.model import Config, Webhook
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.reply import Origin, Reply, clean, describe, evidence, origin, proxy_of
from bouncestream.doctor.snippets import indented
from bouncestream.doctor.target import Target, is_private
from bouncestream.doctor.web import Web
from bouncestream.errors import StoreError
from bouncestream.outbox.glance import Glance, glance
from bouncestream.sources import selftest

TOPIC = "bouncestream"
FINDINGS: Mapping[str, str] = MappingProxyType(
    {
        "bridge-ok": "bouncestream runs, and its parts are well",
        "bridge-not-running": "bouncestream does not run",
        "bridge-part": "a part of the running bouncestream does not work",
        "bridge-no-source": "no webhook and no mailbox is configured, so nothing can come in",
        "bridge-no-public-url": "[server] public_url is not set, so the way from outside cannot be tried",
        "webhook-ok": "a signed test reached the webhook through its public URL, and stored nothing",
        "webhook-unreachable": "the webhook's public URL does not reach bouncestream",
        "webhook-not-https": "the webhook's public URL is not https",
        "webhook-unknown": "bouncestream does not know the webhook under its public URL",
        "webhook-refused": "the webhook refuses the test: the secret or the clock differ",
        "webhook-allow-ips": "allow_ips keeps out the test, as it should",
        "webhook-body-limit": "the proxy refuses bodies that bouncestream would take",
        "webhook-sender": "the webhook sees every request come from the proxy",
        "webhook-unproven": "a webhook without secret cannot be tried without storing something",
        "outbox-missing": "there is no outbox yet",
        "outbox-unreadable": "the outbox cannot be read",
        "outbox-ok": "the outbox has room and is worked off",
        "outbox-disk": "the disk of the outbox is nearly full",
        "outbox-wal": "the write-ahead log of the outbox has grown large",
        "outbox-oldest": "an event has waited for its delivery for long",
        "outbox-dead": "dead letters wait for a person",
        "outbox-quarantine": "unreadable input waits in quarantine",
        "outbox-clock": "the newest event is from the future: the clock was turned back",
        "source-newest": "when each source was last heard of",
    }
)
#: Bytes of the large self-test: above nginx's default of 1 MiB, below our own default of 10 MiB.
LARGE = 1_200_000
#: Free bytes below which a person should know; and below which nothing is taken in (`outbox.intake`).
LITTLE, NOTHING = 512 << 20, 64 << 20
WAL = 256 << 20
OLDEST, CLOCK = 900.0, 120.0


@dataclass(frozen=True, slots=True)
class Way:
    """What came of trying one webhook through its public URL."""

    name: str
    small: Reply | None = None  #: the signed self-test; None where there is no secret to sign with
    large: Reply | None = None
    bare: Reply | None = None  #: a GET
    checks_sender: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of bouncestream itself."""

    public: Target | None = None
    running: Reply | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    ways: Sequence[Way] = ()
    sources: Sequence[str] = ()
    outbox: str = ""
    holds: Glance | None = None
    trouble: str = ""  #: why the outbox could not be read
    missing: bool = False
    free: int | None = None
    at: datetime | None = None


async def collect(config: Config, web: Web, now: datetime) -> Seen:
    """Ask the running bridge, go in by the public URL, and look at the outbox."""
    public = Target.read(config.server.public_url) if config.server.public_url else None
    host, port = config.server.address
    near = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared only
    near = f"[{near}]" if near and ":" in near and not near.startswith("[") else near
    base = f"http://{near}:{port}"
    running = asyncio.create_task(web.get(f"{base}/healthz"))
    ready = asyncio.create_task(web.get(f"{base}/readyz"))
    ways = await asyncio.gather(*(_try(public, hook, web, now) for hook in config.webhooks.values() if public))
    path = Path(config.outbox.path)
    holds, trouble, missing = await asyncio.to_thread(_look, path, now)
    told = (await ready).json()
    parts = told.get("parts") if isinstance(told, dict) else None
    return Seen(
        public,
        await running if port else None,
        parts if isinstance(parts, dict) else {},
        ways,
        tuple(config.webhooks) + tuple(getattr(config, "mailboxes", ())),
        str(path),
        holds,
        trouble,
        missing,
        _free(path),
        now,
    )


async def _try(public: Target, hook: Webhook, web: Web, now: datetime) -> Way:
    secret = secret_of(hook)
    if secret is None:
        return Way(hook.name, bare=await web.get(f"{public.url}/webhooks/{hook.name}"))
    small = await post(web, public, hook, secret, b"selftest", now, 4.0)
    large = await post(web, public, hook, secret, b"x" * LARGE, now, 5.0) if small.status == 200 else None
    return Way(hook.name, small, large, checks_sender=bool(hook.allow_ips))


def secret_of(hook: Webhook) -> Secret | None:
    """The secret that a self-test of this webhook is signed with."""
    return next((one for one in (hook.secret, hook.token, hook.hmac_secret, hook.path_secret) if one), None)


async def post(
    web: Web, public: Target, hook: Webhook, secret: Secret, body: bytes, now: datetime, patience: float
) -> Reply:
    """A signed self-test, to where the provider posts. The reply is told without the secret of the path."""
    url = f"{public.url}/webhooks/{hook.name}"
    path = "" if hook.path_secret is None else "/" + quote(hook.path_secret.reveal(), safe="")
    headers = {"Content-Type": "application/json", **selftest.headers(secret, now, body)}
    reply = await web.get(url + path, method="POST", data=body, headers=headers, patience=patience)
    if not path:
        return reply
    shown = {name: value.replace(path, "/<path_secret>") for name, value in reply.headers.items()}
    told = reply.body.replace(path.encode(), b"/<path_secret>")
    return replace(reply, url=f"{url}/<path_secret>", headers=shown, body=told)


def _look(path: Path, now: datetime) -> tuple[Glance | None, str, bool]:
    if not path.exists():
        return None, "", True
    try:
        return glance(path, now), "", False
    except (StoreError, OSError) as error:
        return None, str(error), False


def _free(path: Path) -> int | None:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize


def judge(seen: Seen) -> list[Finding]:
    """The running bridge, each way in, the outbox."""
    return _bridge(seen) + _ways(seen) + _outbox(seen)


def _bridge(seen: Seen) -> list[Finding]:
    found = []
    alive = seen.running is not None and seen.running.status == 200 and seen.running.body.strip() == b"ok"
    if not alive and seen.running is not None:
        level = Level.INFO if seen.missing else Level.WARNING
        text = f"no bouncestream answers on this machine ({describe(seen.running)})"
        why = "Nothing comes in and nothing goes out while it does not run."
        fix = "start it:\n\n    systemctl enable --now bouncestream"
        found.append(Finding("bridge-not-running", level, TOPIC, text, why, fix))
    red = {name: part for name, part in seen.parts.items() if isinstance(part, dict) and part.get("state") == "red"}
    # These have areas of their own.
    elsewhere = {"listmonk", *(f"mailbox:{name}" for name in seen.sources)}
    well = not red.keys() - {"listmonk"}
    for name, part in red.items():
        if name in elsewhere:
            continue
        text = f"{clean(str(name), 60)} of the running bouncestream does not work"
        found.append(
            Finding("bridge-part", Level.ERROR, TOPIC, text, clean(str(part.get("why", "")), 300), "see its log")
        )
    if alive and well:
        found.append(Finding("bridge-ok", Level.OK, TOPIC, "bouncestream runs, and its parts are well"))
    if not seen.sources:
        text = "no webhook and no mailbox is configured"
        fix = "add one; this asks for what is needed:\n\n    bouncestream init"
        found.append(Finding("bridge-no-source", Level.INFO, TOPIC, text, "Nothing can come in.", fix))
    elif seen.public is None:
        text = "[server] public_url is not set, so nobody can try the way in from outside"
        fix = 'say where the Internet reaches this bridge:\n\n    [server]\n    public_url = "https://bounces.example.org"'
        found.append(Finding("bridge-no-public-url", Level.INFO, TOPIC, text, "", fix))
    return found


def _ways(seen: Seen) -> list[Finding]:
    public = seen.public
    if public is None:
        return []
    found = []
    if public.scheme != "https" and not is_private(public.host):
        text = f"{public.url} is not https"
        why = "Secrets and addresses of your subscribers travel readable."
        fix = "put a proxy with TLS before it, and correct [server] public_url and the URL at your provider"
        found.append(Finding("webhook-not-https", Level.WARNING, TOPIC, text, why, fix))
    for way in seen.ways:
        found.append(_way(public, way, seen))
    return _once(found)


def _once(found: Sequence[Finding]) -> list[Finding]:
    """The same trouble of several webhooks is one finding."""
    kept: dict[tuple[str, str], Finding] = {}
    for one in found:
        kept.setdefault((one.id, one.seen if one.level is Level.OK else one.why), one)
    return list(kept.values())


def _way(public: Target, way: Way, seen: Seen) -> Finding:
    url = f"{public.url}/webhooks/{way.name}"
    if way.small is None:
        return judge_bare(url, way.bare or Reply(url))
    answer = way.small.json()
    if way.small.status == 200 and isinstance(answer, dict) and answer.get("selftest") == "ok":
        return _body(public, way, answer, url)
    if way.small.status == 401 and isinstance(answer, dict) and "sender" in answer:
        return _kept_out(way, clean(str(answer["sender"]), 60), url)
    if way.small.status == 401:
        text = f"{url} refuses the signed test"
        why = "It reached a bouncestream, but one with another secret, or the clocks differ by more than 5 minutes."
        fix = "let the running bouncestream read this configuration:\n\n    systemctl restart bouncestream"
        return Finding("webhook-refused", Level.ERROR, TOPIC, text, why, fix, evidence(way.small))
    if way.small.status == 404 and way.small.body.strip() == b"not found":
        text = f"{url} reaches a bouncestream that has no webhook {way.name}"
        why = "What the provider posts there is refused."
        fix = "let the running bouncestream read this configuration:\n\n    systemctl reload bouncestream"
        return Finding("webhook-unknown", Level.ERROR, TOPIC, text, why, fix, evidence(way.small))
    return _unreachable(url, way.small, seen.running)


def judge_bare(url: str, reply: Reply) -> Finding:
    """A GET of a webhook: bouncestream answers 405, whoever asks."""
    if reply.status == 405 and "POST" in reply.headers.get("allow", ""):
        text = f"{url} reaches bouncestream; without a secret to sign with, a delivery cannot be tried"
        return Finding("webhook-unproven", Level.INFO, TOPIC, text, evidence=evidence(reply))
    if reply.status == 404 and reply.body.strip() == b"not found":
        text = f"{url} reaches a bouncestream that has no webhook of this name"
        why = "What the provider posts there is refused."
        fix = "compare the name in the URL with the sections [webhooks.<name>] of its configuration"
        return Finding("webhook-unknown", Level.ERROR, TOPIC, text, why, fix, evidence(reply))
    return _unreachable(url, reply, None)


def _unreachable(url: str, reply: Reply, running: Reply | None) -> Finding:
    text = f"{url} does not reach bouncestream: {describe(reply)}"
    why = "What your provider posts there is lost, or comes late when it tries again."
    if reply.status in (502, 503, 504) and (running is None or running.status != 200):
        fix = "the proxy is there, bouncestream is not: start it\n\n    systemctl enable --now bouncestream"
    else:
        fix = f"let the proxy pass /webhooks/ of this site on to bouncestream; {_passing(reply)}"
    if origin(reply) is Origin.LISTMONK:
        text += " (the request went to Listmonk)"
    return Finding("webhook-unreachable", Level.ERROR, TOPIC, text, why, fix, evidence(reply))


def _passing(reply: Reply) -> str:
    if proxy_of(reply) == "caddy":
        lines = "handle /webhooks/* {\n    reverse_proxy 127.0.0.1:8025\n}"
        return f"Caddyfile, in the site:\n\n{indented(lines)}"
    return f"nginx, in the server block:\n\n{indented(_NGINX)}"


_NGINX = """\
location /webhooks/ {
    proxy_pass http://127.0.0.1:8025;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    client_max_body_size 10m;
}"""


def _body(public: Target, way: Way, answer: Mapping[str, Any], url: str) -> Finding:
    large = way.large
    if large is not None and large.status != 200 and not (large.trouble and not large.status):
        text = f"the proxy refuses a body of {LARGE:,} bytes: {describe(large)}"
        why = "Notifications with a returned mail in them are larger than that now and then: they are lost."
        if proxy_of(large) == "caddy":
            lines = "request_body {\n    max_size 10MB\n}"
            fix = f"Caddyfile, in the site {public.site}:\n\n{indented(lines)}"
        else:
            fix = f"nginx, in the location /webhooks/:\n\n{indented('client_max_body_size 10m;')}"
        return Finding("webhook-body-limit", Level.WARNING, TOPIC, text, why, fix, evidence(large))
    sender = clean(str(answer.get("sender", "")), 60)
    if way.checks_sender and sender and is_private(sender):
        return _sees_proxy(way.name, sender)
    text = f"{url}: a signed test of {LARGE:,} bytes got through, and stored nothing"
    return Finding("webhook-ok", Level.OK, TOPIC, text, evidence=evidence(way.small or Reply(url)))


def _kept_out(way: Way, sender: str, url: str) -> Finding:
    """The test is signed rightly, but `allow_ips` does not name where it seems to come from."""
    if sender and is_private(sender):
        return _sees_proxy(way.name, sender)
    who = sender or "an address that cannot be told"
    text = f"{url} was reached; allow_ips keeps out this machine ({who}), so a delivery cannot be tried from it"
    return Finding("webhook-allow-ips", Level.INFO, TOPIC, text, evidence={"sender": sender})


def _sees_proxy(name: str, sender: str) -> Finding:
    text = f"the webhook {name} sees the test come from {sender}: that is the proxy"
    why = "allow_ips compares that address, so it refuses everybody, or lets everybody in."
    lines = f'[server]\ntrusted_proxies = ["{sender}"]'
    fix = f"name the proxy, and let it send X-Forwarded-For:\n\n{indented(lines)}"
    return Finding("webhook-sender", Level.WARNING, TOPIC, text, why, fix, {"sender": sender})


def _outbox(seen: Seen) -> list[Finding]:
    if seen.missing:
        text = f"there is no outbox at {seen.outbox} yet: `bouncestream run` makes it"
        return [Finding("outbox-missing", Level.INFO, TOPIC, text), *_disk(seen)]
    if seen.holds is None:
        what, _, fix = seen.trouble.partition(" Next: ")
        why = "Events that wait in it cannot be seen."
        fix = fix or "run the doctor as the user of bouncestream:\n\n    sudo -u bouncestream bouncestream doctor"
        return [Finding("outbox-unreadable", Level.WARNING, TOPIC, clean(what, 300), why, fix), *_disk(seen)]
    found = _disk(seen) + _work(seen, seen.holds)
    if not any(one.level in (Level.WARNING, Level.ERROR) for one in found):
        events = sum(seen.holds.states.values())
        text = f"{seen.outbox} holds {events} events ({seen.holds.size / 2**20:.1f} MiB), and the disk has room"
        found.append(Finding("outbox-ok", Level.OK, TOPIC, text))
    return found


def _disk(seen: Seen) -> list[Finding]:
    if seen.free is None or seen.free >= LITTLE:
        return []
    level = Level.ERROR if seen.free < NOTHING else Level.WARNING
    text = f"the disk of {seen.outbox} has {seen.free / 2**20:.0f} MiB left"
    why = f"Below {NOTHING >> 20} MiB nothing is taken in: providers are told to try again later."
    fix = f"free space:\n\n    df -h {Path(seen.outbox).parent}\n    journalctl --vacuum-size=200M"
    return [Finding("outbox-disk", level, TOPIC, text, why, fix, {"free_bytes": seen.free})]


def _work(seen: Seen, holds: Glance) -> list[Finding]:
    found = []

    def add(name: str, level: Level, text: str, why: str, fix: str, **told: Any) -> None:
        found.append(Finding(name, level, TOPIC, text, why, fix, told))

    if holds.wal_size > WAL:
        why = "Something reads the database without an end, so the log cannot be written back, and fills the disk."
        fix = f"end what has it open:\n\n    fuser -v {seen.outbox}"
        add("outbox-wal", Level.WARNING, f"its write-ahead log has {holds.wal_size >> 20} MiB", why, fix)
    if holds.oldest_pending > OLDEST:
        minutes = holds.oldest_pending / 60
        why = "Listmonk does not hear of it: it may be away, or refuse."
        fix = "see what it says about its last attempt:\n\n    bouncestream outbox list --state pending"
        text = f"an event has waited for its delivery for {minutes:.0f} minutes"
        add("outbox-oldest", Level.WARNING, text, why, fix, seconds=round(holds.oldest_pending))
    if dead := holds.states.get("dead", 0):
        why = "Listmonk refused them for good, or they failed 8 times."
        fix = "look at them, and send them again:\n\n    bouncestream outbox list --state dead\n"
        fix += "    bouncestream outbox replay --dead"
        add("outbox-dead", Level.WARNING, f"{dead} dead letters", why, fix, dead=dead)
    if holds.quarantined:
        fix = "look at them:\n\n    bouncestream outbox list --quarantine"
        why = "What could not be read is kept, and can be replayed after an update."
        add("outbox-quarantine", Level.INFO, f"{holds.quarantined} items in quarantine", why, fix)
    newest = holds.newest
    if seen.at and newest and (ahead := (max(newest.values()) - seen.at).total_seconds()) > CLOCK:
        why = "Signatures are judged by the clock, and events keep their time."
        fix = "    timedatectl set-ntp true\n    timedatectl status"
        add("outbox-clock", Level.WARNING, f"the newest event is {ahead:.0f} s in the future", why, fix)
    if newest or seen.sources:
        told = {name: newest[name].isoformat() if name in newest else "" for name in {*newest, *seen.sources}}
        shown = ", ".join(
            f"{clean(name, 40)} {at[:16].replace('T', ' ') or 'never'}" for name, at in sorted(told.items())
        )
        add("source-newest", Level.INFO, f"last heard of (UTC): {shown}", "", "", sources=told)
    return found
