# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `pixel`: whether an open would reach Listmonk through the public address.

A 200 is not yet a count: for an unknown campaign Listmonk answers the same and stores nothing (seen on 6.2.0,
2026-11). What is proven, and what is not, is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import (
    Origin,
    Reply,
    cache_hit,
    cache_told,
    cacheable,
    challenged,
    clean,
    describe,
    evidence,
    origin,
    proxy_of,
    wants_login,
)
from bouncestream.doctor.probe.snippets import indented, passing, uncached, upstream_of
from bouncestream.doctor.probe.target import Target, from_outside
from bouncestream.errors import FailureKind

if TYPE_CHECKING:
    from bouncestream.doctor.probe.public import Public

TOPIC = "pixel"
FINDINGS: Mapping[str, str] = {
    "pixel-ok": "the open pixel comes from Listmonk, through the public address",
    "pixel-no-answer": "the public address does not answer the pixel",
    "pixel-unfinished": "the answer to the pixel is incomplete",
    "pixel-challenged": "a firewall challenges mail programs as bots",
    "pixel-login": "the pixel requires a login",
    "pixel-redirect-loop": "the pixel redirects in a loop",
    "pixel-redirected": "the pixel redirects to another address",
    "pixel-upstream": "the proxy cannot reach Listmonk",
    "pixel-blocked": "the proxy answers itself instead of forwarding the pixel",
    "pixel-path": "Listmonk receives the pixel's path changed",
    "pixel-catch-all": "another page is served instead of the pixel",
    "pixel-replaced": "another image is served instead of Listmonk's",
    "pixel-error": "Listmonk itself fails to answer the pixel",
    "pixel-cached": "a cache answers the pixel, so Listmonk misses opens",
    "pixel-cacheable": "the proxy lets caches store the pixel",
    "pixel-agents": "mail providers' image proxies are refused",
    "pixel-slow": "the pixel is so slow that image proxies give up",
}
#: Seconds after which an answer is too late for comfort.
SLOW = 1.5
_LOST = "Opens are not counted."


def judge(target: Target, public: Public, listmonk_url: str, *, individual: bool | None = None) -> list[Finding]:
    """`individual`: whether Listmonk tracks each subscriber, which makes each reader's pixel another one."""
    reply = public.through.get("pixel")
    if reply is None:
        return []
    end = public.chain[-1] if public.chain else reply
    real = _is_real(reply, public)
    if not real:
        return [_not_the_pixel(target, reply, end, public, listmonk_url)]
    found = _caching(target, reply, public, listmonk_url, individual)
    found += _agents(target, public)
    slowest = max((one.seconds for one in (reply, public.again) if one), default=0.0)
    if slowest > SLOW:
        seen = f"the pixel took {slowest:.1f} s"
        why = "Image proxies and mail programs wait only a few seconds; then the open is lost."
        fix = f"find out what is slow; directly at Listmonk: {_direct_time(public)}"
        found.append(Finding("pixel-slow", Level.WARNING, TOPIC, seen, why, fix, evidence(reply)))
    if not found:
        found.append(_fine(reply, public))
    return found


def reached(public: Public) -> bool:
    """Whether the pixel came from Listmonk, by whatever detours."""
    reply = public.through.get("pixel")
    return reply is not None and _is_real(reply, public)


#: What another site in Listmonk's place may look like. (A 5xx is a proxy that knows of Listmonk.)
_MAYBE_ANOTHER_SITE = frozenset(
    ("pixel-blocked", "pixel-catch-all", "pixel-replaced", "pixel-login", "pixel-redirected")
)
#: So many different paths must have been answered before it is said of the whole site.
_ENOUGH = 4


def nothing_is_listmonks(public: Public) -> bool:
    """Whether not one answer at the public address is Listmonk's: perhaps another site lives there."""
    if public.chain and public.chain[-1].png:
        return False  # the pixel is found in the end
    answers = [one for one in public.through.values() if one.whole]
    return len(answers) >= _ENOUGH and not any(_listmonk_said(one) for one in answers)


def _listmonk_said(reply: Reply) -> bool:
    return (
        origin(reply) in (Origin.TRACKING, Origin.LISTMONK)
        or "/admin/login?next=" in reply.location
        or (reply.png and reply.noindex)
        or reply.status >= 500
        or reply.status == 401
    )


