# SPDX-License-Identifier: GPL-3.0-or-later
"""The site that a reverse proxy's configuration is made for. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from bouncestream.errors import UsageError

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
#: A path that no proxy's language takes for anything else.
_PATH = re.compile(r"/[\w./@+:,=~-]{1,1000}", re.ASCII)
_UPSTREAM = re.compile(
    r"(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9])?):([1-9]\d{0,4})", re.IGNORECASE
)

#: The least that [server] max_body should be let through with; in the proxies' units.
MAX_BODY = 10 << 20
#: Where Debian's default site looks for files, so that the first certificate can be got before the file is there.
WEBROOT = "/var/www/html"


@dataclass(frozen=True, slots=True)
class Site:
    """Names, certificates, and where things listen. What a proxy could misread is refused: raises
    UsageError."""

    domain: str
    webhook_domain: str = ""  #: '' where the webhooks are below the same name
    cert: str = ""  #: '' for Let's Encrypt
    key: str = ""
    listmonk: str = "127.0.0.1:9000"
    bouncestream: str = "127.0.0.1:8025"

    def __post_init__(self) -> None:
        name = _name(self.domain, "--domain")
        other = _name(self.webhook_domain, "--webhook-domain") if self.webhook_domain else ""
        if bool(self.cert) != bool(self.key):
            raise UsageError("--cert and --key belong together: name both files, or neither for Let's Encrypt.")
        for option, path in (("--cert", self.cert), ("--key", self.key)):
            if path and not _PATH.fullmatch(path):
                raise UsageError(f"{option} {path!r} must be an absolute path of letters, digits and ./@+:,=~-_")
        for option, upstream in (("--listmonk", self.listmonk), ("--bouncestream", self.bouncestream)):
            found = _UPSTREAM.fullmatch(upstream)
            if not found or int(found[1]) > 65535:
                raise UsageError(
                    f"{option} {upstream!r} must be HOST:PORT, such as 127.0.0.1:9000, without http://"
                )
        object.__setattr__(self, "domain", name)
        object.__setattr__(self, "webhook_domain", "" if other == name else other)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a certificate is needed for."""
        return (self.domain, self.webhook_domain) if self.webhook_domain else (self.domain,)

    @property
    def webhook_name(self) -> str:
        """The name that webhooks are posted to."""
        return self.webhook_domain or self.domain

    @property
    def certificate(self) -> tuple[str, str]:
        """The files of the certificate and of its key; certbot's, where none are named."""
        live = f"/etc/letsencrypt/live/{self.domain}"
        return self.cert or f"{live}/fullchain.pem", self.key or f"{live}/privkey.pem"

    def steps(self, default_site: str, service: str, file: str, end: str) -> list[str]:
        """What to do with a file of a proxy that leaves certificates to certbot; `end`: the commands to load it."""
        if self.cert:
            return [f"To {file}, then: {end}", "Open only ports 80 and 443 to the Internet."]
        names = " ".join(f"-d {name}" for name in self.names)
        return [
            f"1. With {default_site} still on, and DNS pointing the names here, get a Let's Encrypt certificate:",
            f"   apt install certbot && certbot certonly --webroot -w {WEBROOT} {names} \\",
            f'     --deploy-hook "systemctl reload {service}"',
            "   certbot's timer renews it; test that with: certbot renew --dry-run",
            f"2. This file to {file}, then: {end}",
            "3. Open only ports 80 and 443 to the Internet.",
        ]

    def heading(self, what: str, *steps: str) -> str:
        """The comment that each configuration begins with."""
        port = self.listmonk.rpartition(":")[2]
        lines = [
            f"{what}, made by `bouncestream proxy`.",
            "",
            *steps,
            "",
            f"Listmonk, Settings, General: root URL https://{self.domain}",
            f'Listmonk, config.toml: [app] address = "{self.listmonk}", so that port {port} is internal',
            f'(Docker: ports: ["127.0.0.1:{port}:9000"]).',
            "",
            "bouncestream, config.toml:",
            "  [server]",
            f'  listen = "{self.bouncestream}"',
            f'  public_url = "https://{self.webhook_name}"',
            '  trusted_proxies = ["127.0.0.1", "::1"]   # this proxy\'s addresses',
        ]
        return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _name(text: str, option: str) -> str:
    """A host name as A-labels, lower case."""
    name = text.strip().rstrip(".").lower()
    if "://" in name or "/" in name or ":" in name:
        raise UsageError(f"{option} needs a name without https://, port and path, such as news.example.org")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        pass
    else:
        raise UsageError(f"{option} needs a name, not an address: certificates and links require one")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            raise UsageError(f"{option} {text!r} is not a host name") from None
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UsageError(f"{option} {text!r} is not a host name, such as news.example.org")
    return name
