# SPDX-License-Identifier: GPL-3.0-or-later
import orjson

from bouncestream import providers
from bouncestream.ports import Receipt, Unreadable
from bouncestream.providers._contract import Answer, Parsed
from bouncestream.sources.webhook.answers import accepted, later, mistaken, shaped


def test_what_is_stored_and_what_is_not() -> None:
    assert accepted(Receipt(2, 1, 3)).body == b'{"accepted": 2, "duplicates": 1, "quarantined": 3}'
    got = later(providers.get("generic"), 5)
    assert (got.status, got.headers["Retry-After"]) == (503, "5")


def test_a_script_reads_what_it_did_wrong_and_not_all_of_it() -> None:
    parsed = Parsed(unreadable=(Unreadable("wrong", part=b"\xff" + b"x" * 5000),))
    got = mistaken(parsed, Receipt(1, 0, 0))
    told = orjson.loads(got.body)  # type: ignore[arg-type]
    assert (got.status, told["accepted"], told["refused"][0]["why"]) == (422, 1, "wrong")
    assert len(told["refused"][0]["part"]) == 200


def test_a_provider_shapes_its_answer() -> None:
    got = shaped(Answer(202, b"x", {"X-A": "b"}))
    assert (got.status, got.body, got.headers["X-A"]) == (202, b"x", "b")
