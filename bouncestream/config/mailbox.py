# SPDX-License-Identifier: GPL-3.0-or-later
"""The section [mailboxes.<name>]: a folder of bounce mails that is read over IMAP (RFC 3501). At a reload a mailbox
whose settings have changed is opened anew, so that every key takes effect."""

from __future__ import annotations

from dataclasses import dataclass

from bouncestream.crypto.secret import Secret
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key, live_secret

#: Port by how the connection is secured.
PORTS = {"implicit": 993, "starttls": 143, "none": 143}

#: What `unidentified` is when it is not set and mails are moved or flagged.
UNIDENTIFIED = "Unidentified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Another way in: a mailbox that bounces are sent to, heard of over IMAP IDLE the moment they arrive. Mails are
    never deleted. Repeat the section for each mailbox."""

    name: str = ""
    host: str = live_key(shapes.TEXT, "", "The IMAP server.", sample='"imap.example.org"', required=True)
    port: int = live_key(shapes.whole(0, 65535), "0", "Its port. 0: 993 with implicit TLS, else 143.")
    tls: str = live_key(
        shapes.choice("implicit", "starttls", "none"),
        '"implicit"',
        'How the connection is secured. "none" is accepted on loopback addresses only.',
    )
    ca_file: str = live_key(
        shapes.OPTIONAL,
        '""',
        ("CA certificates (PEM) to trust instead of the system's, for a server with a private CA."),
    )
    user: str = live_key(shapes.TEXT, "", "The user to log in as.", sample='"bounces@example.org"', required=True)
    password: Secret | None = live_secret(
        "Its password (or app password); for auth = password and plain.", foreign=True
    )
    auth: str = live_key(
        shapes.choice("password", "plain", "xoauth2", "oauthbearer"),
        '"password"',
        'How to log in: "password" (LOGIN), "plain" (AUTHENTICATE PLAIN), "xoauth2" (Google, Microsoft), '
        '"oauthbearer". The last two need the keys oauth_… and one run of `bouncestream mailbox login <name>`.',
    )
    oauth_provider: str = live_key(
        shapes.choice("", "google", "microsoft"),
        '""',
        'The OAuth provider: "google", "microsoft", or "" with the URLs below.',
    )
    oauth_tenant: str = live_key(
        shapes.OPTIONAL, '"common"', 'microsoft: the tenant (directory) id; needed for oauth_flow = "client".'
    )
    oauth_flow: str = live_key(
        shapes.choice("", "device", "loopback", "client"),
        '""',
        'The OAuth flow: "device" (enter a code on another device), "loopback" (a browser that reaches this '
        'machine), "client" (the application\'s own permission, without a user). "": "loopback" for google, '
        '"device" for microsoft.',
    )
    oauth_client_id: str = live_key(
        shapes.OPTIONAL, '""', ("The client id of the application that you registered there.")
    )
    oauth_client_secret: Secret | None = live_secret(
        'Its client secret, if it has one: with google, and with the flow "client".', foreign=True
    )
    oauth_token_url: str = live_key(
        shapes.URL, "", "Token endpoint of another provider.", sample='"https://…/token"'
    )
    oauth_authorize_url: str = live_key(
        shapes.URL, "", "Authorization endpoint of another provider.", sample='"https://…/authorize"'
    )
    oauth_device_url: str = live_key(
        shapes.URL, "", "Device authorization endpoint of another provider.", sample='"https://…/devicecode"'
    )
    oauth_scope: str = live_key(shapes.OPTIONAL, '""', 'The scopes to request. "": the provider\'s default.')
    folders: tuple[str, ...] = live_key(shapes.TEXTS, '["INBOX"]', "The folders to read.")
    start: str = live_key(
        shapes.START,
        '"30d"',
        'In a new folder, only mails that arrived within this time are read (or since a date; "all"; "now"), so '
        "that last year's bounces blocklist no one.",
    )
    after: str = live_key(
        shapes.choice("leave", "flag", "move"),
        '"leave"',
        'What to do with a bounce mail once its events are stored: "leave" it, "flag" it, or "move" it to '
        "move_to. Other mails are never touched.",
    )
    move_to: str = live_key(shapes.OPTIONAL, '"Processed"', 'The folder for after = "move"; created if missing.')
    unidentified: str | None = live_key(
        shapes.OPTIONAL,
        "",
        'The folder for bounces without an identifiable recipient; "": leave them in place. Default: '
        '"Unidentified"; "" if after is "leave".',
        sample='"Unidentified"',
        default=None,
    )
    unproven: str = live_key(
        shapes.choice("soft", "hold", "accept"),
        '"soft"',
        "Bounce mails can be spoofed. One without proof that it is about a mail of yours (see [mail]) is reported "
        'as "soft" at most, held until you release it ("hold"), or trusted ("accept": then anyone who knows the '
        "bounce address can get any subscriber blocklisted).",
    )
    canary: bool = live_key(
        shapes.TRUTH,
        "false",
        "true: test the connection regularly with a mail of bouncestream's own, which it appends and removes "
        "again. Needs UIDPLUS; without it, or with false, the folder's status is queried instead.",
    )
    idle: float = live_key(shapes.DURATION, '"5m"', "Restart IDLE after this time (RFC 2177 allows 29 minutes).")
    poll: float = live_key(
        shapes.DURATION, '"45s"', ("How often to poll if the server has no IDLE, or sends no updates.")
    )
    prove: float = live_key(shapes.DURATION, '"15m"', "How often the connection is tested.")
    timeout: float = live_key(shapes.DURATION, '"30s"', "How long to wait for an answer of the server.")
    retry: float = live_key(
        shapes.DURATION, '"60s"', "The longest delay before reconnecting after a lost connection."
    )
    retry_login: float = live_key(
        shapes.DURATION,
        '"5m"',
        ("The delay after a refused login; it doubles up to 30 minutes, as servers lock accounts."),
    )

    @property
    def unidentified_folder(self) -> str:
        """The folder for bounces without a recipient; empty: they stay where they are."""
        if self.unidentified:
            return self.unidentified
        return "" if self.after == "leave" or self.unidentified is not None else UNIDENTIFIED

    @property
    def real_port(self) -> int:
        """The port to connect to."""
        return self.port or PORTS[self.tls]
