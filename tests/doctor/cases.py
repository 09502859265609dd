# SPDX-License-Identifier: GPL-3.0-or-later
"""All cases."""

from __future__ import annotations

from tests.doctor import cases_itself
from tests.doctor.case import Case, broken
from tests.doctor.cases_door import DOOR
from tests.doctor.cases_listmonk import LISTMONK, sent
from tests.doctor.cases_public import ADMIN_ONLY, PUBLIC

_FINE = frozenset(
    {
        "pixel-ok",
        "pages-ok",
        "tls-ok",
        "root-url-ok",
        "listmonk-ok",
        "bounces-ok",
        "bounces-refusals",
        "ports-own-address",
    }
)
#: As many guides have it: a slash behind the port, and an admin that only the office may see.
_SLASH = """
location / {
    proxy_pass http://127.0.0.1:%(port)s/;
    proxy_set_header Host $host;
}
location ~ ^/(admin|api)(/|$) { return 403; }
location /webhooks/ { return 404; }
"""

HEALTHY: tuple[Case, ...] = (
    Case(
        "healthy-nginx",
        fresh=True,
        sandbox={"campaigns": {}},
        also=_FINE
        | {"letters-none", "tracking-anonymous", "bridge-no-source", "outbox-missing", "bounces-soft-none"},
    ),
    Case(
        "healthy-others",
        sandbox=sent(content_type="plain", body="Hello https://example.com/@TrackLink"),
        saved={
            "bounce.postmark": {"enabled": True},
            "bounce.mailboxes": [{"enabled": True, "host": "pop.example.com", "username": "bounces", "port": 995}],
        },
        config='[webhooks.shop]\nprovider = "generic"\ntoken = "a-secret-of-the-doctors-tests"\n',
        also=_FINE | {"bounces-own-mailbox", "bounces-own-webhooks", "campaign-plain-text", "bridge-no-public-url"},
    ),
    Case("healthy-caddy", proxy="caddy", also=_FINE),
    Case("healthy-slash", site=_SLASH, also=_FINE | {"webhooks-closed"}),
    Case("healthy-ipv6", aaaa="2d00::10", also=_FINE),
    Case("healthy-campaigns", root_url="https://%(host)s/", sandbox=sent(), also=_FINE | {"letters-ok"}),
    Case("healthy-root-only", public_url="", also=_FINE),
    *cases_itself.HEALTHY,
)
#: What docs/doctor/index.md shows.
SHOWN = broken(
    "shown",
    "pixel-blocked",
    "campaign-no-trackview",
    host="news.example.com",
    site=ADMIN_ONLY,
    sandbox=sent(template=2, views=0),
    config='[webhooks.shop]\nprovider = "generic"\ntoken = "a-secret-of-the-doctors-tests"\n',
)
BROKEN: tuple[Case, ...] = (SHOWN, *PUBLIC, *DOOR, *LISTMONK, *cases_itself.ITSELF)
CASES = (*HEALTHY, *BROKEN)
