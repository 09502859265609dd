# SPDX-License-Identifier: GPL-3.0-or-later
"""The section [mailboxes.<name>]: a folder of bounce mails that is read over IMAP (RFC 3501)."""

# ruff: noqa: RUF009 - the calls in the class bodies make dataclass fields

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from bouncestream.crypto.secret import Secret
from bouncestream.settings import shapes
from bouncestream.settings.key import key as any_key
from bouncestream.settings.key import secret_key as any_secret_key

#: At a reload a mailbox whose settings have changed is opened anew, so that every key takes effect.
key = partial(any_key, live=True)
secret_key = partial(any_secret_key, live=True)

#: Port by how the connection is secured.
PORTS = {"implicit": 993, "starttls": 143, "none": 143}

#: What `unidentified` is when it is not set and mails are moved or flagged.
UNIDENTIFIED = "Unidentified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Another way in: a mailbox that bounces are sent to, heard of over IMAP IDLE the moment they arrive. Mails are
    never deleted. Repeat the section for each mailbox."""

    name: str = ""
    host: str = key(shapes.TEXT, "", "The IMAP server.", sample='"imap.example.org"', required=True)
    port: int = key(shapes.whole(0, 65535), "0", "Its port. 0: 993 with implicit TLS, else 143.")
    tls: str = key(
        shapes.choice("implicit", "starttls", "none"),
        '"implicit"',
        'How the connection is secured. "none" is taken on loopback addresses only.',
    )
    ca_file: str = key(
        shapes.OPTIONAL, '""', "Certificates (PEM) to trust instead of the system's, for a server with an own CA."
    )
    user: str = key(shapes.TEXT, "", "The user to log in as.", sample='"bounces@example.org"', required=True)
    password: Secret | None = secret_key(
        "Its password (or app password); for auth = password and plain.", foreign=True
    )
    auth: str = key(
        shapes.choice("password", "plain", "xoauth2", "oauthbearer"),
        '"password"',
        'How to log in: "password" (LOGIN), "plain" (AUTHENTICATE PLAIN), "xoauth2" (Google, Microsoft), '
        '"oauthbearer". For the latter two see the keys oauth_…, and run `bouncestream mailbox login <name>` once.',
    )
    oauth_provider: str = key(
        shapes.choice("", "google", "microsoft"),
        '""',
        'Whose OAuth: "google", "microsoft", or "" with the URLs below.',
    )
    oauth_tenant: str = key(
        shapes.OPTIONAL, '"common"', 'microsoft: the tenant (directory) id; needed for oauth_flow = "client".'
    )
    oauth_flow: str = key(
        shapes.choice("", "device", "loopback", "client"),
        '""',
        'How the permission is got: "device" (a code to enter elsewhere), "loopback" (a browser that reaches this '
        'machine), "client" (the application\'s own permission, no person). "": for google "loopback", for '
        'microsoft "device".',
    )
    oauth_client_id: str = key(shapes.OPTIONAL, '""', "The id of the application that you registered there.")
    oauth_client_secret: Secret | None = secret_key(
        'Its secret, where it has one: with google, and with oauth_flow = "client".', foreign=True
    )
    oauth_token_url: str = key(shapes.URL, "", "Token endpoint of another provider.", sample='"https://…/token"')
    oauth_authorize_url: str = key(
        shapes.URL, "", "Authorization endpoint of another provider.", sample='"https://…/authorize"'
    )
    oauth_device_url: str = key(
        shapes.URL, "", "Device authorization endpoint of another provider.", sample='"https://…/devicecode"'
    )
    oauth_scope: str = key(shapes.OPTIONAL, '""', 'The scopes to ask for. "": as the provider has it.')
    folders: tuple[str, ...] = key(shapes.TEXTS, '["INBOX"]', "The folders to read.")
    start: str = key(
        shapes.START,
        '"30d"',
        "Of a folder never seen before, only mails that arrived within this time are read (or since a date; "
        '"all"; "now"): nobody is blocklisted for a bounce of last year.',
    )
    after: str = key(
        shapes.choice("leave", "flag", "move"),
        '"leave"',
        'What a bounce mail gets once its events are stored: nothing ("leave"), a flag, or it is moved to move_to. '
        "What is no bounce is never touched.",
    )
    move_to: str = key(shapes.OPTIONAL, '"Processed"', 'The folder for after = "move"; made if it is missing.')
    unidentified: str | None = key(
        shapes.OPTIONAL,
        "",
        'The folder for bounces that do not tell whose they are; "": they stay where they are. Default: '
        '"Unidentified", with after = "leave" "".',
        sample='"Unidentified"',
        default=None,
    )
    unproven: str = key(
        shapes.choice("soft", "hold", "accept"),
        '"soft"',
        "A bounce mail can be forged. One without proof that it is about a mail of yours (see [mail]) is told as "
        'soft at most, or held until you release it ("hold"), or believed ("accept": then whoever knows the bounce '
        "address can have any subscriber blocklisted).",
    )
    canary: bool = key(
        shapes.TRUTH,
        "false",
        "true: prove the connection from time to time with a mail of our own, appended and removed again. Needs "
        "UIDPLUS; else, and with false, the folder's state is asked for instead.",
    )
    idle: float = key(shapes.DURATION, '"5m"', "Ask for news anew after this time (RFC 2177 allows 29 minutes).")
    poll: float = key(shapes.DURATION, '"45s"', "How often to look where the server has no IDLE, or is mute.")
    prove: float = key(shapes.DURATION, '"15m"', "How often the connection is proven.")
    timeout: float = key(shapes.DURATION, '"30s"', "Wait for an answer of the server at most so long.")
    retry: float = key(shapes.DURATION, '"60s"', "The longest wait before the next try after a lost connection.")
    retry_login: float = key(
        shapes.DURATION, '"5m"', "The wait after a refused login; it doubles up to 30 minutes, as servers lock out."
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
