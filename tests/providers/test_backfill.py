# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of providers, read: what each documented item becomes, how a page leads to the next, and odd ones."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed
from bouncestream.event import Kind, identity_keys
from bouncestream.providers._backfill import Backfill, Page, read_item, read_page
from tests.providers.lists import ASKED, AT, NOW, PERSON, hook, lists

SINCE = NOW - timedelta(days=30)
EACH = [(provider, name) for provider in ASKED for name in lists(provider)]


def api(provider: str) -> Backfill[Any]:
    found = providers.get(provider).backfill
    assert found is not None
    return found


def first(provider: str, name: str) -> str:
    return api(provider).listing(name).first(hook(provider), SINCE, NOW)[0]


def read(provider: str, name: str, page: Any, url: str = "") -> Page:
    content = page if isinstance(page, bytes) else json.dumps(page).encode()
    found, at = providers.get(provider), url or first(provider, name)
    return read_page(found, api(provider).listing(name), hook(provider), at, content, NOW)


def test_all_lists_are_covered() -> None:
    assert {provider: [*lists(provider)] for provider in ASKED} == {p: [*api(p).names] for p in ASKED}
    assert {"ses", "sendgrid", "mailgun", "postmark", "brevo", "mailjet", "resend", "sparkpost", "mailersend"} == {
        *ASKED
    }


@pytest.mark.parametrize(("provider", "name"), EACH)
def test_a_documented_item_is_an_event_of_its_own_time(provider: str, name: str) -> None:
    there = lists(provider)[name]
    (item,) = read(provider, name, there.around([there.item])).items
    assert item.event is not None, item.why
    assert (item.event.kind, item.event.recipient, item.event.occurred_at) == (there.kind, PERSON, AT)
    assert item.event.sure
    assert item.event.source == "news"
    assert item.event.provider == provider
    assert json.loads(item.raw) == there.item


@pytest.mark.parametrize(("provider", "name"), EACH)
def test_the_first_page_is_where_the_documentation_says(provider: str, name: str) -> None:
    there, url = lists(provider)[name], urlsplit(first(provider, name))
    assert (url.scheme, url.netloc, url.path) == ("https", there.host, there.path)
    assert re.fullmatch(api(provider).hosts, there.host)


@pytest.mark.parametrize(("provider", "name"), EACH)
def test_the_same_item_has_the_same_identity_and_another_time_another_one(provider: str, name: str) -> None:
    def keys(at: Any) -> tuple[bytes, ...]:
        there = lists(provider, at)[name]
        event = read(provider, name, there.around([there.item])).items[0].event
        assert event is not None
        return identity_keys(event, b"secret")

    assert keys(AT) == keys(AT)
    shares = name == "events" or provider == "brevo" or (provider == "postmark" and name != "suppressions")
    if not shares:  # the others know the mail
        assert not {*keys(AT)} & {*keys(AT + timedelta(days=20))}


@pytest.mark.parametrize(("provider", "name"), EACH)
def test_what_is_no_page_is_refused_in_words(provider: str, name: str) -> None:
    there = lists(provider)[name]
    whole = json.dumps(there.around([there.item])).encode()
    for odd in (b"", b"<html>", whole[:-3], b"5", b'"x"', b"null", b'{"message": "sorry"}'):
        with pytest.raises(Malformed):
            read(provider, name, odd)


@pytest.mark.parametrize(("provider", "name"), EACH)
def test_an_odd_item_spoils_no_neighbour(provider: str, name: str) -> None:
    there = lists(provider)[name]
    odd: list[Any] = [None, 5, "x", [], {}, {**there.item, **dict.fromkeys(there.item, (((1e400,),),))}]
    found = read(provider, name, there.around([*odd, there.item])).items
    assert [one.event is not None for one in found] == [False] * len(odd) + [True]
    assert all(one.why for one in found[:-1])


@pytest.mark.parametrize(("provider", "name"), EACH)
def test_an_item_without_a_time_is_none(provider: str, name: str) -> None:
    there = lists(provider)[name]
    times = ("created_at", "created", "updated", "date", "timestamp", "ArrivedAt", "BouncedAt", "CreatedAt")
    item = {k: v for k, v in there.item.items() if k not in (*times, "LastUpdateTime")}
    (found,) = read(provider, name, there.around([item])).items
    assert (found.event, found.unreadable) == (None, True)
    assert found.why == "it tells no time of its own"