def _whose(target: Target, public: Public) -> str:
    """The question to ask before a site is replaced."""
    hook = public.through.get("webhooks")
    if hook is not None and _is_bouncestream(hook):
        command = from_outside("", f"{target.url}/webhooks/<name>")
        return (
            f"{target.site} seems to be the address of bouncestream's webhooks: give Listmonk's root URL "
            f"instead, as in `{command}`. Only if both share this name:"
        )
    return (
        f"first: is {target.url} the right root URL? If it belongs to another site, leave that unchanged: give "
        "Listmonk its own host name and set it as root URL (Settings, General). Only if it is Listmonk's:"
    )


def _is_bouncestream(hook: Reply) -> bool:
    if hook.status == 405:
        return "POST" in hook.headers.get("allow", "")
    return hook.status == 404 and hook.body.strip() == b"not found"


def _is_real(reply: Reply, public: Public) -> bool:
    direct = public.direct.get("pixel")
    if not reply.png or not reply.whole:
        return False
    same = direct is not None and direct.png and direct.body == reply.body
    return same or (reply.noindex and not (direct is not None and direct.png))


def _fine(reply: Reply, public: Public) -> Finding:
    compared = "the same image as directly from Listmonk" if public.direct.get("pixel") else "an image, marked"
    seen = f"the pixel is {compared} ({reply.seconds * 1000:.0f} ms, uncached, also for image proxies)"
    why = (
        "Proven: opens reach Listmonk. Not proven: that they count, as Listmonk answers unknown campaigns alike; "
        "check the views of a campaign that you opened yourself."
    )
    return Finding("pixel-ok", Level.OK, TOPIC, seen, why, evidence=evidence(reply))


def _not_the_pixel(target: Target, reply: Reply, end: Reply, public: Public, url: str) -> Finding:
    proxy = proxy_of(reply)
    pass_on = f"forward this path to Listmonk unchanged; {passing(proxy, target.site, url)}"
    ask = _whose(target, public) if nothing_is_listmonks(public) else ""
    where = f"{target.url}/campaign/…/px.png"

    def finding(name: str, seen: str, fix: str, why: str = _LOST, level: Level = Level.ERROR) -> Finding:
        if ask and name in _MAYBE_ANOTHER_SITE:
            seen, fix = f"{seen}; and no other page there is Listmonk's", f"{ask} {fix}"
        return Finding(name, level, TOPIC, seen, why, fix, evidence(reply))

    if not reply.status:
        seen = f"{where} does not answer: {reply.why}"
        if reply.trouble is FailureKind.TIMEOUT:
            seen = f"{where} accepts the connection, but gives {reply.why}"
        return finding(
            "pixel-no-answer", seen, f"check the proxy's error log, and whether it reaches {url or 'Listmonk'}"
        )
    if reply.trouble:
        seen = f"{where}: {describe(reply)}"
        why = f"Image proxies give up. {_LOST}"
        return finding("pixel-unfinished", seen, "check the proxy's error log and the server's load", why)
    if challenged(reply):
        seen = f"{where} answers with a challenge: {describe(reply)}"
        fix = "exempt these paths from bot protection. Cloudflare: Security, WAF, Custom rules, Skip, for\n\n"
        fix += (
            '    (starts_with(http.request.uri.path, "/campaign/") or starts_with(http.request.uri.path, "/link/")'
        )
        fix += ' or starts_with(http.request.uri.path, "/subscription/"))'
        return finding("pixel-challenged", seen, fix, f"Mail programs are not browsers and cannot pass it. {_LOST}")
    if wants_login(reply):
        seen = f"{where} requires a login: {describe(reply)}"
        fix = f"require one only for /admin and /api, never for what readers see; {_open(proxy, target.site, url)}"
        return finding("pixel-login", seen, fix, f"Mail programs have no password. {_LOST}")
    if reply.location:
        return finding(*_redirected(target, reply, end, public, where))
    return finding(*_answered(reply, where, pass_on, url))


def _redirected(
    target: Target, reply: Reply, end: Reply, public: Public, where: str
) -> tuple[str, str, str, str, Level]:
    host = Target.read(end.url)
    if end.location:
        hops = " → ".join(
            clean(one.url.replace("00000000-0000-0000-0000-000000000000", "0…"), 80) for one in public.chain
        )
        fix = (
            "remove one of the redirects. Behind Cloudflare: SSL/TLS, Overview, mode Full (strict), since "
            "Flexible always uses plain HTTP to the server"
        )
        return "pixel-redirect-loop", f"{where} redirects in a loop: {hops}", fix, _LOST, Level.ERROR
    if end.png and host and host.host != target.host:
        seen = f"{where} redirects to {host.site}, where the pixel is"
        why = "Each open and click takes a redirect, which some image proxies do not follow."
        fix = f"in Listmonk: Settings, General, Root URL:\n\n    {host.scheme}://{host.site}"
        return "pixel-redirected", seen, fix, why, Level.WARNING
    seen = f"{where} redirects to {clean(reply.location)}, where there is no pixel: {describe(end)}"
    fix = f"keep the path in the redirect (nginx: `return 301 https://{target.site}$request_uri;`)"
    return "pixel-redirected", seen, fix, _LOST, Level.ERROR


