# SPDX-License-Identifier: GPL-3.0-or-later
"""Traefik's static and dynamic configuration (version 2.10 and 3; doc.traefik.io, read in November 2026). Pure.

Traefik drops X-Forwarded-For of clients that it does not trust, and writes their real address.
"""

from __future__ import annotations

from bouncestream.doctor.proxies.site import MAX_BODY, Site


def configuration(site: Site) -> str:
    """Both files, as two YAML documents."""
    heading = site.heading(
        "Traefik: two files",
        "The first to /etc/traefik/traefik.yml, the second to /etc/traefik/dynamic/listmonk.yml.",
        "Open only ports 80 and 443 to the Internet. In a container, 127.0.0.1 is the",
        "container itself: name Listmonk and bouncestream as your network does, and let trusted_proxies be",
        "that network.",
    )
    return f"{heading}\n{_static(site)}---\n{_dynamic(site)}"


def _static(site: Site) -> str:
    resolver = (
        ""
        if site.cert
        else f"""\
certificatesResolvers:
  letsencrypt:
    acme:
      email: postmaster@{site.domain}
      storage: /var/lib/traefik/acme.json
      httpChallenge:
        entryPoint: web
"""
    )
    return f"""\
# /etc/traefik/traefik.yml
entryPoints:
  web:
    address: ":80"
    http:
      redirections:
        entryPoint:
          to: websecure
          scheme: https
          permanent: true
  websecure:
    address: ":443"
providers:
  file:
    directory: /etc/traefik/dynamic
    watch: true
accessLog:
  filePath: /var/log/traefik/access.log
{resolver}"""


def _dynamic(site: Site) -> str:
    tls = "{}" if site.cert else "{certResolver: letsencrypt}"
    certificates = (
        f"""\
  certificates:
    - certFile: {site.cert}
      keyFile: {site.key}
"""
        if site.cert
        else ""
    )
    # Rules are tried from the longest to the shortest, so the webhooks come before the whole name.
    return f"""\
# /etc/traefik/dynamic/listmonk.yml
http:
  routers:
    listmonk:
      rule: "Host(`{site.domain}`)"
      entryPoints: [websecure]
      service: listmonk
      tls: {tls}
    webhooks:
      rule: "Host(`{site.webhook_name}`) && PathPrefix(`/webhooks/`)"
      entryPoints: [websecure]
      middlewares: [webhook-body]
      service: bouncestream
      tls: {tls}
  middlewares:
    webhook-body:
      buffering:
        maxRequestBodyBytes: {MAX_BODY}
  services:
    listmonk:
      loadBalancer:
        passHostHeader: true
        servers:
          - url: "http://{site.listmonk}"
    bouncestream:
      loadBalancer:
        passHostHeader: true
        servers:
          - url: "http://{site.bouncestream}"
tls:
  options:
    default:
      minVersion: VersionTLS12
{certificates}"""
