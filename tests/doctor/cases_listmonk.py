# SPDX-License-Identifier: GPL-3.0-or-later
"""Set-ups in which Listmonk itself, its settings or its campaigns are wrong. The public side is well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bouncestream.sandbox import BRIDGE_PERMISSIONS, Action, ApiUser, Subscriber
from bouncestream.sandbox.model import DEFAULT_ACTIONS, Letter, Template
from tests.doctor.case import Case, broken
from tests.doctor.stage import TOKEN

_MARK = "5a0db0c5-0000-4000-8000-000000000001"


def may(*permissions: str, lacks: tuple[str, ...] = ()) -> dict[str, Any]:
    """A sandbox whose API user has these permissions, or the usual ones without some."""
    granted = frozenset(permissions) if permissions else BRIDGE_PERMISSIONS - set(lacks)
    return {"users": {"bridge": ApiUser("bridge", TOKEN, granted)}}


def acts(**rules: tuple[int, str]) -> dict[str, Any]:
    """A sandbox with other bounce actions."""
    return {"actions": dict(DEFAULT_ACTIONS) | {kind: Action(*rule) for kind, rule in rules.items()}}


def sent(**fields: Any) -> dict[str, Any]:
    """A sandbox with one campaign, sent two days ago."""
    usual = {"name": "Autumn letter", "started_at": datetime.now(UTC) - timedelta(days=2), "sent": 500, "views": 90}
    return {"campaigns": {_MARK: Letter(**usual | {"clicks": 12, "bounces": 3} | fields)}}


def shared(name: str, *expect: str, **options: Any) -> Case:
    """A case behind the healthy site that all share."""
    return broken(name, *expect, proxy="shared", **options)


def odd(name: str, kind: str, port: int, *expect: str) -> Case:
    """A server that behaves badly in Listmonk's place."""
    return shared(
        name, *expect, odd=((kind, "127.0.0.1", port, False),), listmonk={"url": f"http://127.0.0.1:{port}"}
    )


ITSELF: tuple[Case, ...] = (
    shared("listmonk-down", "listmonk-unreachable", listmonk={"url": "http://127.0.0.1:9"}),
    shared("listmonk-no-name", "listmonk-unreachable", listmonk={"url": "http://listmonk:9000"}),
    shared("listmonk-tls-broken", "listmonk-unreachable", listmonk={"url": "https://192.88.99.10"}),
    shared("wrong-token", "listmonk-token", listmonk={"token": "some-other-token-altogether"}),
    shared("wrong-user", "listmonk-token", listmonk={"user": "somebody"}),
    shared(
        "listmonk-redirects", "listmonk-redirect", "config-risky", listmonk={"url": "http://shared.example.com"}
    ),
    broken(
        "listmonk-login-page",
        "listmonk-foreign",
        proxy="nginx",
        http="server { listen 127.0.0.1:19201; default_type text/html; return 200 '<title>Sign in</title>'; }\n",
        listmonk={"url": "http://127.0.0.1:19201"},
    ),
    broken(
        "listmonk-database-away",
        "listmonk-broken",
        http="server { listen 127.0.0.1:19202; default_type application/json; "
        'return 500 \'{"message": "Error fetching settings: pq: the database is starting up"}\'; }\n',
        listmonk={"url": "http://127.0.0.1:19202"},
    ),
    broken(
        "bounces-refused-on-the-way",
        "bounces-unanswered",
        http="server { listen 127.0.0.1:19203; location / { proxy_pass http://127.0.0.1:%(port)s; } "
        "location /webhooks/ { return 405; } }\n",
        listmonk={"url": "http://127.0.0.1:19203"},
        # what is compared with Listmonk's own answers goes this way too
        also=frozenset({"listmonk-ok"}),
    ),
    odd("listmonk-drips", "drip", 19211, "listmonk-unfinished"),
    odd("listmonk-silent", "silent", 19212, "listmonk-unreachable"),
    odd("listmonk-gigabyte", "huge", 19213, "listmonk-foreign"),
    odd("listmonk-foreign-json", "json_200", 19214, "listmonk-foreign"),
    odd("listmonk-garbage", "garbage", 19215, "listmonk-unreachable"),
    shared("may-not-post", "permission-post", sandbox=may(lacks=("webhooks:post_bounce",))),
    shared("may-not-manage-lists", "permission-manage", sandbox=may(lacks=("lists:manage_all",))),
    shared(
        "may-only-post",
        "permission-read",
        "permission-lookup",
        "permission-manage",
        "permission-settings",
        sandbox=may("webhooks:post_bounce"),
        also=frozenset({"permission-letters", "permission-sending", "permission-undo"}),
    ),
    shared("old-version", "listmonk-old", sandbox={"version": "5.0.1"}),
    shared("clock-ahead", "listmonk-clock", sandbox={"clock_seconds": 400.0}),
    shared("needs-restart", "listmonk-needs-restart", sandbox={"needs_restart": True}),
)

