# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import pytest
from multidict import CIMultiDict

from bouncestream.errors import Malformed
from bouncestream.providers._request import WebhookRequest


def request(body: bytes, content_type: str = "") -> WebhookRequest:
    return WebhookRequest("POST", CIMultiDict({"Content-Type": content_type}), body)


def test_json_is_read_once_and_anew_for_another_body() -> None:
    asked = request(b'{"a": 1}')
    assert asked.json() is asked.json()
    assert replace(asked, body=b"[2]", sent=b"packed").json() == [2]
    with pytest.raises(Malformed):
        request(b"{").json()


def test_a_form_has_the_last_of_repeated_fields() -> None:
    asked = request(b"a=1&b=%C3%BC+x&a=2&empty=", "application/x-www-form-urlencoded")
    assert asked.form() == {"a": "2", "b": "ü x", "empty": ""}
    with pytest.raises(Malformed):
        request(b"&".join(b"a=%d" % n for n in range(1001))).form()


def test_json_lines_are_a_list_and_a_bad_one_stays_bytes() -> None:
    assert request(b'{"a": 1}\n').json_lines() == {"a": 1}
    assert request(b'[\n{"a": 1}\n]').json_lines() == [{"a": 1}]
    assert request(b'{"a": 1}\n\n{"b"\n{"c": 3}\n').json_lines() == [{"a": 1}, b'{"b"', {"c": 3}]
    with pytest.raises(Malformed):
        request(b"{").json_lines()


def test_json_or_a_form() -> None:
    assert request(b'{"a": "b=c"}').json_or_form() == {"a": "b=c"}
    assert request(b"a=1").json_or_form() == {"a": "1"}
    with pytest.raises(Malformed, match="not JSON"):
        request(b"neither").json_or_form()


def test_a_signature_is_over_what_was_sent() -> None:
    asked = request(b"packed")
    assert asked.as_sent == b"packed"
    assert replace(asked, body=b"plain", sent=b"packed").as_sent == b"packed"
