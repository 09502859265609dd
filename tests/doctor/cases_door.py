# SPDX-License-Identifier: GPL-3.0-or-later
"""Set-ups in which names, ports or certificates are wrong."""

from __future__ import annotations

from bouncestream.sandbox import ALL_PERMISSIONS, ApiUser
from tests.doctor.case import Case, broken
from tests.doctor.stage import TOKEN

#: A server with its own address, so that its TLS settings are its own.
OLD_TLS = """
server {
    listen 192.88.99.31:443 ssl; server_name %(host)s;
    ssl_certificate %(folder)s/certificates/good.pem; ssl_certificate_key %(folder)s/certificates/good.key;
    ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;
    location / { proxy_pass http://127.0.0.1:%(port)s; }
}
"""
PLAIN_443 = """
server {
    listen 192.88.99.32:443; server_name %(host)s;
    location / { proxy_pass http://127.0.0.1:%(port)s; }
}
"""
ONLY_443 = """
server {
    listen 192.88.99.33:443 ssl; server_name %(host)s;
    ssl_certificate %(folder)s/certificates/good.pem; ssl_certificate_key %(folder)s/certificates/good.key;
    location / { proxy_pass http://127.0.0.1:%(port)s; proxy_set_header Host $host; }
}
"""
#: Listmonk's port, open to everyone.
WIDE = "server { listen 0.0.0.0:19100; location / { proxy_pass http://127.0.0.1:%(port)s; } }\n"

TLS: tuple[Case, ...] = (
    broken("expired", "tls-expired", cert="expired"),
    broken("ends-soon", "tls-expires-soon", cert="soon"),
    broken("not-yet", "tls-not-yet-valid", cert="future"),
    broken("wrong-name", "tls-wrong-name", cert="other"),
    broken("self-signed", "tls-self-signed", cert="self"),
    broken("chain-missing", "tls-chain", cert="chainless", fix="tls-chain"),
    broken("unknown-authority", "tls-untrusted", cert="untrusted"),
    broken("caddy-expired", "tls-expired", proxy="caddy", cert="expired"),
    broken(
        "caddy-unknown-name",
        "tls-no-certificate",
        proxy="caddy",
        outer="# no site of this name",
        host="news.example.org",
    ),
    # The certificate of another site fits, so Caddy answers, with nothing.
    broken("caddy-unknown-site", "pixel-catch-all", proxy="caddy", outer="# no site of this name"),
    broken("old-tls", "tls-old", address="192.88.99.31", outer=OLD_TLS),
    broken(
        "no-handshake",
        "tls-failed",
        proxy="none",
        address="192.88.99.36",
        odd=(("silent", "192.88.99.36", 443, False), ("silent", "192.88.99.36", 80, False)),
    ),
    broken("plain-on-443", "tls-plain", address="192.88.99.32", outer=PLAIN_443),
)

PORTS: tuple[Case, ...] = (
    broken("closed", "ports-closed", proxy="none", address="192.88.99.34"),
    broken("port-80-closed", "ports-http-closed", address="192.88.99.33", outer=ONLY_443, plain=""),
    broken(
        "listmonk-on-all-addresses",
        "ports-listmonk-bound",
        http=WIDE,
        listmonk={"url": "http://127.0.0.1:19100"},
    ),
    # From another machine, the open port is seen; 9000 is what Listmonk listens on by default.
    broken(
        "listmonk-open-to-the-world",
        "ports-listmonk-open",
        http="server { listen 192.88.99.35:9000; location / { proxy_pass http://127.0.0.1:%(port)s; } }\n",
        address="192.88.99.35",
        outside="https://%(host)s",
        laptop=True,
    ),
)