def _answered(reply: Reply, where: str, pass_on: str, url: str) -> tuple[str, str, str]:
    """Id, what was seen, and the fix, for a final answer that is not the pixel."""
    who = origin(reply)
    seen = f"{where} is answered with {describe(reply)}"
    if reply.status == 200 and reply.png:
        fix = f"exclude /campaign/ from other rules and image optimisers; {pass_on}"
        return "pixel-replaced", f"{where} answers with an image, but not Listmonk's", fix
    if who in (Origin.TRACKING, Origin.LISTMONK) and reply.status < 500:
        fix = f"the proxy changes the path, or the root URL contains a path; {pass_on}"
        return "pixel-path", f"{seen}: the path was changed on the way", fix
    if reply.status in (502, 503, 504) or 520 <= reply.status <= 527:
        fix = f"start Listmonk, and set its address in the proxy ({url or 'http://127.0.0.1:9000'}); {pass_on}"
        return "pixel-upstream", f"{seen}: it cannot reach Listmonk", fix
    if reply.status >= 500:
        return "pixel-error", seen, "check Listmonk's log, and whether its database is up"
    if 200 <= reply.status < 300:
        return "pixel-catch-all", seen, pass_on
    return "pixel-blocked", seen, pass_on


def _open(proxy: str, site: str, url: str) -> str:
    if proxy == "nginx":
        lines = "location ~ ^/(campaign|link|subscription|public)/ {\n    auth_basic off;\n    auth_request off;\n"
        lines += f"    proxy_pass http://{upstream_of(url)};\n    proxy_set_header Host $host;\n}}"
        return f"nginx, in the server block of {site}:\n\n{indented(lines)}"
    return "exempt these paths: /campaign/* /link/* /subscription/* /public/*"


def _caching(target: Target, reply: Reply, public: Public, url: str, individual: bool | None) -> list[Finding]:
    proxy = proxy_of(reply)
    fix = uncached(proxy, target.site, url)
    hit = cache_hit(reply) or (cache_hit(public.again) if public.again else "")
    if not hit and public.head is not None and public.head.status == 200 and not cache_told(public.head):
        hit = "HEAD answers 200, which Listmonk itself never does"
    if hit:
        why = "Listmonk cannot count opens that a cache answers."
        if individual is False:
            why += (
                " With individual tracking off, all readers of a campaign share one pixel: only the first counts."
            )
        seen = f"a cache answers the pixel ({hit})"
        return [Finding("pixel-cached", Level.ERROR, TOPIC, seen, why, fix, evidence(reply))]
    direct = public.direct.get("pixel")
    allowed = cacheable(reply)
    if allowed and not (direct is not None and cacheable(direct)):
        seen = f"the proxy lets caches store the pixel ({allowed}); Listmonk says no-cache"
        why = "A reader's second open is not counted, and image proxies may cache it for everyone."
        return [Finding("pixel-cacheable", Level.WARNING, TOPIC, seen, why, fix, evidence(reply))]
    return []


def _agents(target: Target, public: Public) -> list[Finding]:
    refused = {name: one for name, one in public.agents.items() if one.whole and not one.png}
    if not refused:
        return []
    told = "; ".join(f"{name}: {describe(one)}" for name, one in refused.items())
    why = "These programs load images for readers: their opens are lost, although a browser gets the pixel."
    fix = (
        f"find rules for user agents, bots or hot-linking in the proxy or firewall of {target.site}, and "
        "exempt /campaign/ from them"
    )
    seen = f"the pixel refuses the image proxies of {', '.join(refused)} ({told})"
    first = next(iter(refused.values()))
    return [
        Finding("pixel-agents", Level.ERROR, TOPIC, seen, why, fix, evidence(first) | {"agents": list(refused)})
    ]


def _direct_time(public: Public) -> str:
    direct = public.direct.get("pixel")
    return f"{direct.seconds:.1f} s" if direct and direct.status else "unknown"
