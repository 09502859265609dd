# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that rewrite links of a mail: ESPs that track clicks, and receivers that check links. Pure.

The forms of the URLs are those that the vendors document, or that mails showed, in 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Somebody who rewrites links."""

    name: str
    links: re.Pattern[str]  #: on the URL from its host on
    opens: re.Pattern[str] | None = None  #: pixels of its own
    off: str = ""  #: how it is switched off; '' for receivers, where nobody can
    headers: re.Pattern[str] | None = None  #: on names of header fields that it adds


_HOST = r"[^/]{0,253}"
"""Of a URL, from its host on. Every repetition is bounded: a mail may hold a link of any length."""
_SITE = r"[^/]{1,253}"


def _of(pattern: str) -> re.Pattern[str]:
    """On a text from its beginning."""
    return re.compile(rf"\A(?:{pattern})", re.IGNORECASE)


def _within(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


#: Senders. In the order in which they are tried: those with a host of their own first.
ESPS = (
    Rewriter(
        "Amazon SES",
        _of(rf"{_HOST}awstrack\.me/[A-Z]?L\d/|{_SITE}/CL0/https?:"),
        _of(rf"{_HOST}awstrack\.me/[A-Z]?I\d/|{_SITE}/CI0/"),
        "in the configuration set: remove Open and Click from the event destination, or remove the header "
        "X-SES-CONFIGURATION-SET",
        _of(r"x-ses-outgoing|x-ses-"),
    ),
    Rewriter(
        "Postmark",
        _of(r"(?:click|track)\.pstmrk\.it/"),
        _of(rf"{_HOST}pstmrk\.it/open"),
        "in the server's settings: Tracking, link and open tracking off; or the header X-PM-TrackLinks: None",
        _of(r"x-pm-message-id"),
    ),
    Rewriter(
        "Mandrill",
        _of(rf"{_HOST}mandrillapp\.com/track/click"),
        _of(rf"{_HOST}mandrillapp\.com/track/open"),
        "Settings, Sending Defaults: track clicks and opens off; or the header X-MC-Track: none",
        _of(r"x-mandrill-user|x-mc-user"),
    ),
    Rewriter(
        "Mailjet",
        _of(rf"{_HOST}mjt\.lu/lnk/|{_SITE}/lnk/[\w-]{{20,}}/\d+/"),
        _of(rf"{_HOST}mjt\.lu/oo/|{_SITE}/oo/[\w-]{{20,}}/"),
        "Account settings: open and click tracking off; or the headers X-Mailjet-TrackClick: 0 and "
        "X-Mailjet-TrackOpen: 0",
        _of(r"x-mj-mid|x-mj-"),
    ),
    Rewriter(
        "Brevo",
        _of(rf"{_SITE}/(?:tr|mk)/(?:cl|mr|un)/|{_HOST}sendib[mt]\w{{0,20}}\.com/"),
        _of(rf"{_SITE}/(?:tr|mk)/op/"),
        "Transactional, Settings: disable the tracking of opens and clicks, or ask support to",
        _of(r"x-mailin-|x-sib-id"),
    ),
    Rewriter(
        "SendGrid",
        _of(rf"{_SITE}/(?:ls|wf|uni|asm)/click\?|{_HOST}ct\.sendgrid\.net/"),
        _of(rf"{_SITE}/wf/open\?"),
        "Settings, Tracking: click tracking and open tracking off",
        _of(r"x-sg-eid|x-sg-id"),
    ),
    Rewriter(
        "Elastic Email",
        _of(rf"{_SITE}/tracking/click\?|{_SITE}/tracking/(?:unsubscribe|botclick)\?"),
        _of(rf"{_SITE}/tracking/open\?"),
        "Settings, Sending: track opens and clicks off",
        _of(r"x-msg-eid|x-elasticemail-"),
    ),
    Rewriter(
        "SparkPost",
        _of(rf"{_SITE}/f/a/[\w~-]{{15,}}~~?/|{_HOST}spgo\.io/"),
        _of(rf"{_SITE}/q/[\w~-]{{15,}}~~?/"),
        'SMTP relay: the header X-MSYS-API with {"options": {"click_tracking": false, "open_tracking": false}}',
        _of(r"x-msfbl|x-msys-"),
    ),
    Rewriter(
        "Mailgun",
        _of(rf"{_SITE}/c/eJ[\w-]{{30,}}"),
        _of(rf"{_SITE}/o/eJ[\w-]{{20,}}"),
        "Sending, Domain settings, Tracking: click and open tracking off; or the header X-Mailgun-Track: no",
        _of(r"x-mailgun-"),
    ),
    Rewriter(
        "Sendamatic",
        _of(rf"{_HOST}sendamatic\.net/"),
        None,
        "in the mail identity: disable link rewriting",
        _of(r"x-sendamatic-"),
    ),
)

#: Receivers: their checks follow the link, nobody else's tracking suffers.
RECEIVERS = (
    Rewriter("Microsoft Safe Links", _of(rf"{_HOST}safelinks\.protection\.outlook\.com/")),
    Rewriter("Proofpoint", _of(r"urldefense(?:\.proofpoint)?\.com/v\d/")),
    Rewriter("Barracuda", _of(r"linkprotect\.cudasvc\.com/")),
    Rewriter("Mimecast", _of(rf"{_HOST}mimecast(?:protect)?\.com/")),
    Rewriter("Cisco", _of(r"secure-web\.cisco\.com/")),
    Rewriter("Gmail's web page", _of(rf"www\.google\.com/url\?|{_HOST}googleusercontent\.com/")),
)

#: Domains that ESPs put into a Message-ID of their own.
MESSAGE_IDS = (
    ("Amazon SES", _within(r"amazonses\.com$")),
    ("SendGrid", _within(r"^(?:geopod-)?ismtpd|sendgrid\.net$")),
    ("Sendamatic", _within(r"sendamatic\.net$")),
    ("Brevo", _within(r"smtp-relay\.(?:mailin\.fr|sendinblue\.com|brevo\.com)$")),
    ("Postmark", _within(r"mtasv\.net$")),
    ("Mandrill", _within(r"mandrillapp\.com$")),
    ("Mailjet", _within(r"mailjet\.com$")),
    ("MailerSend", _within(r"mailersend\.net$")),
    ("Mailgun", _within(r"mailgun\.(?:org|net)$")),
    ("SparkPost", _within(r"sparkpostmail\.com$|^[\w-]{1,253}\.mta\w{0,20}\.msys")),
    ("Elastic Email", _within(r"elasticemail\.(?:com|net)$")),
)

_PROOFPOINT_2 = re.compile(r"[?&]u=(https?-3A__[^&]{1,4000})")
_PROOFPOINT_3 = re.compile(r"/v3/__(?=https?:/)")
_INSIDE = re.compile(r"https?(?:%3A|:)(?:%2F%2F|//)[^\s&#]{1,4000}", re.IGNORECASE)


def rewriter(url: str, among: tuple[Rewriter, ...]) -> Rewriter | None:
    """The service that made this URL of a link."""
    rest = _from_host(url)
    return next((one for one in among if one.links.match(rest)), None)


def pixel_of(url: str) -> Rewriter | None:
    """The ESP whose own pixel this image's URL is."""
    rest = _from_host(url)
    return next((one for one in ESPS if one.opens is not None and one.opens.match(rest)), None)


def unwrapped(url: str) -> str:
    """The URL that a rewritten one leads to, if it can be read in it, else ''."""
    if found := _PROOFPOINT_2.search(url):
        hexed = re.sub(r"-([0-9A-F]{2})", r"%\1", found[1]).replace("_", "/")
        return unquote(hexed)
    if (found := _PROOFPOINT_3.search(url)) and (end := url.find("__;", found.end())) > 0:
        return url[found.end() : end]
    inside = _INSIDE.search(url, len("https://"))
    return unquote(inside[0]) if inside else ""


def _from_host(url: str) -> str:
    return url.partition("://")[2][:4000]
