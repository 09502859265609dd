# SPDX-License-Identifier: GPL-3.0-or-later
"""Set-ups in which the proxy, or what stands before it, is wrong."""

from __future__ import annotations

from tests.doctor.case import CADDY, PASS, Case, broken

ADMIN_ONLY = """
location /admin { proxy_pass http://127.0.0.1:%(port)s; }
location /api { proxy_pass http://127.0.0.1:%(port)s; }
location / { return 404; }
"""
CHALLENGE = """
location / {
    add_header cf-mitigated challenge always;
    default_type text/html;
    return 403 "<html><head><title>Just a moment...</title></head><body></body></html>";
}
"""
LOGIN_PAGE = """
default_type text/html;
return 200 "<html><title>Sign in</title><form><input name=user><input type='password' name=p></form></html>";
"""


def beside(lines: str) -> str:
    """A site that is right, but for some more lines."""
    return lines + PASS


def at(location: str, lines: str) -> str:
    """A site that is right, but for one location."""
    return f"location {location} {{ {lines} }}\n{PASS}"


PIXEL: tuple[Case, ...] = (
    broken(
        "upstream-down",
        "pixel-upstream",
        site="location / { proxy_pass http://127.0.0.1:9; }",
        fix="pixel-upstream",
    ),
    broken("caddy-upstream-down", "pixel-upstream", proxy="caddy", site="reverse_proxy 127.0.0.1:9"),
    broken("only-admin-passes", "pixel-blocked", site=ADMIN_ONLY, fix="pixel-blocked"),
    # The trap of `respond` beside `reverse_proxy @matcher`: everything is 404.
    broken(
        "caddy-respond-wins",
        "pixel-blocked",
        proxy="caddy",
        site="@admin path /admin*\n reverse_proxy @admin 127.0.0.1:%(port)s\n respond 404",
    ),
    # A path that no handler takes is answered 200 with an empty body.
    broken(
        "caddy-no-handler",
        "pixel-catch-all",
        proxy="caddy",
        site="handle /admin* {\n reverse_proxy 127.0.0.1:%(port)s\n }",
    ),
    broken(
        "catch-all-page",
        "pixel-catch-all",
        site='default_type text/html; return 200 "<html><title>Our shop</title></html>";',
    ),
    broken(
        "wordpress",
        "pixel-redirected",
        site="error_page 404 /none.html; location = /none.html { internal; default_type text/html; "
        'return 404 "<html><title>Page not found - Our blog</title></html>"; }\n'
        "location / { rewrite ^(.*[^/])$ $1/ permanent; return 404; }",
    ),
    broken("parked", "pixel-redirected", site="return 302 https://shared.example.com/park?d=$host;"),
    broken("nginx-default", "pixel-blocked", site="root /var/empty; location / { try_files $uri =404; }"),
    broken("caddy-default", "pixel-blocked", proxy="caddy", site="respond 404"),
    broken("catch-all-empty", "pixel-catch-all", site="return 204;"),
    broken(
        "other-picture",
        "pixel-replaced",
        site=at("/campaign/", "root %(folder)s; default_type image/png; try_files /picture.png =404;"),
    ),
    broken("challenge", "pixel-challenged", site=CHALLENGE),
    broken(
        "password",
        "pixel-login",
        site='auth_basic "closed"; auth_basic_user_file %(folder)s/hosts;' + PASS,
        fix="pixel-login",
    ),
    broken("login-page", "pixel-login", site=LOGIN_PAGE),
    broken(
        "login-redirect",
        "pixel-login",
        site="return 302 https://auth.example.net/login?rd=https://$host$request_uri;",
    ),
    broken("redirect-loop", "pixel-redirect-loop", site="return 301 https://$host$request_uri;"),
    # As behind Cloudflare's mode Flexible: by HTTPS to plain HTTP, and back.
    broken("redirect-flexible", "pixel-redirect-loop", site="return 302 http://$host$request_uri;"),
    broken("redirect-elsewhere", "pixel-redirected", site="return 301 https://shared.example.com$request_uri;"),
    broken(
        "redirect-to-front",
        "pixel-redirected",
        site="location = / { return 200 home; } location / { return 302 /; }",
    ),
    broken(
        "subpath-added",
        "pixel-path",
        site="location / { proxy_pass http://127.0.0.1:%(port)s/newsletter/; }",
        fix="pixel-path",
    ),
    broken("two-slashes", "pixel-path", site="location / { proxy_pass http://127.0.0.1:%(port)s//; }"),
    broken("server-error", "pixel-error", site="return 500;"),
    broken("maintenance", "pixel-upstream", site="return 503;"),
    broken(
        "cached",
        "pixel-cached",
        site=at(
            "/campaign/",
            "proxy_pass http://127.0.0.1:%(port)s; proxy_cache kept; proxy_cache_valid any 10m; "
            "proxy_ignore_headers Cache-Control Expires; add_header X-Cache-Status $upstream_cache_status;",
        ),
        fix="pixel-cached",
    ),
    # No header tells; only HEAD does, which the cache turns into a GET.
    broken(
        "cached-silently",
        "pixel-cached",
        site=at(
            "/campaign/",
            "proxy_pass http://127.0.0.1:%(port)s; proxy_cache kept; proxy_cache_valid any 10m; "
            "proxy_ignore_headers Cache-Control Expires;",
        ),
    ),
    broken(
        "expires-30d",
        "pixel-cacheable",
        site=at(r"~* \.(png|jpg)$", "proxy_pass http://127.0.0.1:%(port)s; expires 30d;"),
    ),
    broken(
        "caddy-cache-control",
        "pixel-cacheable",
        proxy="caddy",
        site=f"{CADDY} {{\n header_down Cache-Control max-age=31536000\n }}",
    ),
    broken(
        "image-proxies-refused",
        "pixel-agents",
        site=beside('if ($http_user_agent ~ "GoogleImageProxy|YahooMailProxy") { return 403; }'),
    ),
    broken(
        "slow",
        "pixel-slow",
        site=at("/campaign/", "auth_request /late; proxy_pass http://127.0.0.1:%(port)s;")
        + "location = /late { internal; proxy_pass http://127.0.0.1:19001; }",
        odd=(("late", "127.0.0.1", 19001, False),),
    ),
    broken(
        "drips",
        "pixel-unfinished",
        proxy="none",
        address="192.88.99.21",
        odd=(("drip", "192.88.99.21", 443, True), ("drip", "192.88.99.21", 80, False)),
    ),
    broken(
        "silent",
        "pixel-no-answer",
        proxy="none",
        address="192.88.99.22",
        odd=(("silent", "192.88.99.22", 443, True), ("silent", "192.88.99.22", 80, False)),
    ),
    broken(
        "garbage",
        "pixel-no-answer",
        proxy="none",
        address="192.88.99.23",
        odd=(("garbage", "192.88.99.23", 443, True), ("garbage", "192.88.99.23", 80, False)),
    ),
    broken(
        "gigabyte",
        "pixel-catch-all",
        proxy="none",
        address="192.88.99.24",
        odd=(("huge", "192.88.99.24", 443, True), ("huge", "192.88.99.24", 80, False)),
    ),
)

