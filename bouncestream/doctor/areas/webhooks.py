# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways by which feedback comes in: each webhook, through its public URL.

Each is proven by a signed request that stores nothing (`sources.webhook.selftest`): once small, once larger than
what nginx lets through by default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bouncestream import providers
from bouncestream.crypto.blank import Blank
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import Origin, Reply, clean, describe, evidence, origin, proxy_of, wants_login
from bouncestream.doctor.probe.snippets import indented
from bouncestream.doctor.probe.target import Target, is_private
from bouncestream.doctor.probe.web import Web
from bouncestream.providers._settings import Webhook
from bouncestream.sources.webhook import selftest

TOPIC = "bouncestream"
FINDINGS: Mapping[str, str] = {
    "webhook-ok": "a signed test reached the webhook through its public URL, and stored nothing",
    "webhook-unreachable": "the webhook's public URL does not reach bouncestream",
    "webhook-redirected": "the webhook's public URL redirects, so posted events are lost",
    "webhook-not-https": "the webhook's public URL is not https",
    "webhook-unknown": "bouncestream has no webhook at its public URL",
    "webhook-refused": "the webhook refuses the test: the secret or the clock differs",
    "webhook-allow-ips": "allow_ips refuses the test, as configured",
    "webhook-body-limit": "the proxy refuses bodies that bouncestream would accept",
    "webhook-sender": "every request to the webhook seems to come from the proxy",
    "webhook-proof-lost": "the proof in the provider's requests does not arrive",
    "webhook-unproven": "a webhook without a secret cannot be tested without storing an event",
    "webhook-to-enter": "what to enter at the webhook's provider",
}
#: Bytes of the large self-test: above nginx's default of 1 MiB, below our own default of 10 MiB.
LARGE = 1_200_000


@dataclass(frozen=True, slots=True)
class Way:
    """The way to one webhook, tried through its public URL."""

    name: str
    small: Reply | None = None  #: the signed self-test; None where there is no secret to sign with
    large: Reply | None = None
    bare: Reply | None = None  #: a GET
    checks_sender: bool = False


async def attempt(public: Target, hook: Webhook, web: Web, now: datetime) -> Way:
    """Try one webhook through its public URL."""
    secret = secret_of(hook)
    if secret is None:
        return Way(hook.name, bare=await web.get(f"{public.url}/webhooks/{hook.name}"))
    small = await post(web, public, hook, secret, b"selftest", now, 4.0)
    large = await post(web, public, hook, secret, b"x" * LARGE, now, 5.0) if small.status == 200 else None
    return Way(hook.name, small, large, checks_sender=bool(hook.allow_ips))


def secret_of(hook: Webhook) -> Secret | None:
    """The secret that a self-test of this webhook is signed with."""
    return next(iter(hook.secrets), None)


async def post(
    web: Web, public: Target, hook: Webhook, secret: Secret, body: bytes, now: datetime, patience: float
) -> Reply:
    """A signed self-test, to where the provider posts. The reply is told without the secret of the path."""
    url = f"{public.url}/webhooks/{hook.name}"
    path = "" if hook.path_secret is None else "/" + quote(hook.path_secret.reveal(), safe="")
    headers = {"Content-Type": "application/json", **selftest.headers(hook, secret, now, body)}
    # The secret of the path is told as such, since a redirect may repeat it; any other is taken out.
    blank = Blank(*(one for one in secret.reveal_all() if secret is not hook.path_secret))
    reply = await web.get(url + path, method="POST", data=body, headers=headers, patience=patience, blank=blank)
    if not path:
        return reply
    shown = {name: value.replace(path, "/<path_secret>") for name, value in reply.headers.items()}
    told = reply.body.replace(path.encode(), b"/<path_secret>")
    blank = Blank(*hook.path_secret.reveal_all()) if hook.path_secret is not None else blank
    shown = {name: blank(value) for name, value in shown.items()}
    return replace(reply, url=f"{url}/<path_secret>", headers=shown, body=blank.bytes(told))


def where(public_url: str, hook: Webhook, *, shown: bool = False) -> str:
    """The URL to enter at the provider; a secret in the path only where it is to be `shown`."""
    path = ""
    if hook.path_secret is not None:
        path = "/" + (quote(hook.path_secret.reveal(), safe="") if shown else "<path_secret>")
    return f"{public_url.rstrip('/') or 'https://<your address>'}/webhooks/{hook.name}{path}"


