# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging is pure: plain values in, findings out. What the table of cases cannot set up is here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from bouncestream.crypto.certificate import Certificate
from bouncestream.doctor.areas import bounces, bridge, campaigns, listmonk, pixel, ports, root_url, tls
from bouncestream.doctor.finding import Finding
from bouncestream.doctor.probe.front import Front
from bouncestream.doctor.probe.names import Resolved
from bouncestream.doctor.probe.public import Public
from bouncestream.doctor.probe.reply import Reply
from bouncestream.doctor.probe.target import Target, from_outside, is_private
from bouncestream.doctor.probe.web import Credentials

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def ids(found: list[Finding], *levels: str) -> list[str]:
    return [one.id for one in found if not levels or one.level.value in levels]


def target(url: str = "https://news.example.com") -> Target:
    found = Target.read(url)
    assert found is not None
    return found


def answered(value: object, status: int = 200, **headers: str) -> Reply:
    return Reply("u", status, {"content-type": "application/json"} | headers, orjson.dumps(value))


def seen(
    *, permissions: object = ("webhooks:post_bounce",), settings: Mapping[str, Any] | None = None, **config: Any
) -> listmonk.ListmonkFacts:
    role = {"user_role": {"permissions": list(permissions) if isinstance(permissions, tuple) else permissions}}
    replies = {
        "profile": answered({"data": role}),
        "config": answered({"data": {"version": "v6.2.0"} | config}),
        "settings": answered({"data": settings}) if settings is not None else answered({"message": "no"}, 403),
        "bounces": answered({"data": {"results": []}}),
        "probe": answered({"message": "Invalid fields: email / subscriber_uuid"}, 400),
    }
    return listmonk.ListmonkFacts(Credentials("http://127.0.0.1:9000", "bridge", "x"), replies, NOW)


# -- Listmonk and its settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [None, [], {"user_role": 5}, {"user_role": {"permissions": "all"}}])
def test_a_profile_that_tells_nothing(profile: object) -> None:
    odd = seen()
    odd = replace(odd, replies={**odd.replies, "profile": answered({"data": profile})})
    assert "permission-unknown" in ids(listmonk.judge(odd))


@pytest.mark.parametrize(("settings", "both"), [(None, True), ({"bounce.enabled": True}, False)])
def test_both_switches_are_named_where_one_cannot_be_seen(settings: Mapping[str, Any] | None, both: bool) -> None:
    off = seen(settings=settings)
    page = Reply("u", 404, {"content-type": "text/html"}, b"listmonk.app")
    off = replace(off, replies={**off.replies, "probe": page})
    (told,) = [one for one in bounces.judge(off, [], []) if one.level.value == "error"]
    assert ("Enable bounce processing" in told.fix) is both
    assert "Enable bounce webhooks" in told.fix


@pytest.mark.parametrize("version", ["", None, 6, "nightly", "v", "v99999999999999"])
def test_odd_versions(version: object) -> None:
    assert "listmonk-old" not in ids(listmonk.judge(seen(version=version)))


@pytest.mark.parametrize(
    ("version", "level"), [("v4.0.0", "warning"), ("v5.1.0", "warning"), ("v6.0.0", "warning"), ("6.1", None)]
)
def test_versions_with_defects(version: str, level: str | None) -> None:
    found = [one for one in listmonk.judge(seen(version=version)) if one.id == "listmonk-old"]
    assert [one.level.value for one in found] == ([level] if level else [])


def test_the_same_mailbox() -> None:
    box = {"enabled": True, "host": "MAIL.example.com.", "username": "bounces@example.com"}
    settings = {"bounce.mailboxes": [box, {"enabled": False}, None, "x"]}
    for mine in (("mail.example.com", "bounces@example.com"), ("imap.example.com", "Bounces@example.com")):
        assert ids(bounces.judge(seen(settings=settings), [mine], []), "error") == ["bounces-same-mailbox"]
    other = bounces.judge(seen(settings=settings), [("mail.example.com", "other")], [])
    assert ids(other, "error", "warning") == []
    assert "bounces-own-mailbox" in ids(other)


