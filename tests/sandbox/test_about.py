# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sandbox tells about itself follows its settings; the shapes are in tests/contract."""

from __future__ import annotations


async def test_version_and_address(make):
    rig = await make(version="5.1")
    _, about = await rig.call("GET", "/api/about")
    assert about["version"] == "v5.1.0"
    _, config = await rig.call("GET", "/api/config")
    assert config["data"]["root_url"] == rig.sandbox.url


async def test_the_log_tells_what_was_dropped(rig):
    await rig.post(1, campaign_uuid="nope")
    await rig.post(1, email="nobody@example.com")
    await rig.sandbox.idle()
    _, body = await rig.call("GET", "/api/logs")
    assert [line.partition(": ")[2] for line in body["data"]] == [
        'error recording bounce: pq: invalid input syntax for type uuid: "nope"',
        "bounced subscriber ( / nobody@example.com) not found",
    ]
