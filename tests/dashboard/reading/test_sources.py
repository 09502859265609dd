# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from bouncestream import providers
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config, Server
from bouncestream.crypto.secret import Secret
from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.reading.sources import LAST, Source, read_sources
from bouncestream.judging.refusal import LOG
from bouncestream.outbox.view import view
from tests.dashboard.stage import RUNNING, config
from tests.outbox import make
from tests.outbox.make import NOW, later


def configured(path: Path) -> Config:
    hook = replace(providers.webhook("sendamatic", "sendamatic"), path_secret=Secret("a-secret-of-the-path"))
    return replace(
        config(path),
        server=Server(public_url="https://bounces.example.org"),
        webhooks={"sendamatic": hook},
        mailboxes={"mx": Mailbox(name="mx", host="imap.example.org", user="x", folders=("INBOX", "Junk"))},
    )


def read(path: Path) -> tuple[Source, ...]:
    with view(path) as outbox:
        return read_sources(Pages(outbox), configured(path), RUNNING, NOW)


def test_a_webhook_has_its_url_its_guide_and_its_last_requests(path: Path, conn: sqlite3.Connection) -> None:
    for number in range(LAST + 2):
        make.submit(conn, make.event(f"r{number}@example.com", source="sendamatic"), source="sendamatic")
    make.submit(conn, make.event("x@example.com", source="other"), source="other", now=later(hours=1))
    hook, box, log = read(path)
    assert hook.url == "https://bounces.example.org/webhooks/sendamatic/<path_secret>"
    assert hook.guide is not None
    assert hook.steps
    assert not any("a-secret-of-the-path" in step for step in hook.steps)
    assert hook.requests is not None
    assert len(hook.requests) == LAST
    assert (hook.requests[0].at, hook.requests[0].type) == (NOW, "application/json")
    assert (log.state["type"], log.guide, log.folders, log.requests) == (LOG, None, (), ())
    assert (box.guide, box.folders, box.requests) == (None, ("INBOX", "Junk"), ())