def walk(provider: str, name: str, pages: list[Any]) -> list[dict[str, str]]:
    """The queries of the pages, in turn."""
    url, asked = first(provider, name), []
    for page in pages:
        asked.append(dict(parse_qsl(urlsplit(url).query)))
        url = read(provider, name, page, url).next
    assert url == ""
    return asked


def test_pages_by_offset_end_with_one_that_is_not_full() -> None:
    there = lists("sendgrid")["bounces"]
    full = there.around([there.item] * 500)
    asked = walk("sendgrid", "bounces", [full, full, there.around([there.item])])
    assert [one["offset"] for one in asked] == ["0", "500", "1000"]
    assert {one["start_time"] for one in asked} == {str(int(SINCE.timestamp()))}


def test_postmark_shows_ten_thousand_of_a_type() -> None:
    there = lists("postmark")["bounces/HardBounce"]
    full = there.around([there.item] * 500)
    asked = walk("postmark", "bounces/HardBounce", [full] * 20)
    assert asked[-1]["offset"] == "9500"


def test_pages_by_number() -> None:
    there = lists("mailersend")["hard-bounces"]
    asked = walk("mailersend", "hard-bounces", [there.around([there.item] * 100), there.around([])])
    assert [one["page"] for one in asked] == ["1", "2"]


def test_pages_by_token_by_link_and_after_an_id() -> None:
    there = lists("ses")["suppression"]
    more = there.around([there.item]) | {"NextToken": "a/b+c=="}
    assert [one.get("NextToken") for one in walk("ses", "suppression", [more, there.around([])])] == [
        None,
        "a/b+c==",
    ]
    there = lists("resend")["suppressions"]
    more = there.around([there.item]) | {"has_more": True}
    asked = walk("resend", "suppressions", [more, there.around([])])
    assert asked[1]["after"] == there.item["id"]
    there = lists("sparkpost")["suppression-list"]
    link = {"href": "/api/v1/suppression-list?cursor=WycyMD&per_page=1000", "rel": "next"}
    asked = walk(
        "sparkpost", "suppression-list", [there.around([there.item]) | {"links": [link]}, there.around([])]
    )
    assert [one["cursor"] for one in asked] == ["initial", "WycyMD"]
    there = lists("sparkpost")["events"]
    more = {"results": [there.item], "links": {"next": "/api/v1/events/message?cursor=MTA&per_page=1000"}}
    asked = walk("sparkpost", "events", [more, {"results": [there.item], "links": {}}])
    assert [one["cursor"] for one in asked] == ["initial", "MTA"]
    there = lists("mailgun")["bounces"]
    assert walk("mailgun", "bounces", [there.around([there.item]), there.around([])])[1] == {"p": "2"}


def test_an_empty_list_may_be_an_empty_object() -> None:
    assert read("brevo", "spam", {}).items == ()
    with pytest.raises(Malformed, match="no list events"):
        read("brevo", "spam", {"code": "unauthorized"})
    with pytest.raises(Malformed, match="no list data"):
        read("resend", "suppressions", {})


def test_a_page_that_does_not_tell_where_it_goes_on_is_refused() -> None:
    there = lists("sparkpost")["suppression-list"]
    with pytest.raises(Malformed, match="where it goes on"):
        read("sparkpost", "suppression-list", there.around([there.item]) | {"links": [5]})


def test_where_a_list_is_empty_it_may_be_null() -> None:
    assert read("mailgun", "bounces", {"items": None, "paging": {}}).items == ()


def test_each_domain_and_stream_has_a_first_page() -> None:
    listing = api("mailgun").listing("bounces")
    eu = hook("mailgun", api_domains=("a.example", "b.example/../x"), api_region="eu")
    assert [urlsplit(url)[1:3] for url in listing.first(eu, SINCE, NOW)] == [
        ("api.eu.mailgun.net", "/v3/a.example/bounces"),
        ("api.eu.mailgun.net", "/v3/b.example%2F..%2Fx/bounces"),
    ]
    streams = hook("postmark", api_streams=("outbound", "broadcast"))
    assert len(api("postmark").listing("suppressions").first(streams, SINCE, NOW)) == 2


