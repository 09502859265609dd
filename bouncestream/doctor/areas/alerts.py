# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `alerts`: whether a person would be told. Each channel is tried without sending anything: Apprise reads the
URL, the e-mail server lets us in, the server of a webhook or heartbeat takes a connection."""

from __future__ import annotations

from collections.abc import Mapping

from bouncestream.alerts import channels
from bouncestream.config.alerting import Alerts
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import clean

TOPIC = "alerts"
FINDINGS: Mapping[str, str] = {
    "alerts-ok": "the alert channels work, as far as can be tested without sending anything",
    "alerts-none": "no alert channel is configured, so no alert is sent",
    "alerts-channel": "an alert channel or the heartbeat does not work",
}
#: Seconds for one channel: Apprise alone takes one or two to start.
PATIENCE = 8.0


async def collect(settings: Alerts) -> Mapping[str, str]:
    """Channel → why it cannot be used; empty: it can, as far as is seen."""
    return await channels.each(settings, lambda channel: channel.look(), channels.connect, within=PATIENCE)


def judge(seen: Mapping[str, str]) -> list[Finding]:
    """A finding for each channel that cannot be used."""
    found = [_unusable(name, why) for name, why in seen.items() if why]
    if not seen.keys() - {"heartbeat"}:
        text = "no alert channel is configured, so no alert is sent"
        fix = "set one in [alerts], [alerts.email] or [alerts.webhook]:\n\n    bouncestream config example"
        why = "Alerts appear only in the log, in /metrics and in `bouncestream status`."
        found.append(Finding("alerts-none", Level.INFO, TOPIC, text, why, fix))
    elif not found:
        text = f"{', '.join(map(_shown, seen))} work, as far as can be tested without sending anything"
        found.append(Finding("alerts-ok", Level.OK, TOPIC, text))
    return found


def _unusable(name: str, why: str) -> Finding:
    key = {"email": "[alerts.email]", "webhook": "[alerts.webhook] url", "heartbeat": "[alerts.heartbeat] url"}
    text = f"{_shown(name)} does not work: {clean(why, 300)}"
    fix = f"correct {key.get(name, '[alerts] apprise')}, then send a test alert:\n\n    bouncestream alert test"
    meaning = "It would not report a problem."
    return Finding("alerts-channel", Level.ERROR, TOPIC, text, meaning, fix, {"channel": clean(name, 60)})


def _shown(name: str) -> str:
    return clean(name, 60)
