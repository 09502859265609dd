# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole examination: areas that do not need each other at the same time, each within its limit.

Listmonk is asked first, since it knows the root URL; an operator's own `[listmonk] public_url` need not wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

from bouncestream import providers
from bouncestream.config.alerting import Alerts
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config, Listmonk
from bouncestream.config.outbox import Outbox
from bouncestream.doctor.areas import (
    alerts,
    bounces,
    bridge,
    campaigns,
    configuration,
    end_to_end,
    guides,
    listmonk,
    listmonk_db,
    mailbox,
    outbox,
    pages,
    pausing,
    pixel,
    ports,
    return_address,
    root_url,
    smtp,
    tls,
    unsubscription,
    webhooks,
)
from bouncestream.doctor.examination import Examination
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe import front, public
from bouncestream.doctor.probe.target import Target, from_outside, is_private
from bouncestream.doctor.probe.web import Credentials, Web
from bouncestream.judging.refusal import LISTMONK_LOG
from bouncestream.providers._settings import Webhook
from bouncestream.sinks.listmonk.permissions import by_id
from bouncestream.sources.mailfiles import NO_MAILBOX

#: Seconds: until what waits for Listmonk goes on without; for Listmonk; for names and ports; for what goes through
#: them; for the rest; for mailboxes.
FIRST, LISTMONK, DOOR, PUBLIC, OTHER, MAIL = 3.5, listmonk.PATIENCE + 0.5, 4.0, 7.0, 10.0, 13.0

ListmonkTask: TypeAlias = "asyncio.Task[listmonk.ListmonkFacts | None]"
BridgeTask: TypeAlias = "asyncio.Task[bridge.BridgeFacts | None]"


async def examine(config: Config, *, write: bool = False) -> list[Finding]:
    """Everything, with a configuration."""
    async with _examination() as it:
        asked, running = _first(it, config)
        works = [_public_side(it, config, asked, running), *_inside(it, config, asked, running, write=write)]
        await asyncio.gather(*works, *([_write(it, config)] if write else []))
        return it.in_order()


async def examine_inside(config: Config) -> list[Finding]:
    """The findings that `bouncestream check` tells, before a start: all but the public side and the campaigns."""
    async with _examination() as it:
        asked, running = _first(it, config)
        await asyncio.gather(_before_run(it, running), *_inside(it, config, asked, running))
        return it.in_order()


async def examine_listmonk(settings: Listmonk) -> list[Finding]:
    """The findings that `bouncestream init` tells of the Listmonk that it was told of."""
    async with _examination() as it:
        await _listmonk(it, Config(listmonk=settings), _ask(it, settings))
        return it.in_order()


async def examine_mailbox(box: Mailbox, outbox: str) -> list[Finding]:
    """The findings that `bouncestream init` tells of the mailbox that it was told of."""
    config = Config(outbox=Outbox(path=outbox), mailboxes={box.name: box})
    async with _examination() as it:
        seen = await it.within(MAIL, mailbox.TOPIC, mailbox.collect(config, it.web.names, it.now), [])
        it.judged(mailbox.TOPIC, lambda: mailbox.judge(seen, {}))
        return it.in_order()


async def examine_alerts(settings: Alerts) -> list[Finding]:
    """The findings that `bouncestream init` tells of the channels for alerts; nothing is sent."""
    async with _examination() as it:
        await _alerts(it, Config(alerts=settings))
        return it.in_order()


async def examine_webhook(public_url: str, hook: Webhook) -> list[Finding]:
    """The findings that `bouncestream init` tells of the way to a webhook by the public URL; nothing need run
    yet."""
    public = Target.read(public_url)
    assert public is not None
    async with _examination() as it:
        way = await it.within(
            OTHER, bridge.TOPIC, webhooks.attempt(public, hook, it.web, it.now), webhooks.Way(hook.name)
        )
        it.judged(bridge.TOPIC, lambda: webhooks.judge(public, [way], None, to_run=True))
        return it.in_order()


@asynccontextmanager
async def _examination() -> AsyncIterator[Examination]:
    async with Web() as web:
        yield Examination(web, datetime.now(UTC))


async def examine_outside(url: str, webhook_url: str = "") -> list[Finding]:
    """The findings that can be made without a configuration, from another machine."""
    target = Target.read(url)
    assert target is not None
    async with _examination() as it:
        # Only what cannot be anybody's root URL: which one Listmonk has is not to be seen from outside.
        names = it.web.names
        wrong = await it.within(DOOR, ports.TOPIC, front.is_wrong_port(target, names, front.LISTMONK), False)
        it.judged(
            root_url.TOPIC,
            lambda: [o for o in root_url.judge(url, target, wrong_port=wrong) if o.level is Level.ERROR],
        )
        works = [_public(it, target.without_port() if wrong else target, "", None, webhook_url)]
        if webhook_url:
            works.append(_webhook(it, webhook_url, target))
        await asyncio.gather(*works)
        return it.in_order()


