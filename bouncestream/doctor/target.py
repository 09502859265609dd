# SPDX-License-Identifier: GPL-3.0-or-later
"""The public address that is examined, taken apart. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

ZERO = "00000000-0000-0000-0000-000000000000"
#: The paths that readers meet, with the all-zero UUIDs, which count nothing.
PIXEL = f"/campaign/{ZERO}/{ZERO}/px.png"
LINK = f"/link/{ZERO}/{ZERO}/{ZERO}"
VIEW = f"/campaign/{ZERO}/{ZERO}"
UNSUBSCRIBE = f"/subscription/{ZERO}/{ZERO}"
OPTIN = f"/subscription/optin/{ZERO}"


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
        """None unless it is an http or https URL with a host."""
        try:
            parts = urlsplit(url.strip())
            if parts.scheme not in ("http", "https") or not parts.hostname:
                return None
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            return None
        return cls(url.strip().rstrip("/"), parts.scheme, parts.hostname.lower(), port, parts.path.rstrip("/"))

    @property
    def site(self) -> str:
        """The host as it stands in a URL."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def with_scheme(self, scheme: str) -> str:
        """The same address by `scheme`, on its usual port."""
        return f"{scheme}://{self.site}{self.path}"


def is_private(host: str) -> bool:
    """An address, or a name that only means something here: localhost, a private network, a container's name."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa")):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return not address.is_global


def is_local(host: str) -> bool:
    """Whether it means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
