# SPDX-License-Identifier: GPL-3.0-or-later
"""A campaign mail as it arrived in an inbox → findings: its pixel, its links, and the root URL in them. Pure.

`headers` judges its header fields.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from bouncestream.doctor.campaign_mail import headers, rewritten, root_url
from bouncestream.doctor.campaign_mail.headers import Own
from bouncestream.doctor.campaign_mail.message import Letter, read
from bouncestream.doctor.campaign_mail.rewritten import is_hidden, tracker_of_all
from bouncestream.doctor.campaign_mail.urls import (
    ZERO,
    Ours,
    almost,
    host_and_port,
    ours,
    ours_inside,
)
from bouncestream.doctor.finding import Finding, Level, finding
from bouncestream.event import clean_uuid
from bouncestream.printable import printable

__all__ = ["FINDINGS", "Own", "judge"]

TOPIC = "mail"

#: Gmail cuts HTML there and shows the rest only on demand; bytes. Seen in 2026, not documented.
_CLIPPED = 102_400

#: id → what it means
FINDINGS: Mapping[str, str] = {
    "mail-unreadable": "the file could not be read",
    "mail-no-headers": "the file has no header fields, so it is not a mail as it arrived",
    "mail-is-a-bounce": "the file is a bounce, not a campaign mail",
    "mail-cut": "the mail is too large to be examined completely",
    "mail-attached": "the campaign mail was attached to another one",
    "mail-not-listmonk": "nothing in the mail is from Listmonk",
    "mail-no-html": "the mail has no HTML part, so it cannot have a pixel",
    "mail-encoding-broken": "the body's encoding is declared wrongly, which breaks its URLs",
    "mail-template-unrendered": "the mail contains unrendered template expressions",
    "mail-pixel-ok": "the mail has the pixel",
    "mail-pixel-missing": "there is no pixel",
    "mail-tracking-disabled": "there is no pixel, because tracking is disabled in Listmonk",
    "mail-pixel-broken": "the pixel's URL is damaged",
    "mail-pixel-twice": "the mail has the pixel more than once",
    "mail-pixel-other-campaign": "the pixel belongs to another campaign or subscriber than the mail",
    "mail-pixel-anonymous": "the pixel names no subscriber",
    "mail-pixel-wrapped": "the pixel's URL was rewritten",
    "mail-clipped": "the mail is so long that Gmail clips it, including the pixel",
    **root_url.FINDINGS,
    "mail-links-tracked": "links go through Listmonk",
    "mail-links-some-untracked": "some links do not go through Listmonk",
    "mail-links-untracked": "no link goes through Listmonk",
    "mail-links-broken": "tracked links are damaged",
    **rewritten.FINDINGS,
    **headers.FINDINGS,
}


def judge(raw: bytes, own: Own = headers.NOTHING_KNOWN, *, cut: bool = False) -> tuple[list[Finding], bool]:
    """The findings, and whether it could be examined at all. `cut`: the mail was longer."""
    letter = read(raw)
    if not letter.fields:
        seen = "The file is empty." if not raw.strip() else "The file has no header fields."
        found = [finding("mail-no-headers", Level.ERROR, "mail", seen, _NO_HEADERS, _SAVE_IT)]
        return [*found, *(_body(letter, own, set()) if letter.html else ())], False
    if (
        "report-type" in letter.get("content-type").lower()
        and "multipart/report" in letter.get("content-type").lower()
    ):
        why = "This command examines a campaign mail as a reader receives it."
        fix = "bouncestream parse FILE shows how a bounce is judged"
        return [finding("mail-is-a-bounce", Level.ERROR, "mail", "This is a bounce or a report.", why, fix)], False
    found = []
    if cut:
        found.append(finding("mail-cut", Level.WARNING, "mail", "The mail is too large; its end was not examined."))
    if letter.attached:
        seen = "It was attached to another mail; the attachment is examined."
        found.append(finding("mail-attached", Level.INFO, "mail", seen))
    ids = {clean_uuid(letter.get("x-listmonk-campaign")), clean_uuid(letter.get("x-listmonk-subscriber"))} - {""}
    found += _body(letter, own, ids)
    found += headers.judge(letter, own, _root(letter))
    return found, True


_NO_HEADERS = "Without them the sender's signature and the receiver's verdict cannot be examined."
_SAVE_IT = (
    "save the mail with its headers. Gmail: ⋮, Show original, Download original; Thunderbird: Save as; Apple "
    "Mail: Save "
    "as, Raw message source; Outlook on the web: ⋯, Save as"
)


def _root(letter: Letter) -> str:
    """The root URL that the mail was made with, '' when nothing tells."""
    for url in (*letter.images, *letter.links):
        if found := ours(url) or ours_inside(url):
            return found.root
    return ""


def _body(letter: Letter, own: Own, ids: set[str]) -> Iterable[Finding]:
    direct = [found for url in (*letter.images, *letter.links) if (found := ours(url))]
    wrapped = [found for url in (*letter.images, *letter.links) if not ours(url) and (found := ours_inside(url))]
    lost = root_url.misrooted(letter)
    yield from rewritten.judge(letter, own.root_url, ids)
    if not ids and not direct and not wrapped and not lost and not any(map(almost, letter.images)):
        unseen = "No X-Listmonk header, no pixel and no Listmonk link."
        why = "It is not a Listmonk campaign mail, or everything was changed in transit."
        fix = "use a campaign mail, not a transactional or confirmation mail"
        yield finding("mail-not-listmonk", Level.ERROR, "mail", unseen, why, fix)
        return
    if letter.damaged:
        why = "Mail programs show broken images and links: URLs keep the = of quoted-printable."
        fix = "the body is re-encoded in transit: look for a gateway, footer or list manager that changes mails"
        yield finding(
            "mail-encoding-broken", Level.ERROR, "mail", "The body is encoded twice or declared wrongly.", why, fix
        )
    if lost:
        yield root_url.invalid(lost)
    if "pixel" not in lost.values():
        yield from _pixel(letter, ids, own)
    yield from _links(letter, own, ids, lost)
    yield from root_url.judge([*direct, *wrapped], own)


# -- pixel ------------------------------------------------------------------------------------------------------


def _pixel(letter: Letter, ids: set[str], own: Own) -> Iterable[Finding]:
    pixels = [found for url in letter.images if (found := ours(url)) and found.what == "pixel"]
    inside = [
        found for url in letter.images if not ours(url) and (found := ours_inside(url)) and found.what == "pixel"
    ]
    raw = [
        word
        for word in ("{{ TrackView", "{{TrackView", "@TrackLink", "{{ TrackLink", "{{TrackLink")
        if word in letter.html
    ]
    if raw:
        why = (
            "Listmonk renders them only in a campaign's body or template, and only where the editor keeps "
            "them whole."
        )
        fix = "write the body as raw HTML or Markdown, and keep { and quotes from being changed: {{ TrackView }}"
        yield finding("mail-template-unrendered", Level.ERROR, "pixel", f"The mail contains: {raw[0]}", why, fix)
    if not pixels and not inside:
        yield _no_pixel(letter, own)
        return
    if inside and not pixels:
        seen = f"The pixel's URL was rewritten; {printable(inside[0].netloc, 80)} is inside it."
        why = (
            "Another server then fetches the pixel; this may be a copy saved from a web page, not the mail itself."
        )
        fix = "save the original (Gmail: Show original, Download original), and disable open tracking at the ESP"
        yield finding("mail-pixel-wrapped", Level.WARNING, "pixel", seen, why, fix)
        return
    first = pixels[0]
    distinct = {(pixel.campaign, pixel.subscriber) for pixel in pixels}
    if len(pixels) > 1:
        why = "Each open is counted once per pixel."
        fix = "keep one {{ TrackView }}: in the template or in the body, not in both"
        yield finding(
            "mail-pixel-twice", Level.WARNING, "pixel", f"The mail has the pixel {len(pixels)} times.", why, fix
        )
    strange = {id for pair in distinct for id in pair} - {ZERO}
    if len(ids) == 2 and not strange <= ids and first.campaign != ZERO:
        why = "Opens are counted for that one. The pixel was copied as rendered HTML."
        fix = "remove the <img …px.png> from body and template, and use {{ TrackView }} instead"
        seen = "The pixel's ids differ from the mail's X-Listmonk headers."
        yield finding("mail-pixel-other-campaign", Level.ERROR, "pixel", seen, why, fix)
    else:
        seen = f"The pixel is there: {printable(first.root, 200)}/campaign/…/…/px.png"
        yield finding("mail-pixel-ok", Level.OK, "pixel", seen)
    if first.subscriber == ZERO:
        yield _anonymous(first, own)
    where = letter.html.find("px.png")
    if letter.html_bytes > _CLIPPED and len(letter.html[:where].encode("utf-8", "replace")) > _CLIPPED:
        why = (
            "Gmail clips a mail at about 100 KB and loads the rest only for readers who click on 'View "
            "entire message'."
        )
        fix = (
            "shorten the mail (inline styles and data: images take most space), or put {{ TrackView }} "
            "right behind <body>"
        )
        seen = f"The HTML has {letter.html_bytes // 1024:,} KB, and the pixel is at its end."
        yield finding("mail-clipped", Level.WARNING, "pixel", seen, why, fix, bytes=letter.html_bytes)


def _anonymous(pixel: Ours, own: Own) -> Finding:
    """A pixel without a subscriber: a preview's, or of a letter sent while individual tracking was off."""
    seen, why, fix = "Its subscriber is all zeros.", "", ""
    if pixel.campaign == ZERO:
        seen, why = "Its campaign and subscriber are all zeros.", "This is a preview; its opens are not counted."
        fix = "use a mail that was really sent"
    elif own.individual:
        seen = "Its subscriber is all zeros, though individual tracking is on now: it was off when this was sent."
        why = "Listmonk no longer counts the opens of this mail; its clicks still count, anonymously."
        fix = "they cannot be recovered; mails sent from now on are counted"
    else:
        why = "Individual tracking was off: opens are counted anonymously. Once it is switched on, "
        why += "opens of this mail are lost; its clicks still count."
    level = Level.WARNING if fix else Level.INFO
    return finding("mail-pixel-anonymous", level, "pixel", seen, why, fix)


