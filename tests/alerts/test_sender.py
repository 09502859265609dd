# SPDX-License-Identifier: GPL-3.0-or-later
"""The sender by itself, as the process of its own runs it: it always answers, whatever goes wrong."""

from __future__ import annotations

import asyncio

import pytest

from bouncestream.alerts.sender import send
from tests.net.servers import says, serving, unused

MAIL = {
    "by": "email",
    "host": "127.0.0.1",
    "tls": "none",
    "user": "",
    "password": "",
    "sender": "bridge@example.org",
    "recipients": ["admin@example.org"],
    "title": "a title",
    "body": "a body",
}


async def why(**job: object) -> str:
    told = await asyncio.to_thread(send, MAIL | job)
    assert not told["sent"]
    return str(told["why"])


async def test_a_server_that_cannot_be_reached() -> None:
    with unused() as taken:
        assert await why(port=taken.getsockname()[1]) == "connection refused"
    assert await why(host="no-such-name.invalid", port=25) == "the host name is unknown"


async def test_the_wrong_kind_of_tls() -> None:
    async with serving(says(b"220 mail ESMTP\r\n")) as port:
        said = await why(port=port, tls="implicit")
    assert said == "the server does not speak TLS on this port; is this the right port for this kind of TLS?"


@pytest.mark.parametrize(
    ("greeting", "words"),
    [(b"", "closed the connection"), (b"554 go away\r\n", "answers 554 go away"), (b"\xff\xfe\r\n", "")],
)
async def test_a_server_that_says_something_else(greeting: bytes, words: str) -> None:
    async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)

    async with serving(speaks) as port:
        assert words in await why(port=port)


async def test_a_bug_is_an_answer_too() -> None:
    assert (await why(by="pigeon")).startswith("KeyError")