def to_enter(public_url: str, hook: Webhook) -> Finding:
    """The values to enter at the provider of a webhook."""
    text = f"{hook.name}: {providers.get(hook.provider).summary}; enter {where(public_url, hook)} there"
    text += "".join(f", and {how}" for proof in hook.proofs.values() if (how := proof.how(hook)))
    text += f" (proof: {', '.join(hook.verifiable)})" if hook.verifiable else "; anyone can post to it"
    return Finding("webhook-to-enter", Level.INFO, TOPIC, text)


def judge(
    public: Target | None, ways: Sequence[Way], running: Reply | None, *, to_run: bool = False
) -> list[Finding]:
    """Each way in. `running`: what the bridge on this machine says, None: it is not known. `to_run`: it does not
    run yet, so it need not be reached."""
    if public is None:
        return []
    found = []
    if public.scheme != "https" and not is_private(public.host):
        text = f"{public.url} is not https"
        why = "Secrets and subscribers' addresses are sent unencrypted."
        fix = "put a TLS proxy in front of it, and correct [server] public_url and the URL at your provider"
        found.append(Finding("webhook-not-https", Level.WARNING, TOPIC, text, why, fix))
    for way in ways:
        one = _way(public, way, running)
        if to_run and one.id == "webhook-unreachable":
            text = f"{one.seen} (normal while bouncestream and its proxy are not running)"
            one = replace(one, level=Level.INFO, seen=text, why=_YET, fix="")
        found.append(one)
    return _once(found)


_YET = "Check again once both are running."


def _once(found: Sequence[Finding]) -> list[Finding]:
    """The findings, the same trouble of several webhooks only once."""
    kept: dict[tuple[str, str], Finding] = {}
    for one in found:
        kept.setdefault((one.id, one.seen if one.level is Level.OK else one.why), one)
    return list(kept.values())


def _way(public: Target, way: Way, running: Reply | None) -> Finding:
    url = f"{public.url}/webhooks/{way.name}"
    if way.small is None:
        return judge_bare(url, way.bare or Reply(url))
    answer = way.small.json()
    if way.small.status == 200 and isinstance(answer, dict) and answer.get("selftest") == "ok":
        return _body(public, way, answer, url)
    if way.small.status == 401 and isinstance(answer, dict) and "sender" in answer:
        return _kept_out(way, clean(str(answer["sender"]), 60), url)
    if way.small.status == 401:
        text = f"{url} refuses the signed test"
        why = "That bouncestream has another secret, or the clocks differ by more than 5 minutes."
        fix = "make the running bouncestream load this configuration:\n\n    systemctl restart bouncestream"
        return Finding("webhook-refused", Level.ERROR, TOPIC, text, why, fix, evidence(way.small))
    if way.small.status == 404 and way.small.body.strip() == b"not found":
        text = f"{url} reaches a bouncestream that has no webhook {way.name}"
        why = "The provider's requests are refused."
        fix = "make the running bouncestream load this configuration:\n\n    systemctl reload bouncestream"
        return Finding("webhook-unknown", Level.ERROR, TOPIC, text, why, fix, evidence(way.small))
    return _unreachable(url, way.small, running)


def judge_bare(url: str, reply: Reply) -> Finding:
    """A GET of a webhook: bouncestream answers 405 or as the provider wants, and tells which methods it takes."""
    if reply.status in (200, 405) and "POST" in reply.headers.get("allow", ""):
        text = f"{url} reaches bouncestream; without a secret to sign with, a delivery cannot be tested"
        return Finding("webhook-unproven", Level.INFO, TOPIC, text, evidence=evidence(reply))
    if reply.status == 404 and reply.body.strip() == b"not found":
        text = f"{url} reaches a bouncestream that has no webhook of this name"
        why = "The provider's requests are refused."
        fix = "compare the name in the URL with the sections [webhooks.<name>] of its configuration"
        return Finding("webhook-unknown", Level.ERROR, TOPIC, text, why, fix, evidence(reply))
    return _unreachable(url, reply, None)