@pytest.mark.parametrize(
    ("settings", "ours", "found"),
    [
        ({"bounce.postmark": {"enabled": True}}, {"Postmark"}, ["bounces-own-twice"]),
        ({"bounce.postmark": {"enabled": False}}, {"Postmark"}, []),
        ({"bounce.postmark": {"enabled": True}}, {"SendGrid"}, ["bounces-own-webhooks"]),
        (
            {"bounce.ses_enabled": True, "bounce.lettermint": {"enabled": True}},
            {"Lettermint"},
            ["bounces-own-twice", "bounces-own-unproven", "bounces-own-webhooks"],
        ),
        ({"bounce.azure": {"enabled": True, "shared_secret": "•••"}}, (), ["bounces-own-webhooks"]),
        ({"bounce.azure": {"enabled": True}}, (), ["bounces-own-unproven", "bounces-own-webhooks"]),
        ({"bounce.azure": {"enabled": False}, "bounce.ses_enabled": None}, {"Azure"}, []),
    ],
)
def test_webhooks_of_listmonks_own(settings: Mapping[str, Any], ours: Collection[str], found: list[str]) -> None:
    told = [one.id for one in bounces.judge(seen(settings=settings), [], [], ours) if "-own-" in one.id]
    assert told == found


@pytest.mark.parametrize(
    "settings",
    [{}, {"bounce.actions": None}, {"bounce.actions": {"hard": 1, "soft": []}}, {"bounce.mailboxes": {}}],
)
def test_odd_settings(settings: Mapping[str, Any]) -> None:
    assert ids(bounces.judge(seen(settings=settings), [], []), "error", "warning") == []


# -- the root URL and the door ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("root", "ident"),
    [
        ("https://news.example.com", "root-url-ok"),
        ("https://news.example.com/", "root-url-ok"),
        ("https://NEWS.example.com", "root-url-ok"),
        ("https://news.example.com:443", "root-url-ok"),
        ("http://0.0.0.0:9000", "root-url-localhost"),
        ("http://[::1]:9000", "root-url-localhost"),
        ("https://mail.local", "root-url-private"),
        ("https://[fd00::1]", "root-url-private"),
        ("ftp://news.example.com", "root-url-invalid"),
        ("https://news.example.com:port", "root-url-invalid"),
        ("https://", "root-url-invalid"),
        ("  ", "root-url-empty"),
    ],
)
def test_root_urls(root: str, ident: str) -> None:
    assert ids(root_url.judge(root, target())) == [ident]


def test_private_addresses() -> None:
    assert all(map(is_private, ["localhost", "10.0.0.1", "listmonk", "fe80::1", "100.64.0.1", "x.internal"]))
    assert not any(map(is_private, ["news.example.com", "192.88.99.10", "2d00::10"]))


def front(*addresses: str, closed: tuple[int, ...] = (), own: tuple[str, ...] = (), no_ipv6: bool = False) -> Front:
    tried = {(one, port): "refused" if port in closed else "" for one in addresses for port in (80, 443)}
    tried |= {(one, 9000): "refused" for one in addresses}
    return Front(target(), Resolved(addresses), tried, frozenset(own), no_ipv6)


def test_addresses_that_this_machine_cannot_try_are_not_judged() -> None:
    both = front("198.18.0.1", "2d00::1", no_ipv6=True)
    assert both.usable() == ["198.18.0.1"]
    assert ids(root_url.judge_names(front("2d00::1", no_ipv6=True))) == []
    assert ids(ports.judge(front("2d00::1", no_ipv6=True), ports.PortFacts())) == []


def test_ports_elsewhere_and_here() -> None:
    assert ids(ports.judge(front("192.88.99.10"), ports.PortFacts())) == ["ports-ok"]
    here = front("192.88.99.10", own=("192.88.99.10",))
    assert ids(ports.judge(here, ports.PortFacts())) == ["ports-own-address"]
    wide = ports.PortFacts(bound=(ports.Bound("::", 9000),))
    assert ids(ports.judge(here, wide), "warning") == ["ports-listmonk-bound"]
    assert "curl -m 5 http://news.example.com:9000/health" in ports.judge(here, wide)[-1].fix
    # Bound widely, but the public address is another machine's: tried from here, it is closed.
    assert ids(ports.judge(front("192.88.99.10"), wide), "warning") == []