KINDS: dict[tuple[str, str, str], tuple[dict[str, Any], Kind | None]] = {
    ("mailgun", "unsubscribes", "of one tag"): ({"tags": ["offers"]}, None),
    ("mailgun", "bounces", "a policy"): ({"error": "550 5.7.1 refused by policy"}, Kind.SOFT),
    ("sendgrid", "bounces", "a full mailbox"): ({"status": "5.2.2", "reason": "552 5.2.2 full"}, Kind.SOFT),
    ("sparkpost", "suppression-list", "by hand"): ({"source": "Manually Added"}, None),
    ("sparkpost", "suppression-list", "left"): ({"source": "List Unsubscribe"}, Kind.UNSUBSCRIBE),
    ("resend", "suppressions", "by hand"): ({"origin": "manual"}, None),
    ("resend", "suppressions", "a complaint"): ({"origin": "complaint"}, Kind.COMPLAINT),
    ("ses", "suppression", "a complaint"): ({"Reason": "COMPLAINT"}, Kind.COMPLAINT),
    ("postmark", "suppressions", "by the customer"): ({"Origin": "Customer"}, Kind.SOFT),
    ("mailjet", "hardbounced", "a full mailbox"): ({"StateID": 3}, Kind.SOFT),
    ("mailjet", "hardbounced", "no state"): ({"StateID": 0}, Kind.SOFT),
}


@pytest.mark.parametrize(("provider", "name", "what"), KINDS)
def test_other_words_of_a_list(provider: str, name: str, what: str) -> None:
    changes, kind = KINDS[provider, name, what]
    found, listing = providers.get(provider), api(provider).listing(name)
    item = read_item(found, listing, hook(provider), lists(provider)[name].item | changes, NOW)
    assert (item.event.kind if item.event else None) is kind, what
    assert not item.unreadable


def test_classes_of_the_operator_count_for_lists_too() -> None:
    settings = hook("sendgrid", classes={"list/unsubscribes": "ignore"})
    found, listing = providers.get("sendgrid"), api("sendgrid").listing("unsubscribes")
    item = read_item(found, listing, settings, lists("sendgrid")["unsubscribes"].item, NOW)
    assert (item.event, item.unreadable) == (None, False)
    assert "ignored as configured" in item.why


@pytest.mark.parametrize("provider", ASKED)
def test_the_key_goes_into_headers_and_nowhere_else(provider: str) -> None:
    settings = hook(provider)
    assert settings.api_key is not None
    headers = api(provider).headers(settings, first(provider, api(provider).names[0]), NOW)
    assert all(isinstance(value, str) and value.isprintable() for value in headers.values())
    for name in api(provider).names:
        for part in settings.api_key.reveal().split(":"):
            assert part not in first(provider, name)


def test_a_key_of_two_parts_has_both() -> None:
    assert api("ses").faults(hook("ses")) == []
    assert api("sendgrid").faults(hook("sendgrid")) == []
    (fault,) = api("ses").faults(hook("ses", api_key=Secret("AKIDEXAMPLE")))
    assert fault[0] == "api_key"
    assert "two parts" in fault[1]


@pytest.mark.parametrize("region", ["evil.example.org/", "eu-central", "EU-CENTRAL-1", "a b"])
def test_a_region_that_is_none_is_told(region: str) -> None:
    assert api("ses").faults(hook("ses", api_region=region)) == [
        ("api_region", 'is not a region; write one such as "eu-central-1"')
    ]


def test_the_region_of_ses_is_that_of_its_topic() -> None:
    settings = hook("ses", api_region="", topics=("arn:aws:sns:us-east-1:123456789012:bounces",))
    assert (
        api("ses")
        .listing("suppression")
        .first(settings, SINCE, NOW)[0]
        .startswith(
            "https://email.us-east-1.amazonaws.com/v2/email/suppression/addresses?PageSize=1000&StartDate=2026-10-23T12"
        )
    )
