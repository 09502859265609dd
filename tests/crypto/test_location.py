# SPDX-License-Identifier: GPL-3.0-or-later
from multidict import CIMultiDict

from bouncestream.crypto.location import Either, Field, Header
from bouncestream.providers._request import WebhookRequest


def asked(body: bytes = b"", **headers: str) -> WebhookRequest:
    return WebhookRequest("POST", CIMultiDict(headers), body)


def test_a_header_whole_in_part_and_quoted() -> None:
    assert Header("sig").read(asked(SIG=" abc ")) == ("abc",)
    assert Header("sig").read(asked()) == ()
    assert Header("sig", prefix="v1=", separator=",").read(asked(sig="t=1, V1=a,v1=b,v0=c")) == ("a", "b")
    zepto = Header("sig", prefix="s=", separator=";", quoted=True)
    assert zepto.read(asked(sig="ts=1;s=a%2Bb%3D;s-algorithm=HmacSHA256")) == ("a+b=",)


def test_a_field_of_the_json() -> None:
    location = Field("a", "b")
    assert location.inside
    assert location.read(asked(b'{"a": {"b": "x"}}')) == ("x",)
    assert location.read(asked(b'{"a": {"b": 5}}')) == ("5",)
    for other in (b'{"a": {"b": true}}', b'{"a": {"b": null}}', b'{"a": []}', b"{}", b"[]", b"5"):
        assert location.read(asked(other)) == ()


def test_either_of_several_locations() -> None:
    location = Either(Header("sig"), Field("a"), Field("b"))
    assert location.inside
    assert not Either(Header("sig")).inside
    assert location.read(asked(b'{"b": "y"}', sig="x")) == ("x", "y")
    assert location.read(asked(b"{}")) == ()
