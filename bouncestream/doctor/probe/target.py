# SPDX-License-Identifier: GPL-3.0-or-later
"""The public address that is examined, taken apart. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bouncestream.settings.shapes import loopback

ZERO = "00000000-0000-0000-0000-000000000000"
#: The paths that readers meet, with the all-zero UUIDs, which count nothing.
PIXEL = f"/campaign/{ZERO}/{ZERO}/px.png"
LINK = f"/link/{ZERO}/{ZERO}/{ZERO}"
VIEW = f"/campaign/{ZERO}/{ZERO}"
UNSUBSCRIBE = f"/subscription/{ZERO}/{ZERO}"
OPTIN = f"/subscription/optin/{ZERO}"


#: A scheme, whole, misspelt or half forgotten: `https://`, `https:/`, `https//`, `htp://`, `//`.
_SCHEME = re.compile(r"\A(?:h\w{0,6}:?|[a-z]{2,8}:)?/{1,3}", re.IGNORECASE)
_LOCAL_NAMES = (".localhost", ".local", ".localdomain", ".internal", ".lan", ".home.arpa")
_HOST = re.compile(r"\A\w[\w-]{0,62}(?:\.\w[\w-]{0,62}){1,20}")


def meant(url: str) -> str:
    """The probable meaning of a root URL that is no web address: its host, with https:// and without a port or a
    path; '' where none can be read in it. `news.example.com:9000` → `https://news.example.com`."""
    rest = url.strip()[:500]
    for _ in range(3):
        if scheme := _SCHEME.match(rest):
            rest = rest[scheme.end() :]
    host = _HOST.match(rest)
    return f"https://{host[0].lower()}" if host and not is_private(host[0].lower()) else ""


def fault_of(root: str) -> str:
    """The fault of a root URL that is no web address, in words."""
    if root.count("://") > 1:
        return "with two schemes instead of one https://"
    return "without a valid https:// before it" if meant(root) else "which is not a web address"


def from_outside(root_url: str, webhook_url: str = "") -> str:
    """The command that examines an installation from another machine. It begins at Listmonk's root URL, whatever is
    to be proven: behind the webhooks' own name there is no Listmonk."""
    command = f"bouncestream doctor --outside {root_url or '<root URL of Listmonk>'}"
    return f"{command} --webhook-url {webhook_url}" if webhook_url else command


@dataclass(frozen=True, slots=True)
class Target:
    """A URL without its trailing slash."""

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def read(cls, url: str) -> Target | None:
        """None unless it is an http or https URL with a host; `http://https://…` has none."""
        try:
            parts = urlsplit(url.strip())
            if parts.scheme not in ("http", "https") or parts.hostname in (None, "http", "https"):
                return None
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            return None
        return cls(url.strip().rstrip("/"), parts.scheme, parts.hostname.lower(), port, parts.path.rstrip("/"))

    @property
    def site(self) -> str:
        """The host as it stands in a URL."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def usual(self) -> bool:
        """Whether it is on a port that readers' networks let through."""
        return self.port in (80, 443)

    def without_port(self) -> Target:
        """The target with the same host by https, where readers should come in."""
        return Target(f"https://{self.site}{self.path}", "https", self.host, 443, self.path)

    def with_scheme(self, scheme: str) -> str:
        """The target with the same address by `scheme`, on its usual port."""
        return f"{scheme}://{self.site}{self.path}"


def is_private(host: str) -> bool:
    """An address, or a name that only means something here: localhost, a private network, a container's name."""
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_global
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_NAMES)


def is_local(host: str) -> bool:
    """Whether it means this machine."""
    return loopback(host) or host.endswith(".localhost") or host in ("0.0.0.0", "::")  # noqa: S104 - compared only
