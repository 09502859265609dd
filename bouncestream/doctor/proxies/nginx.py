# SPDX-License-Identifier: GPL-3.0-or-later
"""A file for Nginx' conf.d (1.18 or newer; nginx.org/en/docs, read in November 2026). Pure."""

from __future__ import annotations

from bouncestream.doctor.proxies.site import MAX_BODY, Site

#: Where Debian's default site looks for files, so that the first certificate can be got before this file is there.
WEBROOT = "/var/www/html"


def configuration(site: Site) -> str:
    """The whole file."""
    names = " ".join(site.names)
    cert = site.cert or f"/etc/letsencrypt/live/{site.domain}/fullchain.pem"
    key = site.key or f"/etc/letsencrypt/live/{site.domain}/privkey.pem"
    heading = site.heading("Nginx: a file of /etc/nginx/conf.d", *_steps(site))
    webhooks = f"""\
    # Only /webhooks/ of bouncestream: /metrics and /readyz are not for the Internet.
    location ^~ /webhooks/ {{
        client_max_body_size {MAX_BODY >> 20}m;
        proxy_pass http://{site.bouncestream};
    }}
"""
    listmonk = f"""\
    # ^~ keeps rules for images, such as `location ~* \\.png$`, away from the pixel.
    location ^~ /campaign/ {{
        expires off;
        proxy_cache off;
        proxy_pass http://{site.listmonk};
    }}
    location ^~ /link/ {{
        expires off;
        proxy_cache off;
        proxy_pass http://{site.listmonk};
    }}
    location / {{
        client_max_body_size 100m;   # imports and media
        proxy_pass http://{site.listmonk};
    }}
"""
    redirect = f"""\
server {{
    listen 80;
    listen [::]:80;
    server_name {names};
    location ^~ /.well-known/acme-challenge/ {{
        root {WEBROOT};
    }}
    location / {{
        return 301 https://$host$request_uri;
    }}
}}
"""
    first = _server(site.domain, cert, key, listmonk if site.webhook_domain else f"{webhooks}{listmonk}")
    if not site.webhook_domain:
        return f"{heading}\n{redirect}\n{first}"
    second = _server(site.webhook_domain, cert, key, f"{webhooks}    location / {{\n        return 404;\n    }}\n")
    return f"{heading}\n{redirect}\n{first}\n{second}"


def _steps(site: Site) -> list[str]:
    end = "nginx -t && systemctl reload nginx"
    if site.cert:
        return [
            f"To /etc/nginx/conf.d/listmonk.conf, then: {end}",
            "Open ports 80 and 443 to the Internet, and no other.",
        ]
    names = " ".join(f"-d {name}" for name in site.names)
    return [
        "1. With Nginx' default site still on, and DNS leading the names here, get a certificate of Let's Encrypt:",
        f"   apt install certbot && certbot certonly --webroot -w {WEBROOT} {names} \\",
        '     --deploy-hook "systemctl reload nginx"',
        "   certbot's timer renews it; try that with: certbot renew --dry-run",
        f"2. This file to /etc/nginx/conf.d/listmonk.conf, then: {end}",
        "3. Open ports 80 and 443 to the Internet, and no other.",
    ]


def _server(name: str, cert: str, key: str, locations: str) -> str:
    return f"""\
server {{
    listen 443 ssl;
    listen [::]:443 ssl;
    # from Nginx 1.25.1 on: http2 on;
    server_name {name};
    server_tokens off;
    ssl_certificate {cert};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3;

    proxy_set_header Host $host;
    # not $proxy_add_x_forwarded_for: what a client claims about itself is dropped
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;

{locations}}}
"""
