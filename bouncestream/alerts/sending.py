# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule about messages that Listmonk cannot send: one alert a cause, not one a message. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bouncestream.alerts.reading import HOUR, Reading, Rule, Verdict
from bouncestream.alerts.snapshot import Snapshot
from bouncestream.config.alerting import Alerts
from bouncestream.judging.refusal import CAUSES, EVERYBODY, MANY

#: From so many messages in an hour on.
AN_HOUR = 20


def _sending(s: Snapshot, _: Alerts) -> Sequence[Reading]:
    return [
        Reading(
            Verdict.BAD if n >= AN_HOUR else Verdict.BETWEEN if n > AN_HOUR // 2 else Verdict.FINE,
            cause,
            *_words(cause, n),
        )
        for cause, n in s.sending_hour.items()
    ]


def _words(cause: str, n: int) -> tuple[str, str]:
    look = (
        "Check the server's table of users and its logs. If they do not exist: `bouncestream outbox release "
        "--held-for operator`. If the server was wrong: `bouncestream outbox drop --held-for operator`."
    )
    if cause == EVERYBODY:
        return (
            f"Your SMTP server refused nearly every recipient: {n:,} in the last hour. They are held: nobody is "
            "blocklisted.",
            look,
        )
    if cause == MANY:
        return (
            f"Your SMTP server refused {n:,} recipients in the last hour, many within a minute, and how many it "
            "accepted is not known: the campaign is not found in Listmonk. They are held: nobody is blocklisted.",
            f"{look} If the token lacks campaigns:get_all, give it: they are weighed against what is sent then.",
        )
    return (
        f"Listmonk could not send {n:,} messages in the last hour by your SMTP server: {CAUSES[cause]}.",
        "See Listmonk's log (Settings, Logs) for the server's words, and correct Settings, SMTP. No recipient was "
        "counted as bounced for it.",
    )


SENDING: tuple[Rule, ...] = (
    Rule(
        "sending-failed",
        "error",
        "Listmonk cannot send",
        f"{AN_HOUR} messages in an hour could not be sent for one cause that is no recipient's, or nearly every "
        "recipient was refused, or many while it is not known how many were not",
        _sending,
        calm=HOUR,
    ),
)
