# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream proxy caddy|nginx|apache|traefik`: print a reverse proxy's configuration."""

from __future__ import annotations

import argparse

from bouncestream.doctor.proxies import Site, apache, caddy, nginx, traefik


def _site(args: argparse.Namespace) -> Site:
    return Site.of(
        args.domain,
        args.webhook_domain,
        args.cert,
        args.key,
        listmonk=args.listmonk,
        bouncestream=args.bouncestream,
    )


def run_caddy(args: argparse.Namespace) -> int:
    """Print a Caddyfile."""
    print(caddy.configuration(_site(args)), end="")
    return 0


def run_nginx(args: argparse.Namespace) -> int:
    """Print a file for Nginx' conf.d."""
    print(nginx.configuration(_site(args)), end="")
    return 0


def run_apache(args: argparse.Namespace) -> int:
    """Print a file for Apache's sites-available."""
    print(apache.configuration(_site(args)), end="")
    return 0


def run_traefik(args: argparse.Namespace) -> int:
    """Print Traefik's two files."""
    print(traefik.configuration(_site(args)), end="")
    return 0
