# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import uuid

from bouncestream.sandbox.model import Letter

CAMPAIGN = str(uuid.uuid4())


async def test_a_campaign_is_sent_over_http(make):
    rig = await make(campaigns={CAMPAIGN: Letter("News")})
    told = {"campaign": CAMPAIGN, "refuse": {"u3@example.com": '550 5.1.1 "gone"'}}
    assert await rig.call("POST", "/sandbox/send", told) == (200, {"data": {"sent": 1199}})
    _, body = await rig.call("GET", "/api/logs")
    begun, line, ended = body["data"]
    assert begun.endswith(": start processing campaign (News)")
    assert ended.endswith(": campaign (News) finished")
    assert line.endswith(r'error sending message in campaign News: subscriber 3: 550 "5.1.1 \"gone\""')
    for odd in ({}, {"campaign": 5}, {"campaign": CAMPAIGN, "refuse": {"a": 5}}, {"campaign": str(uuid.uuid4())}):
        status, _ = await rig.call("POST", "/sandbox/send", odd)
        assert status == 400


async def test_a_restart_empties_the_log(make):
    rig = await make(campaigns={CAMPAIGN: Letter("News")})
    await rig.call("POST", "/sandbox/send", {"campaign": CAMPAIGN, "refuse": {"u3@example.com": "550 gone"}})
    rig.sandbox.listmonk.restart()
    _, body = await rig.call("GET", "/api/logs")
    assert body["data"] == []
