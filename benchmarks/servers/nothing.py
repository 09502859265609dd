# SPDX-License-Identifier: GPL-3.0-or-later
"""The do-nothing server: aiohttp as everyone uses it, reads the body and answers 200. Nothing else."""

from __future__ import annotations

import sys

from aiohttp import web


async def _answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=b'{"accepted": 1}', content_type="application/json")


def main() -> None:
    app = web.Application()
    app.router.add_post("/webhooks/{name}", _answer)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
