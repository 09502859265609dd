# SPDX-License-Identifier: GPL-3.0-or-later
"""A run, page by page: from a real server with TLS into a `KeepMissed` that remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from yarl import URL

from bouncestream import providers
from bouncestream.errors import ApiError, ApiRefused, SinkError
from bouncestream.missed import LIST, Found, Missed
from bouncestream.policy import Rules
from bouncestream.ports import Subscriber
from bouncestream.sources import backfill
from bouncestream.sources.backfill.calls import Calls
from bouncestream.sources.backfill.run import Bookmark, Counts, Run
from tests.providers.lists import ASKED, NOW, hook, lists
from tests.sources.backfill.stand_in import Answer, Api, trusted

SINCE = NOW - timedelta(days=30)


class Clock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


@dataclass
class Everybody:
    """A Listmonk that knows these people, or everybody."""

    statuses: Mapping[str, str] = field(default_factory=dict)
    only: Collection[str] | None = None
    asked: list[set[str]] = field(default_factory=list)
    error: Exception | None = None

    async def may_look_up(self) -> bool:
        return True

    async def known(self, addresses: Collection[str]) -> Mapping[str, Subscriber]:
        self.asked.append(set(addresses))
        if self.error is not None:
            raise self.error
        return {
            one: Subscriber(1, f"uuid-of-{one}", one, self.statuses.get(one, "enabled"))
            for one in addresses
            if self.only is None or one in self.only
        }


@dataclass
class Kept:
    """What was handed over."""

    items: list[Missed] = field(default_factory=list)
    hard: list[int] = field(default_factory=list)

    async def __call__(self, items: Sequence[Missed], hard: int) -> Found:
        self.items += items
        self.hard.append(hard)
        return Found(tuple(one.event.kind.value for one in items))


async def sleep(seconds: float) -> None:
    await asyncio.sleep(0)


def answering(provider: str, **pages: Any) -> Answer:
    """An API that shows these items in its lists, on one page each; the others are empty."""

    def answer(url: URL) -> Any:
        for name, there in lists(provider).items():
            if url.path != there.path or (name.startswith("bounces/") and url.query["type"] not in name):
                continue
            if provider == "brevo" and url.query["event"] != name:
                continue
            if provider == "mailjet" and url.query["MessageStatus"] != {"hardbounced": "10", "spam": "6"}.get(
                name, "7"
            ):
                continue
            return there.around([] if "p" in url.query else pages.get(name, []))
        return 404, {}, {}

    return answer


async def ran(
    provider: str, people: Everybody | None = None, bookmark: Bookmark | None = None, **more: Any
) -> tuple[Counts, Kept, list[Bookmark]]:
    """A run to its end: what it counted, what was kept, and the bookmarks that were noted."""
    kept, bookmarks = more.pop("kept", None) or Kept(), more.pop("bookmarks", [])
    found, settings = providers.get(provider), more.pop("settings", None) or hook(provider)
    assert found.backfill is not None

    async def keep_bookmark(bookmark: Bookmark) -> None:
        bookmarks.append(bookmark)

    calls = Calls(found.title, found.backfill.hosts, found.backfill.permission, context=trusted(), sleep=sleep)
    async with calls:
        one = Run(
            found, settings, Rules(), more.pop("since", SINCE), Clock(), calls, people or Everybody(), kept,
            keep_bookmark=keep_bookmark, **more,
        )  # fmt: skip
        return await one.go(asyncio.Event(), bookmark), kept, bookmarks


@pytest.mark.parametrize("provider", ASKED)
async def test_each_list_of_each_provider(api: Api, provider: str) -> None:
    there = lists(provider)
    api.answer = answering(provider, **{name: [one.item] for name, one in there.items()})
    counts, kept, _ = await ran(provider)
    assert [one.event.kind for one in kept.items] == [one.kind for one in there.values()]
    assert [one.submission.headers[LIST] for one in kept.items] == [*there]
    assert counts.items == counts.new == len(there)
    assert counts.found.total() == len(there)


async def test_only_what_happened_within_the_time_by_its_own_time(api: Api) -> None:
    times = [SINCE - timedelta(seconds=1), SINCE, NOW - timedelta(hours=24), NOW - timedelta(hours=23)]
    api.answer = answering("sendgrid", bounces=[lists("sendgrid", at)["bounces"].item for at in times])
    counts, kept, _ = await ran("sendgrid")
    assert [one.event.occurred_at for one in kept.items] == times[1:3]
    assert (counts.too_old, counts.too_new) == (1, 1)  # the webhook of the newest may still come


async def test_only_people_whom_listmonk_has_and_has_not_blocklisted(api: Api) -> None:
    items = [lists("sendgrid", person=f"{who}@example.org")["bounces"].item for who in ("ann", "bob", "cy")]
    api.answer = answering("sendgrid", bounces=items)
    people = Everybody({"bob@example.org": "blocklisted"}, only={"ann@example.org", "bob@example.org"})
    counts, kept, _ = await ran("sendgrid", people)
    assert [one.names for one in kept.items] == [("ann@example.org", "uuid-of-ann@example.org")]
    assert (counts.strangers, counts.blocklisted) == (1, 1)
    assert people.asked[0] == {"ann@example.org", "bob@example.org", "cy@example.org"}


async def test_soft_is_never_taken_from_a_list(api: Api) -> None:
    soft = lists("sendgrid")["bounces"].item | {"status": "5.2.2", "reason": "mailbox full"}
    words = lists("sendgrid")["bounces"].item | {"status": "", "reason": "user unknown"}
    api.answer = answering("sendgrid", bounces=[soft, words])
    counts, kept, _ = await ran("sendgrid")
    assert (kept.items, counts.soft) == ([], 2)


async def test_what_cannot_be_read_and_what_is_nothing_are_counted(api: Api) -> None:
    bad, tag = {"email": 5}, lists("mailgun")["unsubscribes"].item | {"tags": ["offers"]}
    api.answer = answering("sendgrid", bounces=[bad, lists("sendgrid")["bounces"].item])
    counts, kept, _ = await ran("sendgrid")
    assert (counts.unreadable, len(kept.items)) == (1, 1)
    api.answer = answering("mailgun", unsubscribes=[tag])
    counts, kept, _ = await ran("mailgun")
    assert (counts.ignored, counts.unreadable, kept.items) == (1, 0, [])


def pages(*pages: list[Any]) -> Answer:
    """SendGrid's bounces, on pages by the offset."""

    def answer(url: URL) -> Any:
        at = int(url.query["offset"]) // 500
        return pages[at] if url.path.endswith("/bounces") and at < len(pages) else []

    return answer


