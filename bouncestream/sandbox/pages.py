# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages that readers of a newsletter meet: open pixel, click redirect, subscription pages, and what else
answers without credentials.

Statuses, types and `X-Robots-Tag` as seen on Listmonk 4.1.0, 5.1.0 and 6.2.0 (2026-11); the contract suite holds
them. Nothing is counted here. Paths are matched as they were sent: Listmonk does not decode escapes in them.
"""

from __future__ import annotations

import base64
from urllib.parse import quote_plus

from aiohttp import web

from bouncestream.sandbox.answers import page
from bouncestream.sandbox.listmonk import SandboxListmonk
from bouncestream.sandbox.model import UUID

#: One transparent point.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
_NOINDEX = {"X-Robots-Tag": "noindex"}


def public(listmonk: SandboxListmonk, method: str, raw_path: str) -> web.Response:
    """The answer to a request without credentials, for anything that is no API call; unknown paths get a 404."""
    path, _, query = raw_path.partition("?")
    known = _get(listmonk, path, query) if method == "GET" else None
    return known or page("404 - Not found", listmonk.boot_id, 404)


def _get(listmonk: SandboxListmonk, path: str, query: str) -> web.Response | None:
    boot_id = listmonk.boot_id
    match path.split("/")[1:]:
        case [""]:
            return page("listmonk", boot_id)
        case ["admin", "login"]:
            return page("Login", boot_id)
        case ["admin", *_]:
            wanted = quote_plus(f"{path}?{query}" if query else path)
            return web.Response(status=307, headers={"Location": f"/admin/login?next={wanted}"})
        case ["subscription", "form"]:
            return page("Subscribe", boot_id)
        case ["archive"]:
            return page("Mailing list archive", boot_id)
        case ["campaign", campaign, subscriber, "px.png"]:
            if _uuids(campaign, subscriber):
                headers = {"Content-Type": "image/png", "Cache-Control": "no-cache"}
                return web.Response(body=PIXEL, headers=headers | _NOINDEX)
            return _error(boot_id, 400, "Invalid UUID")
        case ["link", *marks] if len(marks) == 3:
            return _error(boot_id, 400, "code=400, message=Invalid link" if _uuids(*marks) else "Invalid UUID")
        case ["subscription", "optin", subscriber]:
            return _error(boot_id, 404 if _uuids(subscriber) else 400, "Not found")
        case ["campaign" | "subscription", *marks] if len(marks) == 2:
            return _error(boot_id, 404 if _uuids(*marks) else 400, "Not found")
        case ["public", "custom.css"]:
            return web.Response(text="", headers={"Content-Type": "text/css; charset=utf-8"})
    return None


def _uuids(*words: str) -> bool:
    return all(UUID.fullmatch(word) for word in words)


def _error(boot_id: str, status: int, words: str) -> web.Response:
    response = page(words, boot_id, status)
    response.headers.update(_NOINDEX)
    return response
