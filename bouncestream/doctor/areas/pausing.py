# SPDX-License-Identifier: GPL-3.0-or-later
"""The pausing of campaigns: whether the brake's own API user may do it, before the brake has to.

Permissions as `sinks/listmonk/permissions.py` has them; `GET /api/profile` tells them to any API user.
"""

from __future__ import annotations

from collections.abc import Mapping

from bouncestream.config.brake import BrakeSettings
from bouncestream.config.model import Listmonk
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import Reply, describe
from bouncestream.doctor.probe.web import Credentials, Web
from bouncestream.errors import SinkError
from bouncestream.sinks.listmonk.permissions import granted, to_pause

TOPIC = "listmonk"
FINDINGS: Mapping[str, str] = {
    "pause-ok": "the brake's API user may pause campaigns",
    "pause-token": "Listmonk refuses the brake's API user or its token, so no campaign can be paused",
    "pause-permission": "the brake's API user may not pause campaigns",
    "pause-shared": "the API user that delivers bounces may also start campaigns, as the brake uses it",
}


async def collect(brake: BrakeSettings, listmonk: Listmonk, web: Web) -> Reply:
    """The answer about the brake's API user."""
    who = Credentials(listmonk.url, brake.user, brake.token.reveal() if brake.token else "")
    return await web.get(listmonk.url.rstrip("/") + "/api/profile", who=who)


def judge(brake: BrakeSettings, listmonk: Listmonk, reply: Reply, version: tuple[int, ...]) -> list[Finding]:
    """The findings; none where Listmonk does not tell who may do what."""
    if reply.status in (401, 403):
        text = f"Listmonk refuses the API user {brake.user}, who pauses campaigns ({describe(reply)})"
        why = "When the brake begins, the campaign goes on."
        fix = "see [brake] user and token: in Listmonk, Admin, Users, that of an API user of its own"
        return [Finding("pause-token", Level.WARNING, TOPIC, text, why, fix)]
    try:
        profile = reply.data()
        names = granted(profile if isinstance(profile, dict) else None, version).names
    except SinkError:
        names = None
    if names is None:
        return []
    found = []
    wanted = to_pause(version)
    if lacking := [name for name in wanted if name not in names]:
        text = f"the API user {brake.user} lacks {' and '.join(lacking)}"
        why = (
            "When the brake begins, the campaign goes on. It is for: campaigns are paused ([brake] pause_campaign)."
        )
        fix = f"in Listmonk: Admin, Users, User roles, the role of {brake.user}: tick {', '.join(lacking)}"
        found.append(Finding("pause-permission", Level.WARNING, TOPIC, text, why, fix, {"lacking": lacking}))
    if brake.user == listmonk.user:
        text = f"the brake pauses campaigns as {brake.user}, who also delivers bounces"
        why = "Who has this token can start campaigns, too; the bridge uses it for each bounce."
        fix = (
            "make a second API user in Listmonk for [brake] user and token, and take its permissions from this one"
        )
        found.append(Finding("pause-shared", Level.WARNING, TOPIC, text, why, fix))
    if not found:
        text = f"the API user {brake.user} may pause campaigns ({' and '.join(wanted)})"
        found.append(Finding("pause-ok", Level.OK, TOPIC, text))
    return found
