# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the mailboxes that the tests visit."""

from __future__ import annotations

from bouncestream.config.mailbox import Mailbox
from bouncestream.crypto.secret import Secret
from tests.mailserver.dovecot import Dovecot
from tests.sources.oauth.server import CLIENT_ID, USER, Provider


def box(dovecot: Dovecot | None = None, **more: object) -> Mailbox:
    keys: dict[str, object] = {"name": "bounces", "host": "localhost", "user": "bounces", "timeout": 10.0}
    if dovecot is not None:
        keys |= {"port": dovecot.imaps, "ca_file": str(dovecot.ca_file), "password": Secret("secret")}
    return Mailbox(**(keys | more))  # type: ignore[arg-type]


def box_by_token(server: Dovecot, provider: Provider) -> Mailbox:
    """A mailbox that logs in with a token of the tests' own provider."""
    return box(
        server,
        user=USER,
        password=None,
        auth="xoauth2",
        oauth_flow="device",
        oauth_client_id=CLIENT_ID,
        oauth_token_url=f"{provider.url}/token",
        oauth_device_url=f"{provider.url}/device",
    )