def test_the_listeners_of_this_machine_are_read() -> None:
    import socket

    with socket.socket() as listening, socket.socket(socket.AF_INET6) as other:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        other.bind(("::1", 0))
        other.listen()
        found = ports.listeners()
        assert ports.Bound("127.0.0.1", listening.getsockname()[1]) in found
        assert ports.Bound("::1", other.getsockname()[1]) in found


@pytest.mark.parametrize(
    ("root", "goal"),
    [
        ("news.example.com", "https://news.example.com"),
        ("news.example.com:9000/", "https://news.example.com"),
        ("http://https://news.example.com", "https://news.example.com"),
        ("https:/news.example.com", "https://news.example.com"),
        ("htp://news.example.com", "https://news.example.com"),
        ("//news.example.com/x", "https://news.example.com"),
        ("https//news.example.com", "https://news.example.com"),
        ("listmonk", ""),
        ("localhost:9000", ""),
        ("http://", ""),
    ],
)
def test_what_a_root_url_that_is_none_was_meant_to_be(root: str, goal: str) -> None:
    (found,) = root_url.judge(root, None)
    assert found.id == "root-url-invalid"
    assert found.fix.endswith(f"    {goal or 'https://news.example.com'}")
    examined = root_url.examined(root)
    assert (examined.url if examined else "") == goal
    assert root_url.judge(root, target())[0].fix.endswith("    https://news.example.com")


@pytest.mark.parametrize(("wrong", "level"), [(True, "error"), (False, "warning")])
@pytest.mark.parametrize("port", [9000, 8025, 8443, 444])
def test_a_port_in_the_root_url_is_its_error_and_is_never_to_be_opened(port: int, wrong: bool, level: str) -> None:
    (found,) = root_url.judge(
        f"https://news.example.com:{port}", target(f"https://news.example.com:{port}"), wrong_port=wrong
    )
    assert (found.id, found.level.value) == ("root-url-port", level)
    assert found.fix.endswith("    https://news.example.com")
    odd = Target.read(f"https://news.example.com:{port}")
    assert odd is not None
    closed = Front(odd, Resolved(("192.88.99.10",)), {("192.88.99.10", port): "refused"})
    (told,) = ports.judge(closed, ports.PortFacts())
    assert f"keep port {port} closed" in told.fix
    assert "https://news.example.com," in told.fix
    dead = Front(
        odd, Resolved(("192.88.99.10", "2d00::1")), {("192.88.99.10", port): "", ("2d00::1", port): "refused"}
    )
    assert "listen" not in root_url.judge_names(dead)[0].fix


def test_what_proves_it_from_outside_begins_at_the_root_url() -> None:
    here = front("192.88.99.10", own=("192.88.99.10",))
    command = (
        "bouncestream doctor --outside https://news.example.com --webhook-url https://b.example.com/webhooks/x"
    )
    assert command in ports.judge(here, ports.PortFacts(), command)[0].fix
    assert from_outside("https://news.example.com", "https://b.example.com/webhooks/x") == command
    assert "<root URL of Listmonk>" in from_outside("")


# -- what answers at the public address -------------------------------------------------------------------------

HTML = {"content-type": "text/html; charset=UTF-8"}


def site(**replies: Reply) -> Public:
    """A public address where all paths get one answer, but for some."""
    return Public(
        through={name: replies.get(name, replies["every"]) for name in ("pixel", "link", "view", "webhooks")}
    )


