# SPDX-License-Identifier: GPL-3.0-or-later
"""How a notice reads: as a subject line, as text, and as the JSON object of the webhook. Pure."""

from __future__ import annotations

from typing import Any

from bouncestream.alert import Notice, What

#: What Apprise calls the levels; it chooses colours and sounds by them.
APPRISE_TYPES = {"info": "info", "warning": "warning", "error": "failure", "ok": "success"}


def tone(notice: Notice) -> str:
    """The level that a notice is shown with: `ok` when it is over, or was only a test."""
    return "ok" if notice.what in (What.RESOLVED, What.TEST) else notice.level


def subject(notice: Notice, host: str) -> str:
    """The line for the subject of a mail or the title of a message."""
    sign = {"ok": "✔", "info": "·", "warning": "⚠", "error": "✘"}[tone(notice)]
    prefix = {What.RESOLVED: "resolved: ", What.REPEATED: "ongoing: "}.get(notice.what, "")
    return f"{sign} bouncestream on {host}: {prefix}{notice.title}"


def body(notice: Notice, host: str) -> str:
    """The text, for a person."""
    parts = [notice.text]
    if notice.fix and notice.what in (What.FIRED, What.REPEATED):
        parts.append(f"What to do: {notice.fix}")
    if notice.what is What.REPEATED and notice.since is not None:
        parts.append(f"Since {notice.since:%Y-%m-%d %H:%M} UTC.")
    end = f"bouncestream on {host}, {notice.at:%Y-%m-%d %H:%M:%S} UTC"
    if notice.rule:
        end += f", rule {notice.rule}, {notice.level}"
    return "\n\n".join([*parts, end])


def as_json(notice: Notice, host: str = "") -> dict[str, Any]:
    """The notice as the JSON webhook gets it, and `bouncestream status --json` shows it."""
    told = {
        "id": notice.id,
        "at": _time(notice.at),
        "event": notice.what.value,
        "rule": notice.rule,
        "subject": notice.subject,
        "level": notice.level,
        "title": notice.title,
        "text": notice.text,
        "fix": notice.fix,
        "since": _time(notice.since) if notice.since else None,
    }
    return {**told, "host": host} if host else told


def _time(at: Any) -> str:
    return str(at.isoformat(timespec="milliseconds")).replace("+00:00", "Z")
