# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the brake's own API user may pause campaigns."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bouncestream.config.brake import BrakeSettings
from bouncestream.config.model import Listmonk
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.areas.pausing import FINDINGS, collect, judge
from bouncestream.doctor.finding import Level
from bouncestream.doctor.probe.reply import Reply
from bouncestream.doctor.probe.web import Web
from bouncestream.sandbox import ApiUser, Sandbox, SandboxSettings

BRAKE = BrakeSettings(pause_campaign=True, user="pauser", token=Secret("its-own-token"))
SEND, ALL, OLD = "campaigns:send", "campaigns:manage_all", "campaigns:manage"


def profile(*names: str) -> Reply:
    told = {"data": {"user_role": {"permissions": list(names)}}}
    return replace(Reply("http://127.0.0.1:9000/api/profile"), status=200, body=json.dumps(told).encode())


@pytest.mark.parametrize(
    ("version", "names", "ident", "words"),
    [
        ((6, 2, 0), [SEND, ALL], "pause-ok", "may pause campaigns"),
        ((6, 2, 0), [ALL], "pause-permission", "lacks campaigns:send"),
        ((6, 2, 0), [], "pause-permission", "lacks campaigns:send and campaigns:manage_all"),
        ((5, 1, 0), [ALL], "pause-ok", "campaigns:manage_all"),
        ((5, 1, 0), [OLD], "pause-permission", "lacks campaigns:manage_all"),
        ((4, 1, 0), [OLD], "pause-ok", "campaigns:manage"),
    ],
)
def test_what_it_may(version: tuple[int, ...], names: list[str], ident: str, words: str) -> None:
    (one,) = judge(BRAKE, Listmonk(), profile(*names), version)
    assert (one.id, words in one.seen) == (ident, True)
    assert ident in FINDINGS
    assert one.level is (Level.OK if ident == "pause-ok" else Level.WARNING)


def test_the_bridges_own_user_should_not() -> None:
    brake = replace(BRAKE, user=Listmonk().user)
    assert [one.id for one in judge(brake, Listmonk(), profile(SEND, ALL), (6,))] == ["pause-shared"]


def test_a_listmonk_that_does_not_tell() -> None:
    assert judge(BRAKE, Listmonk(), Reply("http://127.0.0.1:9000/api/profile"), ()) == []


async def test_who_is_asked_about_is_the_brakes_own_user() -> None:
    users = {
        "bridge": ApiUser("bridge", "a-token"),
        "pauser": ApiUser("pauser", "its-own-token", frozenset({SEND, ALL})),
    }
    async with Sandbox(SandboxSettings(users=users)) as sandbox, Web() as web:
        settings = Listmonk(url=sandbox.url, user="bridge", token=Secret("a-token"))
        for brake, ident in ((BRAKE, "pause-ok"), (replace(BRAKE, token=Secret("another")), "pause-token")):
            reply = await collect(brake, settings, web)
            assert [one.id for one in judge(brake, settings, reply, (6, 2))] == [ident]
