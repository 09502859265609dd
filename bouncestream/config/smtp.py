# SPDX-License-Identifier: GPL-3.0-or-later
"""The section [smtp.<name>]: bounce mails straight from a mail server, over LMTP (RFC 2033) or SMTP (RFC 5321). At
a reload a listener whose settings have changed is opened anew, so that every key takes effect."""

from __future__ import annotations

from dataclasses import dataclass

from bouncestream.settings import shapes
from bouncestream.settings.key import live_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """Another way in, without IMAP: your own mail server hands bounces over by LMTP or SMTP, and is told 250 once
    they are stored. Nothing is relayed. Repeat the section for each listener."""

    name: str = ""
    listen: str = live_key(
        shapes.SOCKET,
        "",
        "Where to listen: a Unix socket, or an address and a port.",
        sample='"unix:/run/bouncestream/mta.sock"',
        required=True,
    )
    protocol: str = live_key(
        shapes.choice("lmtp", "smtp"),
        '"lmtp"',
        'What is spoken: "lmtp" for your own mail server, "smtp" for other mail servers that the MX record of a '
        "bounce domain leads here.",
    )
    recipients: tuple[str, ...] = live_key(
        shapes.RECIPIENTS,
        "",
        "The addresses that mail is taken for, with at most one * before the @: every other recipient is refused. "
        "Not set: those of [mail] verp and unsubscribe.",
        sample='["bounces@example.org"]',
        default=(),
    )
    hostname: str = live_key(shapes.OPTIONAL, '""', 'The name to greet with. "": that of this machine.')
    socket_mode: int = live_key(
        shapes.MODE, '"0660"', "The mode of a Unix socket: the users who may write to it may deliver."
    )
    socket_group: str = live_key(
        shapes.OPTIONAL,
        '""',
        'The group that a Unix socket gets, such as "postfix"; bouncestream\'s user must be in it. "": its own.',
    )
    tls_cert: str = live_key(
        shapes.OPTIONAL, '""', "The certificate with its chain (PEM), for STARTTLS. Read again at a reload."
    )
    tls_key: str = live_key(shapes.OPTIONAL, '""', "Its private key (PEM); a file that others cannot read.")
    max_size: int = live_key(
        shapes.SIZE, '"10MiB"', "Larger mails are answered 552. Of each, the first 256 KiB are read and kept."
    )
    max_recipients: int = live_key(shapes.whole(1, 1000), "100", "Recipients of one mail; further ones: 452.")
    max_connections: int = live_key(shapes.whole(1, 10_000), "100", "Open connections; further ones: 421.")
    timeout: float = live_key(
        shapes.DURATION, '"5m"', "How long to wait for the next command, or for the whole of a mail."
    )
    unproven: str = live_key(
        shapes.choice("soft", "hold", "accept"),
        '"soft"',
        'A mail without proof that it is about a mail of yours: "soft", "hold" or "accept", as for a mailbox.',
    )

    @property
    def path(self) -> str:
        """The path of the Unix socket; empty: it listens on an address."""
        return shapes.socket_of(self.listen)

    @property
    def address(self) -> tuple[str | None, int]:
        """Host (None: every address) and port to listen on, where there is no `path`."""
        return shapes.address_of(self.listen)

    @property
    def near(self) -> bool:
        """Whether only this machine can connect."""
        return bool(self.path) or shapes.loopback(self.address[0] or "")
