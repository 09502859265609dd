# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of the findings about server logs: what each means, why it matters, and how to fix it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bouncestream.doctor.finding import Finding, Level
from bouncestream.printable import printable

TOPIC = "logs"

#: id → what it means
FINDINGS: Mapping[str, str] = {
    "logs-unreadable": "a log file could not be read, or not to its end",
    "logs-empty": "there is nothing in the log",
    "logs-unknown-format": "most lines are no lines of an access log",
    "logs-error-log": "an error log: does the server look for tracking paths on its disk, or miss Listmonk?",
    "logs-junk": "some lines are binary or absurdly long",
    "logs-unread": "lines name a tracking path, but hold no status",
    "logs-read": "what was read: lines and period",
    "logs-no-tracking": "not one request for a pixel or a tracked link arrived",
    "logs-no-pixel": "clicks arrive, but no opens",
    "logs-no-link": "opens arrive, but no clicks",
    "logs-pixel-ok": "opens arrive and are answered well",
    "logs-pixel-not-found": "the pixel is answered 404",
    "logs-pixel-refused": "the pixel is refused (401, 403, 405, 429)",
    "logs-pixel-failed": "the pixel is answered 5xx",
    "logs-pixel-redirected": "the pixel is redirected",
    "logs-pixel-cached": "the pixel is answered 304, so something caches it",
    "logs-pixel-malformed": "pixels with broken UUIDs are asked for",
    "logs-pixel-odd": "the pixel is answered with a status that Listmonk never uses for it",
    "logs-proxy-refused": "the image proxies of mail services are refused, browsers are not",
    "logs-image-proxies": "who fetches the pixel",
    "logs-link-ok": "clicks arrive and are redirected to their target",
    "logs-link-not-found": "tracked links are answered 404",
    "logs-link-refused": "tracked links are refused (401, 403, 405, 429)",
    "logs-link-failed": "tracked links are answered 5xx",
    "logs-link-redirected": "tracked links are redirected to somewhere else than their target first",
    "logs-link-unknown": "tracked links are answered 400: Listmonk does not know them",
    "logs-link-malformed": "tracked links with broken UUIDs are asked for",
    "logs-link-odd": "tracked links are answered 200, so not by Listmonk",
    "logs-page-not-found": "subscription or view-in-browser pages are answered 404",
    "logs-page-refused": "subscription or view-in-browser pages are refused",
    "logs-page-failed": "subscription or view-in-browser pages are answered 5xx",
    "logs-webhook-ok": "webhooks arrive and are taken",
    "logs-webhook-not-found": "webhooks are answered 404",
    "logs-webhook-refused": "webhooks are answered 401 or 403",
    "logs-webhook-redirected": "webhooks are redirected, and what they said is lost on the way",
    "logs-webhook-too-large": "webhooks are answered 413",
    "logs-webhook-failed": "webhooks are answered 5xx or 429",
    "logs-guide-paths": "paths such as /track/open are asked for, which never existed",
    "logs-sub-path": "tracking paths arrive below a sub-path, or with two slashes",
    "logs-other-host": "tracking requests arrive for another host than Listmonk's public one",
    "logs-one-client": "all tracking requests come from one private address",
    "logs-head": "HEAD requests, which Listmonk answers 404",
    "logs-scanners": "security scanners click every link of a letter, so clicks exceed opens",
    "logs-own": "requests of bouncestream's own examinations, which are left out",
    "logs-probes": "test requests with all-zero UUIDs, which are not counted",
    "logs-anonymous": "requests that name no subscriber: individual tracking is off",
}

_HAND_ON = """\
let these paths reach Listmonk, before any other rule of the server. Nginx, beside `location /`:
    location ^~ /campaign/ { proxy_pass http://127.0.0.1:9000; }
    location ^~ /link/     { proxy_pass http://127.0.0.1:9000; }
`bouncestream proxy nginx|caddy|apache|traefik --domain …` prints a whole configuration."""
_LET_IN = """\
exempt /campaign/, /link/ and /subscription/ from logins, country blocks, bot rules and rate limits, in the server
and in a CDN or firewall before it. Nginx, beside `location /`:
    location ^~ /campaign/ { auth_basic off; allow all; proxy_pass http://127.0.0.1:9000; }"""
