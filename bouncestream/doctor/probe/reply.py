# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer to a probe, as plain values, and who gave it: Listmonk, a proxy, or something in between. Pure.

How Listmonk's answers differ from a proxy's own: seen on Listmonk 6.2.0 behind Nginx 1.22 and Caddy 2.6 (2026-11).
`X-Robots-Tag: noindex` proves that a tracking route was reached, and the `Server` header proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urljoin

import orjson

from bouncestream.errors import FailureKind
from bouncestream.printable import mask_all, printable

PNG = b"\x89PNG\r\n\x1a\n"
_LOGIN_WORDS = ("login", "log-in", "signin", "sign-in", "sign_in", "/auth", "oauth", "sso", "saml", "authelia")
_CACHE_HEADERS = (
    "cf-cache-status",
    "x-cache",
    "x-cache-status",
    "x-proxy-cache",
    "x-varnish-cache",
    "x-cache-hits",
)


class Origin(StrEnum):
    """The origin of an answer: who gave it."""

    TRACKING = "a tracking page of Listmonk"
    LISTMONK = "Listmonk, for an unknown path"
    NGINX = "nginx itself"
    CADDY = "Caddy itself"
    APACHE = "Apache itself"
    TRAEFIK = "Traefik itself"
    CLOUDFLARE = "Cloudflare"
    OTHER = "something that is not Listmonk"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `status` 0: none came; `trouble` and `why` tell why. The body may be cut."""

    url: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)  #: names in lower case
    body: bytes = b""
    seconds: float = 0.0
    trouble: FailureKind | None = None
    why: str = ""
    http: str = ""  #: "1.1", or "1.0"

    @property
    def kind(self) -> str:
        """The content type alone."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def noindex(self) -> bool:
        """Listmonk's mark of a tracking page."""
        return "noindex" in self.headers.get("x-robots-tag", "").lower()

    @property
    def png(self) -> bool:
        """Whether it is a PNG picture."""
        return self.status == 200 and self.kind == "image/png" and self.body.startswith(PNG)

    @property
    def whole(self) -> bool:
        """Whether the answer came, and to its end (or as far as it was read)."""
        return bool(self.status) and not self.trouble

    @property
    def location(self) -> str:
        """The target of a redirect, as written."""
        return self.headers.get("location", "") if 300 <= self.status < 400 else ""

    @property
    def goal(self) -> str:
        """The target of a redirect, as a whole URL; as written where that is none (RFC 3986 section 5)."""
        try:
            return urljoin(self.url, self.location)
        except ValueError:
            return self.location

    def json(self) -> Any:
        """The JSON that it holds, else None."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def data(self) -> Any:
        """The value of `data` in one of Listmonk's answers, else None."""
        found = self.json()
        return found.get("data") if self.status == 200 and isinstance(found, dict) else None

    def rows(self, key: str = "results") -> Sequence[Mapping[str, Any]] | None:
        """The objects of a list in one of Listmonk's answers (`key` empty: `data` itself); None: it has no list."""
        found = self.data()
        if key:
            found = found.get(key) if isinstance(found, dict) else None
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None

    def words(self) -> str:
        """Listmonk's own words for a refusal, or else what the answer is, for a person."""
        found = self.json()
        if isinstance(found, dict) and isinstance(found.get("message"), str):
            return clean(found["message"])
        return describe(self)


def origin(reply: Reply) -> Origin:
    """The origin of an answer, by what only that one says."""
    body, headers = reply.body, reply.headers
    if not reply.status:
        return Origin.NOBODY
    html = reply.kind == "text/html"
    if reply.noindex and (reply.png or (html and "charset" in headers.get("content-type", "").lower())):
        return Origin.TRACKING
    if headers.get("cf-mitigated") or b"/cdn-cgi/" in body or b"cf-error-details" in body:
        return Origin.CLOUDFLARE
    if b"listmonk.app" in body or b'"404 unknown endpoint"' in body:
        return Origin.LISTMONK
    if b"<center>nginx" in body or b"<center>openresty" in body:
        return Origin.NGINX
    if b"<address>Apache" in body or (b"<!DOCTYPE HTML PUBLIC" in body and b"IETF//DTD HTML" in body):
        return Origin.APACHE
    if body.strip() == b"404 page not found" and reply.kind == "text/plain" and "server" not in headers:
        return Origin.TRAEFIK
    if not body and not reply.location and "caddy" in headers.get("server", "").lower():
        return Origin.CADDY
    return Origin.OTHER


