# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings about settings that are well-formed and risky, before something happens. Each warning
names the key, what follows from it, and what to write instead. None holds a secret."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bouncestream.config import dashboard
from bouncestream.config.alerting import Alerts
from bouncestream.config.model import Config, Retention, Server, Verify
from bouncestream.providers._settings import Webhook
from bouncestream.settings.shapes import Network, loopback

#: A network of proxies larger than this is nobody's own; bits of its prefix, by IP version.
_WIDEST = {4: 8, 6: 16}

_HOUR, _DAY = 3600.0, 86400.0


def risks(config: Config, *, with_secrets: bool = True) -> Iterator[str]:
    """The warnings about a configuration without faults."""
    yield from _of_server(config.server)
    if not config.outbox.url and not Path(config.outbox.path).is_absolute():
        yield (
            f"outbox.path: {config.outbox.path} is relative to the working directory: started elsewhere, "
            "bouncestream would begin with an empty outbox; write an absolute path, such as "
            "/var/lib/bouncestream/outbox.db"
        )
    if readable(config.listmonk.url):
        yield (
            f"listmonk.url: the token is sent unencrypted to {_host(config.listmonk.url)}; write https://, or "
            "reach Listmonk on this machine or through a private tunnel"
        )
    yield from _of_times(config.relay.verify)
    yield from _of_retention(config.retention)
    if with_secrets:
        yield from _of_alerts(config.alerts)
    yield from dashboard.risks(config.dashboard)
    for hook in config.webhooks.values():
        yield from _of_webhook(hook, config.server)
    mailed = [(f"mailboxes.{box.name}", box.unproven) for box in config.mailboxes.values()]
    mailed += [(f"smtp.{listener.name}", listener.unproven) for listener in config.smtp.values()]
    for where, unproven in mailed:
        if unproven == "accept":
            yield (
                f'{where}.unproven: "accept" trusts every bounce mail, so anyone who knows the '
                "bounce address can get any subscriber blocklisted, five with each spoofed mail "
                '(mail.max_unproven); write "soft" or "hold"'
            )
    for listener in config.smtp.values():
        if listener.protocol == "lmtp" and not listener.near:
            yield (
                f"smtp.{listener.name}.protocol: LMTP is for mail servers of your own (RFC 2033 section 5), and "
                f'{listener.listen} can be reached from elsewhere; write "smtp", or listen on 127.0.0.1'
            )


def readable(url: str) -> bool:
    """Whether what is sent to the URL can be read on its way: plain http to another machine. A name without a dot
    is that of a container on this machine."""
    host = _host(url)
    return urlsplit(url).scheme == "http" and not loopback(host) and ("." in host or ":" in host)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _of_server(server: Server) -> Iterator[str]:
    host, _ = server.address
    if host in (None, "0.0.0.0", "::"):  # noqa: S104 - compared only
        yield (
            f"server.listen: {server.listen} is reachable from every network, without TLS, and so are /metrics "
            'and /readyz; write "127.0.0.1:8025" behind a proxy on this machine; in a container, which needs this '
            "address, publish the port to your proxy only; else block it with a firewall"
        )
    if server.public_url.startswith("http://") and not loopback(_host(server.public_url)):
        yield "server.public_url: webhook secrets are sent unencrypted over http; write https://"
    for network in server.trusted_proxies:
        if network.prefixlen < _WIDEST[network.version]:
            yield (
                f"server.trusted_proxies: {network} lets anyone forge X-Forwarded-For, so that allow_ips protects "
                "nothing; write the addresses of your own proxies"
            )


def _of_times(verify: Verify) -> Iterator[str]:
    standard = Verify()
    for name, least, most in (
        ("post_timeout", 1.0, _HOUR),
        ("margin", 1.0, _HOUR),
        ("grace", standard.margin, _DAY),
        ("pulse", 0.1, 60.0),
    ):
        value = getattr(verify, name)
        if value < least:
            yield (
                f"relay.verify.{name}: {value:g} s is so short that an event may be counted twice while Listmonk "
                f"or its database is slow; leave it at {getattr(standard, name):g} s"
            )
        elif value > most:
            yield (
                f"relay.verify.{name}: {value:g} s is so long that a lost event is retried only after that time; "
                f"leave it at {getattr(standard, name):g} s"
            )


def _of_retention(retention: Retention) -> Iterator[str]:
    for name, least, what in (
        ("raw", _HOUR, "a request that could not be parsed is deleted before you see it"),
        ("events", _DAY, "the history is deleted before you can look anything up"),
        ("dedupe", 7 * _DAY, "a report that a provider repeats later is counted twice"),
    ):
        value = getattr(retention, name)
        if value < least:
            yield f"retention.{name}: {value:g} s is short: {what}; write a longer one"


def _of_alerts(alerts: Alerts) -> Iterator[str]:
    for name, secret in (("webhook", alerts.webhook.url), ("heartbeat", alerts.heartbeat.url)):
        if secret is not None and readable(secret.reveal()):
            yield f"alerts.{name}.url: what is sent there is unencrypted; write https://"


def _of_webhook(hook: Webhook, server: Server) -> Iterator[str]:
    where = f"webhooks.{hook.name}.allow_ips"
    for network in hook.allow_ips:
        if network.prefixlen == 0:
            yield f"{where}: {network} matches every address; write your provider's addresses, or remove the key"
    host, _ = server.address
    local = host is not None and loopback(host)
    if hook.allow_ips and local and not server.trusted_proxies and not any(map(_of_this_machine, hook.allow_ips)):
        yield (
            f"{where}: as server.listen is {server.listen}, every request comes from a proxy on this machine, so "
            'all are refused; set server.trusted_proxies = ["127.0.0.1", "::1"]'
        )


def _of_this_machine(network: Network) -> bool:
    """Whether a network holds an address of the loopback interface."""
    return network.overlaps(ipaddress.ip_network("127.0.0.0/8" if network.version == 4 else "::1/128"))