PAGES: tuple[Case, ...] = (
    broken("links-blocked", "link-blocked", site=at("/link/", "return 403;"), fix="link-blocked"),
    broken("caddy-links-blocked", "link-blocked", proxy="caddy", site=f"respond /link/* 404\n {CADDY}"),
    broken("unsubscribe-blocked", "unsubscribe-blocked", site=at("/subscription/", "return 404;")),
    broken("optin-blocked", "optin-blocked", site=at("/subscription/optin/", "return 404;")),
    broken(
        "view-blocked", "view-blocked", site=at(r"~ ^/campaign/[^/]+/[^/]+$", "return 404;"), fix="view-blocked"
    ),
    broken(
        "webhooks-needed",
        "webhooks-blocked",
        site=at("/webhooks/", "return 403;"),
        saved={"bounce.postmark": {"enabled": True}},
        fix="webhooks-blocked",
    ),
    # `$uri` is decoded, and has no query.
    broken(
        "uri-variable",
        "escapes-broken",
        site="location / { proxy_pass http://127.0.0.1:%(port)s$uri; }",
        fix="escapes-broken",
    ),
    broken("percent-refused", "escapes-broken", site=beside('if ($request_uri ~ "%%[0-9A-F]") { return 403; }')),
    broken("plain-not-redirected", "http-no-redirect", plain=at("/admin", "return 404;")),
    broken("plain-shows-admin", "http-admin", plain=PASS),
    broken("redirect-drops-path", "http-redirect-wrong", plain="return 301 https://$host/;"),
    broken("plain-not-found", "http-redirect-wrong", plain="return 404;"),
    broken("plain-circle", "http-redirect-loop", plain="return 301 http://$host$request_uri;"),
    broken(
        "http-1-0",
        "http-version",
        proxy="none",
        address="192.88.99.25",
        odd=(("http_1_0", "192.88.99.25", 443, True), ("http_1_0", "192.88.99.25", 80, False)),
    ),
)

GUIDES: tuple[Case, ...] = (
    broken("track-answered", "guide-track-answered", site=at("/track/open", "return 204;")),
    broken(
        "track-configured",
        "guide-track-configured",
        mounts={"/etc/nginx": "location /track/open { proxy_pass http://127.0.0.1:9000; }"},
    ),
    broken(
        "on-demand",
        "guide-on-demand",
        mounts={
            "/etc/caddy": "https:// {\n    tls {\n        on_demand\n    }\n    reverse_proxy 127.0.0.1:9000\n}\n"
        },
    ),
)
PUBLIC = (*PIXEL, *PAGES, *GUIDES)