def _ask(it: Examination, settings: Listmonk) -> ListmonkTask:
    collected = listmonk.collect(Credentials.of(settings), it.web)
    return asyncio.create_task(it.within(LISTMONK, listmonk.TOPIC, collected, None))


async def _early(asked: ListmonkTask) -> listmonk.ListmonkFacts | None:
    """What Listmonk has told in time for what comes after it; None: it has not."""
    await asyncio.wait({asked}, timeout=FIRST)
    return asked.result() if asked.done() else None


def _first(it: Examination, config: Config) -> tuple[ListmonkTask, BridgeTask]:
    """Listmonk and the running bridge, which others wait for."""
    running: BridgeTask = asyncio.create_task(
        it.within(OTHER, bridge.TOPIC, bridge.collect(config, it.web, it.now), None)
    )
    return _ask(it, config.listmonk), running


def _inside(
    it: Examination, config: Config, asked: ListmonkTask, running: BridgeTask, *, write: bool = False
) -> Iterator[Awaitable[None]]:
    """The areas that need no public address."""
    it.judged(configuration.TOPIC, lambda: configuration.judge(config.path, config.warnings))
    yield _delivery(it, config, asked, running)
    if config.mailboxes:
        yield _mailboxes(it, config, running, write=write)
    if config.smtp:
        yield _listeners(it, config)
    yield _alerts(it, config)


async def _public_side(it: Examination, config: Config, asked: ListmonkTask, running: BridgeTask) -> None:
    """The public address: the operator's own need not wait for Listmonk, which else knows it."""
    settings, hook = config.listmonk, first_hook(config)
    own = Target.read(settings.public_url) if settings.public_url else None
    works: list[Awaitable[None]] = [
        _letters(it, asked, config),
        _itself(it, running, own, asked, hook),
    ]
    if own is not None:
        works.append(_public(it, own, settings.url, asked, hook))
    await asyncio.gather(*works, _root(it, config, asked, own))


async def _delivery(it: Examination, config: Config, asked: ListmonkTask, running: BridgeTask) -> None:
    """Listmonk's own areas, and what they and the bridge tell together."""
    await _listmonk(it, config, asked)
    seen, own = await asked, await running
    if seen is None or own is None:
        return
    if not any(one.level is Level.ERROR and one.topic in (listmonk.TOPIC, bounces.TOPIC) for one in it.found):
        it.judged(bridge.TOPIC, lambda: bridge.judge_listmonk(own))
    if seen.known and own.outbox.new:
        rows = await it.within(LISTMONK, bridge.TOPIC, outbox.collect_former(seen.who, it.web), [])
        it.judged(bridge.TOPIC, lambda: outbox.judge_former(own.outbox, rows, own.sources))


async def _listmonk(it: Examination, config: Config, asked: ListmonkTask) -> None:
    seen = await asked
    if seen is not None:
        it.judged(listmonk.TOPIC, lambda: listmonk_db.eased(config, listmonk.judge(seen)))
        users = [(box.host, box.user) for box in config.mailboxes.values()]
        titles = {providers.get(hook.provider).title for hook in config.webhooks.values()}
        told = partial(bounces.judge, seen, users, own_sources(config), titles, soft_mode=config.policy.soft.mode)
        it.judged(bounces.TOPIC, lambda: listmonk_db.eased(config, told()))
        it.judged(bounces.TOPIC, lambda: bounces.judge_log(seen, enabled=config.listmonk_log.enabled))
        if seen.known:
            boxes, version = list(config.mailboxes.values()), seen.version
            it.judged(bounces.TOPIC, lambda: return_address.judge(config.mail, boxes, version))
            judged = partial(unsubscription.judge, config.mail, seen.settings, version, mailbox=bool(config.mailed))
            it.judged(bounces.TOPIC, judged)
            await _pausing(it, config, version)


async def _pausing(it: Examination, config: Config, version: tuple[int, ...]) -> None:
    brake = config.brake
    if brake.hard is None or not brake.pause_campaign or brake.token is None:
        return
    reply = await it.within(OTHER, pausing.TOPIC, pausing.collect(brake, config.listmonk, it.web), None)
    if reply is not None:
        it.judged(pausing.TOPIC, lambda: pausing.judge(brake, config.listmonk, reply, version))