def full(number: int, who: str) -> list[Any]:
    return [lists("sendgrid", person=f"{who}{i}@example.org")["bounces"].item for i in range(number)]


async def test_a_bookmark_is_kept_once_what_is_before_it_is_kept(api: Api) -> None:
    api.answer = pages(full(500, "a"), full(500, "b"), full(3, "c"))
    kept = Kept()
    counts, _, bookmarks = await ran("sendgrid", kept=kept)
    assert [(one.listing, one.first, one.hard, URL(one.url).query["offset"]) for one in bookmarks] == [
        ("bounces", 0, 500, "500"),
        ("bounces", 0, 1000, "1000"),
    ]
    assert kept.hard[:3] == [0, 500, 1000]
    assert counts.new == 1003


async def test_it_goes_on_from_a_bookmark_with_the_count_of_hard_bounces(api: Api) -> None:
    api.answer = pages(full(500, "a"), full(500, "b"), full(3, "c"))
    _, _, bookmarks = await ran("sendgrid")
    api.asked.clear()
    counts, kept, _ = await ran("sendgrid", bookmark=bookmarks[1], hard=bookmarks[1].hard)
    assert counts.new == 3
    assert kept.hard[0] == 1000
    assert api.asked[0].query["offset"] == "1000"


async def test_a_bookmark_in_a_later_list_passes_the_former_ones_over(api: Api) -> None:
    api.answer = answering("sendgrid")
    url = str(URL("https://api.sendgrid.com/v3/suppression/spam_reports?limit=500&offset=500"))
    await ran("sendgrid", bookmark=Bookmark("spam_reports", 0, url, SINCE, 0))
    assert [one.path.rpartition("/")[2] for one in api.asked] == ["spam_reports", "unsubscribes"]
    assert api.asked[0].query["offset"] == "500"


@pytest.mark.parametrize(
    "bookmark", [Bookmark("gone", 0, "https://api.sendgrid.com/", SINCE, 0), Bookmark("bounces", 9, "x", SINCE, 0)]
)
async def test_a_bookmark_that_is_no_more_is_the_beginning(api: Api, bookmark: Bookmark) -> None:
    api.answer = answering("sendgrid", bounces=full(1, "a"))
    counts, _, _ = await ran("sendgrid", bookmark=bookmark)
    assert counts.new == 1


