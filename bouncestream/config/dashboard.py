# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the dashboard: `[dashboard]`, declared as in `model`, and what is wrong about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bouncestream.crypto.secret import Secret
from bouncestream.settings import shapes
from bouncestream.settings.key import key, secret_key
from bouncestream.settings.shapes import Network, Shape, Wrong, loopback

#: The header in which a proxy shows `proxy_secret`.
PROXY_HEADER = "X-Dashboard-Proxy"


def _place(value: Any) -> str:
    text = shapes.any_text(value)
    return str(shapes.SOCKET.parse(text)) if text else ""


PLACE = Shape('an address and a port such as "127.0.0.1:8026", or "unix:/path/of/a/socket"; "" for none', _place)


def _paths(value: Any) -> tuple[str, ...]:
    listed = ([value] if value.strip() else []) if isinstance(value, str) else value
    found: tuple[str, ...] = shapes.each(shapes.any_line)(listed)
    if not all(path.startswith("/") for path in found):
        raise Wrong("is not the whole path of a file")
    return found


PATHS = Shape(
    'the whole path of a file, or a list of them, such as ["/var/log/nginx/access.log"]', _paths, plain=False
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """The dashboard: pages for the browser that show the bridge and its events, and change nothing. Off unless it
    has an address. docs/operate/dashboard.md tells more."""

    listen: str = key(
        PLACE,
        "",
        "Address and port to listen on, never those of [server], or unix: and the path of a socket. Not set: no "
        "dashboard.",
        sample='"127.0.0.1:8026"',
    )
    public_url: str = key(
        shapes.URL,
        "",
        "The URL at which your proxy shows the dashboard. Under another name than this one, localhost or an IP "
        "address it answers nobody.",
        sample='"https://bridge.example.org"',
    )
    token: Secret | None = secret_key(
        "What you log in with. Set a list of two tokens while you rotate it.", rotates=True
    )
    session: float = key(shapes.DURATION, '"12h"', "How long a login lasts.")
    trusted_header: str = key(
        shapes.OPTIONAL,
        '""',
        'The header in which your proxy names the user that it has logged in, such as "X-Remote-User"; nobody '
        "else may set it. Needs a unix: socket, or proxy_secret and trusted_proxies.",
    )
    trusted_proxies: tuple[Network, ...] = key(
        shapes.NETWORKS,
        "[]",
        "The proxies in front of the dashboard, whose trusted_header and X-Forwarded-For count. Those of [server] "
        "do not.",
    )
    proxy_secret: Secret | None = secret_key(
        f"A secret that your proxy adds to each request as the header {PROXY_HEADER}, so that no other program on "
        "its machine passes for it."
    )
    access_log: tuple[str, ...] = key(
        PATHS,
        "[]",
        "The access logs of the proxy in front of Listmonk (Nginx, Caddy, Apache, Traefik; not compressed). From "
        "them the page Opens shows how many opens and clicks are machines. Empty: no such page.",
    )
    unencrypted: bool = key(
        shapes.TRUTH,
        "false",
        "Listen on an address of a network, though tokens and addresses of people can then be read on the way.",
    )

    @property
    def socket(self) -> str:
        """The path of the Unix socket; empty: it listens on a port, or not at all."""
        return shapes.socket_of(self.listen)

    @property
    def address(self) -> tuple[str | None, int]:
        """Host (None: every address) and port, where it listens on one."""
        return shapes.address_of(self.listen)

    @property
    def local_url(self) -> str:
        """The URL where this machine reaches it, or `unix:` and the path of its socket; empty: at any port."""
        if not self.listen or self.socket:
            return self.listen
        return shapes.near_url(self.listen)


def faults(dashboard: Dashboard, server_listen: str, *, holds_metrics: bool, with_secrets: bool) -> Iterator[str]:
    """The problems of the section, each with its fix. `holds_metrics`: /readyz and /metrics are there."""
    if not dashboard.listen:
        if holds_metrics:
            yield (
                'dashboard.listen: is missing, and server.metrics = "dashboard" needs it; write "127.0.0.1:8026", '
                'or server.metrics = "server"'
            )
        return
    if not dashboard.socket:
        yield from _of_port(dashboard, server_listen, with_secrets=with_secrets)
    if with_secrets and dashboard.token is None and not dashboard.trusted_header:
        yield (
            "dashboard.token: is missing, so nobody could log in; make one with: openssl rand -hex 24 (or let your "
            "proxy name the user: dashboard.trusted_header)"
        )


def _of_port(dashboard: Dashboard, server_listen: str, *, with_secrets: bool) -> Iterator[str]:
    host, port = dashboard.address
    if port and port == shapes.address_of(server_listen)[1]:
        yield (
            f"dashboard.listen: {dashboard.listen} has the port of server.listen, which the Internet may reach; "
            'write another one, such as "127.0.0.1:8026"'
        )
    if not (host and loopback(host)) and not dashboard.unencrypted:
        yield (
            f"dashboard.listen: {dashboard.listen} is an address of a network, and the dashboard speaks no TLS; "
            'write "127.0.0.1:8026" behind a proxy with TLS on this machine, or, if you must, unencrypted = true'
        )
    if dashboard.trusted_header and not dashboard.trusted_proxies:
        yield (
            "dashboard.trusted_proxies: is missing, and trusted_header needs it; write the addresses of your proxy "
            "(those of server.trusted_proxies do not count here)"
        )
    if with_secrets and dashboard.trusted_header and dashboard.proxy_secret is None:
        yield (
            "dashboard.proxy_secret: is missing, so each program on the machine of your proxy could log in as "
            'anybody; set it here and in the proxy, or listen on "unix:/run/bouncestream/dashboard.sock"'
        )


def risks(dashboard: Dashboard) -> Iterator[str]:
    """The warnings about what is well-formed and risky."""
    url = urlsplit(dashboard.public_url)
    if url.scheme == "http" and not loopback(url.hostname or ""):
        yield "dashboard.public_url: tokens and addresses are sent unencrypted over http; write https://"
    if dashboard.listen and not dashboard.socket and dashboard.unencrypted:
        yield (
            f"dashboard.unencrypted: {dashboard.listen} can be reached without TLS; block the port with a "
            "firewall, or listen on 127.0.0.1 behind a proxy"
        )
    for network in dashboard.trusted_proxies:
        if network.num_addresses > 1 << 16:
            yield (f"dashboard.trusted_proxies: {network} is wider than a proxy of your own; write its address")
