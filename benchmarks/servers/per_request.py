# SPDX-License-Identifier: GPL-3.0-or-later
"""A commit per request: aiohttp and SQLite, durable before the answer as bouncestream is, but one event at a time.

What one writes first when told that a 200 must mean "on disk". It neither verifies nor looks for duplicates, which
is to its advantage. `PORT DATABASE`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys

import orjson
from aiohttp import web


def _server(path: str) -> web.Application:
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("CREATE TABLE outbox (id INTEGER PRIMARY KEY, recipient TEXT, kind TEXT, body BLOB)")
    lock = asyncio.Lock()

    def store(recipient: str, kind: str, body: bytes) -> None:
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("INSERT INTO outbox (recipient, kind, body) VALUES (?, ?, ?)", (recipient, kind, body))
        conn.execute("COMMIT")

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        event = orjson.loads(body)
        async with lock:
            await asyncio.to_thread(store, event["recipient"], event["kind"], body)
        return web.Response(body=b'{"accepted": 1}', content_type="application/json")

    app = web.Application()
    app.router.add_post("/webhooks/{name}", answer)
    return app


if __name__ == "__main__":
    web.run_app(_server(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
