# SPDX-License-Identifier: GPL-3.0-or-later
"""A Caddyfile (Caddy 2.6 or newer; caddyserver.com/docs/caddyfile, read in November 2026). Pure.

Caddy redirects HTTP to HTTPS by itself, and sets X-Forwarded-For to the client's address, whatever the client sent.
"""

from __future__ import annotations

from bouncestream.doctor.proxies.site import MAX_BODY, Site


def configuration(site: Site) -> str:
    """The whole Caddyfile."""
    steps = [
        "To /etc/caddy/Caddyfile, then: caddy validate --config /etc/caddy/Caddyfile && systemctl reload caddy",
        "Open only ports 80 and 443 to the Internet.",
    ]
    if not site.cert:
        steps.append("Caddy gets certificates from Let's Encrypt once DNS points the names here.")
    tls = f"\ttls {site.cert} {site.key}\n" if site.cert else ""
    listmonk = f"""\
	handle {{
		reverse_proxy {site.listmonk}
	}}
"""
    webhooks = f"""\
	handle /webhooks/* {{
		request_body {{
			max_size {MAX_BODY >> 20}MiB
		}}
		reverse_proxy {site.bouncestream} {{
			lb_try_duration 30s # requests wait while bouncestream restarts
		}}
	}}
"""
    nothing = "\thandle {\n\t\trespond 404\n\t}\n"
    # A pixel that is kept anywhere is counted once only. Written after the answer: Caddy would add, not replace.
    uncached = """\
	@tracking path /campaign/* /link/*
	header @tracking {
		Cache-Control "no-cache, no-store"
		defer
	}
"""
    log = "\tlog {{\n\t\toutput file /var/log/caddy/{0}.log\n\t}}\n"
    first = f"{site.domain} {{\n{tls}{log.format(site.domain)}{uncached}"
    if not site.webhook_domain:
        return f"{site.heading('Caddyfile', *steps)}\n{first}\n{webhooks}{listmonk}}}\n"
    second = f"{site.webhook_domain} {{\n{tls}{log.format(site.webhook_domain)}\n{webhooks}{nothing}}}\n"
    return f"{site.heading('Caddyfile', *steps)}\n{first}\n{listmonk}}}\n\n{second}"
