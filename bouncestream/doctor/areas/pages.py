# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `pages`: clicks, unsubscribing and the other pages that readers meet, and plain HTTP → HTTPS.

Where the pixel itself does not come through, its finding says why, and the other pages are left out: they have the
same cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bouncestream.doctor.areas.pixel import reached
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import Origin, Reply, describe, evidence, origin, proxy_of
from bouncestream.doctor.probe.snippets import passing, to_https
from bouncestream.doctor.probe.target import Target

if TYPE_CHECKING:
    from bouncestream.doctor.probe.public import Public

TOPIC = "pages"
FINDINGS: Mapping[str, str] = {
    "pages-ok": "clicks, unsubscribing and viewing in the browser reach Listmonk",
    "link-blocked": "clicks do not reach Listmonk",
    "unsubscribe-blocked": "the unsubscribe page does not reach Listmonk",
    "view-blocked": "viewing a campaign in the browser does not reach Listmonk",
    "optin-blocked": "the page that confirms a subscription does not reach Listmonk",
    "webhooks-blocked": "providers that post to Listmonk's own webhooks do not reach it",
    "webhooks-closed": "/webhooks/ does not reach Listmonk; fine if only bouncestream posts there",
    "escapes-broken": "the proxy changes special characters or %-escapes in paths or queries",
    "http-no-redirect": "plain HTTP is served instead of redirected to HTTPS",
    "http-redirect-wrong": "plain HTTP redirects to another page than the same one over HTTPS",
    "http-redirect-loop": "plain HTTP redirects in a loop",
    "http-version": "the public address uses an HTTP version older than 1.1",
}
#: name → id, level, what it is, why it matters, the status that Listmonk gives, the path to pass on
_PAGES = {
    "link": (
        "link-blocked",
        Level.ERROR,
        "the click redirect /link/…",
        "Readers who click see an error page, and no click is counted.",
        400,
        "/link/",
    ),
    "unsubscribe": (
        "unsubscribe-blocked",
        Level.ERROR,
        "the unsubscribe page /subscription/…",
        "Readers who cannot unsubscribe report spam; and the law requires it.",
        404,
        "/subscription/",
    ),
    "optin": (
        "optin-blocked",
        Level.ERROR,
        "the confirmation page /subscription/optin/…",
        "New subscribers cannot confirm.",
        404,
        "/subscription/",
    ),
    "view": (
        "view-blocked",
        Level.WARNING,
        "view-in-browser /campaign/…",
        "The link in the mail leads to an error page.",
        404,
        "/campaign/",
    ),
}


def judge(
    target: Target, public: Public, listmonk_url: str, *, own_hooks: bool = False, login_shown: bool = False
) -> list[Finding]:
    """`own_hooks`: whether providers post directly to Listmonk's own webhooks; `login_shown`: whether plain HTTP
    shows the admin, which is told elsewhere."""
    found = [] if login_shown else _plain(target, public)
    if not reached(public):
        return found
    for name, (ident, level, what, why, status, path) in _PAGES.items():
        reply, direct = public.through[name], public.direct.get(name)
        if same(reply, direct, status) or any(one.id == ident for one in found):
            continue
        if name == "optin" and any(one.id == "unsubscribe-blocked" for one in found):
            continue
        fix = passing(proxy_of(reply), target.site, listmonk_url, path)
        seen = f"{what} is answered with {describe(reply)}{_instead(reply, direct, status)}"
        found.append(Finding(ident, level, TOPIC, seen, why, f"forward it; {fix}", evidence(reply)))
    found += _webhooks(target, public, listmonk_url, own_hooks)
    blocked = any(one.id == "unsubscribe-blocked" for one in found)
    found += _escapes(target, public, listmonk_url, blocked=blocked)
    pixel = public.through["pixel"]
    if pixel.http == "1.0":
        seen = f"{target.url} answers with HTTP/1.0"
        why = "Each request needs its own connection, and some mail programs refuse it."
        fix = "enable HTTP/1.1 and HTTP/2 in the proxy (nginx: `listen 443 ssl http2;`)"
        found.append(Finding("http-version", Level.WARNING, TOPIC, seen, why, fix, evidence(pixel)))
    if not any(one.level in (Level.WARNING, Level.ERROR) for one in found):
        seen = "Listmonk answers clicks, unsubscribing, confirming and viewing in the browser"
        found.append(Finding("pages-ok", Level.OK, TOPIC, seen))
    return found


