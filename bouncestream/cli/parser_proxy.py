# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of `bouncestream proxy …`."""

from __future__ import annotations

import argparse
from typing import Any

from bouncestream.cli.parser_base import add

KINDS = ("caddy", "nginx", "apache", "traefik")


def proxy(commands: Any, *parents: Any) -> None:
    """Add `proxy caddy|nginx|apache|traefik`."""
    parser = commands.add_parser(
        "proxy",
        help="print a reverse proxy's configuration",
        description="Print a reverse proxy's configuration for Listmonk and bouncestream: TLS, what is passed\n"
        "where, nothing cached, real client addresses. Nothing is changed on this machine.",
    )
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--domain",
        required=True,
        metavar="NAME",
        help="Listmonk's public name, as in its root URL: news.example.org",
    )
    common.add_argument(
        "--webhook-domain",
        default="",
        metavar="NAME",
        help="a name of its own for bouncestream's webhooks (default: /webhooks/ of the same name)",
    )
    common.add_argument(
        "--cert", default="", metavar="FILE", help="your certificate with its chain (default: Let's Encrypt)"
    )
    common.add_argument("--key", default="", metavar="FILE", help="its key")
    common.add_argument(
        "--listmonk",
        default="127.0.0.1:9000",
        metavar="HOST:PORT",
        help="where Listmonk listens (default: %(default)s)",
    )
    common.add_argument(
        "--bouncestream",
        default="127.0.0.1:8025",
        metavar="HOST:PORT",
        help="where bouncestream listens, [server] listen (default: %(default)s)",
    )
    for kind in KINDS:
        name = kind.capitalize()
        add(
            inner,
            kind,
            f"print a configuration of {name}",
            *parents,
            common,
            does=f"proxy:run_{kind}",
            more=_MORE[kind],
        )


_MORE = {
    "caddy": "Caddy gets its certificates from Let's Encrypt by itself.",
    "nginx": "Certificates come from Let's Encrypt by certbot; the comments say how.",
    "apache": "Certificates come from Let's Encrypt by certbot; the comments say how.",
    "traefik": "Two files in one print: the static and the dynamic configuration.",
}
