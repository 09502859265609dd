# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of watching and alerts: `[alerts]` and its parts, declared as in `model`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bouncestream.config.shown import shown
from bouncestream.crypto.secret import Secret
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key, live_secret
from bouncestream.settings.shapes import Shape, fitting

#: The rules that can be muted; a test ties them to the table in `alerts/rules`.
RULE_IDS = (
    "dead-letters",
    "sending-failed",
    "acknowledged-lost",
    "bridge-missing",
    "oldest-pending",
    "listmonk-paused",
    "listmonk-away",
    "events-lost",
    "doubled",
    "mailbox-login",
    "mailbox-away",
    "part-red",
    "silent-source",
    "bounce-surge",
    "brake",
    "quarantine",
    "unknown-uuids",
    "unproven-flood",
    "unproven-many",
    "webhooks-missed",
    "backfill-waits",
    "disk-low",
    "wal-large",
    "alerts-unsent",
    "doctor",
)

#: What is not a scheme of Apprise's, or the beginning of one.
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{1,30})://.+", re.ASCII)
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\\]{1,64}@[^\s@<>\"(),:;\\]{1,253}")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_RULE = re.compile(r"[a-z0-9-]{1,60}|doctor:[a-z0-9-]{1,60}", re.ASCII)


_address = fitting(_ADDRESS, "is not a bare e-mail address")
_rule = fitting(_RULE, "is not the id of a rule")

