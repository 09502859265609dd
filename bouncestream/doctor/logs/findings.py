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
    "logs-unreadable": "a log file could not be read completely",
    "logs-empty": "the log is empty",
    "logs-unknown-format": "most lines are not access log lines",
    "logs-error-log": "an error log: tracking paths searched on disk, or Listmonk unreachable",
    "logs-junk": "some lines are binary or extremely long",
    "logs-unread": "lines contain a tracking path, but no status",
    "logs-read": "the lines that were read, and their period",
    "logs-no-tracking": "no request for a pixel or a tracked link arrived",
    "logs-no-pixel": "clicks arrive, but no opens",
    "logs-no-link": "opens arrive, but no clicks",
    "logs-pixel-ok": "opens arrive and are answered correctly",
    "logs-pixel-not-found": "the pixel is answered 404",
    "logs-pixel-refused": "the pixel is refused (401, 403, 405, 429)",
    "logs-pixel-failed": "the pixel is answered 5xx",
    "logs-pixel-redirected": "the pixel is redirected",
    "logs-pixel-cached": "the pixel is answered 304, so something caches it",
    "logs-pixel-malformed": "pixels with broken UUIDs are requested",
    "logs-pixel-odd": "the pixel is answered with a status that Listmonk never uses",
    "logs-proxy-refused": "image proxies of mail services are refused, browsers are not",
    "logs-image-proxies": "the programs that fetch the pixel",
    "logs-link-ok": "clicks arrive and are redirected to their target",
    "logs-link-not-found": "tracked links are answered 404",
    "logs-link-refused": "tracked links are refused (401, 403, 405, 429)",
    "logs-link-failed": "tracked links are answered 5xx",
    "logs-link-redirected": "tracked links are redirected elsewhere first",
    "logs-link-unknown": "tracked links are answered 400: unknown to Listmonk",
    "logs-link-malformed": "tracked links with broken UUIDs are requested",
    "logs-link-odd": "tracked links are answered 200, which Listmonk never does",
    "logs-page-not-found": "subscription or view-in-browser pages are answered 404",
    "logs-page-refused": "subscription or view-in-browser pages are refused",
    "logs-page-failed": "subscription or view-in-browser pages are answered 5xx",
    "logs-webhook-ok": "webhooks arrive and are accepted",
    "logs-webhook-not-found": "webhooks are answered 404",
    "logs-webhook-refused": "webhooks are answered 401 or 403",
    "logs-webhook-redirected": "webhooks are redirected, so their events are lost",
    "logs-webhook-too-large": "webhooks are answered 413",
    "logs-webhook-failed": "webhooks are answered 5xx or 429",
    "logs-guide-paths": "paths such as /track/open are requested, which never existed",
    "logs-sub-path": "tracking paths arrive below a sub-path, or with two slashes",
    "logs-other-host": "tracking requests arrive at another host than Listmonk's public one",
    "logs-one-client": "all tracking requests come from one private address",
    "logs-head": "HEAD requests, which Listmonk answers 404",
    "logs-scanners": "security scanners click every link of a mail, so clicks exceed opens",
    "logs-own": "bouncestream's own test requests, which are ignored",
    "logs-probes": "test requests with all-zero UUIDs, which are not counted",
    "logs-anonymous": "requests that name no subscriber: individual tracking is off",
}

_HAND_ON = """\
forward these paths to Listmonk before any other rule of the server. Nginx, next to `location /`:
    location ^~ /campaign/ { proxy_pass http://127.0.0.1:9000; }
    location ^~ /link/     { proxy_pass http://127.0.0.1:9000; }
`bouncestream proxy nginx|caddy|apache|traefik --domain …` prints a whole configuration."""
_LET_IN = """\
exempt /campaign/, /link/ and /subscription/ from logins, country blocks, bot rules and rate limits, in the server
and in any CDN or firewall in front of it. Nginx, next to `location /`:
    location ^~ /campaign/ { auth_basic off; allow all; proxy_pass http://127.0.0.1:9000; }"""
_UP = "check that Listmonk runs and listens at the proxy's upstream address: curl -si http://127.0.0.1:9000/health"
_ROOT = "set Listmonk's root URL (Settings, General) to the final address: https:// and no redirect"

