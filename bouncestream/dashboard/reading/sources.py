# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources: how each stands, what it has to be told at its provider, and its last requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from bouncestream import providers
from bouncestream.config.model import Config
from bouncestream.dashboard.reader import Pages
from bouncestream.doctor.areas.webhooks import where
from bouncestream.outbox import codec
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.providers._contract import Guide
from bouncestream.survey.running import Running
from bouncestream.survey.status import status

#: Requests that are shown of a source, and those among which they are looked for.
LAST, _AMONG = 5, 2_000

#: What stands for the secret of a webhook.
SECRET = "SECRET"  # noqa: S105 - the word for it


@dataclass(frozen=True, slots=True)
class Request:
    """A request or mail that came in."""

    at: datetime
    type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source. `guide` and `steps` are those of its provider; None and empty for a mailbox."""

    state: Mapping[str, Any]  #: as `survey.status` has it
    title: str = ""  #: of the provider
    url: str = ""
    guide: Guide | None = None
    steps: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    requests: tuple[Request, ...] | None = ()  #: None: not read in time


def read_sources(pages: Pages, config: Config, running: Running, now: datetime) -> tuple[Source, ...]:
    """Read them. Raises StoreError."""
    found = pages.read_status(partial(status, config=config, running=running, now=now))
    requests = pages.if_in_time(_requests)
    return tuple(_source(config, state, requests) for state in found["sources"])


def _source(config: Config, state: Mapping[str, Any], requests: Mapping[str, list[Request]] | None) -> Source:
    name = state["name"]
    last = None if requests is None else tuple(requests.get(name, ())[:LAST])
    if state["type"] == "mailbox":
        return Source(state=state, folders=tuple(config.mailboxes[name].folders), requests=last)
    if state["type"] != "webhook":
        return Source(state=state, requests=last)
    hook = config.webhooks[name]
    provider, url = providers.get(hook.provider), where(config.server.public_url, hook)
    steps = tuple(provider.guide.told(hook, url, SECRET))
    return Source(state=state, title=provider.title, url=url, guide=provider.guide, steps=steps, requests=last)


def _requests(conn: Conn) -> dict[str, list[Request]]:
    """Source → its newest requests, the newest first."""
    found: dict[str, list[Request]] = {}
    for source, at, content_type, size in conn.execute(QUERIES["newest_requests"], {"most": _AMONG}):
        mine = found.setdefault(source, [])
        if len(mine) < LAST:
            mine.append(Request(codec.moment(at), content_type, size))
    return found
