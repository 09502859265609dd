# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a listener answers, and whether a mail server can get at it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bouncestream.config.model import Config
from bouncestream.config.smtp import Smtp
from bouncestream.doctor.areas import smtp
from bouncestream.doctor.areas.smtp import ListenerFacts, collect, judge
from bouncestream.doctor.finding import Level
from tests.sources.smtp.conftest import TO, Begin, begin, config

__all__ = ["begin"]

FACTS = ListenerFacts(Smtp(name="mta", listen="unix:/x/y"), (TO,), "220 mx bouncestream", mode=0o660)


async def test_one_that_answers_is_well_and_says_for_whom(begin: Begin, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    await begin(listen=f"unix:{folder}/mta.sock", socket_mode=0o600)
    (seen,) = await collect(config(listen=f"unix:{folder}/mta.sock"))
    assert (seen.greeting[:4], seen.trouble, seen.mode) == ("220 ", "", 0o600)
    assert seen.closed
    found = judge([seen])
    assert [one.id for one in found] == ["smtp-ok", "smtp-folder", "smtp-recipients"]
    assert TO in found[-1].seen
    found = judge([replace(seen, closed="")])
    assert [one.id for one in found] == ["smtp-ok", "smtp-socket", "smtp-recipients"]
    assert "mode 0600" in found[1].seen


async def test_one_on_an_address_is_asked_too(begin: Begin) -> None:
    running = await begin()
    (seen,) = await collect(config(listen=f":{running.one.port}"))
    assert [one.id for one in judge([seen])] == ["smtp-ok", "smtp-recipients"]


async def test_where_nobody_answers_it_is_an_error(tmp_path: Path) -> None:
    for listen in (f"unix:{tmp_path}/none.sock", "127.0.0.1:1"):
        (found,) = judge(await collect(config(listen=listen)))
        assert (found.id, found.level) == ("smtp-unreachable", Level.ERROR)
        assert listen in found.seen


async def test_another_program_is_told_from_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    async def other(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx ESMTP Postfix\r\n")
        writer.close()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(smtp, "PATIENCE", 0.3)
    for handler, ident in ((other, "smtp-foreign"), (mute, "smtp-unreachable")):
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        (found,) = judge(await collect(config(listen=f"127.0.0.1:{port}")))
        assert found.id == ident
        server.close()
        await asyncio.sleep(0.05)  # the other side closes too


def test_one_that_takes_mail_for_nobody_is_a_warning() -> None:
    (_, told) = judge([replace(FACTS, taken_for=())])
    assert (told.id, told.level) == ("smtp-recipients", Level.WARNING)
    many = judge([replace(FACTS, taken_for=tuple(f"b{n}@example.org" for n in range(9)))])
    assert "and 4 more" in many[1].seen
    assert judge([]) == []


async def test_without_a_listener_nothing_is_asked() -> None:
    assert await collect(Config()) == []