#: id → (why it matters, how it is fixed)
WORDS: Mapping[str, tuple[str, str]] = {
    "logs-unknown-format": (
        "Without method, path and status of the requests nothing can be concluded.",
        'pass the access log. In a custom log_format keep "$request" and $status; Caddy writes one '
        "only with a `log` directive in the site",
    ),
    "logs-error-log": (
        "An error log has no statuses. Its lines about tracking paths are counted anyway.",
        "pass the access log too: bouncestream doctor logs /var/log/nginx/access.log*",
    ),
    "logs-junk": ("They could not be read and are not counted.", ""),
    "logs-unread": (
        "They are not counted.",
        'in a custom log_format keep "$request" and $status; the combined format has both',
    ),
    "logs-no-tracking": (
        "Listmonk cannot count anything: either the mails do not point to this server, or this is the wrong log.",
        "check that it is the log of the host in Listmonk's root URL, from days with campaigns. Then take a mail "
        "from an inbox and see where its pixel points: bouncestream doctor mail letter.eml",
    ),
    "logs-no-pixel": (
        "Readers click, but no mail program requests the pixel: it is missing or broken.",
        "put {{ TrackView }} before </body> of the campaign template, then: bouncestream doctor mail letter.eml",
    ),
    "logs-no-link": (
        "Listmonk tracks only links marked for it.",
        'write links as https://example.com@TrackLink or {{ TrackLink "https://example.com" }}, or tick Track '
        "in the editor's link box",
    ),
    "logs-pixel-not-found": (
        "Nothing is counted for these. Often a rule for images (`location ~* \\.(png|jpg)$`) catches the "
        "pixel before Listmonk, or the path is changed.",
        _HAND_ON,
    ),
    "logs-pixel-refused": ("Nothing is counted for these: mail programs cannot log in.", _LET_IN),
    "logs-pixel-failed": ("Nothing is counted for these.", _UP),
    "logs-pixel-redirected": (
        "Some image proxies do not follow redirects; opens redirected to a login are not counted.",
        _ROOT,
    ),
    "logs-pixel-cached": (
        "Listmonk never answers 304: a cache or a rule for images does, and repeated opens are not counted.",
        "exempt /campaign/ from caching. Nginx: location ^~ /campaign/ { expires off; proxy_cache off; "
        "proxy_pass http://127.0.0.1:9000; }",
    ),
    "logs-pixel-malformed": (
        "These are not counted: manual tests, or mails damaged in transit.",
        "examine a mail as it arrived: bouncestream doctor mail letter.eml",
    ),
    "logs-pixel-odd": ("Listmonk answers the pixel 200; something in front of it answers instead.", _HAND_ON),
    "logs-proxy-refused": (
        "Gmail, Yahoo and others fetch images for their readers. While refused, hardly any open is counted.",
        _LET_IN,
    ),
    "logs-link-not-found": ("Readers who click see an error page, and nothing is counted.", _HAND_ON),
    "logs-link-refused": ("Readers who click see an error page, and nothing is counted.", _LET_IN),
    "logs-link-failed": ("Readers who click see an error page, and nothing is counted.", _UP),
    "logs-link-redirected": (
        "Listmonk redirects with 307. A 301 or 302 comes from another server; clicks to a login do not count.",
        _ROOT,
    ),
    "logs-link-unknown": (
        "Listmonk answers `Invalid link`: its database does not contain them, perhaps after a restore.",
        "check that Listmonk uses the database that the mails were sent from",
    ),
    "logs-link-malformed": (
        "These are not counted: manual tests, or mails damaged in transit.",
        "examine a mail as it arrived: bouncestream doctor mail letter.eml",
    ),
    "logs-link-odd": ("Listmonk redirects with 307; something in front of it answers instead.", _HAND_ON),
    "logs-page-not-found": (
        "Readers cannot unsubscribe or view the mail. Some 404s are normal: deleted campaigns and subscribers.",
        _HAND_ON,
    ),
    "logs-page-refused": ("Readers cannot unsubscribe, so they report spam instead.", _LET_IN),
    "logs-page-failed": ("Readers cannot unsubscribe, so they report spam instead.", _UP),
    "logs-webhook-not-found": (
        "These bounces are lost, unless the provider retries.",
        "compare the URL at the provider with the output of `bouncestream check`, and forward /webhooks/ to "
        "bouncestream",
    ),
    "logs-webhook-refused": (
        "These bounces are lost, unless the provider retries; some 401s are strangers' attempts.",
        "compare the secret at the provider with the configuration: bouncestream check",
    ),
    "logs-webhook-redirected": (
        "Senders do not follow a redirect, or follow with a GET without the body (301, 302, 303): these "
        "bounces are lost.",
        "enter the final URL at the provider, exactly: https://, the host that does not redirect, the path "
        "without a trailing slash; compare `bouncestream check`. If the old one must keep working: 308",
    ),
    "logs-webhook-too-large": (
        "The proxy refuses reports that contain a whole mail.",
        "Nginx: client_max_body_size 10m; in location /webhooks/",
    ),
    "logs-webhook-failed": (
        "Providers retry for a while; in a longer outage events are lost.",
        "check that it is running: systemctl status bouncestream, and: bouncestream check",
    ),
    "logs-guide-paths": (
        "Listmonk has no such path; guides that name it are wrong. The pixel is /campaign/…/…/px.png, "
        "links are "
        "/link/…/…/….",
        "remove these rules from proxy and templates; use {{ TrackView }} and @TrackLink, and forward "
        "everything to Listmonk",
    ),
    "logs-sub-path": (
        "Listmonk supports neither a sub-path nor two slashes: it answers 404.",
        "give it its own host name, and set the root URL to https://that-name with nothing after it",
    ),
    "logs-other-host": (
        "Mails point to another address than the one that is monitored.",
        "set Listmonk's root URL (Settings, General) and [listmonk] public_url to the same address",
    ),
    "logs-one-client": (
        "Readers' real addresses do not arrive; limits per address would affect all of them.",
        "make the proxy in front send X-Forwarded-For, and this server trust it: Nginx set_real_ip_from and "
        "real_ip_header; Caddy servers { trusted_proxies static private_ranges }",
    ),
    "logs-head": ("Listmonk answers every HEAD with 404; that is normal, and mail programs use GET.", ""),
    "logs-scanners": (
        "Mail services follow the links of a mail before its reader receives it. Listmonk counts these clicks, "
        "so clicks may exceed opens; nothing is wrong with your set-up.",
        "do not treat single clicks as readers; opens by image proxies and replies are better signs",
    ),
    "logs-own": ("The doctor's and check's tests say nothing about readers and providers.", ""),
    "logs-probes": ("They are answered like real ones, so a 200 for them does not prove that opens count.", ""),
    "logs-anonymous": (
        "Counted per campaign only, not per subscriber.",
        "to count per subscriber: Settings, Privacy, individual subscriber tracking; mails sent before stay "
        "anonymous, and their opens are no longer counted",
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