async def _root(it: Examination, config: Config, asked: ListmonkTask, own: Target | None) -> None:
    """The root URL; and the public address, where only Listmonk knows it."""
    seen = await (_early(asked) if own is None else asked)
    root = seen.root_url if seen is not None else None
    if seen is not None:
        wrong = await _is_wrong_port(it, Target.read(root or ""), config.listmonk.url)
        it.judged(root_url.TOPIC, lambda: root_url.judge(root, own, wrong_port=wrong))
    if own is not None:
        return
    target = root_url.examined(root or "")
    if target is None or is_private(target.host):
        why = "the public address is unknown"
        if seen is None:
            why = f"Listmonk did not tell the public address within {FIRST:g} s"
        text = f"{why}, so pixel, links and TLS could not be tested"
        fix = 'set the address that your readers see in links:\n\n    [listmonk]\n    public_url = "https://news.example.com"'
        it.found.append(Finding("public-unknown", Level.INFO, "doctor", text, "", fix))
        return
    await _public(it, target, config.listmonk.url, asked, first_hook(config))


async def _alerts(it: Examination, config: Config) -> None:
    seen = await it.within(OTHER, alerts.TOPIC, alerts.collect(config.alerts), None)
    if seen is not None:
        it.judged(alerts.TOPIC, lambda: alerts.judge(seen))


async def _is_wrong_port(it: Examination, target: Target | None, listmonk_url: str) -> bool:
    """Whether no reader can come in by the port that a public address names."""
    if target is None or target.usual:
        return False
    listmonk_at = Target.read(listmonk_url)
    own_port = listmonk_at.port if listmonk_at is not None else front.LISTMONK
    return await it.within(DOOR, ports.TOPIC, front.is_wrong_port(target, it.web.names, own_port), False)


async def _write(it: Examination, config: Config) -> None:
    seen = await it.within(
        OTHER, bridge.TOPIC, end_to_end.collect(config, it.web, it.now), end_to_end.EndToEndFacts()
    )
    it.judged(bridge.TOPIC, lambda: end_to_end.judge(seen))


async def _letters(it: Examination, asked: ListmonkTask, config: Config) -> None:
    who = Credentials.of(config.listmonk)
    seen = await it.within(OTHER, campaigns.TOPIC, campaigns.collect(who, it.web), None)
    answers = await asked
    if seen is not None and answers is not None and answers.known:
        if not seen.campaigns and "lists:get_all" in answers.granted.lacks(by_id("permission-letters")):
            seen = replace(seen, campaigns=None)  # none is shown, whatever there is
        it.judged(campaigns.TOPIC, lambda: campaigns.judge(seen, answers.config, answers.settings, it.now))
        sent, version, read = seen.campaigns or (), answers.version, bool(config.mailed)
        it.judged(bounces.TOPIC, lambda: return_address.judge_campaigns(config.mail, sent, version, mailbox=read))
        judged = partial(unsubscription.judge_campaigns, config.mail, sent, answers.settings, version)
        it.judged(bounces.TOPIC, judged)


async def _mailboxes(it: Examination, config: Config, running: BridgeTask, *, write: bool) -> None:
    seen = await it.within(MAIL, mailbox.TOPIC, mailbox.collect(config, it.web.names, it.now, write=write), [])
    own = await running
    it.judged(mailbox.TOPIC, lambda: mailbox.judge(seen, own.parts if own is not None else {}))


async def _listeners(it: Examination, config: Config) -> None:
    seen = await it.within(OTHER, smtp.TOPIC, smtp.collect(config), [])
    it.judged(smtp.TOPIC, lambda: smtp.judge(seen))


async def _before_run(it: Examination, running: BridgeTask) -> None:
    seen = await running
    if seen is not None:
        it.judged(bridge.TOPIC, lambda: bridge.judge(seen, to_run=True))


async def _itself(it: Examination, running: BridgeTask, own: Target | None, asked: ListmonkTask, hook: str) -> None:
    seen = await running
    if seen is None:
        return
    there = seen.public
    if there is not None and not is_private(there.host) and (own is None or own.host != there.host):
        answers = await _early(asked)
        root = own or root_url.examined((answers.root_url if answers is not None else None) or "")
        if root is not None and not is_private(root.host):
            listmonk_url = answers.who.url if answers is not None else ""
            root = root.without_port() if await _is_wrong_port(it, root, listmonk_url) else root
        known = root.url if root is not None and not is_private(root.host) else ""
        door = await _door(it, there, from_outside(known, hook or f"{there.url}/webhooks/<name>"))
        if door is not None and not door.reachable:  # said, so it need not be said of each webhook
            it.judged(bridge.TOPIC, lambda: [o for o in bridge.judge(seen) if o.id != "webhook-unreachable"])
            return
    it.judged(bridge.TOPIC, lambda: bridge.judge(seen))