def _unreachable(url: str, reply: Reply, running: Reply | None) -> Finding:
    if reply.location:
        return _redirected(url, reply)
    text = f"{url} does not reach bouncestream: {describe(reply)}"
    why = "Your provider's events are lost, or late when it retries."
    if reply.status in (502, 503, 504) and (running is None or running.status != 200):
        fix = "the proxy answers, but bouncestream does not: start it\n\n    systemctl enable --now bouncestream"
    else:
        fix = f"forward /webhooks/ of this site to bouncestream; {_passing(reply)}"
    if origin(reply) is Origin.LISTMONK:
        text += " (the request went to Listmonk)"
    return Finding("webhook-unreachable", Level.ERROR, TOPIC, text, why, fix, evidence(reply))


def _redirected(url: str, reply: Reply) -> Finding:
    """The finding that what is posted there does not arrive, though a browser that follows ends at the right
    place."""
    goal = clean(replace(reply, url=url).goal, 200)
    text = f"{url} answers {reply.status}, a redirect to {goal}"
    why = "Senders do not follow a redirect, or follow with a GET without the body: their events are lost."
    fix = (
        "enter the final URL at your provider: https, the host that does not redirect, no trailing slash; "
        f"and correct [server] public_url. If the old one must keep working, let the proxy answer {_KEEPS}"
    )
    if wants_login(reply):
        fix = "exempt /webhooks/ from the login; providers have no password for it"
    return Finding("webhook-redirected", Level.ERROR, TOPIC, text, why, fix, evidence(reply))


#: What keeps method and body (RFC 9110 section 15.4.9).
_KEEPS = 308


def _passing(reply: Reply) -> str:
    if proxy_of(reply) == "caddy":
        lines = "handle /webhooks/* {\n    reverse_proxy 127.0.0.1:8025\n}"
        return f"Caddyfile, in the site:\n\n{indented(lines)}"
    return f"nginx, in the server block:\n\n{indented(_NGINX)}"


_NGINX = """\
location /webhooks/ {
    proxy_pass http://127.0.0.1:8025;
    proxy_set_header X-Forwarded-For $remote_addr;
    client_max_body_size 10m;
}"""


def _body(public: Target, way: Way, answer: Mapping[str, Any], url: str) -> Finding:
    large = way.large
    if large is not None and large.status != 200 and not (large.trouble and not large.status):
        text = f"the proxy refuses a body of {LARGE:,} bytes: {describe(large)}"
        why = "Notifications that contain a returned mail can be larger: they are lost."
        if proxy_of(large) == "caddy":
            lines = "request_body {\n    max_size 10MB\n}"
            fix = f"Caddyfile, in the site {public.site}:\n\n{indented(lines)}"
        else:
            fix = f"nginx, in the location /webhooks/:\n\n{indented('client_max_body_size 10m;')}"
        return Finding("webhook-body-limit", Level.WARNING, TOPIC, text, why, fix, evidence(large))
    if lost := clean(str(answer.get("lost") or ""), 100):
        text = f"requests to {url} arrive changed: {lost}"
        why = "That proves the provider's requests, so all of them are refused."
        fix = "forward all request headers to bouncestream unchanged, including Authorization"
        return Finding("webhook-proof-lost", Level.ERROR, TOPIC, text, why, fix, {"lost": lost})
    sender = clean(str(answer.get("sender", "")), 60)
    if way.checks_sender and sender and is_private(sender):
        return _sees_proxy(way.name, sender)
    text = f"{url}: a signed test of {LARGE:,} bytes arrived and stored nothing"
    return Finding("webhook-ok", Level.OK, TOPIC, text, evidence=evidence(way.small or Reply(url)))


def _kept_out(way: Way, sender: str, url: str) -> Finding:
    """The test is signed rightly, but `allow_ips` does not name where it seems to come from."""
    if sender and is_private(sender):
        return _sees_proxy(way.name, sender)
    who = sender or "an unknown address"
    text = f"{url} was reached; allow_ips refuses this machine ({who}), so a delivery cannot be tested from here"
    return Finding("webhook-allow-ips", Level.INFO, TOPIC, text, evidence={"sender": sender})


def _sees_proxy(name: str, sender: str) -> Finding:
    text = f"to the webhook {name} the test seems to come from {sender}, the proxy"
    why = "allow_ips checks that address, so it refuses everyone or accepts everyone."
    lines = f'[server]\ntrusted_proxies = ["{sender}"]'
    fix = f"trust the proxy, and make it send X-Forwarded-For:\n\n{indented(lines)}"
    return Finding("webhook-sender", Level.WARNING, TOPIC, text, why, fix, {"sender": sender})
