# SPDX-License-Identifier: GPL-3.0-or-later
"""The root URL that a received mail was made with → findings. Pure.

Listmonk writes it as it is set before each of its paths, so one that is no web address stands in the letter too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from bouncestream.doctor.campaign_mail.headers import Own
from bouncestream.doctor.campaign_mail.message import Letter
from bouncestream.doctor.campaign_mail.urls import Ours, host_and_port, root_as_written, same_root
from bouncestream.doctor.finding import Finding, Level, finding
from bouncestream.doctor.probe.target import fault_of, is_private, meant
from bouncestream.printable import printable

#: id → what it means
FINDINGS: Mapping[str, str] = {
    "mail-root-invalid": "the root URL is not a web address: it lacks https://, or has it twice",
    "mail-root-http": "the root URL begins with http://",
    "mail-root-local": "the root URL is reachable only from its own network",
    "mail-root-port": "the root URL has a port",
    "mail-root-path": "the root URL has a path or is followed by two slashes",
    "mail-root-other": "the mail was sent with another root URL than Listmonk's public one",
    "mail-root-mixed": "the mail has URLs of several root URLs",
}


def _fix(root: str) -> str:
    return (
        f"Listmonk, Settings, General: root URL {meant(root) or 'https://news.example.org'} (the name that readers "
        "see, without port and path). Mails sent before keep the old one"
    )


def misrooted(letter: Letter) -> dict[str, str]:
    """Each URL with one of Listmonk's paths and no web address before it → what it is: pixel, link, or page."""
    found = {}
    for url in (*letter.images, *letter.links):
        if (written := root_as_written(url)) is not None:
            found[url] = written.what
    return found


def invalid(lost: Mapping[str, str]) -> Finding:
    """The finding for `misrooted`, of which there must be some."""
    roots = Counter(written.root for url in lost if (written := root_as_written(url)) is not None)
    root = roots.most_common(1)[0][0]
    kinds = Counter(lost.values())
    parts = ["the pixel"] if kinds["pixel"] else []
    parts += [f"{kinds['link']} tracked link{'' if kinds['link'] == 1 else 's'}"] if kinds["link"] else []
    parts += ["the page to unsubscribe or view it"] if kinds["page"] else []
    fault = fault_of(root) if root else "without a host"
    seen = f"{' and '.join(parts)[:1].upper()}{' and '.join(parts)[1:]}: URLs begin with {root!r}, {fault}."
    why = "{{ TrackView }} and the links are there, but mail programs cannot follow them: nothing is counted."
    return finding("mail-root-invalid", Level.ERROR, "root URL", seen, why, _fix(root), root=root)


def judge(found: list[Ours], own: Own) -> Iterable[Finding]:
    """The root URL of those of a letter's URLs that are Listmonk's."""
    roots = Counter(one.root for one in found if one.what != "page") or Counter(one.root for one in found)
    if not roots:
        return
    if len(roots) > 1:
        told = ", ".join(printable(root, 80) for root in list(roots)[:5])
        why = "This Listmonk does not track some of them: they were copied from another mail, or it has moved."
        fix = "remove rendered /campaign/ and /link/ URLs from body and template; Listmonk creates them"
        yield finding("mail-root-mixed", Level.WARNING, "root URL", f"URLs begin with: {told}.", why, fix)
    root = roots.most_common(1)[0][0]
    shown = printable(root, 200)
    host, port = host_and_port(root)
    before = root.partition("://")[2].partition("/")
    path = before[1] + before[2]

    def begins(id: str, level: Level, why: str, more: str = "") -> Finding:
        return finding(id, level, "root URL", f"URLs begin with {shown}{more}.", why, _fix(root), root=root)

    if is_private(host):
        yield begins(
            "mail-root-local", Level.ERROR, "Only this machine or network can load the pixel or follow a link."
        )
        return
    if root.startswith("http://"):
        why = "Web mail blocks or upgrades plain HTTP images, and clicks are sent unencrypted."
        yield begins("mail-root-http", Level.WARNING, why)
    if port is not None and port not in (80, 443):
        why = (
            "Many networks allow only ports 80 and 443; and Listmonk's own port should not be open to the Internet."
        )
        yield begins("mail-root-port", Level.ERROR, why)
    if path:
        why = "Listmonk supports neither a sub-path nor //: it answers 404."
        yield begins("mail-root-path", Level.ERROR, why, "/")
    if own.root_url and not same_root(root, own.root_url):
        seen = f"URLs begin with {shown}; Listmonk's public address is {printable(own.root_url, 200)}."
        why = "Opens and clicks go to another address than the one that is monitored."
        fix = (
            f"Listmonk, Settings, General: root URL {printable(own.root_url.rstrip('/'), 200)}; or correct "
            "[listmonk] public_url"
        )
        yield finding("mail-root-other", Level.ERROR, "root URL", seen, why, fix, root=root)
