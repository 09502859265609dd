# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of Listmonk's that letters and logs are judged by: its root URL and the two privacy switches.

`GET /api/config` tells all three to any API user from Listmonk 6 on; before, the switches are in `/api/settings`
(`settings:get`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bouncestream.config.model import Listmonk
from bouncestream.doctor.campaign_mail.headers import Own

_LIMIT = 2 << 20


async def ask(settings: Listmonk) -> Own:
    """Ask it; within seconds, and never an exception."""
    from bouncestream.doctor.areas import campaigns  # aiohttp comes with it, and most are judged without
    from bouncestream.doctor.probe.web import Credentials, Web

    who, base = Credentials.of(settings), settings.url.rstrip("/")
    every = None
    async with Web() as web:
        config = _object((await web.get(f"{base}/api/config", who=who, limit=_LIMIT)).data())
        if config and campaigns.individual(config, None) is None:
            every = _object((await web.get(f"{base}/api/settings", who=who, limit=_LIMIT)).data())
    root = config.get("root_url")
    return Own(
        root if isinstance(root, str) else "",
        disabled=campaigns.disabled(config, every),
        individual=campaigns.individual(config, every),
    )


def _object(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}
