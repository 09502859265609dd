# SPDX-License-Identifier: GPL-3.0-or-later
"""A file for Nginx' conf.d (1.18 or newer; nginx.org/en/docs, read in November 2026). Pure."""

from __future__ import annotations

from bouncestream.doctor.proxies.site import MAX_BODY, WEBROOT, Site


def configuration(site: Site) -> str:
    """The whole file."""
    names = " ".join(site.names)
    cert, key = site.certificate
    end = "nginx -t && systemctl reload nginx"
    steps = site.steps("Nginx' default site", "nginx", "/etc/nginx/conf.d/listmonk.conf", end)
    heading = site.heading("Nginx: a file of /etc/nginx/conf.d", *steps)
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