def _no_pixel(letter: Letter, own: Own) -> Finding:
    if not letter.html:
        why = "Only HTML can load an image, so opens of this mail are never counted."
        fix = "choose Rich text, HTML or Markdown as the campaign's format, not Plain text"
        return finding("mail-no-html", Level.WARNING, "pixel", "The mail has no HTML part.", why, fix)
    if any(map(almost, letter.images)):
        why = "Listmonk answers 400 and counts nothing."
        fix = (
            "use {{ TrackView }} in the template instead of your own <img>; find out what changes mails in transit"
        )
        return finding(
            "mail-pixel-broken", Level.ERROR, "pixel", "There is a px.png, but its ids are broken.", why, fix
        )
    seen = "There is no pixel in the HTML."
    if any("px.png" in url for url in letter.hidden_images):
        seen = "The pixel is inside an HTML comment, so it is never loaded."
    elif own.disabled:
        seen = "There is no pixel, and tracking is disabled in Listmonk."
        why = "Listmonk omits pixel and tracked links from every mail: no open or click is counted."
        fix = "if you want tracking: Listmonk, Settings, Privacy: switch Disable tracking off, and send again"
        return finding("mail-tracking-disabled", Level.WARNING, "pixel", seen, why, fix)
    why = "Opens of this mail cannot be counted."
    template = (
        "Listmonk, Campaigns, Templates: put this before </body> of the template in use:\n    {{ TrackView }}"
    )
    fix = template
    if own.disabled is None:
        fix = "Listmonk, Settings, Privacy: switch Disable tracking off: while it is on, mails have no pixel or "
        fix += f"tracked link (`--config FILE` asks Listmonk). If it is off: {template}"
    return finding("mail-pixel-missing", Level.ERROR, "pixel", seen, why, fix)


