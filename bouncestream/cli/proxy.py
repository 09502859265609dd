# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream proxy caddy|nginx|apache|traefik`: print a reverse proxy's configuration."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from bouncestream.cli.exits import FINE
from bouncestream.cli.parser import Parser, add, command, group
from bouncestream.doctor.proxies import Site, apache, caddy, nginx, traefik


def options(parser: Parser) -> None:
    """The commands behind `bouncestream proxy`."""
    inner = group(
        parser,
        "Print a reverse proxy's configuration for Listmonk and bouncestream: TLS, what is passed\nwhere, no "
        "caching, real client addresses. Changes nothing on this machine.",
    )
    by_certbot = "Certificates come from Let's Encrypt by certbot; the comments say how."
    for name, kind, more in (
        ("caddy", caddy, "Caddy gets its certificates from Let's Encrypt by itself."),
        ("nginx", nginx, by_certbot),
        ("apache", apache, by_certbot),
        ("traefik", traefik, "Prints two files: the static and the dynamic configuration."),
    ):
        made = add(inner, name, f"print a configuration of {name.capitalize()}")
        command(made, partial(run, kind.configuration), more, config=False)
        _site_options(made)


def _site_options(parser: Parser) -> None:
    parser.add_argument(
        "--domain",
        required=True,
        metavar="NAME",
        help="Listmonk's public name, as in its root URL: news.example.org",
    )
    parser.add_argument(
        "--webhook-domain",
        default="",
        metavar="NAME",
        help="a separate name for bouncestream's webhooks (default: /webhooks/ on the same name)",
    )
    parser.add_argument(
        "--cert", default="", metavar="FILE", help="your certificate with its chain (default: Let's Encrypt)"
    )
    parser.add_argument("--key", default="", metavar="FILE", help="its key")
    parser.add_argument(
        "--listmonk",
        default="127.0.0.1:9000",
        metavar="HOST:PORT",
        help="where Listmonk listens (default: %(default)s)",
    )
    parser.add_argument(
        "--bouncestream",
        default="127.0.0.1:8025",
        metavar="HOST:PORT",
        help="where bouncestream listens, [server] listen (default: %(default)s)",
    )


def run(configuration: Callable[[Site], str], args: argparse.Namespace) -> int:
    """Print what one kind of proxy takes: a Caddyfile, a file for conf.d or sites-available, Traefik's two."""
    site = Site(args.domain, args.webhook_domain, args.cert, args.key, args.listmonk, args.bouncestream)
    print(configuration(site), end="")
    return FINE
