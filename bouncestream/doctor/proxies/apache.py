# SPDX-License-Identifier: GPL-3.0-or-later
"""A file for Apache's sites-available (2.4; httpd.apache.org/docs/2.4, read in November 2026). Pure."""

from __future__ import annotations

from bouncestream.doctor.proxies.site import MAX_BODY, WEBROOT, Site

MODULES = ("ssl", "proxy", "proxy_http", "headers", "alias")


def configuration(site: Site) -> str:
    """The whole file."""
    cert, key = site.certificate
    # nocanon and NoDecode: the path goes on as it came, with all its %-escapes
    webhooks = f"""\
    # Only /webhooks/ of bouncestream: /metrics and /readyz are not for the Internet.
    ProxyPass /webhooks/ http://{site.bouncestream}/webhooks/ nocanon
    <Location /webhooks/>
        LimitRequestBody {MAX_BODY}
    </Location>
"""
    listmonk = f"""\
    ProxyPass / http://{site.listmonk}/ nocanon
    <IfModule mod_expires.c>
        <LocationMatch "^/(campaign|link)/">
            ExpiresActive Off
        </LocationMatch>
    </IfModule>
    <IfModule mod_cache.c>
        CacheDisable /campaign/
        CacheDisable /link/
    </IfModule>
"""
    end = f"a2enmod {' '.join(MODULES)} && a2ensite listmonk && apachectl configtest && systemctl reload apache2"
    steps = site.steps("its default site", "apache2", "/etc/apache2/sites-available/listmonk.conf", end)
    parts = [site.heading("Apache: a file of /etc/apache2/sites-available", *steps)]
    parts += [_redirect(name) for name in site.names]
    parts.append(_host(site.domain, cert, key, listmonk if site.webhook_domain else f"{webhooks}{listmonk}"))
    if site.webhook_domain:
        nothing = '    RedirectMatch 404 "^/(?!webhooks/)"\n'
        parts.append(_host(site.webhook_domain, cert, key, f"{webhooks}{nothing}"))
    return "\n".join(parts)


def _redirect(name: str) -> str:
    return f"""\
<VirtualHost *:80>
    ServerName {name}
    Alias /.well-known/acme-challenge/ {WEBROOT}/.well-known/acme-challenge/
    RedirectMatch permanent "^/(?!\\.well-known/acme-challenge/)(.*)$" "https://{name}/$1"
</VirtualHost>
"""


def _host(name: str, cert: str, key: str, locations: str) -> str:
    return f"""\
<VirtualHost *:443>
    ServerName {name}
    SSLEngine on
    SSLCertificateFile {cert}
    SSLCertificateKeyFile {key}
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    ProxyRequests Off
    ProxyPreserveHost On
    AllowEncodedSlashes NoDecode
    # What a client claims about itself is dropped; Apache then writes its real address.
    RequestHeader unset X-Forwarded-For early
    RequestHeader set X-Forwarded-Proto https
{locations}</VirtualHost>
"""
