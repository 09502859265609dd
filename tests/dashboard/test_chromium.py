# SPDX-License-Identifier: GPL-3.0-or-later
"""Each page in a real browser: at three widths, light and dark, it stays within the screen, complains about
nothing, asks nobody else, and axe (Deque's accessibility checks, axe-core) finds nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bouncestream import providers
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config
from bouncestream.dashboard.site import tabs
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.doctor.finding import Finding, Level
from bouncestream.event import Kind
from bouncestream.ports import State
from tests.dashboard.chromium import Tab, chromium, program
from tests.dashboard.markup import HOSTILE
from tests.dashboard.reading.test_event import take_mail
from tests.dashboard.stage import Browser, config, opened
from tests.doctor.logs.test_campaigns import clicked as clicked_by
from tests.doctor.logs.test_campaigns import opened as opened_by
from tests.outbox import make
from tests.outbox.make import NOW, later

pytestmark = [pytest.mark.process, pytest.mark.long, pytest.mark.timeout(600)]

#: A telephone; and a window, which is then made narrower. One is light, the other dark: that changes colours alone.
SCREENS = (((390,), False), ((1440, 768), True))
PAGES = (
    *(place for place, _ in tabs(ENGLISH, opens=True)),
    "/events/1",
    "/events/2",
    "/raw/1",
    "/events/99",
    "/nothing",
)
WORD = "a" * 300


@pytest.fixture(autouse=True)
def browser_is_there() -> None:
    if not program():
        message = "these tests need Chromium: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def axe() -> str:
    """The script of axe-core: that of the package, or of $AXE_CORE (axe.min.js of a newer one)."""
    if own := os.environ.get("AXE_CORE"):
        return Path(own).read_text("utf-8")
    return files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")


def filled(conn: sqlite3.Connection, path: Path) -> Config:
    """An outbox of odd and long things, and a configuration that knows its sources."""
    take_mail(conn)
    for number, text in enumerate((*HOSTILE, WORD)):
        told = text.encode("utf-8", "replace").decode()
        kind = [*Kind][number % 4]
        event = make.event(
            f"r{number}@{'very-' * 9}long.example.com", kind, source=f"hook-{number % 2}", reason="spam",
            diagnostic=told, evidence=told, campaign_uuid=make.CAMPAIGN, hold="unproven" if number % 5 == 0 else "",
        )  # fmt: skip
        make.submit(conn, event, source=f"hook-{number % 2}", now=later(days=-number))
    for row in make.claim(conn)[:9]:
        make.settle(conn, row.row, *((State.POSTED, State.VERIFIED) if row.row % 3 else (State.DEAD,)), now=NOW)
    hooks = {f"hook-{n}": replace(providers.webhook(f"hook-{n}", "sendamatic")) for n in range(2)}
    log = path.with_name("access.log")
    log.write_text("".join([opened_by(1), *(clicked_by(2, number) for number in range(4))]))
    logs = (str(log), f"/{'very-long-name-' * 12}.log")
    return replace(
        config(path, access_log=logs), webhooks=hooks, mailboxes={"mx": Mailbox(name="mx", host="x", user="x")}
    )


async def _check(_: Config) -> list[Finding]:
    fix = f"    {WORD}\n\nand more"
    return [Finding("tls-expires", Level.WARNING, "tls", f"it expires {WORD}", "Links break.", fix)]


@asynccontextmanager
async def seen(path: Path, conn: sqlite3.Connection) -> AsyncIterator[tuple[Tab, Browser]]:
    """A browser that is logged in."""
    async with opened(filled(conn, path), check=_check) as browser, chromium() as tab:
        await browser.log_in()
        await browser.press((await browser.get("/doctor")).page, "/doctor")
        await tab.cookie(browser.url, "bouncestream", browser.cookies["bouncestream"])
        yield tab, browser


async def test_no_page_overflows_complains_or_asks_anybody_else(path: Path, conn: sqlite3.Connection) -> None:
    async with seen(path, conn) as (tab, browser):
        for place in (*PAGES, "/login"):
            for widths, dark in SCREENS:
                await tab.look(widths[0], 900, dark=dark)
                await tab.open(browser.url + place)
                for width in widths:
                    await tab.look(width, 900, dark=dark)
                    wide = await tab.value("document.documentElement.scrollWidth")
                    assert wide <= width, f"{place} at {width} is {wide} wide"
                where = f"{place}{' dark' if dark else ''}"
                # what does not exist is answered 404, which Chromium notes
                told = [one for one in tab.complaints if "status of 404" not in one]
                assert told == [], where
                foreign = {urlsplit(one).netloc or urlsplit(one).scheme for one in tab.requests}
                assert foreign <= {urlsplit(browser.url).netloc, "data"}, f"{where}: {tab.requests}"
                assert await tab.value("document.scripts.length") == 0


async def test_the_style_sheet_is_applied_under_the_policy_and_nothing_else_would_be(
    path: Path, conn: sqlite3.Connection
) -> None:
    async with seen(path, conn) as (tab, browser):
        await tab.open(browser.url)
        assert await tab.value("getComputedStyle(document.querySelector('.card')).borderRadius") != "0px"
        await tab.value("document.body.insertAdjacentHTML('beforeend', '<img src=/x onerror=document.title=1>')")
        await tab.value(
            "const s = document.createElement('script'); s.text = 'document.title = 2'; document.body.append(s)"
        )
        await tab.value("document.body.style.setProperty('color', 'red')")
        assert await tab.value("document.title") == "Now · bouncestream"
        assert any("Content Security Policy" in one for one in tab.complaints)


async def test_axe_finds_nothing(path: Path, conn: sqlite3.Connection) -> None:
    script = axe()
    async with seen(path, conn) as (tab, browser):
        for place in (*PAGES, "/login"):
            for width, dark in ((390, True), (1440, False)):
                await tab.look(width, 900, dark=dark)
                await tab.open(browser.url + place)
                await tab.value(f"{script};0")
                found = await tab.value(
                    "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | ')))"
                )
                assert found == [], f"{place} at {width}{' dark' if dark else ''}"


async def test_the_keyboard_comes_first_to_the_content(path: Path, conn: sqlite3.Connection) -> None:
    async with seen(path, conn) as (tab, browser):
        await tab.look(1440, 900)
        await tab.open(browser.url)
        for kind in ("keyDown", "keyUp"):
            await tab.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        assert await tab.value("document.activeElement.getAttribute('href')") == "#content"
        assert await tab.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
