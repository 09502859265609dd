# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be set, as frozen dataclasses. The documentation of a key lives on its field, and only there:
the loader's refusals and the example file `config.toml` are made from it. The options of a webhook are where its
provider is, in `providers/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bouncestream.config import tables
from bouncestream.config.alerting import Alerts, Email, Heartbeat, JsonWebhook, Summary
from bouncestream.config.mailbox import Mailbox
from bouncestream.crypto.secret import Secret
from bouncestream.policy import Rules
from bouncestream.providers._settings import Webhook
from bouncestream.settings import shapes
from bouncestream.settings.key import key, secret_key
from bouncestream.settings.shapes import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The HTTP server that webhooks are posted to. It speaks plain HTTP: put your reverse proxy with TLS before it,
    and let it pass on /webhooks/ only."""

    listen: str = key(
        shapes.LISTEN,
        '"127.0.0.1:8025"',
        "Address and port to listen on. /healthz, /readyz and /metrics are here too.",
    )
    public_url: str = key(
        shapes.URL,
        "",
        "Where the Internet reaches this server; only used to tell you the URLs to enter at your providers.",
        sample='"https://bounces.example.org"',
    )
    trusted_proxies: tuple[Network, ...] = key(
        shapes.NETWORKS,
        "[]",
        "Your own reverse proxies: their X-Forwarded-For is believed, nobody else's. Needed for allow_ips.",
    )
    max_body: int = key(
        shapes.SIZE, '"10MiB"', "A larger request is answered 413, counted as sent and again when decompressed."
    )
    header_timeout: float = key(
        shapes.DURATION, '"10s"', "A connection that has not sent its whole request header by then is closed."
    )
    body_timeout: float = key(
        shapes.DURATION, '"30s"', "A request whose body is not there by then is answered 408."
    )
    max_connections: int = key(
        shapes.whole(1, 100_000),
        "1000",
        "Connections at the same time. When all are in use, the one idle for longest is closed for the next one.",
    )

    @property
    def address(self) -> tuple[str | None, int]:
        """Host (None: every address) and port to listen on."""
        return shapes.address_of(self.listen)

    @property
    def local_url(self) -> str:
        """The URL where this machine reaches a bridge that listens there; empty: at any port."""
        host, port = self.address
        if port == 0:
            return ""
        near = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
        return f"http://[{near}]:{port}" if near and ":" in near else f"http://{near}:{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The SQLite database that every event is written to before it is acknowledged. Not on a network drive."""

    path: str = key(
        shapes.PATH, '"/var/lib/bouncestream/outbox.db"', "The file; its -wal, -shm and .lock files lie beside it."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long the outbox remembers. Events that are not delivered yet are kept as long as it takes."""

    raw: float = key(
        shapes.DURATION, '"30d"', "Requests and mails as they came, for replaying and debugging.", live=True
    )
    events: float = key(shapes.DURATION, '"365d"', "Finished events and their history.", live=True)
    dedupe: float = key(
        shapes.DURATION,
        '"400d"',
        "The marks by which a repeated report is known (no addresses in them). Not shorter than events.",
        live=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listmonk:
    """The Listmonk that events are delivered to. It needs an API user: Admin → Users → New, type API."""

    url: str = key(shapes.URL, '"http://127.0.0.1:9000"', "Where this machine reaches Listmonk.")
    user: str = key(shapes.TEXT, '"bouncestream"', "Name of the API user.")
    token: Secret | None = secret_key("Its token, which Listmonk shows once.", required=True)
    public_url: str = key(
        shapes.URL,
        "",
        "What your readers see in links; only for checks. Not set: the root URL that Listmonk itself has.",
        sample='"https://news.example.org"',
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """How delivery is verified: what was posted is read back. The README tells what these times are for; the
    defaults were tested hard, so change them only if you must."""

    post_timeout: float = key(shapes.DURATION, '"120s"', "Wait for Listmonk's answer to one POST at most so long.")
    margin: float = key(
        shapes.DURATION, '"60s"', "The longest that a request or a statement may outlive its broken connection."
    )
    grace: float = key(
        shapes.DURATION, '"10m"', "A row that nothing else explains is called absent after this time, not earlier."
    )
    pulse: float = key(shapes.DURATION, '"2s"', "How often Listmonk is looked at while a delivery is not settled.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The task that takes events out of the outbox and delivers them."""

    batch_size: int = key(shapes.whole(1, 5000), "200", "Events that are claimed and posted together at most.")
    linger: float = key(shapes.DELAY, '"20ms"', "Wait so long for more events before a batch is begun.")
    connections: int = key(
        shapes.whole(1, 32), "4", "Connections to Listmonk. More than 4 measured slower, not faster."
    )
    verify: Verify = field(default_factory=Verify)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How returned mail is read."""

    own_domains: tuple[str, ...] = key(
        tables.DOMAINS,
        "[]",
        "The domains that you send from, with all below them: a returned Message-ID or From of theirs is a hint "
        "that the mail was yours. Anyone can write one, so it is no proof.",
        live=True,
    )
    verp: tuple[str, ...] = key(
        shapes.PATTERNS,
        "[]",
        "Return addresses that name the recipient, with * for that part: a subscriber's UUID there, or an address "
        "signed by `bouncestream verp`, is a proof where your mail server records it; a plain address is a hint.",
        live=True,
    )
    verp_secret: Secret | None = secret_key(
        "The key of signed return addresses: with it `bouncestream verp ADDRESS` makes them, and a bounce that "
        "comes back to one is proven. A list of two while you change it.",
        live=True,
        rotates=True,
    )
    max_unproven: int = key(
        shapes.whole(0, 1000),
        "5",
        "A bounce mail names at most so many recipients without proof; the rest of them is held.",
        live=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Your own word on what comes in. The README has the table of reasons and what each is by default."""

    unsubscribe: str = key(
        shapes.choice("lists", "blocklist", "ignore"),
        '"lists"',
        'Someone unsubscribed at the provider: from all "lists", or "blocklist" the subscriber, or "ignore" it.',
        live=True,
    )
    reasons: Mapping[str, str] = key(
        tables.REASONS,
        "{}",
        "What a reason is to you: hard, soft, complaint, or ignore (it is stored, and dropped instead of told to "
        'Listmonk): { mailbox_disabled = "hard", spam = "ignore" }.',
        live=True,
    )
    providers: Mapping[str, Mapping[str, str]] = key(
        shapes.by_name(tables.REASONS),
        "{}",
        'The same for one provider, or "mailbox", before `reasons`: { mailbox = { blocklisted = "ignore" } }.',
        live=True,
    )
    domains: Mapping[str, Mapping[str, str]] = key(
        tables.by_domain(tables.REASONS),
        "{}",
        "The same for the recipients of a domain and of those below it, before both: "
        '{ "example.com" = { mailbox_full = "hard" } }.',
        live=True,
    )

    @property
    def rules(self) -> Rules:
        """The tables as they are applied."""
        return Rules(self.reasons, self.providers, self.domains)


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The log, on standard error."""

    format: str = key(
        shapes.choice("text", "json"), '"text"', "One line of text, or one JSON object, for each entry."
    )
    level: str = key(
        shapes.choice("debug", "info", "warning", "error"), '"info"', "The least that is logged.", live=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked."""

    server: Server = field(default_factory=Server)
    outbox: Outbox = field(default_factory=Outbox)
    retention: Retention = field(default_factory=Retention)
    listmonk: Listmonk = field(default_factory=Listmonk)
    relay: Relay = field(default_factory=Relay)
    webhooks: Mapping[str, Webhook] = field(default_factory=lambda: MappingProxyType({}))
    mailboxes: Mapping[str, Mailbox] = field(default_factory=lambda: MappingProxyType({}))
    mail: Mail = field(default_factory=Mail)
    policy: Policy = field(default_factory=Policy)
    alerts: Alerts = field(default_factory=Alerts)
    log: Log = field(default_factory=Log)
    warnings: tuple[str, ...] = field(default=(), compare=False)  #: not faults, but someone should know
    path: str = field(default="", compare=False)  #: the file that it came from, if any


#: Sections that are tables of named sections: [webhooks.<name>]. A webhook's keys are those of its provider.
NAMED: Mapping[str, type[Any]] = MappingProxyType({"webhooks": Webhook, "mailboxes": Mailbox})

#: Sections by their dotted name, in the order of the example.
SECTIONS: Mapping[str, type[Any]] = MappingProxyType(
    {
        "server": Server,
        "outbox": Outbox,
        "retention": Retention,
        "listmonk": Listmonk,
        "relay": Relay,
        "relay.verify": Verify,
        "webhooks": Webhook,
        "mailboxes": Mailbox,
        "mail": Mail,
        "policy": Policy,
        "alerts": Alerts,
        "alerts.email": Email,
        "alerts.webhook": JsonWebhook,
        "alerts.heartbeat": Heartbeat,
        "alerts.summary": Summary,
        "log": Log,
    }
)