NAMES: tuple[Case, ...] = (
    broken("no-such-name", "dns-failed", resolves=False, proxy="none"),
    broken(
        "resolver-hangs",
        "dns-failed",
        resolves=False,
        proxy="none",
        odd=(("silent_dns", "192.88.99.66", 53, False),),
        mounts={"/etc/resolv.conf": "nameserver 192.88.99.66\noptions timeout:10 attempts:3\n"},
    ),
    broken("private-address", "dns-private", address="10.88.0.1"),
    broken("dead-aaaa", "dns-address-dead", aaaa="2d00::dead"),
    broken("no-such-name-outside", "dns-failed", resolves=False, proxy="none", outside="https://%(host)s"),
)
SHARED = "https://shared.example.com"
#: Who may save settings, as the fix wants it.
ADMIN = {"users": {"bridge": ApiUser("bridge", TOKEN, ALL_PERMISSIONS)}}
ROOTS: tuple[Case, ...] = (
    broken("root-empty", "root-url-empty", proxy="shared", root_url="", fix="root-url-empty", sandbox=ADMIN),
    broken(
        "root-not-a-url",
        "root-url-invalid",
        proxy="shared",
        root_url="news.example.com",
        fix="root-url-invalid",
        sandbox=ADMIN,
    ),
    broken(
        "root-localhost",
        "root-url-localhost",
        proxy="shared",
        root_url="http://localhost:9000",
        fix="root-url-localhost",
        sandbox=ADMIN,
    ),
    broken(
        "root-localhost-alone",
        "root-url-localhost",
        proxy="none",
        public_url="",
        root_url="http://localhost:9000",
        also=frozenset({"public-unknown"}),
    ),
    broken(
        "root-private",
        "root-url-private",
        proxy="shared",
        root_url="http://192.168.1.20:9000",
        fix="root-url-private",
        sandbox=ADMIN,
    ),
    broken("root-container", "root-url-private", proxy="shared", root_url="http://listmonk:9000"),
    broken(
        "root-http",
        "root-url-http",
        proxy="shared",
        root_url="http://shared.example.com",
        fix="root-url-http",
        sandbox=ADMIN,
    ),
    broken(
        "root-port",
        "root-url-port",
        proxy="shared",
        root_url="http://shared.example.com:9000",
        fix="root-url-port",
        sandbox=ADMIN,
    ),
    broken(
        "root-subpath",
        "root-url-subpath",
        proxy="shared",
        root_url=f"{SHARED}/newsletter",
        fix="root-url-subpath",
        sandbox=ADMIN,
    ),
    broken(
        "root-slashes",
        "root-url-slashes",
        proxy="shared",
        root_url=f"{SHARED}//",
        fix="root-url-slashes",
        sandbox=ADMIN,
    ),
    broken(
        "root-other-host",
        "root-url-other-host",
        proxy="shared",
        root_url="https://old.example.com",
        fix="root-url-other-host",
        sandbox=ADMIN,
    ),
    # Without [listmonk] public_url, the root URL itself is tried.
    broken("root-http-alone", "root-url-http", public_url="", root_url="http://%(host)s"),
)
#: Without [listmonk] public_url, so that the root URL is all that is known.
ALONE: tuple[Case, ...] = (
    broken("root-9000-alone", "root-url-port", public_url="", root_url="https://%(host)s:9000"),
    broken("root-own-port-alone", "root-url-port", public_url="", root_url="http://%(host)s:%(port)s"),
    broken("root-closed-port-alone", "root-url-port", public_url="", root_url="https://%(host)s:8444"),
    broken(
        "root-9000-no-proxy",
        "root-url-port",
        "ports-closed",
        proxy="none",
        address="192.88.99.38",
        public_url="",
        root_url="http://%(host)s:9000",
    ),
    broken(
        "root-9000-open",
        "root-url-port",
        "ports-listmonk-open",
        http="server { listen 192.88.99.39:9000; location / { proxy_pass http://127.0.0.1:%(port)s; } }\n",
        address="192.88.99.39",
        outside="http://%(host)s:9000",
        laptop=True,
    ),
    broken(
        "public-url-9000",
        "ports-closed",
        proxy="none",
        address="192.88.99.40",
        root_url="https://%(host)s",
        public_url="https://public-url-9000.example.com:9000",
    ),
    broken(
        "root-no-scheme-alone",
        "root-url-invalid",
        public_url="",
        root_url="%(host)s",
        also=frozenset({"pixel-ok", "pages-ok"}),
    ),
    broken(
        "root-two-schemes-alone",
        "root-url-invalid",
        public_url="",
        root_url="http://https://%(host)s",
        also=frozenset({"pixel-ok"}),
    ),
)
DOOR = (*ALONE, *TLS, *PORTS, *NAMES, *ROOTS)
