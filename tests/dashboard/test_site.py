# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from bouncestream.config.model import ListmonkLog, Mailbox, Webhook
from bouncestream.config.smtp import Smtp
from bouncestream.dashboard.site import PAGES, maker, tabs
from bouncestream.dashboard.texts import ENGLISH
from tests.dashboard.stage import Browser, config, opened


def test_what_is_where() -> None:
    assert maker("/") is PAGES["/"]
    for path in ("", "//", "/nothing", "/events/", "/events/1/2", "/../", "/login/x"):
        assert maker(path) is None
    assert {place for place, _ in tabs(ENGLISH)} <= PAGES.keys()


async def test_each_page_of_the_navigation_is_there_on_an_empty_outbox(
    browser: Browser, conn: sqlite3.Connection
) -> None:
    await browser.log_in()
    for place, name in tabs(ENGLISH):
        answer = await browser.get(place)
        assert answer.status == 200, place
        page = answer.page
        assert f"<title>{name} · bouncestream</title>" in answer.text
        assert page.headings[0] == 1
        assert page.headings.count(1) == 1
        steps = zip(page.headings, page.headings[1:], strict=False)
        assert all(below <= above + 1 for above, below in steps), f"{place}: {page.headings}"
    assert (await browser.get("/nothing")).status == 404
    assert "no such page" in (await browser.get("/nothing")).page.text


async def test_every_source_can_be_chosen_in_the_search(path: Path, conn: sqlite3.Connection) -> None:
    sources = {"webhooks": {"hook": Webhook()}, "mailboxes": {"box": Mailbox()}, "smtp": {"door": Smtp()}}
    for log in (False, True):
        made = replace(config(path), listmonk_log=ListmonkLog(enabled=log), **sources)  # type: ignore[arg-type]
        async with opened(made) as browser:
            await browser.log_in()
            text = (await browser.get("/events")).text
        for name, there in (("hook", True), ("box", True), ("door", True), ("listmonk_log", log)):
            assert (f'<option value="{name}">' in text) is there, name
