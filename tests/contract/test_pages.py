# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: the pages that readers meet, as a probe through a reverse proxy has to see them too."""

from __future__ import annotations

import pytest

ZERO = "00000000-0000-0000-0000-000000000000"
HTML = "text/html"


async def look(listmonk, path, method="GET"):
    """Status, type, whether robots are told to stay away, and the Location, of a path taken as it is."""
    from yarl import URL

    url = URL(listmonk.url + path, encoded=True)
    async with listmonk.session.request(method, url, allow_redirects=False) as response:
        headers = response.headers
        kind = headers.get("Content-Type", "").partition(";")[0]
        robots = "noindex" in headers.get("X-Robots-Tag", "")
        return response.status, kind, robots, headers.get("Location", ""), await response.read()


async def test_the_pixel(listmonk):
    status, kind, robots, _, body = await look(listmonk, f"/campaign/{ZERO}/{ZERO}/px.png")
    assert (status, kind, robots, body[:8]) == (200, "image/png", True, b"\x89PNG\r\n\x1a\n")
    async with listmonk.session.get(f"{listmonk.url}/campaign/{ZERO}/{ZERO}/px.png") as response:
        assert response.headers["Cache-Control"] == "no-cache"
        assert "Date" in response.headers


@pytest.mark.parametrize(
    ("path", "status", "robots"),
    [
        (f"/campaign/{ZERO}/nope/px.png", 400, True),
        (f"/campaign/%30{ZERO[1:]}/{ZERO}/px.png", 400, True),
        (f"/campaign/{ZERO}%2F{ZERO}/px.png", 400, True),
        (f"/campaign/{ZERO}/{ZERO}/px.png/", 404, False),
        (f"//campaign/{ZERO}/{ZERO}/px.png", 404, False),
        (f"/link/{ZERO}/{ZERO}/{ZERO}", 400, True),
        (f"/link/x/{ZERO}/{ZERO}", 400, True),
        (f"/link/{ZERO}", 404, False),
        (f"/campaign/{ZERO}/{ZERO}", 404, True),
        ("/campaign/x/y", 400, True),
        (f"/subscription/{ZERO}/{ZERO}", 404, True),
        ("/subscription/a%20b%C3%BC/x", 400, True),
        (f"/subscription/optin/{ZERO}", 404, True),
        ("/subscription/optin/x", 400, True),
        ("/subscription/form", 200, False),
        ("/archive", 200, False),
        ("/track/open", 404, False),
        ("/track/link", 404, False),
        ("/nosuch", 404, False),
    ],
)
async def test_pages(listmonk, path, status, robots):
    found = await look(listmonk, path)
    assert found[:3] == (status, HTML, robots)
    assert b"listmonk.app" in found[4]


async def test_a_link_that_nobody_has_is_told_in_words(listmonk):
    assert b"code=400, message=Invalid link" in (await look(listmonk, f"/link/{ZERO}/{ZERO}/{ZERO}"))[4]


async def test_escapes_in_a_query_do_not_matter_to_the_pixel(listmonk):
    found = await look(listmonk, f"/campaign/{ZERO}/{ZERO}/px.png?x=%26%C3%BC+%25")
    assert found[:2] == (200, "image/png")


async def test_the_admin_asks_for_a_login_and_repeats_the_path_as_sent(listmonk):
    found = await look(listmonk, "/admin/a%20b%C3%BC?c=%26%3D&d=+")
    assert (found[0], found[3]) == (
        307,
        "/admin/login?next=%2Fadmin%2Fa%2520b%25C3%25BC%3Fc%3D%2526%253D%26d%3D%2B",
    )


async def test_head_of_a_page_is_404(listmonk):
    for path in (f"/campaign/{ZERO}/{ZERO}/px.png", f"/link/{ZERO}/{ZERO}/{ZERO}", "/subscription/form"):
        assert (await look(listmonk, path, "HEAD"))[0] == 404