def proxy_of(*replies: Reply) -> str:
    """The proxy that stands there: `nginx`, `caddy`, `apache`, `traefik`, `cloudflare`, or ``."""
    for reply in replies:
        server = reply.headers.get("server", "").lower()
        for name in ("caddy", "nginx", "openresty", "apache", "cloudflare"):
            if name in server:
                return "nginx" if name == "openresty" else name
        if origin(reply) is Origin.TRAEFIK:
            return "traefik"
    return ""


def challenged(reply: Reply) -> bool:
    """A page that wants a browser to prove that a person sits before it."""
    if reply.headers.get("cf-mitigated"):
        return True
    if reply.status in (200, 202, 403, 405, 429, 503) and reply.kind == "text/html":
        page = reply.body.lower()
        signs = (b"just a moment...", b"/cdn-cgi/challenge", b"captcha", b"checking your browser", b"_incapsula_")
        return any(sign in page for sign in signs)
    return False


def wants_login(reply: Reply) -> bool:
    """A login instead of what was asked for."""
    if reply.status == 401 or "www-authenticate" in reply.headers:
        return True
    if reply.location:
        return any(word in reply.location.lower() for word in _LOGIN_WORDS)
    page = reply.body.lower()
    return reply.kind == "text/html" and b"<input" in page and b'"password"' in page.replace(b"'", b'"')


def cache_hit(reply: Reply) -> str:
    """The header that proves that a cache gave the answer, as written; empty: none does."""
    for name in _CACHE_HEADERS:
        value = reply.headers.get(name, "")
        if "hit" in value.lower() or (name == "x-cache-hits" and value.strip(" ,0")):
            return f"{name}: {clean(value, 40)}"
    age = reply.headers.get("age", "").strip()
    return f"age: {age}" if age.isascii() and age.isdigit() and int(age) > 0 else ""


def cache_told(reply: Reply) -> bool:
    """Whether a cache says what it did; one that does may turn HEAD into GET without keeping anything."""
    return any(name in reply.headers for name in _CACHE_HEADERS)


def cacheable(reply: Reply) -> str:
    """The Cache-Control or Expires by which caches may keep it, as written; empty: they may not."""
    control = reply.headers.get("cache-control", "").lower()
    if any(word in control for word in ("no-store", "no-cache", "private", "max-age=0")):
        return ""
    if "max-age" in control or "immutable" in control:
        return f"cache-control: {clean(control, 60)}"
    return f"expires: {clean(reply.headers['expires'], 40)}" if "expires" in reply.headers and not control else ""


def describe(reply: Reply) -> str:
    """An answer in a few words: `404, text/html, 153 bytes, by nginx itself`."""
    if not reply.status:
        return reply.why or "no answer"
    if reply.location:
        return f"{reply.status}, a redirect to {clean(reply.location, 100)}"
    parts = [str(reply.status), clean(reply.kind, 40) or "no content type"]
    if not reply.body:
        parts.append("an empty body")
    who = origin(reply)
    text = ", ".join(parts)
    if who is not Origin.OTHER:
        text += f", by {who.value}"
    elif title := _title(reply.body):
        text += f', titled "{title}"'
    return text + (f" ({reply.why})" if reply.why else "")


def evidence(reply: Reply) -> dict[str, Any]:
    """An answer for machines."""
    told: dict[str, Any] = {"url": reply.url, "status": reply.status, "origin": origin(reply).name.lower()}
    if reply.kind:
        told["type"] = clean(reply.kind, 60)
    if reply.trouble:
        told["trouble"] = reply.trouble.value
    return told | {"seconds": round(reply.seconds, 3)}


def clean(text: str, limit: int = 160) -> str:
    """Foreign text for a finding: printable, addresses masked, cut."""
    return printable(mask_all(text), limit)


def _title(body: bytes) -> str:
    start = body.lower().find(b"<title>")
    if start < 0:
        return ""
    text = body[start + 7 : start + 207].split(b"<")[0]
    return clean(" ".join(text.decode("utf-8", "replace").split()), 60)
