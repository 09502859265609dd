# SPDX-License-Identifier: GPL-3.0-or-later
"""Healthy and broken campaign mails: each broken one has its finding with a fix, and no false alarm beside it."""

from __future__ import annotations

import re
import time

import pytest

from bouncestream.doctor.campaign_mail.body import FINDINGS, Own, judge
from bouncestream.doctor.finding import Finding, Level
from tests.doctor.received_mails import (
    CAMPAIGN,
    HEADERS,
    HTML,
    LINK,
    OTHER,
    PIXEL,
    READER,
    RESULTS,
    ROOT,
    SIGNATURE,
    TRACKED,
    UNSUBSCRIBE,
    ZERO,
    letter,
    multipart,
)

OWN = Own(ROOT)


def alarms(findings: list[Finding]) -> set[str]:
    return {finding.id for finding in findings if finding.level in (Level.WARNING, Level.ERROR)}


def ids(findings: list[Finding]) -> set[str]:
    return {finding.id for finding in findings}


ENVELOPE = letter().split(b"\r\n\r\n", 1)[0] + b"\r\n"
HEALTHY = {
    "as Listmonk sends it": letter(),
    "LF line ends": letter(crlf=False),
    "base64": letter(content_transfer_encoding="base64"),
    "8bit, latin-1": letter(content_transfer_encoding="8bit", content_type="text/html; charset=l1")
    .decode()
    .encode("latin-1"),
    "with a text part": multipart(("text/plain", f"Read {TRACKED}"), ("text/html", HTML)),
    "nested": multipart(
        ("multipart/alternative; boundary=b2", f"--b2\nContent-Type: text/html\n\n{HTML}\n--b2--"), kind="mixed"
    ),
    "from an mbox": b"From bounce@example.com Mon Mar  2 10:00:00 2026\n" + letter(crlf=False),
    "forwarded as an attachment": (
        b"From: a@inbox.test\nTo: b@example.com\nSubject: Fwd\nContent-Type: multipart/mixed; boundary=zz\n\n"
        b"--zz\nContent-Type: text/plain\n\nsee below\n--zz\nContent-Type: message/rfc822\n\n"
        + letter(crlf=False)
        + b"\n--zz--\n"
    ),
    "Outlook's way to note results": letter(
        authentication_results="spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=example.com; dkim=pass (signature "
        "was verified) header.d=example.com;dmarc=pass action=none header.from=example.com;compauth=pass reason=100"
    ),
    "one of two signatures fails": letter(
        authentication_results=RESULTS.replace("dkim=pass", "dkim=fail header.i=@esp.test; dkim=pass")
    ),
    "a forged verdict below the receiver's": letter(
        received="x\nAuthentication-Results: evil.test; dmarc=fail", authentication_results=RESULTS
    ),
    "root URL with a slash in the configuration": letter(),
    "Safe Links of the receiver": letter(
        HTML.replace(
            f'"{TRACKED}"',
            '"https://eur01.safelinks.protection.outlook.com/?url='
            + TRACKED.replace(":", "%3A").replace("/", "%2F")
            + '&amp;data=05%7C02"',
        )
    ),
    "unquoted attributes": letter(HTML.replace(f'"{TRACKED}"', TRACKED)),
    "an escaped URL": letter(HTML.replace(f'"{TRACKED}"', f'"{TRACKED.replace("/", "&#x2F;")}"')),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_mail_gives_no_warning(name: str) -> None:
    own = Own(f"{ROOT}/") if "slash" in name else OWN
    findings, examined = judge(HEALTHY[name], own)
    assert examined
    assert alarms(findings) == set()
    assert {"mail-pixel-ok", "mail-links-tracked", "mail-headers-ok", "mail-unsubscribe-ok"} <= ids(findings)


def wrapped(html: str, before: str) -> str:
    """The links to the story and the other, rewritten by somebody."""
    return html.replace(f'href="{TRACKED}"', f'href="{before}aaa"').replace(
        f"href='{ROOT}/link/{OTHER}/{CAMPAIGN}/{READER}'", f'href="{before}bbb"'
    )


TOKEN = "eJwNyLsNwCAMBcBlUhphG-RQUJEpUkV5xp9NQooTvhE9AAAA__8"
BY_ESP = {
    "Mailgun": f"https://email.example.com/c/{TOKEN}",
    "SendGrid": "https://u1.ct.sendgrid.net/ls/click?upn=u001.",
    "Amazon SES": "https://abc.r.eu-west-1.awstrack.me/L0/https:%2F%2Fx.example.com%2F/1/0102-",
    "Brevo": "https://r.mail.example.com/tr/cl/abcdefgh",
    "Mailjet": "https://xyz.mjt.lu/lnk/AAAAAA/1/",
    "Mandrill": "https://mandrillapp.com/track/click/30/",
    "Postmark": "https://click.pstmrk.it/3s/",
    "SparkPost": "https://links.example.com/f/a/AbCdEfGhIjKlMnOp~~/",
    "Elastic Email": "https://example.com/tracking/click?d=",
    "Sendamatic": "https://click.sendamatic.net/",
}
DAMAGED = letter().replace(b"Content-Transfer-Encoding: quoted-printable\r\n", b"")
OTHER_PIXEL = PIXEL.replace(CAMPAIGN, OTHER)
LOCAL = HTML.replace(ROOT, "http://localhost:9000")

#: name → (mail, exactly these alarms)
BROKEN: dict[str, tuple[bytes, set[str]]] = {
    "no pixel": (letter(HTML.replace(PIXEL, "")), {"mail-pixel-missing"}),
    "pixel in a comment": (letter(HTML.replace(PIXEL, f"<!-- {PIXEL} -->")), {"mail-pixel-missing"}),
    "pixel with a broken id": (
        letter(HTML.replace(PIXEL, f'<img src="{ROOT}/campaign/{CAMPAIGN[:-5]}/x/px.png">')),
        {"mail-pixel-broken"},
    ),
    "two pixels": (letter(HTML.replace(PIXEL, PIXEL * 2)), {"mail-pixel-twice"}),
    "a copied pixel": (letter(HTML.replace(PIXEL, OTHER_PIXEL)), {"mail-pixel-other-campaign"}),
    "a preview": (
        letter(HTML.replace(PIXEL, PIXEL.replace(CAMPAIGN, ZERO).replace(READER, ZERO))),
        {"mail-pixel-anonymous"},
    ),
    "template left as it is": (
        letter(HTML.replace(PIXEL, "{{ TrackView }}")),
        {"mail-template-unrendered", "mail-pixel-missing"},
    ),
    "saved from Gmail's page": (
        letter(
            HTML.replace(PIXEL, PIXEL.replace(ROOT, f"https://ci3.googleusercontent.com/meips/ADKq=s0-d#{ROOT}"))
        ),
        {"mail-pixel-wrapped"},
    ),
    "longer than Gmail shows": (letter(HTML.replace("<h1>", "<p>lorem</p>\n" * 9000 + "<h1>")), {"mail-clipped"}),
    "no HTML": (
        letter(f"Read {TRACKED}\n", content_type="text/plain; charset=utf-8"),
        {"mail-no-html"},
    ),
    "encoding not declared": (DAMAGED, {"mail-encoding-broken"}),
    "http root": (
        letter(HTML.replace(ROOT, "http://news.example.com"), list_unsubscribe=f"<{UNSUBSCRIBE}>"),
        {"mail-root-http", "mail-root-other"},
    ),
    "localhost": (letter(LOCAL), {"mail-root-local"}),
    "private address": (letter(HTML.replace(ROOT, "https://192.168.1.5")), {"mail-root-local"}),
    "port 9000": (
        letter(HTML.replace(ROOT, f"{ROOT}:9000")),
        {"mail-root-port", "mail-root-other"},
    ),
    "no scheme": (letter(HTML.replace(ROOT, "news.example.com")), {"mail-root-invalid"}),
    "sub-path": (letter(HTML.replace(ROOT, f"{ROOT}/listmonk")), {"mail-root-path", "mail-root-other"}),
    "two slashes": (letter(HTML.replace(ROOT, f"{ROOT}/")), {"mail-root-path"}),
    "another root": (
        letter(HTML.replace(ROOT, "https://old.example.com")),
        {"mail-root-other"},
    ),
    "several roots": (
        letter(HTML.replace(f'href="{TRACKED}"', f'href="{TRACKED.replace("news.", "old.")}"')),
        {"mail-root-mixed"},
    ),
    "plain links": (letter(wrapped(HTML, "https://example.org/")), {"mail-links-untracked"}),
    "broken links": (
        letter(HTML.replace(f"/link/{LINK}/", "/link/c0ffee00-12=34/")),
        {"mail-links-broken"},
    ),
    "headers removed": (letter(without=("X-Listmonk-Campaign", "X-Listmonk-Subscriber")), {"mail-headers-missing"}),
    "headers mangled": (letter(x_listmonk_subscriber="9e107d9d"), {"mail-headers-missing"}),
    "another mail": (
        letter("<p>Your order</p>", without=("X-Listmonk-Campaign", "X-Listmonk-Subscriber")),
        {"mail-not-listmonk", "mail-headers-missing"},
    ),
    "no unsubscription": (
        letter(without=("List-Unsubscribe", "List-Unsubscribe-Post")),
        {"mail-unsubscribe-missing"},
    ),
    "no one-click": (letter(without=("List-Unsubscribe-Post",)), {"mail-unsubscribe-not-one-click"}),
    "one-click by http": (
        letter(list_unsubscribe=f"<{UNSUBSCRIBE.replace('https', 'http')}>"),
        {"mail-unsubscribe-not-one-click"},
    ),
    "only a mailto": (letter(list_unsubscribe="<mailto:leave@example.com>"), {"mail-unsubscribe-not-one-click"}),
    "the ESP's unsubscription": (
        letter(list_unsubscribe="<https://u1.esp.test/wf/unsubscribe?upn=1>"),
        {"mail-unsubscribe-foreign"},
    ),
    "unsubscription not signed": (
        letter(dkim_signature=SIGNATURE.replace(":list-unsubscribe-post", "")),
        {"mail-unsubscribe-unsigned"},
    ),
    "empty return path": (letter(return_path="<>"), {"mail-return-path-empty"}),
    "no Message-ID": (letter(without=("Message-ID",)), {"mail-message-id-missing"}),
    "SPF softfail, saved by DKIM": (
        letter(authentication_results=RESULTS.replace("spf=pass", "spf=softfail")),
        {"mail-spf-failed"},
    ),
    "DKIM fails, saved by SPF": (
        letter(authentication_results=RESULTS.replace("dkim=pass", "dkim=fail")),
        {"mail-dkim-failed"},
    ),
    "DMARC fails": (
        letter(
            authentication_results=RESULTS.replace("dkim=pass", "dkim=none").replace("dmarc=pass", "dmarc=fail"),
        ),
        {"mail-dkim-failed", "mail-dmarc-failed"},
    ),
    "no DMARC record": (
        letter(authentication_results=RESULTS.replace("dmarc=pass", "dmarc=none")),
        {"mail-dmarc-none"},
    ),
} | {f"links of {esp}": (letter(wrapped(HTML, before)), {"mail-links-esp"}) for esp, before in BY_ESP.items()}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found_with_its_fix_and_nothing_else(name: str) -> None:
    mail, expected = BROKEN[name]
    findings, examined = judge(mail, OWN)
    assert examined
    assert alarms(findings) == expected
    for finding in findings:
        if finding.level in (Level.WARNING, Level.ERROR):
            assert finding.seen
            assert finding.why
            assert finding.fix


def test_a_tracker_that_nobody_knows_is_named_by_its_host() -> None:
    links = re.sub(
        r'href="https?://[^"]+"|href=\'[^\']+\'',
        'href="https://t.esp.test/x/AbCdEf0123456789AbCdEf0123456789xy"',
        HTML,
    )
    for html, expected in (
        (links, {"mail-links-esp"}),
        (links.replace("AbCdEf0123456789AbCdEf", ""), {"mail-links-untracked"}),
    ):
        findings, _ = judge(letter(html), OWN)
        assert alarms(findings) == expected
    [finding] = [one for one in judge(letter(links), OWN)[0] if one.id == "mail-links-esp"]
    assert "t.esp.test" in finding.seen


@pytest.mark.parametrize("esp", BY_ESP)
def test_the_esp_is_named_with_its_own_switch(esp: str) -> None:
    findings, _ = judge(BROKEN[f"links of {esp}"][0], OWN)
    [finding] = [one for one in findings if one.id == "mail-links-esp"]
    assert esp in finding.seen
    assert esp in finding.fix
    assert finding.evidence == {"esp": esp, "links": 2}


#: name → (mail, id that is for information only)
TOLD = {
    "anonymous": (letter(HTML.replace(READER, ZERO)), "mail-pixel-anonymous"),
    "some links are plain": (
        letter(HTML.replace(f'href="{TRACKED}"', 'href="https://shop.example.org/x"')),
        "mail-links-some-untracked",
    ),
    "the receiver rewrote": (HEALTHY["Safe Links of the receiver"], "mail-links-receiver"),
    "the ESP's own pixel": (
        letter(HTML.replace(PIXEL, f'{PIXEL}<img src="https://u1.ct.sendgrid.net/wf/open?upn=u001.x">')),
        "mail-esp-pixel",
    ),
    "by header": (letter(**{"X-SG-EID": "u001.abc"}), "mail-esp"),
    "Message-ID of SES": (
        letter(message_id="<0102018f-1-2-000000@eu-west-1.amazonses.com>"),
        "mail-message-id-rewritten",
    ),
    "Message-ID of Sendamatic": (letter(message_id="<1@mx.sendamatic.net>"), "mail-message-id-rewritten"),
    "no verdict": (letter(without=("Authentication-Results",)), "mail-auth-unknown"),
    "no return path": (letter(without=("Return-Path",)), "mail-return-path-missing"),
    "return path": (letter(), "mail-return-path"),
    "verdict": (letter(), "mail-auth-ok"),
    "attached": (HEALTHY["forwarded as an attachment"], "mail-attached"),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_worth_to_know_is_told_without_an_alarm(name: str) -> None:
    mail, expected = TOLD[name]
    findings, _ = judge(mail, OWN)
    assert expected in ids(findings)
    assert alarms(findings) == set()


def test_addresses_that_name_the_recipient_are_seen() -> None:
    for path, own in (
        ("<b+reader=inbox.test@bounces.example.com>", Own(ROOT)),
        ("<b-4711@bounces.example.com>", Own(ROOT, ("b-*@bounces.example.com",))),
    ):
        [finding] = [one for one in judge(letter(return_path=path), own)[0] if one.id == "mail-return-path"]
        assert finding.evidence == {"domain": "bounces.example.com", "verp": True}
        assert "reader" not in finding.seen


def test_without_a_configuration_any_public_root_is_fine() -> None:
    findings, _ = judge(
        letter(
            HTML.replace(ROOT, "https://elsewhere.example.net"),
            list_unsubscribe=f"<{UNSUBSCRIBE.replace(ROOT, 'https://elsewhere.example.net')}>",
        )
    )
    assert alarms(findings) == set()


NOT_EXAMINED = {
    "nothing": (b"", "mail-no-headers"),
    "blank lines": (b"\r\n\r\n", "mail-no-headers"),
    "a page": (HTML.encode(), "mail-no-headers"),
    "binary": (bytes(range(256)) * 40, "mail-no-headers"),
    "a bounce": (
        b"Subject: failed\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x--\n",
        "mail-is-a-bounce",
    ),
}


@pytest.mark.parametrize("name", NOT_EXAMINED)
def test_what_is_no_campaign_mail_is_told(name: str) -> None:
    raw, expected = NOT_EXAMINED[name]
    findings, examined = judge(raw, OWN)
    assert not examined
    assert findings[0].id == expected
    assert findings[0].fix


@pytest.mark.parametrize(
    "unit",
    [
        "sendibm1",
        "awstrack.m",
        "mandrillapp.com/tra",
        "/v3/__https:/",
        "https://",
        "/campaign/",
        "/link/a/a/a",
        "a",
        ".",
    ],
)
def test_links_of_any_length_are_read_in_no_time(unit: str) -> None:
    """Milliseconds; a square would take minutes."""
    url = "https://" + unit * (60_000 // len(unit))
    mail = letter(HTML.replace("</body>", f'<a href="{url}">x</a><img src="{url}"></body>'))
    started = time.process_time()
    judge(mail, OWN)
    assert time.process_time() - started < 3


def test_a_cut_mail_says_so() -> None:
    assert "mail-cut" in alarms(judge(letter(), OWN, cut=True)[0])


def test_every_finding_is_produced_and_documented() -> None:
    produced = {"mail-unreadable"}  # by the command, see tests/cli/test_doctor_files.py
    for mail in (*HEALTHY.values(), *(mail for mail, _ in (*BROKEN.values(), *TOLD.values()))):
        produced |= ids(judge(mail, OWN)[0])
    for raw, _ in NOT_EXAMINED.values():
        produced |= ids(judge(raw, OWN)[0])
    produced |= ids(judge(letter(), OWN, cut=True)[0])
    produced |= ids(judge(letter(HTML.replace(PIXEL, "")), Own(ROOT, disabled=True))[0])
    assert produced == set(FINDINGS)


def test_foreign_text_is_made_printable() -> None:
    evil = letter(
        HTML.replace(ROOT, "https://evil\x1b[31m.example.com"),
        return_path="<a\x1b[2Jb@\u202eexample.com>",
        message_id="<1@\x1b[31mamazonses.com>",
    )
    for finding in judge(evil, OWN)[0]:
        for text in (finding.seen, finding.why, finding.fix):
            assert text.replace("\n", "").isprintable(), finding


def test_the_headers_of_the_fixture_are_all_used() -> None:
    for name in HEADERS:
        assert f"\r\n{name}: ".encode() in b"\r\n" + letter(), name


# -- the privacy switches ---------------------------------------------------------------------------------------

UNTRACKED = wrapped(HTML, "https://shop.example.org/").replace(PIXEL, "")


def one(findings: list[Finding], ident: str) -> Finding:
    [found] = [finding for finding in findings if finding.id == ident]
    return found


def test_disabled_tracking_is_asked_for_before_the_template_is_blamed() -> None:
    findings, _ = judge(letter(UNTRACKED), Own(ROOT, disabled=True))
    assert alarms(findings) == {"mail-tracking-disabled"}
    told = one(findings, "mail-tracking-disabled")
    assert "Disable tracking" in told.fix
    assert "TrackView" not in told.fix
    findings, _ = judge(letter(UNTRACKED), Own(ROOT, disabled=False))
    assert alarms(findings) == {"mail-pixel-missing", "mail-links-untracked"}
    assert "Disable tracking" not in one(findings, "mail-pixel-missing").fix
    asked = one(judge(letter(UNTRACKED), OWN)[0], "mail-pixel-missing").fix
    assert asked.index("Disable tracking") < asked.index("{{ TrackView }}")


@pytest.mark.parametrize(("individual", "level"), [(True, Level.WARNING), (False, Level.INFO), (None, Level.INFO)])
def test_letters_from_when_individual_tracking_was_off(individual: bool | None, level: Level) -> None:
    findings, _ = judge(letter(HTML.replace(READER, ZERO)), Own(ROOT, individual=individual))
    told = one(findings, "mail-pixel-anonymous")
    assert told.level is level
    assert "clicks still count" in told.why


# -- root URLs that are none ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "root",
    [
        "news.example.com",
        "http://https://news.example.com",
        "https://https://news.example.com",
        "https://http://news.example.com",
        "https:/news.example.com",
        "https//news.example.com",
        "htps://news.example.com",
        "//news.example.com",
        "news.example.com:9000",
        "ftp://news.example.com",
    ],
)
def test_a_root_url_that_is_no_web_address_is_told_and_nothing_else_is_blamed(root: str) -> None:
    findings, _ = judge(letter(HTML.replace(ROOT, root)), Own(root))
    assert alarms(findings) == {"mail-root-invalid"}
    told = one(findings, "mail-root-invalid")
    assert f"{root!r}" in told.seen
    assert "The pixel and 2 tracked links" in told.seen
    assert "https://news.example.com (" in told.fix


def test_a_root_url_that_is_empty() -> None:
    findings, _ = judge(letter(HTML.replace(ROOT, "")))
    assert alarms(findings) == {"mail-root-invalid"}


def test_root_urls_of_others_are_left_alone() -> None:
    odd = '<a href="mailto:x@example.com">a</a><a href="docs/link/a/b/c">b</a><img src="cid:1">'
    assert alarms(judge(letter(HTML.replace("</body>", f"{odd}</body>")), OWN)[0]) == set()


# -- trackers that are not known by name ------------------------------------------------------------------------


def rewritten(*urls: str, keep: bool = False) -> bytes:
    """The letter with its links replaced in turn; `keep`: Listmonk's own pages are left."""
    turn = iter(urls * 3)
    pattern = r"href=[\"']https?://[^\"']+/link/[^\"']+[\"']" if keep else r"href=[\"']https?://[^\"']+[\"']"
    return letter(re.sub(pattern, lambda _: f'href="{next(turn)}"', HTML))


TRACKERS = {
    "by queries": ("https://tracking.example.com/x/d?c=1&l=2", "https://tracking.example.com/x/d?c=1&l=3"),
    "link.": ("https://link.example.com/a1/b2", "https://link.example.com/a1/c3"),
    "a name of trackers only": ("https://links.example.com/sale", "https://links.example.com/terms"),
    "codes at any host": ("https://go2.mailer.test/e/c/aGx4Mjc", "https://go2.mailer.test/e/c/QkZ3OTk"),
    "numbers": ("https://n.mailer.test/r/10923/88", "https://n.mailer.test/r/10924/88"),
    "url1234": ("https://url8041.example.com/ls/click?upn=u1", "https://url8041.example.com/ls/click?upn=u2"),
    "by port": ("http://t.mailer.test:8080/?u=1", "http://t.mailer.test:8080/?u=2"),
}


@pytest.mark.parametrize("name", TRACKERS)
def test_all_links_of_a_letter_lead_to_a_tracker(name: str) -> None:
    findings, _ = judge(rewritten(*TRACKERS[name]), OWN)
    assert alarms(findings) == {"mail-links-esp"}
    told = one(findings, "mail-links-esp")
    if "url8041" not in TRACKERS[name][0]:  # those are SendGrid's
        assert "also those to unsubscribe" in told.seen
        assert told.evidence["host"] in TRACKERS[name][0]
        assert "click tracking" in told.fix


@pytest.mark.parametrize("name", ["by queries", "link.", "url1234"])
def test_a_tracker_may_leave_the_unsubscribe_link_alone(name: str) -> None:
    assert alarms(judge(rewritten(*TRACKERS[name], keep=True), OWN)[0]) == {"mail-links-esp"}


@pytest.mark.parametrize(
    "urls",
    [
        ("https://shop.example.org/autumn", "https://shop.example.org/chairs/oak"),
        ("https://shop.example.org/products/17", "https://shop.example.org/products/18"),
        ("https://shop.example.org/", "https://shop.example.org"),
        ("https://blog.example.org/2026/11/frost-in-november", "https://blog.example.org/2026/11/leaves"),
        ("https://a.example.org/x1", "https://b.example.org/x1"),
    ],
)
@pytest.mark.parametrize("keep", [True, False])
def test_links_to_one_site_are_no_trackers(urls: tuple[str, ...], keep: bool) -> None:
    assert alarms(judge(rewritten(*urls, keep=keep), OWN)[0]) == {"mail-links-untracked"}


@pytest.mark.parametrize(
    ("host", "ident"), [("click.example.com", "mail-links-esp"), ("guard.inbox.test", "mail-links-receiver")]
)
def test_listmonks_links_within_those_of_somebody(host: str, ident: str) -> None:
    inner = TRACKED.replace(":", "%3A").replace("/", "%2F")
    findings, _ = judge(letter(HTML.replace(f'"{TRACKED}"', f'"https://{host}/?u={inner}"')), OWN)
    assert host in one(findings, ident).seen
    assert alarms(findings) == ({ident} if ident == "mail-links-esp" else set())