# -- links ------------------------------------------------------------------------------------------------------


def _links(letter: Letter, own: Own, ids: set[str], lost: Mapping[str, str]) -> Iterable[Finding]:
    tracker = tracker_of_all(letter, own.root_url, ids)
    kinds: Counter[str] = Counter()
    examples: list[str] = []
    for url in letter.links:
        if not url.lower().startswith(("http://", "https://")):
            continue
        found = ours(url) or ours_inside(url)
        if found is not None:
            kinds[found.what] += 1
        elif almost(url):
            kinds["broken"] += 1
        elif url in lost:
            continue
        elif is_hidden(url) or (tracker and host_and_port(url)[0] == tracker):
            kinds["hidden"] += 1
        elif not _is_listmonks_page(url, letter):
            kinds["plain"] += 1
            if len(examples) < 5:
                examples.append(printable(host_and_port(url)[0], 80))
    tracked, plain = kinds["link"], kinds["plain"]
    total = tracked + plain
    if kinds["broken"]:
        seen = f"{kinds['broken']} tracked links have broken ids."
        why = "Listmonk answers 400, and readers see an error page."
        fix = "find out what changes mails in transit: a gateway, a footer, a line wrap at 76 or 998 characters"
        yield finding("mail-links-broken", Level.ERROR, "links", seen, why, fix)
    if tracked:
        seen = f"{tracked} of {total} links go through Listmonk."
        yield finding("mail-links-tracked", Level.OK, "links", seen, tracked=tracked, of=total)
    fix = (
        'write https://example.com@TrackLink or {{ TrackLink "https://example.com" }}, or tick Track in its '
        "link box: Listmonk does not rewrite links by itself"
    )
    if plain and tracked:
        seen = f"{plain} links do not, to: {', '.join(dict.fromkeys(examples))}."
        yield finding(
            "mail-links-some-untracked", Level.INFO, "links", seen, "Clicks on these are not counted.", fix
        )
    elif plain and own.disabled and not letter.images:
        return
    elif plain and not kinds["hidden"] and "link" not in lost.values():
        seen = f"None of {plain} links goes through Listmonk."
        yield finding("mail-links-untracked", Level.WARNING, "links", seen, "No click can be counted.", fix)


def _is_listmonks_page(url: str, letter: Letter) -> bool:
    """Archive, images and the like below the root URL."""
    root = _root(letter)
    return bool(root) and host_and_port(url) == host_and_port(root)
