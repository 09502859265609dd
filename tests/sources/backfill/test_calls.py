# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of a provider's API, against a real server with TLS."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from yarl import URL

from bouncestream.errors import ApiError, ApiRefused, Malformed
from bouncestream.sources.backfill import calls
from bouncestream.sources.backfill.calls import Calls, PageGone, Stopped
from tests.sources.backfill.stand_in import Api, trusted

URL_ = "https://api.sendgrid.com/v3/suppression/bounces?limit=500"


@pytest.fixture
async def asking(api: Api) -> AsyncIterator[Calls]:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    slept: list[float] = []
    hosts = r"api(?:\.eu)?\.sendgrid\.com"
    one = Calls("SendGrid", hosts, "tick Suppressions: Read Access", context=trusted(), sleep=sleep)
    one.slept = slept  # type: ignore[attr-defined]
    async with one:
        yield one


def read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise Malformed("the body is not JSON") from None


def headers() -> dict[str, str]:
    return {"Authorization": "Bearer key"}


def in_turn(*answers: Any) -> Callable[[URL], Any]:
    left = list(answers)
    return lambda url: left.pop(0) if len(left) > 1 else left[0]


async def test_a_page_is_read(asking: Calls, api: Api) -> None:
    api.answer = lambda url: [{"email": "a@example.org"}]
    assert await asking.page(URL_, headers, read) == [{"email": "a@example.org"}]
    assert str(api.asked[0]) == URL_
    assert api.headers[0]["Authorization"] == "Bearer key"


@pytest.mark.parametrize(
    "first",
    [(429, {}, {}), (503, b"", {}), (500, b"<html>", {}), (408, b"", {}), (200, b'[{"email": "a@exa', {})],
    ids=["429", "503", "500", "408", "truncated"],
)
async def test_what_passes_is_tried_again(asking: Calls, api: Api, first: Any) -> None:
    told: list[str] = []
    asking.told = told.append
    api.answer = in_turn(first, first, [1])
    assert await asking.page(URL_, headers, read) == [1]
    assert len(api.asked) == 3
    assert len(told) == 2
    assert "waiting" in told[0]


async def test_a_wish_to_wait_is_kept_and_jittered(asking: Calls, api: Api) -> None:
    api.answer = in_turn((429, {}, {"Retry-After": "30"}), [])
    await asking.page(URL_, headers, read)
    (slept,) = asking.slept  # type: ignore[attr-defined]
    assert 30 < slept <= 34


async def test_own_waits_grow_and_end(asking: Calls, api: Api) -> None:
    api.answer = lambda url: (503, b"", {})
    with pytest.raises(ApiError, match=r"api\.sendgrid\.com answered 503\. It was tried 6 times\. Next:"):
        await asking.page(URL_, headers, read)
    slept = asking.slept  # type: ignore[attr-defined]
    assert len(api.asked) == 6
    assert len(slept) == 5
    assert all(low <= seconds <= 2 * low for low, seconds in zip((1, 2, 4, 8, 16), slept, strict=True))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_names_the_permission_and_is_not_tried_again(
    asking: Calls, api: Api, status: int
) -> None:
    api.answer = lambda url: (status, {"errors": [{"message": "access forbidden key"}]}, {})
    with pytest.raises(ApiRefused, match="Next: tick Suppressions: Read Access") as refused:
        await asking.page(URL_, headers, read)
    assert len(api.asked) == 1
    assert "Bearer" not in str(refused.value)


@pytest.mark.parametrize("status", [400, 404, 410, 422])
async def test_a_page_that_is_gone_is_no_trouble_of_the_key(asking: Calls, api: Api, status: int) -> None:
    api.answer = lambda url: (status, {}, {})
    with pytest.raises(PageGone):
        await asking.page(URL_, headers, read)
    assert len(api.asked) == 1


async def test_a_redirect_is_not_followed(asking: Calls, api: Api) -> None:
    api.answer = lambda url: (302, b"", {"Location": "https://api.sendgrid.com/v3/elsewhere"})
    with pytest.raises(ApiError, match="redirect"):
        await asking.page(URL_, headers, read)
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://api.sendgrid.com/",
        "https://api.sendgrid.com.example.org/",
        "https://example.org/?x=api.sendgrid.com",
        "https://key@api.sendgrid.com/",
        "https://api.sendgrid.com:8443/",
        "https://api.sendgrid.com:port/",
        "https://apixsendgrid.com/",
        "file:///etc/passwd",
        "",
    ],
)
async def test_the_key_goes_to_no_other_host(asking: Calls, api: Api, url: str) -> None:
    with pytest.raises(ApiError, match=r"somewhere else|malformed"):
        await asking.page(url, headers, read)
    assert api.asked == []


async def test_more_than_is_read_is_an_error(asking: Calls, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "LARGEST", 1000)
    api.answer = lambda url: b"[" + b"1," * 1000 + b"1]"
    with pytest.raises(ApiError, match="more than"):
        await asking.page(URL_, headers, read)


async def test_a_server_that_nobody_certifies_is_not_asked(asking: Calls, api: Api) -> None:
    asking.context = None
    with pytest.raises(ApiError, match="cannot be reached"):
        await asking.page(URL_, headers, read)
    assert api.asked == []


async def test_it_pauses_between_calls(asking: Calls, api: Api) -> None:
    asking.pause = 1.5
    await asking.page(URL_, headers, read)
    await asking.page(URL_, headers, read)
    assert asking.slept == [1.5]  # type: ignore[attr-defined]


async def test_a_wait_can_be_ended(asking: Calls, api: Api) -> None:
    asking.stopped = lambda: True
    api.answer = lambda url: (429, b"", {})
    with pytest.raises(Stopped):
        await asking.page(URL_, headers, read)
    assert len(api.asked) == 1
