# SPDX-License-Identifier: GPL-3.0-or-later
"""What `check` and `init` try of Listmonk: does it answer, does it know us, does it take bounces, what may we do.

With its bounce webhooks off it answers 404 to whoever posts there, wrong token or right: who we are is then asked
of `/api/profile`. What could not be told is never shown as well. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bouncestream.cli.tries import PATIENCE, Line
from bouncestream.errors import SinkError, SinkRefused
from bouncestream.ports import Answer, Capabilities, PostOutcome
from bouncestream.relay.breaker import advice
from bouncestream.sinks.listmonk.client import ListmonkClient
from bouncestream.sinks.listmonk.permissions import PERMISSIONS, Granted, Permission, granted

_SIGNS: Mapping[str, str] = {"error": "✘", "warning": "⚠", "info": "·"}
_PROCESSING, _WEBHOOKS = "Enable bounce processing", "Enable bounce webhooks"


async def listmonk(url: str, user: str, token: str) -> list[Line]:
    """What was found, in words, with the fix."""
    client = ListmonkClient(
        url, user, token, instance="", post_timeout=PATIENCE, read_timeout=PATIENCE, connections=1
    )
    try:
        probe = await client.probe()
        if probe.outcome in (PostOutcome.NOT_SENT, PostOutcome.BUSY) or (
            probe.outcome is PostOutcome.UNKNOWN and probe.status != 503
        ):
            why = probe.words or f"it answers {probe.status}"
            fix = "start Listmonk, or correct [listmonk] url: it is the address as seen from this machine"
            return [Line("✘", f"Listmonk at {url} cannot be asked: {why}", fix, unexamined=True)]
        if probe.outcome is PostOutcome.FOREIGN or (probe.outcome is PostOutcome.DENIED and _not_let_in(probe)):
            return [Line("✘", f"Listmonk at {url}: nothing can be delivered", advice(probe))]
        try:
            profile: Mapping[str, Any] | None = await client.profile()
        except SinkRefused as refused:
            if not _before_profiles(refused):
                return _unknown_there(url, user, probe, refused)
            profile = None
        return await _known(client, url, user, probe, profile)
    except SinkError as error:
        fix = "is [listmonk] url Listmonk itself, and is its database up? See its log"
        return [Line("✘", f"Listmonk at {url} answered, but then failed: {error}", fix, unexamined=True)]
    finally:
        await client.close()


def _not_let_in(answer: Answer) -> bool:
    return answer.status in (401, 403) and "permission denied" not in answer.words


def _before_profiles(refused: SinkRefused) -> bool:
    """Listmonk 3 lets us in, and has no such call."""
    return refused.status == 404 and "unknown endpoint" in refused.why


def _unknown_there(url: str, user: str, probe: Answer, refused: SinkRefused) -> list[Line]:
    """Who answers there does not know us, or is not Listmonk."""
    if refused.status not in (401, 403):
        fix = "point [listmonk] url at Listmonk itself, without a path, not at a proxy or another site"
        return [Line("✘", f"{url} is not Listmonk: it answers {refused.status} to /api/profile", fix)]
    fix = (
        f"check [listmonk] user and token: in Listmonk, Admin, Users, is there a user {user} of type API, and "
        "is it enabled? A new token is shown once"
    )
    lines = [Line("✘", f"Listmonk at {url} refuses the API user {user} or its token: {refused.why}", fix)]
    return lines + ([_switches(processing=None)] if probe.status == 404 else [])


async def _known(
    client: ListmonkClient, url: str, user: str, probe: Answer, profile: Mapping[str, Any] | None
) -> list[Line]:
    capabilities = await client.capabilities()
    lines = [Line("✔", f"Listmonk {capabilities.version} at {url} answers, and knows {user}".replace("  ", " "))]
    if probe.status == 404:
        lines.append(_switches(processing=capabilities.processing if capabilities.counts is not None else None))
    elif not capabilities.processing:
        fix = f"switch it on: Settings, Bounces, {_PROCESSING}"
        lines.append(Line("✘", "Listmonk's bounce processing is off: nothing is delivered", fix))
    elif probe.outcome is not PostOutcome.REFUSED and probe.status != 403:
        lines.append(Line("✘", "Listmonk takes no bounces", advice(probe)))
    lines += _permissions(capabilities, granted(profile, _version(capabilities.version)), user, probe)
    if capabilities.counts:
        counts = ", ".join(f"{kind} at {count}" for kind, count in capabilities.counts.items())
        text = (
            f"Listmonk's counts are {counts}: it stores no more of a subscriber; its actions: `bouncestream doctor`"
        )
        lines.append(Line("·", text))
    if not await client.boot_id():
        fix = "keep `?v={{ .AssetVersion }}` behind the style sheets of your templates"
        text = "Listmonk's pages show no mark of its start (custom templates?): restarts are noticed later"
        lines.append(Line("⚠", text, fix))
    return lines


def _switches(*, processing: bool | None) -> Line:
    """That the bounce webhooks are off, and whether processing is too; None: not known."""
    text = {
        True: "Listmonk takes no bounces: its bounce webhooks are off",
        False: "Listmonk takes no bounces: its bounce processing and its bounce webhooks are off",
        None: "Listmonk takes no bounces: its bounce webhooks are off, and on a fresh one bounce processing is too",
    }[processing]
    what = _WEBHOOKS if processing else f"{_PROCESSING} and {_WEBHOOKS}"
    return Line("✘", text, f"in Listmonk: Settings, Bounces: switch on {what}, and save")


def _permissions(capabilities: Capabilities, may: Granted, user: str, probe: Answer) -> list[Line]:
    return [_permission(one, _lacking(one, capabilities, may, probe), user) for one in PERMISSIONS]


def _lacking(one: Permission, capabilities: Capabilities, may: Granted, probe: Answer) -> tuple[str, ...] | None:
    """What has to be granted; None: nobody can tell."""
    if lacks := may.lacks(one):
        return lacks
    untried = not one.power or (one.power == "post" and probe.status in (404, 503))
    if untried:
        return None if may.names is None else ()
    tried = getattr(capabilities, one.power)
    return one.names if tried is None or tried is False else ()


def _permission(one: Permission, lacking: tuple[str, ...] | None, user: str) -> Line:
    if lacking is None:
        return Line(
            "·", f"whether the API user may {one.words} is not told by this Listmonk; without: {one.without}"
        )
    if not lacking:
        return Line("✔", f"the API user may {one.words}: {one.buys}")
    fix = f"in Listmonk: Admin, Users, User roles, the role of {user}: grant {' and '.join(lacking)}"
    return Line(_SIGNS[one.level], f"the API user lacks {' and '.join(lacking)}: {one.without}", fix)


def _version(text: str) -> tuple[int, ...]:
    first = text.lstrip("v").partition(".")[0]
    return (int(first),) if first.isascii() and first.isdigit() else ()