_UP = "look whether Listmonk runs and listens where the proxy passes to: curl -si http://127.0.0.1:9000/health"
_ROOT = (
    "make Listmonk's root URL (Settings, General) the final address, with https:// and without a redirect behind it"
)

#: id → (why it matters, how it is fixed)
WORDS: Mapping[str, tuple[str, str]] = {
    "logs-unknown-format": (
        "Without method, path and status of each request nothing can be told.",
        'hand over the access log. In a log_format of your own keep "$request" and $status; Caddy writes one '
        "only with a `log` directive in the site",
    ),
    "logs-error-log": (
        "An error log has no statuses. What it says about tracking paths is counted all the same.",
        "hand over the access log too: bouncestream doctor logs /var/log/nginx/access.log*",
    ),
    "logs-junk": ("They could not be read, so what is in them is not counted.", ""),
    "logs-unread": (
        "They are not counted.",
        'in a log_format of your own keep "$request" and $status; the combined format has both',
    ),
    "logs-no-tracking": (
        "So Listmonk cannot count anything: either the letters do not ask this server, or this is the wrong log.",
        "is it the log of the host in Listmonk's root URL, and of days on which letters went out? Then "
        "take a letter "
        "from an inbox, and see where its pixel points: bouncestream doctor mail letter.eml",
    ),
    "logs-no-pixel": (
        "Readers click, but no mail program asks for the pixel: it is not in the letters, or broken.",
        "put {{ TrackView }} before </body> of the campaign template, then: bouncestream doctor mail letter.eml",
    ),
    "logs-no-link": (
        "Listmonk tracks only links that are written for it.",
        'write links as https://example.com@TrackLink or {{ TrackLink "https://example.com" }}, or tick Track '
        "in the editor's link box",
    ),
    "logs-pixel-not-found": (
        "Nothing is counted for these. Often a rule for images (`location ~* \\.(png|jpg)$`) takes the "
        "pixel away "
        "from Listmonk; or the path is changed on its way.",
        _HAND_ON,
    ),
    "logs-pixel-refused": ("Nothing is counted for these: mail programs cannot log in.", _LET_IN),
    "logs-pixel-failed": ("Nothing is counted for these.", _UP),
    "logs-pixel-redirected": (
        "Each open takes a detour, and some image proxies do not follow; a redirect to a login counts nothing.",
        _ROOT,
    ),
    "logs-pixel-cached": (
        "Listmonk never answers 304: a cache or a rule for images does, and repeated opens are not counted.",
        "exempt /campaign/ from caching. Nginx: location ^~ /campaign/ { expires off; proxy_cache off; "
        "proxy_pass http://127.0.0.1:9000; }",
    ),
    "logs-pixel-malformed": (
        "These are not counted: somebody tries by hand, or letters are damaged on their way.",
        "look at one letter as it arrived: bouncestream doctor mail letter.eml",
    ),
    "logs-pixel-odd": ("Listmonk answers the pixel 200; something before it answers instead.", _HAND_ON),
    "logs-proxy-refused": (
        "Gmail, Yahoo and others fetch pictures for their readers. While they are refused, nearly no open counts.",
        _LET_IN,
    ),
    "logs-link-not-found": ("Readers who click see an error page, and nothing is counted.", _HAND_ON),
    "logs-link-refused": ("Readers who click see an error page, and nothing is counted.", _LET_IN),
    "logs-link-failed": ("Readers who click see an error page, and nothing is counted.", _UP),
    "logs-link-redirected": (
        "Listmonk redirects with 307. A 301 or 302 is another one before it; one to a login counts nothing.",
        _ROOT,
    ),
    "logs-link-unknown": (
        "Listmonk answers `Invalid link`: its database does not have them, after a restore or a move for instance.",
        "look whether Listmonk runs with the database that the letters were sent from",
    ),
    "logs-link-malformed": (
        "These are not counted: somebody tries by hand, or letters are damaged on their way.",
        "look at one letter as it arrived: bouncestream doctor mail letter.eml",
    ),
    "logs-link-odd": ("Listmonk redirects with 307; something before it answers instead.", _HAND_ON),
    "logs-page-not-found": (
        "Readers cannot unsubscribe or look at the letter. Some 404 are normal: deleted campaigns and subscribers.",
        _HAND_ON,
    ),
    "logs-page-refused": ("Readers cannot unsubscribe, so they report spam instead.", _LET_IN),
    "logs-page-failed": ("Readers cannot unsubscribe, so they report spam instead.", _UP),
    "logs-webhook-not-found": (
        "These bounces are lost, unless the provider sends them again.",
        "compare the URL at the provider with what `bouncestream check` prints, and pass /webhooks/ to "
        "bouncestream",
    ),
    "logs-webhook-refused": (
        "These bounces are lost, unless the provider sends them again; some 401 are strangers who try.",
        "compare the secret at the provider with the configuration: bouncestream check",
    ),
    "logs-webhook-redirected": (
        "Senders do not follow a redirect, or follow it by a GET without the body (301, 302, 303): these "
        "bounces are lost.",
        "enter the final URL at the provider, exactly: https://, the host that does not redirect, the path "
        "without a slash at its end; compare `bouncestream check`. If the old one must go on: 308",
    ),
    "logs-webhook-too-large": (
        "Reports with a whole mail in them are refused by the proxy.",
        "Nginx: client_max_body_size 10m; in location /webhooks/",
    ),
    "logs-webhook-failed": (
        "Providers send again for a while; what lasts longer is lost.",
        "is it running? systemctl status bouncestream, and: bouncestream check",
    ),
    "logs-guide-paths": (
        "Listmonk has no such path; guides that name it are wrong. The pixel is /campaign/…/…/px.png, "
        "links are "
        "/link/…/…/….",
        "take these rules out of proxy and templates; write {{ TrackView }} and @TrackLink, and pass "
        "everything to "
        "Listmonk",
    ),
    "logs-sub-path": (
        "Listmonk does not work below a sub-path, and two slashes are another path to it: it answers 404.",
        "give it a host name of its own, and make the root URL https://that-name without anything behind it",
    ),
    "logs-other-host": (
        "Letters point to another address than the one that is checked and renewed.",
        "make Listmonk's root URL (Settings, General) and [listmonk] public_url the same",
    ),
    "logs-one-client": (
        "The real addresses of readers do not arrive; limits for each address would hit all of them.",
        "let the proxy in front pass X-Forwarded-For, and this server believe it: Nginx set_real_ip_from and "
        "real_ip_header; Caddy servers { trusted_proxies static private_ranges }",
    ),
    "logs-head": ("Listmonk answers every HEAD with 404; that is normal, and mail programs use GET.", ""),
    "logs-scanners": (
        "Mail services follow the links of a letter before its reader gets it. Listmonk counts these clicks, "
        "so clicks may exceed opens; nothing is wrong with your set-up.",
        "do not take single clicks for readers; opens by image proxies and replies tell more",
    ),
    "logs-own": ("The doctor's and check's tries tell nothing about readers and providers.", ""),
    "logs-probes": ("They are answered like real ones, so a 200 for them does not prove that opens count.", ""),
    "logs-anonymous": (
        "Counted, but for the campaign only: who opened or clicked is not known.",
        "for names switch on Settings, Privacy, individual subscriber tracking; letters sent before stay "
        "anonymous, "
        "and their opens are then not counted any more",
    ),
}


def finding(id: str, level: Level, seen: str, **evidence: Any) -> Finding:
    """A finding with its words."""
    why, fix = WORDS.get(id, ("", ""))
    return Finding(id, level, TOPIC, printable(seen), why, fix if level is not Level.OK else "", evidence)


def number(count: int, one: str, many: str) -> str:
    """A count with its noun."""
    return f"{count:,} {one if count == 1 else many}"


def when(at: datetime | None) -> str:
    """A time for a person; empty: none."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