@pytest.mark.parametrize(
    ("every", "asked"),
    [
        (Reply("u", 404, HTML, b"<title>Page not found - Our blog</title>"), True),
        (Reply("u", 200, HTML, b"<title>This domain is for sale</title>"), True),
        (Reply("u", 404, {"content-type": "text/html"}, b"<center>nginx/1.22</center>"), True),
        (Reply("u", 200, {"server": "Caddy"}), True),
        (Reply("u", 404, {"content-type": "text/plain"}, b"404 page not found\n"), True),
        (Reply("u", 404, HTML, b'Powered by <a href="https://listmonk.app">'), False),
        (Reply("u", 502, {"content-type": "text/html"}, b"<center>nginx/1.22</center>"), False),
    ],
)
def test_whose_site_it_is_is_asked_where_nothing_is_listmonks(every: Reply, asked: bool) -> None:
    (found,) = pixel.judge(target(), site(every=every), "http://127.0.0.1:9000")
    assert ("is https://news.example.com the right root URL?" in found.fix) is asked
    if asked:
        assert "leave that unchanged" in found.fix
        admin = Reply("u", 302, {"location": "/admin/login?next=%2Fadmin%2Fa"})
        (found,) = pixel.judge(target(), site(every=every, view=admin), "http://127.0.0.1:9000")
        assert "the right root URL?" not in found.fix


def test_the_webhooks_own_name_is_known_for_what_it_is() -> None:
    every = Reply("u", 404, {"content-type": "text/html"}, b"<center>nginx/1.22</center>")
    hook = Reply("u", 404, {"content-type": "text/plain; charset=utf-8"}, b"not found\n")
    (found,) = pixel.judge(target(), site(every=every, webhooks=hook), "")
    assert "seems to be the address of bouncestream's webhooks" in found.fix
    assert "--outside <root URL of Listmonk> --webhook-url https://news.example.com/webhooks/<name>" in found.fix


@pytest.mark.parametrize(
    ("soft", "ident"),
    [
        ((2, "none"), "bounces-soft-none"),
        ((1_000_000, "none"), "bounces-soft-none"),
        ((1_000_000, "blocklist"), "bounces-soft-never"),
        ((999, "unsubscribe"), "bounces-soft-never"),
        ((50, "delete"), "bounces-soft-never"),
        ((3, "blocklist"), ""),
        (("many", "blocklist"), ""),
        ((True, 5), ""),
    ],
)
def test_soft_bounces_without_an_effect(soft: tuple[Any, Any], ident: str) -> None:
    actions = {"soft": {"count": soft[0], "action": soft[1]}}
    found = bounces.judge(seen(settings={"bounce.actions": actions}), [], [])
    assert [one for one in ids(found) if "soft" in one] == ([ident] if ident else [])
    if ident == "bounces-soft-never":
        assert f"{soft[0]:,}" in found[0].seen


@pytest.mark.parametrize(
    ("action", "wrong"), [("blocklist", True), ("delete", True), ("none", False), (None, False)]
)
def test_soft_bounces_are_counted_by_one_side_only(action: str | None, wrong: bool) -> None:
    actions = {"soft": {"count": 2, "action": action}}
    found = bounces.judge(seen(settings={"bounce.actions": actions}), [], [], soft_mode="bridge")
    assert [one.id for one in found if "soft" in one.id] == (["bounces-soft-both"] if wrong else [])


# -- certificates -----------------------------------------------------------------------------------------------


def certificate(days: float, life: float = 90, issuer: str = "Let's Encrypt, R11") -> Certificate:
    ends = NOW + timedelta(days=days)
    return Certificate("news", issuer, ends - timedelta(days=life), ends, ("news.example.com",), False, "")


@pytest.mark.parametrize(
    ("cert", "ident"),
    [
        (certificate(60), "tls-ok"),
        (certificate(15), "tls-ok"),
        (certificate(13), "tls-expires-soon"),
        (certificate(-1), "tls-expired"),
        # Short-lived ones are renewed late by design.
        (certificate(3, life=6), "tls-ok"),
        (certificate(1, life=6), "tls-expires-soon"),
    ],
)
def test_days_left(cert: Certificate, ident: str) -> None:
    shake = tls.Handshake("192.88.99.10", version="TLSv1.3", alpn="h2", certificate=cert)
    found = tls.judge(front("192.88.99.10"), [shake], NOW)
    assert ids(found) == [ident]
    if ident == "tls-expires-soon":
        assert "certbot renew --dry-run" in found[0].fix