def same(reply: Reply, direct: Reply | None, status: int, *, noindex: bool = True) -> bool:
    """Whether an answer is the one that Listmonk gives: as seen directly, else by what its pages are known for."""
    if direct is not None and direct.whole:
        return (reply.status, reply.noindex, reply.kind) == (direct.status, direct.noindex, direct.kind)
    return reply.status == status and reply.noindex is noindex


def _instead(reply: Reply, direct: Reply | None, status: int) -> str:
    """The words for what Listmonk itself says to the same request."""
    own = direct.status if direct is not None and direct.status else status
    return f", which is not Listmonk's own {own}" if reply.status == own else f"; Listmonk itself answers {own}"


def _webhooks(target: Target, public: Public, url: str, own_hooks: bool) -> list[Finding]:
    reply, direct = public.through["webhooks"], public.direct.get("webhooks")
    expected = origin(direct) if direct is not None and direct.whole else Origin.LISTMONK
    if same(reply, direct, 404, noindex=False) and origin(reply) is expected:
        return []
    seen = f"/webhooks/ is answered with {describe(reply)}"
    if own_hooks:
        why = "Listmonk is configured to receive providers' bounces there: they are lost."
        fix = f"forward it; {passing(proxy_of(reply), target.site, url, '/webhooks/')}"
        return [Finding("webhooks-blocked", Level.WARNING, TOPIC, seen, why, fix, evidence(reply))]
    why = "Fine: bouncestream posts to Listmonk directly. Only providers that post to Listmonk itself need it."
    return [Finding("webhooks-closed", Level.INFO, TOPIC, seen, why, evidence=evidence(reply))]


def _escapes(target: Target, public: Public, url: str, *, blocked: bool) -> list[Finding]:
    """`blocked`: the plain form of the path does not come through either, which is told elsewhere."""
    broken = ""
    escaped, query = public.through["escaped"], public.through["query"]
    reflected, direct = public.through["reflected"], public.direct.get("reflected")
    if not query.png:
        broken = f"the pixel with a query (?x=%26%C3%BC+%25) is answered with {describe(query)}"
    elif not same(escaped, public.direct.get("escaped"), 400) and not blocked:
        broken = f"a path with %20 and %C3%BC is answered with {describe(escaped)}"
        broken += _instead(escaped, public.direct.get("escaped"), 400)
    elif (
        direct is not None
        and direct.location
        and "login?next=" in reflected.location
        and _next(reflected) != _next(direct)
    ):
        broken = f"Listmonk got {_next(reflected)[:80]} instead of {_next(direct)[:80]}"
    elif reflected.status == 400 and direct is not None and direct.location:
        broken = f"a path with %20 and %C3%BC is answered with {describe(reflected)}"
    if not broken:
        return []
    why = (
        "Confirmation links carry their lists in the query (?l=…), and archive pages and files have escaped names."
    )
    fix = (
        "forward the request unchanged: in nginx without $uri, $args and without a path after the port; "
        + passing(proxy_of(escaped, query), target.site, url)
    )
    return [Finding("escapes-broken", Level.WARNING, TOPIC, broken, why, fix, evidence(query))]


def _next(reply: Reply) -> str:
    return reply.location.partition("next=")[2]


def _plain(target: Target, public: Public) -> list[Finding]:
    """The finding about plain HTTP."""
    if not public.plain:
        return []
    first, end = public.plain[0], public.plain[-1]
    if not first.status:
        return []
    fix = to_https(proxy_of(first), target.site)
    seen = f"http://{target.site}/… "
    why = "Readers who type the address, and http links in old mails, end there."
    if end.location:
        if public.chain and public.chain[-1].location:
            return []  # the same circle, told for https
        text = f"{seen}redirects in a loop"
        return [Finding("http-redirect-loop", Level.ERROR, TOPIC, text, why, fix, evidence(first))]
    if len(public.plain) == 1:
        if first.png:
            text = f"{seen}is served over plain HTTP, not redirected to HTTPS"
            why = "Clicks and addresses are sent unencrypted."
            return [Finding("http-no-redirect", Level.WARNING, TOPIC, text, why, fix, evidence(first))]
        if not reached(public):
            return []
        text = f"{seen}is answered with {describe(first)} instead of a redirect to https"
        return [Finding("http-redirect-wrong", Level.WARNING, TOPIC, text, why, fix, evidence(first))]
    if not end.png and reached(public):
        text = f"{seen}redirects to {describe(first)}, which ends at {describe(end)}: the path is lost"
        return [Finding("http-redirect-wrong", Level.WARNING, TOPIC, text, why, fix, evidence(end))]
    return []