ADDRESS = Shape('an e-mail address, such as "postmaster@example.org"', _address)
ADDRESSES = Shape('a list of e-mail addresses, such as ["admin@example.org"]', shapes.each(_address), plain=False)
TIME = Shape('a time of day, such as "07:00"', fitting(_TIME, "is not a time of day"))
RULES = Shape('a list of rules, such as ["silent-source", "doctor:tls-expired"]', shapes.each(_rule), plain=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """Alerts by e-mail, over an SMTP server. Use one that does not depend on the mails that are watched."""

    host: str = live_key(shapes.TEXT, "", "The SMTP server. Not set: no e-mail.", sample='"smtp.example.org"')
    port: int = live_key(shapes.whole(0, 65535), "0", "0: 587 for starttls, 465 for implicit, 25 for none.")
    tls: str = live_key(
        shapes.choice("starttls", "implicit", "none"),
        '"starttls"',
        'TLS: "starttls" or "implicit", both with the certificate checked; "none" for a server on this machine.',
    )
    user: str = live_key(
        shapes.TEXT, "", "The user name, if the server requires one.", sample='"alerts@example.org"'
    )
    password: Secret | None = live_secret("Its password.", sample='"the password of the mailbox"', foreign=True)
    sender: str = live_key(ADDRESS, "", "The sender's address.", sample='"bouncestream@example.org"')
    recipients: tuple[str, ...] = live_key(ADDRESSES, "[]", "The recipients. Empty: the sender.")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonWebhook:
    """Alerts as a JSON object, posted to a URL of yours. docs/operate/alerts.md shows the object."""

    url: Secret | None = live_secret(
        "The URL to post to; a secret, as such URLs often contain a token.",
        sample='"https://hooks.example.org/bouncestream"',
        foreign=True,
    )
    token: Secret | None = live_secret("Sent as `Authorization: Bearer <token>`.", foreign=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A URL that is fetched as long as all is well, for a dead man's switch such as Healthchecks or Uptime Kuma: it
    tells you when bouncestream, or its machine, says nothing any more."""

    url: Secret | None = live_secret(
        "The ping URL (Healthchecks) or push URL (Uptime Kuma).",
        sample='"https://hc-ping.com/00000000-0000-0000-0000-000000000000"',
        foreign=True,
    )
    every: float = live_key(shapes.DURATION, '"1m"', "How often.")
    when: str = live_key(
        shapes.choice("ready", "alive"),
        '"ready"',
        '"ready": only while no component is red, as /readyz reports; "alive": always.',
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A summary of what came in and what became of it, over the channels of the alerts."""

    every: str = live_key(shapes.choice("never", "daily", "weekly"), '"never"', "How often; weekly means Mondays.")
    at: str = live_key(TIME, '"07:00"', "The time of day, in UTC.")
    channels: str = live_key(shapes.choice("all", "email", "webhook", "apprise"), '"all"', "The channels to use.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Watching: what is found goes to each channel that is set here, in alerts.email and in alerts.webhook, and
    always to the log, /metrics and `bouncestream status`. docs/operate/alerts.md has the rules. Try it
    with `bouncestream alert test`."""

    apprise: Secret | None = live_secret(
        "A list of Apprise URLs: chat, push, SMS and some hundred more, see the documentation of Apprise.",
        many=True,
        sample='["ntfys://ntfy.sh/a-topic-that-nobody-guesses"]',
        foreign=True,
    )
    level: str = live_key(shapes.choice("info", "warning", "error"), '"info"', "The lowest level that is sent.")
    mute: tuple[str, ...] = live_key(
        RULES, "[]", "Rules that send nothing, and the doctor's findings as doctor:<id>."
    )
    repeat: float = live_key(shapes.DURATION, '"24h"', "Repeat an ongoing alert after this time.")
    every: float = live_key(shapes.DURATION, '"15s"', "How often the rules are evaluated.")
    checks: float = live_key(
        shapes.DURATION, '"6h"', "How often the doctor's quick checks run (certificate, pixel, permissions)."
    )
    oldest_pending: float = live_key(
        shapes.DURATION, '"30m"', "Alert when an event waits longer than this for delivery."
    )
    sink_down: float = live_key(shapes.DURATION, '"10m"', "Alert when Listmonk is unreachable for this long.")
    mailbox_down: float = live_key(shapes.DURATION, '"10m"', "Alert when a mailbox cannot be read for this long.")
    silence: float = live_key(
        shapes.DURATION,
        '"24h"',
        "Alert when a source is silent for twice its usual pause, and for at least this long.",
    )
    surge: int = live_key(
        shapes.whole(1, 10_000_000),
        "100",
        "Alert when a source reports three times its usual hourly maximum of events, and at least this many.",
    )
    disk: int = live_key(shapes.SIZE, '"1GiB"', "Alert when the outbox's disk has less free space than this.")
    wal: int = live_key(shapes.SIZE, '"256MiB"', "Alert when the outbox's write-ahead log stays larger than this.")
    email: Email = field(default_factory=Email)
    webhook: JsonWebhook = field(default_factory=JsonWebhook)
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    summary: Summary = field(default_factory=Summary)


def faults(alerts: Alerts, *, with_secrets: bool = True) -> Iterator[str]:
    """The faults between the keys of `[alerts]`, each with its fix; never with a secret in it."""
    for rule in alerts.mute:
        if not rule.startswith("doctor:") and rule not in RULE_IDS:
            yield f"alerts.mute: there is no rule {shown(rule)}; there are: {', '.join(RULE_IDS)}"
    email = alerts.email
    if email.host and not email.sender:
        yield "alerts.email.sender: is missing; write the sender's address"
    if email.user and email.tls == "none" and not shapes.loopback(email.host):
        yield 'alerts.email.tls: the password would be sent unencrypted; write "starttls" or "implicit"'
    if not with_secrets:
        return
    if email.host and bool(email.user) != (email.password is not None):
        yield "alerts.email: user and password belong together; set both, or neither"
    if alerts.apprise is not None:
        for number, url in enumerate(alerts.apprise.reveal_all(), start=1):
            if not _SCHEME.fullmatch(url):
                yield f"alerts.apprise: entry {number} is not an Apprise URL; write it as service://…"
    for name, secret in (("webhook", alerts.webhook.url), ("heartbeat", alerts.heartbeat.url)):
        if secret is not None and not shapes.is_http(secret.reveal()):
            yield f"alerts.{name}.url: is not an http or https URL; write https://…"
    if alerts.webhook.token is not None and alerts.webhook.url is None:
        yield "alerts.webhook: a token is set, but no url; set url"


def scheme_of(url: str) -> str:
    """The service of an Apprise URL, such as `ntfys`: the only part of it that may be shown."""
    found = _SCHEME.fullmatch(url)
    return found[1].lower() if found else "?"