BOUNCES: tuple[Case, ...] = (
    shared("webhooks-off", "bounces-webhooks-off", sandbox={"webhooks_enabled": False}),
    shared("processing-off", "bounces-processing-off", sandbox={"bounces_enabled": False}),
    shared(
        "webhooks-off-and-secret",
        "bounces-webhooks-off",
        "permission-settings",
        sandbox={"webhooks_enabled": False} | may(lacks=("settings:get",)),
    ),
    shared("never-acts", "bounces-never-acts", sandbox=acts(hard=(1, "none"), complaint=(1000, "blocklist"))),
    shared("soft-never-acts", "bounces-soft-never", sandbox=acts(soft=(1_000_000, "blocklist"))),
    shared(
        "soft-both",
        "bounces-soft-both",
        sandbox=acts(soft=(3, "blocklist")),
        config='[policy.soft]\nmode = "bridge"\n',
    ),
    shared("acts-at-once", "bounces-acts-at-once", sandbox=acts(soft=(1, "blocklist"))),
    shared("deletes", "bounces-deletes", sandbox=acts(hard=(1, "delete"))),
    shared(
        "two-bridges",
        "bounces-doubled",
        sandbox={"subscribers": [Subscriber("ann@example.com")]} | acts(soft=(5, "none")),
        config='[webhooks.shop]\nprovider = "generic"\ntoken = "a-secret-of-the-doctors-tests"\n',
        posts=(
            {"email": "ann@example.com", "type": "soft", "source": "shop 2026-11-01"},
            {"email": "ann@example.com", "type": "soft", "source": "ses"},
        ),
    ),
)

LETTERS: tuple[Case, ...] = (
    shared(
        "template-without-trackview",
        "campaign-no-trackview",
        sandbox=sent(template=2, views=0),
    ),
    shared(
        "visual-without-trackview",
        "campaign-no-trackview",
        sandbox=sent(content_type="visual", body='<a href="https://example.com/@TrackLink">x</a>', views=0),
    ),
    shared(
        "links-untracked",
        "campaign-no-tracklink",
        sandbox=sent(body='<a href="https://example.com/">x</a>', clicks=0),
    ),
    shared("no-opens", "campaigns-no-views", sandbox=sent(views=0)),
    shared("no-clicks", "campaigns-no-clicks", sandbox=sent(clicks=0)),
    shared("no-bounces", "campaigns-no-bounces", sandbox=sent(sent=4000, bounces=0)),
    shared(
        "tracking-off",
        "tracking-disabled",
        saved={"privacy.disable_tracking": True},
        sandbox=sent(views=0, clicks=0),
    ),
    shared(
        "own-template-without-trackview",
        "campaign-no-trackview",
        sandbox=sent(views=0) | {"templates": [Template("Ours", '{{ template "content" . }}', default=True)]},
    ),
)
LISTMONK = (*ITSELF, *BOUNCES, *LETTERS)