def test_the_renewal_of_others_is_not_certbots() -> None:
    shake = tls.Handshake("a", certificate=certificate(2, issuer="Some CA"))
    assert "certbot renew" not in tls.judge(front("a"), [shake], NOW)[0].fix


def test_one_address_of_two_is_bad() -> None:
    good = tls.Handshake("192.88.99.10", certificate=certificate(60))
    bad = tls.Handshake("2d00::10", certificate=certificate(-4), code=10)
    assert ids(tls.judge(front("192.88.99.10", "2d00::10"), [good, bad], NOW)) == ["tls-expired"]


# -- letters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "tracks"),
    [
        ("{{ TrackView }}", True),
        ("{{TrackView}}", True),
        ("{{- TrackView . -}}", True),
        ("{{ TrackViews }}", False),
        ("TrackView", False),
    ],
)
def test_forms_of_trackview(body: str, tracks: bool) -> None:
    one = {"name": "x", "status": "finished", "body": body, "content_type": "html", "template_id": None}
    found = campaigns.judge(campaigns.CampaignFacts([one], []), {}, None, NOW)
    assert ("campaign-no-trackview" not in ids(found)) is tracks


@pytest.mark.parametrize(
    ("body", "kind", "tracked"),
    [
        ('<a href="https://a.example/@TrackLink">', "html", True),
        ('<a href="{{ TrackLink "https://a.example" }}">', "html", True),
        ("<a class=x href='https://a.example'>", "html", False),
        ("[x](https://a.example)", "markdown", False),
        ("[x](https://a.example@TrackLink)", "markdown", True),
        ('<a href="{{ UnsubscribeURL }}">', "html", True),
        ("no links at all", "html", True),
    ],
)
def test_forms_of_links(body: str, kind: str, tracked: bool) -> None:
    one = {"name": "x", "status": "running", "body": body + "{{ TrackView }}", "content_type": kind}
    found = campaigns.judge(campaigns.CampaignFacts([one], []), {}, None, NOW)
    assert ("campaign-no-tracklink" not in ids(found)) is tracked


def test_templates_that_may_not_be_read_are_not_blamed() -> None:
    one = {"name": "x", "status": "finished", "body": "", "content_type": "html", "template_id": 1}
    assert ids(campaigns.judge(campaigns.CampaignFacts([one], None), {}, None, NOW), "warning") == []


@pytest.mark.parametrize("odd", [{}, {"body": 5, "status": "finished"}, {"status": "finished", "sent": "many"}])
def test_odd_campaigns(odd: dict[str, Any]) -> None:
    campaigns.judge(campaigns.CampaignFacts([odd], [odd]), {"privacy": 3}, {}, NOW)


def test_fresh_campaigns_may_have_zeros() -> None:
    one = {
        "name": "x",
        "status": "running",
        "body": "{{ TrackView }}",
        "content_type": "html",
        "sent": 9000,
        "views": 0,
        "started_at": "2026-02-28T23:00:00Z",
    }
    assert ids(campaigns.judge(campaigns.CampaignFacts([one], []), {}, None, NOW), "warning") == []
    one["started_at"] = "2026-02-27T23:00:00Z"
    assert "campaigns-no-views" in ids(
        campaigns.judge(campaigns.CampaignFacts([one], []), {}, None, NOW), "warning"
    )


# -- bouncestream itself ----------------------------------------------------------------------------------------

RUNNING = Reply("u", 200, {}, b"ok\n")


@pytest.mark.parametrize(
    ("sender", "ident"),
    [("8.8.8.8", "webhook-allow-ips"), ("127.0.0.1", "webhook-sender"), ("", "webhook-allow-ips")],
)
def test_a_test_that_allow_ips_keeps_out(sender: str, ident: str) -> None:
    outside = Reply(
        "u", 401, body=b'{"selftest": "the address is not in allow_ips", "sender": "%b"}' % sender.encode()
    )
    way = bridge.Way("shop", outside, checks_sender=True)
    public = Target.read("https://bounces.example.org")
    found = bridge.judge(bridge.BridgeFacts(public, RUNNING, ways=(way,)))
    assert ident in ids(found)
    assert "webhook-refused" not in ids(found)
