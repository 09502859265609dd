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
from bouncestream.config.brake import BrakeSettings
from bouncestream.config.dashboard import Dashboard
from bouncestream.config.listmonk_db import ListmonkDb
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.outbox import Bridge, Outbox
from bouncestream.config.policy import Policy, Soft
from bouncestream.config.smtp import Smtp
from bouncestream.crypto.sealed import ADVICE
from bouncestream.crypto.secret import Secret
from bouncestream.providers._settings import Webhook
from bouncestream.settings import shapes
from bouncestream.settings.key import key, live_key, live_secret, secret_key
from bouncestream.settings.shapes import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The HTTP server that webhooks are posted to. It speaks plain HTTP: put your reverse proxy with TLS before it,
    and let it pass on /webhooks/ only."""

    listen: str = key(
        shapes.LISTEN,
        '"127.0.0.1:8025"',
        "Address and port to listen on. /healthz, /readyz, /readyz/intake and /metrics are here too.",
    )
    public_url: str = live_key(
        shapes.URL,
        "",
        "The public URL of this server; only used to show you the webhook URLs to enter at your providers.",
        sample='"https://bounces.example.org"',
    )
    trusted_proxies: tuple[Network, ...] = key(
        shapes.NETWORKS,
        "[]",
        "Your own reverse proxies: only their X-Forwarded-For is trusted. Needed for allow_ips.",
    )
    metrics: str = key(
        shapes.choice("server", "dashboard"),
        '"server"',
        'Where /readyz and /metrics are: here, or at [dashboard] listen ("dashboard").',
    )
    max_body: int = key(
        shapes.SIZE,
        '"10MiB"',
        ("Larger requests are answered 413; the limit applies to the body as sent and after decompression."),
    )
    header_timeout: float = key(
        shapes.DURATION, '"10s"', "Close a connection that has not sent its request header by then."
    )
    body_timeout: float = key(
        shapes.DURATION, '"30s"', "Answer 408 to a request whose body has not arrived by then."
    )
    max_connections: int = key(
        shapes.whole(1, 100_000),
        "1000",
        "Maximum number of open connections. When all are in use, a new one replaces the longest idle one.",
    )

    @property
    def address(self) -> tuple[str | None, int]:
        """Host (None: every address) and port to listen on."""
        return shapes.address_of(self.listen)

    @property
    def local_url(self) -> str:
        """The URL where this machine reaches a bridge that listens there; empty: at any port."""
        return shapes.near_url(self.listen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long the outbox remembers. Events that are not delivered yet are kept as long as it takes."""

    raw: float = live_key(
        shapes.DURATION, '"30d"', "How long raw requests and mails are kept, for replay and debugging."
    )
    events: float = live_key(shapes.DURATION, '"365d"', "How long finished events and their history are kept.")
    dedupe: float = live_key(
        shapes.DURATION,
        '"400d"',
        "How long repeated reports are recognised, by marks that contain no addresses. Not shorter than events.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What becomes of people's data, and who can read it. docs/operate/persons.md and docs/operate/sealing.md tell
    more."""

    seal: bool = key(
        shapes.TRUTH,
        "false",
        "Store addresses, diagnostics, raw bodies and all words of others encrypted. `bouncestream seal` converts "
        "what is there already, `bouncestream unseal` turns it back; keep the key until that is done.",
    )
    follow_deletions: bool = live_key(
        shapes.TRUTH,
        "false",
        "Erase everybody whom Listmonk no longer knows, as `bouncestream person ADDRESS erase` does. Needs the "
        "permissions subscribers:get_all and subscribers:sql_query.",
    )
    key: Secret | None = secret_key(
        "The key that seals: `bouncestream key new FILE` makes one. Without it nobody can read the outbox, so "
        "keep a "
        "copy, and never on the disk of the outbox or of its backups.",
        whence=ADVICE,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listmonk:
    """The Listmonk that events are delivered to. It needs an API user: Admin → Users → New, type API."""

    url: str = key(shapes.URL, '"http://127.0.0.1:9000"', "The URL at which this machine reaches Listmonk.")
    user: str = key(shapes.TEXT, '"bouncestream"', "Name of the API user.")
    token: Secret | None = secret_key(
        "Its token; Listmonk shows it only once.",
        required=True,
        whence="Listmonk shows it once, when the API user is made (Admin, Users): make a new one if it is lost",
    )
    public_url: str = live_key(
        shapes.URL,
        "",
        "The URL in your readers' links; only used for checks. Not set: Listmonk's own root URL.",
        sample='"https://news.example.org"',
    )

    @property
    def login(self) -> tuple[str, str, str]:
        """URL, user and token, as a client takes them; the token may be empty."""
        return self.url, self.user, self.token.reveal() if self.token else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """How delivery is verified: what was posted is read back. docs/develop/delivery.md tells what these times are
    for; the defaults were tested hard, so change them only if you must."""

    post_timeout: float = key(shapes.DURATION, '"120s"', "How long to wait for Listmonk's answer to a POST.")
    margin: float = key(
        shapes.DURATION,
        '"60s"',
        ("The longest time that a request or statement may outlive its broken connection."),
    )
    grace: float = key(
        shapes.DURATION, '"10m"', "Without other evidence, a missing row counts as absent only after this time."
    )
    pulse: float = key(shapes.DURATION, '"2s"', "How often Listmonk is checked while a delivery is unconfirmed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListmonkLog:
    """Listmonk's own log as a source: whom your SMTP server refuses while a campaign is sent. Listmonk writes such
    a refusal into its log and counts no bounce."""

    enabled: bool = key(shapes.TRUTH, "true", "Read it. The API user needs settings:get for that.")
    poll: float = key(
        shapes.DURATION, '"10s"', "How often it is read while a campaign is sent; once a minute otherwise."
    )
    start: str = key(
        shapes.choice("now", "all"),
        '"now"',
        'At the first contact: "now" leaves alone what is in the log already, "all" reads that too.',
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The task that takes events out of the outbox and delivers them."""

    batch_size: int = key(shapes.whole(1, 5000), "200", "Maximum number of events claimed and posted together.")
    linger: float = key(shapes.DELAY, '"20ms"', "How long to wait for more events before starting a batch.")
    connections: int = key(
        shapes.whole(1, 32), "4", "Connections to Listmonk. More than 4 were slower in measurements."
    )
    verify: Verify = field(default_factory=Verify)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How returned mail is read."""

    own_domains: tuple[str, ...] = live_key(
        tables.DOMAINS,
        "[]",
        "The domains that you send from, including their subdomains: a returned Message-ID or From with one of "
        "them is a hint that the mail was yours. It can be spoofed, so it is not a proof.",
    )
    verp: tuple[str, ...] = live_key(
        shapes.PATTERNS,
        "[]",
        "Return addresses that name the recipient, with * for that part (VERP). A subscriber's UUID there is a "
        "proof; Listmonk 6.2 and later writes it with the campaign header Return-Path: "
        "bounces+{{ .Subscriber.UUID }}@example.org. So is an address signed by `bouncestream verp`, if your mail "
        "server records the envelope recipient. A plain address is a hint.",
    )
    verp_secret: Secret | None = live_secret(
        "The key that signs return addresses: `bouncestream verp ADDRESS` makes them, and a bounce to one of them "
        "is proven. Set a list of two keys while you rotate it.",
        rotates=True,
    )
    unsubscribe: tuple[str, ...] = live_key(
        shapes.OWN_ADDRESSES,
        "[]",
        "Addresses for unsubscriptions by mail, with * for the subscriber's UUID; your mail server must deliver "
        'all of them to a mailbox that is read: ["unsub+*@example.org"]. The UUID there (or an address signed by '
        "`bouncestream verp`) is a proof; a plain address there, or From, is a hint, so the unsubscription is "
        "held. `init` prints the campaign header that names it to mail programs.",
    )
    authserv_id: str = live_key(
        shapes.OPTIONAL,
        '""',
        "The name by which your receiving mail server signs its Authentication-Results (RFC 8601), such as "
        '"mx.example.org": where it says that DKIM or DMARC passed for the domain of From, an unsubscription by '
        "mail needs no other proof. Only for a server that removes forged ones of its own name.",
    )
    max_unproven: int = live_key(
        shapes.whole(0, 1000),
        "5",
        "Maximum number of recipients without proof in one bounce mail; the rest are held.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The log, on standard error."""

    format: str = key(
        shapes.choice("text", "json"), '"text"', "The format of each entry: a line of text or a JSON object."
    )
    level: str = live_key(
        shapes.choice("debug", "info", "warning", "error"), '"info"', "The lowest level that is logged."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked."""

    server: Server = field(default_factory=Server)
    outbox: Outbox = field(default_factory=Outbox)
    bridge: Bridge = field(default_factory=Bridge)
    retention: Retention = field(default_factory=Retention)
    privacy: Privacy = field(default_factory=Privacy)
    listmonk: Listmonk = field(default_factory=Listmonk)
    listmonk_db: ListmonkDb = field(default_factory=ListmonkDb)
    listmonk_log: ListmonkLog = field(default_factory=ListmonkLog)
    relay: Relay = field(default_factory=Relay)
    webhooks: Mapping[str, Webhook] = field(default_factory=lambda: MappingProxyType({}))
    mailboxes: Mapping[str, Mailbox] = field(default_factory=lambda: MappingProxyType({}))
    smtp: Mapping[str, Smtp] = field(default_factory=lambda: MappingProxyType({}))
    mail: Mail = field(default_factory=Mail)
    policy: Policy = field(default_factory=Policy)
    brake: BrakeSettings = field(default_factory=BrakeSettings)
    alerts: Alerts = field(default_factory=Alerts)
    dashboard: Dashboard = field(default_factory=Dashboard)
    log: Log = field(default_factory=Log)
    warnings: tuple[str, ...] = field(default=(), compare=False)  #: not faults, but someone should know
    path: str = field(default="", compare=False)  #: the file that it came from, if any

    def taken_for(self, listener: Smtp) -> tuple[str, ...]:
        """The addresses that a listener takes mail for, each with at most one *; none: everybody is refused."""
        return listener.recipients or (*self.mail.verp, *self.mail.unsubscribe)

    @property
    def told_url(self) -> str:
        """The URL where this machine reaches /readyz and /metrics, `unix:` and a path for a socket; empty: at any
        port."""
        return self.dashboard.local_url if self.server.metrics == "dashboard" else self.server.local_url

    @property
    def mailed(self) -> tuple[str, ...]:
        """The names of the sources that mails come in by."""
        return (*self.mailboxes, *self.smtp)

    @property
    def unproven(self) -> frozenset[str]:
        """The webhooks to which anybody may post."""
        return frozenset(name for name, hook in self.webhooks.items() if hook.unverified)


#: Sections that are tables of named sections: [webhooks.<name>]. A webhook's keys are those of its provider.
NAMED: Mapping[str, type[Any]] = {"webhooks": Webhook, "mailboxes": Mailbox, "smtp": Smtp}

#: Sections by their dotted name, in the order of the example.
SECTIONS: Mapping[str, type[Any]] = {
    "server": Server,
    "outbox": Outbox,
    "bridge": Bridge,
    "retention": Retention,
    "privacy": Privacy,
    "listmonk": Listmonk,
    "listmonk_db": ListmonkDb,
    "listmonk_log": ListmonkLog,
    "relay": Relay,
    "relay.verify": Verify,
    "webhooks": Webhook,
    "mailboxes": Mailbox,
    "smtp": Smtp,
    "mail": Mail,
    "policy": Policy,
    "policy.soft": Soft,
    "brake": BrakeSettings,
    "alerts": Alerts,
    "alerts.email": Email,
    "alerts.webhook": JsonWebhook,
    "alerts.heartbeat": Heartbeat,
    "alerts.summary": Summary,
    "dashboard": Dashboard,
    "log": Log,
}
