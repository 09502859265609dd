# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the brake: `[brake]`, declared as in `model`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bouncestream.brake import Threshold
from bouncestream.crypto.secret import Secret
from bouncestream.settings import shapes
from bouncestream.settings.key import key, secret_key
from bouncestream.settings.shapes import Shape, Wrong

_THRESHOLD = re.compile(r"(\d{1,7}) in (\S+(?: \S+)?) and (\d{1,3}(?:\.\d{1,4})?) ?%", re.ASCII)
#: The longest window: what is in it is kept in memory.
LONGEST = 24 * 3600.0


def _threshold(value: Any) -> Threshold | None:
    text = " ".join(shapes.any_text(value).lower().split())
    if text == "off":
        return None
    found = _THRESHOLD.fullmatch(text)
    if found is None:
        raise Wrong("is not a number, a time and a share")
    seconds = shapes.DURATION.parse(found[2])
    if int(found[1]) < 1:
        raise Wrong("has no number above zero")
    if not 1 <= seconds <= LONGEST:
        raise Wrong("has a time that is not between one second and one day")
    if float(found[3]) > 100:
        raise Wrong("has a share above 100%")
    return Threshold(int(found[1]), timedelta(seconds=seconds), float(found[3]) / 100)


THRESHOLD = Shape('a number, a time and a share, such as "50 in 10m and 5%", or "off"', _threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakeSettings:
    """The brake: what is alike among far too many hard bounces is held, so that a mail server that goes wrong does
    not get your list blocklisted. docs/operate/brake.md tells more."""

    hard: Threshold | None = key(
        THRESHOLD,
        '"50 in 10m and 5%"',
        "Hold hard bounces above this number in this time, and above this share of what the campaign has sent "
        "(where that is not known: above ten times the busiest usual hour of the source, and never below the "
        "number). Both must be exceeded. Those of one recipient domain are held above this number and this share "
        'of your readers there. "off" for no brake.',
    )
    pause_campaign: bool = key(
        shapes.TRUTH,
        "false",
        "Pause the running campaign in Listmonk when the brake begins. It is never resumed by bouncestream.",
    )
    user: str = key(
        shapes.TEXT, '"bouncestream-brake"', "Name of the API user that pauses campaigns, with campaigns:send."
    )
    token: Secret | None = secret_key(
        "Its token: one of its own, as a token that may pause campaigns may start them too. Listmonk 6 wants "
        "campaigns:send and campaigns:manage_all for it, Listmonk 5 campaigns:manage_all, "
        "Listmonk 4 campaigns:manage."
    )