async def test_an_expired_cursor_begins_the_list_again(api: Api) -> None:
    there = lists("ses")["suppression"]
    expired = True

    def answer(url: URL) -> Any:
        nonlocal expired
        if "NextToken" not in url.query:
            return there.around([there.item]) | {"NextToken": "old" if expired else "new"}
        if url.query["NextToken"] == "old":
            expired = False
            return 400, {"message": "The next token is invalid"}, {}
        return there.around([lists("ses", person="second@example.org")["suppression"].item])

    api.answer = answer
    _, kept, _ = await ran("ses")
    assert [one.event.recipient for one in kept.items] == ["person@example.org"] * 2 + ["second@example.org"]


async def test_a_cursor_that_always_expires_is_an_error(api: Api) -> None:
    there = lists("ses")["suppression"]
    page = there.around([there.item]) | {"NextToken": "old"}
    api.answer = lambda url: (400, {}, {}) if "NextToken" in url.query else page
    with pytest.raises(ApiError, match="answered 400"):
        await ran("ses")
    assert len(api.asked) == 6


async def test_a_first_page_that_is_not_there_is_an_error_that_names_the_keys(api: Api) -> None:
    api.answer = lambda url: (404, {"message": "Domain not found"}, {})
    with pytest.raises(ApiError, match=r"404 to a page\. Next: check the keys api_"):
        await ran("mailgun")


async def test_a_list_that_turns_in_a_circle_ends(api: Api) -> None:
    there = lists("ses")["suppression"]
    api.answer = lambda url: there.around([there.item]) | {"NextToken": "again"}
    counts, _, _ = await ran("ses")
    assert (len(api.asked), counts.cut) == (2, False)


async def test_a_cursor_without_an_end_is_cut_and_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill.run, "MOST_PAGES", 20)
    there = lists("ses")["suppression"]
    api.answer = lambda url: there.around([there.item]) | {"NextToken": f"t{len(api.asked)}"}
    counts, _, _ = await ran("ses")
    assert (len(api.asked), counts.cut) == (20, True)
    assert counts.notes == ["the list suppression has more than 20 pages: the rest is left"]


async def test_a_key_without_permission_ends_it_and_what_was_stored_stays(api: Api) -> None:
    there = lists("sendgrid")
    api.answer = lambda url: [there["bounces"].item] if url.path.endswith("bounces") else (403, {}, {})
    kept = Kept()
    with pytest.raises(ApiRefused, match="Suppressions: Read Access"):
        await ran("sendgrid", kept=kept)
    assert len(kept.items) == 1


async def test_a_listmonk_that_cannot_be_asked_ends_it_and_stores_nothing(api: Api) -> None:
    api.answer = answering("sendgrid", bounces=full(1, "a"))
    kept = Kept()
    with pytest.raises(SinkError):
        await ran("sendgrid", Everybody(error=SinkError("away")), kept=kept)
    assert kept.items == []


async def test_the_policy_counts_for_lists(api: Api) -> None:
    api.answer = answering("sendgrid", bounces=full(1, "a"))
    settings = hook("sendgrid", classes={"list/bounces": "soft"})
    counts, _, _ = await ran("sendgrid", settings=settings)
    assert (counts.soft, counts.new) == (1, 0)


async def test_ses_is_signed_anew_for_each_page(api: Api) -> None:
    there = lists("ses")["suppression"]
    api.answer = lambda url: there.around([]) | ({} if "NextToken" in url.query else {"NextToken": "a/b+c="})
    await ran("ses")
    first, second = (headers["Authorization"] for headers in api.headers)
    assert first.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-central-1/ses/aws4_request")
    assert first.rpartition("=")[2] != second.rpartition("=")[2]
    assert api.asked[1].query["NextToken"] == "a/b+c="


async def test_a_cursor_that_is_an_address_is_not_written_down(api: Api) -> None:
    there = lists("mailgun")["bounces"]
    after = "https://api.mailgun.net/v3/mg.example.org/bounces?page=next&address=person%40example.org"

    def answer(url: URL) -> Any:
        shown = url.path == there.path and "page" not in url.query
        return {"items": [there.item] if shown else [], "paging": {"next": after}}

    api.answer = answer
    counts, _, bookmarks = await ran("mailgun")
    assert (counts.new, bookmarks) == (1, [])
    assert [one.query.get("address") for one in api.asked if one.path == there.path] == [None, "person@example.org"]
