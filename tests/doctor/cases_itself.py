# SPDX-License-Identifier: GPL-3.0-or-later
"""Set-ups in which the way to bouncestream, or bouncestream itself, is wrong."""

from __future__ import annotations

from typing import Any

from tests.doctor.case import REDIRECT, Case, broken
from tests.doctor.stage import SHARED, WEBHOOK

TO_BRIDGE = """
location /webhooks/ {
    proxy_pass http://127.0.0.1:8025;
    proxy_set_header X-Forwarded-For $remote_addr;
    client_max_body_size 10m;
}
location / { return 404; }
"""
HOOK = f'[webhooks.shop]\nprovider = "generic"\ntoken = "{WEBHOOK}"\n'
PUBLIC = '[server]\npublic_url = "https://%(host)s"\n'


def webhook(name: str, *expect: str, config: str = PUBLIC + HOOK, site: str = TO_BRIDGE, **options: Any) -> Case:
    """A case whose name is that of the webhook's host; Listmonk is behind the healthy site that all share."""
    usual = {"public_url": f"https://{SHARED}", "root_url": f"https://{SHARED}", "config": config, "site": site}
    return broken(name, *expect, **usual | options)


ITSELF: tuple[Case, ...] = (
    webhook("hook-not-passed", "webhook-unreachable", site="location / { return 404; }", fix="webhook-unreachable"),
    webhook("hook-to-listmonk", "webhook-unreachable", site="location / { proxy_pass http://127.0.0.1:%(port)s; }"),
    webhook("hook-upstream-down", "webhook-unreachable", site="location / { proxy_pass http://127.0.0.1:9; }"),
    webhook(
        "hook-body-limit",
        "webhook-body-limit",
        site="location /webhooks/ { proxy_pass http://127.0.0.1:8025; }",
        fix="webhook-body-limit",
    ),
    webhook(
        "hook-proof-lost",
        "webhook-proof-lost",
        site="location /webhooks/ { proxy_pass http://127.0.0.1:8025; client_max_body_size 10m; "
        "proxy_set_header Authorization ''; }",
    ),
    *(
        webhook(
            f"hook-redirected-{status}",
            "webhook-redirected",
            site=f"location / {{ return {status} https://bounces.example.net$request_uri; }}",
        )
        for status in (301, 302, 307, 308)
    ),
    webhook(
        "hook-redirected-to-a-slash",
        "webhook-redirected",
        site="rewrite ^(/webhooks/.*[^/])$ $1/ permanent;" + TO_BRIDGE,
    ),
    webhook(
        "hook-redirected-outside",
        "webhook-redirected",
        site="return 301 https://bounces.example.net$request_uri;",
        outside=f"https://{SHARED} --webhook-url https://%(host)s/webhooks/shop",
    ),
    webhook("hook-unknown", "webhook-unknown", config=PUBLIC + HOOK.replace("shop", "other")),
    webhook(
        "hook-other-secret", "webhook-refused", config=PUBLIC + HOOK.replace(WEBHOOK, "another-secret-altogether")
    ),
    webhook(
        "hook-sees-proxy", "webhook-sender", "config-risky", config=PUBLIC + HOOK + 'allow_ips = ["192.0.2.0/24"]\n'
    ),
    webhook(
        "hook-plain",
        "webhook-not-https",
        "config-risky",
        config=PUBLIC.replace("https", "http") + HOOK,
        plain=TO_BRIDGE,
    ),
    webhook(
        "hook-trial-fails",
        "webhook-unreachable",
        "trial-failed",
        site="location / { return 404; }",
        words="--write",
    ),
    webhook("hook-certificate", "tls-expired", cert="expired"),
    webhook("hook-no-name", "dns-failed", resolves=False, proxy="none"),
    webhook(
        "hook-unknown-outside",
        "webhook-unknown",
        outside=f"https://{SHARED} --webhook-url https://%(host)s/webhooks/nosuch",
    ),
    # Nothing answers anywhere, and everything is waited for.
    webhook(
        "all-silent",
        "listmonk-unreachable",
        "pixel-no-answer",
        "webhook-unreachable",
        "trial-failed",
        proxy="none",
        address="192.88.99.37",
        odd=(
            ("silent", "192.88.99.37", 443, True),
            ("silent", "192.88.99.37", 80, False),
            ("silent", "127.0.0.1", 19301, False),
        ),
        listmonk={"url": "http://127.0.0.1:19301"},
        public_url="https://%(host)s",
        words="--write",
    ),
    webhook(
        "bridge-down",
        "bridge-not-running",
        config='[server]\nlisten = "127.0.0.1:8999"\n[outbox]\npath = "%(folder)s/bridge.db"\n',
    ),
    webhook("disk-nearly-full", "outbox-disk", small_disk=True, fresh=True),
)
HEALTHY = (
    webhook(
        "healthy-trial",
        config=PUBLIC + '[outbox]\npath = "%(folder)s/bridge.db"\n' + HOOK,
        words="--write",
        also=frozenset({"trial-ok", "webhook-ok"}),
    ),
    webhook("healthy-trial-impossible", words="--write", config="", also=frozenset({"trial-impossible"})),
    webhook(
        "healthy-bridge",
        config=PUBLIC
        + '[outbox]\npath = "%(folder)s/bridge.db"\n'
        + HOOK
        + f'[webhooks.mail]\nprovider = "sendamatic"\nsecret = "{WEBHOOK}"\n',
        also=frozenset({"webhook-ok", "bridge-ok", "outbox-ok", "source-newest", "pixel-ok"}),
    ),
    webhook(
        "healthy-bridge-open",
        "config-risky",
        config=PUBLIC + '[webhooks.open]\nprovider = "generic"\nunverified = true\n',
        also=frozenset({"webhook-unproven"}),
    ),
    webhook(
        "healthy-outside",
        outside=f"https://{SHARED} --webhook-url https://%(host)s/webhooks/shop",
        also=frozenset({"pixel-ok", "pages-ok", "tls-ok", "ports-ok", "webhook-unproven"}),
        laptop=True,
        plain=REDIRECT,
    ),
)