async def _door(it: Examination, target: Target, outside: str) -> front.Front | None:
    """Names, ports and certificate of an address. `outside`: the command that proves them from another machine."""
    door = await it.within(DOOR, ports.TOPIC, front.collect(target, it.web.names, (80,)), None)
    if door is None:
        return None
    shakes = await it.within(PUBLIC, tls.TOPIC, tls.collect(door), [])
    it.judged(root_url.TOPIC, lambda: root_url.judge_names(door, outside))
    it.judged(ports.TOPIC, lambda: ports.judge(door, ports.PortFacts(), outside))
    it.judged(tls.TOPIC, lambda: tls.judge(door, shakes, it.now))
    return door


async def _public(
    it: Examination,
    target: Target,
    listmonk_url: str,
    asked: ListmonkTask | None,
    hook: str = "",
) -> None:
    """Everything that goes through the public address. `hook`: the public URL of a webhook, for the command that
    proves all of it from outside."""
    if await _is_wrong_port(it, target, listmonk_url):
        target = target.without_port()  # told as the root URL's error; that port is never to be opened
    if target.scheme == "http":
        target = await it.within(DOOR, pixel.TOPIC, front.by_https(target, it.web), target)
    own = Target.read(listmonk_url) if listmonk_url else None
    door = await it.within(DOOR, ports.TOPIC, front.collect(target, it.web.names, ports.ports_to_try(own)), None)
    if door is None:
        return
    nothing = public.Public()
    seen, shakes, replies, local = await asyncio.gather(
        it.within(PUBLIC, ports.TOPIC, ports.collect(door, own, it.web), ports.PortFacts()),
        it.within(PUBLIC, tls.TOPIC, tls.collect(door), []),
        it.within(PUBLIC, pixel.TOPIC, public.collect(door, listmonk_url, it.web), nothing),
        it.within(PUBLIC, guides.TOPIC, _local(it.web, asked is not None), guides.Local()),
    )
    answers = await asked if asked is not None else None
    config = answers.config if answers is not None else {}
    if answers is None or not answers.known:
        replies = replace(replies, direct={})  # what answers there is not known to be Listmonk
    settings = answers.settings if answers is not None else None
    individual = campaigns.individual(config, settings)
    hooks = bool(bounces.own_hooks(settings))
    outside = from_outside(target.url, hook)
    it.judged(root_url.TOPIC, lambda: root_url.judge_names(door, outside))
    it.judged(ports.TOPIC, lambda: ports.judge(door, seen, outside))
    it.judged(tls.TOPIC, lambda: tls.judge(door, shakes, it.now))
    it.judged(guides.TOPIC, lambda: guides.judge(target, replies, local))
    if shakes and all(shake.failed for shake in shakes):
        return  # nothing can be asked behind a handshake that never comes about
    it.judged(pixel.TOPIC, lambda: pixel.judge(target, replies, listmonk_url, individual=individual))
    it.judged(
        pages.TOPIC,
        lambda: pages.judge(target, replies, listmonk_url, own_hooks=hooks, login_shown=seen.login_shown),
    )


async def _local(web: Web, here: bool) -> guides.Local:
    """The proxies of this machine, where it is the server's."""
    return await guides.collect(web) if here else guides.Local()


async def _webhook(it: Examination, url: str, root: Target) -> None:
    """A webhook from outside: the way is seen, but nothing is signed."""
    target = Target.read(url)
    assert target is not None
    reply = await it.web.get(target.url)
    if target.host != root.host:
        door = await _door(it, target, from_outside(root.url, url))
        if door is not None and not door.reachable:
            return
    it.judged(bridge.TOPIC, lambda: [webhooks.judge_bare(target.url, reply)])


def first_hook(config: Config) -> str:
    """The public URL of a webhook, without a secret of its path; '' where there is none."""
    name = next(iter(config.webhooks), "")
    return f"{config.server.public_url.rstrip('/')}/webhooks/{name}" if config.server.public_url and name else ""


def own_sources(config: Config) -> list[str]:
    """The names of all sources of this bridge, under which it posts."""
    return [*config.webhooks, *config.mailed, NO_MAILBOX, LISTMONK_LOG]
