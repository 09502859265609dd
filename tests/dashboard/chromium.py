# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser without a window, driven over its DevTools protocol (chromedevtools.github.io/devtools-protocol,
read in November 2026): what it loads, what it complains about, how wide a page gets, how it looks."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

PATIENCE = 60.0


def program() -> str:
    """The path of the browser; empty: there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")


@dataclass(eq=False)
class Tab:
    """A tab: what it asked for and complained about since it was cleared."""

    socket: aiohttp.ClientWebSocketResponse
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a call; events that come meanwhile are noted."""
        number = next(self._numbers)
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            told = await self._next()
            if told.get("id") == number:
                assert "error" not in told, f"{method}: {told['error']}"
                result: dict[str, Any] = told["result"]
                return result

    async def until(self, event: str) -> None:
        """Wait for an event."""
        while (await self._next()).get("method") != event:
            pass

    async def _next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            told: dict[str, Any] = await self.socket.receive_json()
        given = told.get("params", {})
        match told.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(given["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(given["exceptionDetails"].get("text")))
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(given["args"]))
            case "Log.entryAdded":
                self.complaints.append(str(given["entry"]["text"]))
        return told

    async def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """Be a screen of this size, light or dark."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])

    async def open(self, url: str) -> None:
        """Load a page."""
        self.requests.clear()
        self.complaints.clear()
        await self.call("Page.navigate", url=url)
        await self.until("Page.loadEventFired")

    async def value(self, script: str) -> Any:
        """The value of an expression in the page; of a promise, what it comes to."""
        told = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def cookie(self, url: str, name: str, value: str) -> None:
        """Have a cookie for a site."""
        await self.call("Network.setCookie", url=url, name=name, value=value)

    async def picture(self, path: Path, *, whole: bool = False) -> None:
        """Save a picture of what is seen; `whole`: of all of the page."""
        made = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(made["data"]))


@asynccontextmanager
async def chromium() -> AsyncIterator[Tab]:
    """A browser with one tab, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        options = (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        )
        process = await asyncio.create_subprocess_exec(
            program(),
            *options,
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                url = await _address(process)
            async with aiohttp.ClientSession() as session:
                async with session.get(f"{url}/json/list") as response:
                    page = next(one for one in await response.json() if one["type"] == "page")
                async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    tab = Tab(socket)
                    for domain in ("Page", "Network", "Runtime", "Log"):
                        await tab.call(f"{domain}.enable")
                    yield tab
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    """The URL of its DevTools, which it writes to its standard error."""
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if "DevTools listening on ws://" in line:
            return "http://" + line.partition("ws://")[2].partition("/")[0]
    raise AssertionError("the browser ended")
