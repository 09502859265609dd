# SPDX-License-Identifier: GPL-3.0-or-later
"""Snippets to paste: the right lines for the proxy that stands there. Pure.

Each snippet is indented by four spaces and stands below a line of words, so that it can be cut out.
"""

from __future__ import annotations

_NGINX_HEADERS = """\
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;"""


def indented(text: str) -> str:
    """A snippet as it stands in a fix."""
    return "\n".join(f"    {line}" if line else "" for line in text.strip("\n").splitlines())


def upstream_of(url: str) -> str:
    """Host and port of Listmonk as a proxy names it; its usual one when the URL is not known."""
    return url.partition("://")[2].strip("/") or "127.0.0.1:9000"


def passing(proxy: str, host: str, listmonk_url: str, path: str = "/") -> str:
    """The lines by which a proxy passes `path` to Listmonk unchanged."""
    to = upstream_of(listmonk_url)
    nginx = f"location {'^~ ' if path != '/' else ''}{path} {{\n    proxy_pass http://{to};\n{_NGINX_HEADERS}\n}}"
    match = f"{path}*" if path != "/" else ""
    handle = f"handle {match} {{" if match else "handle {"
    caddy = f"{host} {{\n    {handle}\n        reverse_proxy {to}\n    }}\n}}"
    if proxy == "caddy":
        return f"Caddyfile:\n\n{indented(caddy)}"
    if proxy == "nginx":
        return f"nginx, in the server block of {host}:\n\n{indented(nginx)}"
    if proxy == "apache":
        lines = (
            f"ProxyPreserveHost On\nProxyPass {path} http://{to}{path}\nProxyPassReverse {path} http://{to}{path}"
        )
        return f"Apache, in the VirtualHost of {host}:\n\n{indented(lines)}"
    return f"nginx, in the server block of {host}:\n\n{indented(nginx)}\n\nor Caddyfile:\n\n{indented(caddy)}"


def uncached(proxy: str, host: str, listmonk_url: str) -> str:
    """The lines by which the pixel and the links are never cached."""
    to = upstream_of(listmonk_url)
    if proxy == "cloudflare":
        rule = '(starts_with(http.request.uri.path, "/campaign/") or starts_with(http.request.uri.path, "/link/"))'
        return f"Cloudflare, Caching, Cache Rules: a rule with Bypass cache for\n\n{indented(rule)}"
    if proxy == "caddy":
        return (
            f"Caddyfile, in the site {host}: no cache and no Cache-Control of your own on these paths:\n\n"
            + indented(f"handle /campaign/* {{\n    reverse_proxy {to}\n}}")
        )
    block = (
        f"location ~ ^/(campaign|link)/ {{\n    proxy_pass http://{to};\n    proxy_cache off;\n    expires off;\n"
        f"{_NGINX_HEADERS}\n}}"
    )
    return f"nginx, in the server block of {host}:\n\n{indented(block)}"


def to_https(proxy: str, host: str) -> str:
    """The lines that lead plain HTTP to HTTPS, with the path."""
    if proxy == "caddy":
        return f"Caddyfile: write the site as {host}, without http:// and port; Caddy redirects automatically"
    if proxy == "apache":
        return f"Apache, in the VirtualHost *:80:\n\n{indented(f'Redirect permanent / https://{host}/')}"
    block = f"server {{\n    listen 80;\n    listen [::]:80;\n    server_name {host};\n"
    return f"nginx:\n\n{indented(f'{block}    return 301 https://$host$request_uri;' + chr(10) + '}')}"
