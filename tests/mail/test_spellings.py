# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
from unicodedata import normalize
from urllib.parse import quote_plus

import pytest

from bouncestream.mail.spellings import Spellings, names_of

UUID = "22222222-2222-4222-8222-222222222222"


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann@Example.COM. ", "ann@example.com"),
        ('"Ann Miller" <ANN@example.com>', "ann@example.com"),
        ('"ann"@example.com', "ann@example.com"),
        ('"Ann Miller"@example.com', '"ann miller"@example.com'),
        ("ann+news@example.com", "ann+news@example.com"),
        ("Ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--BCHER-kva.example", "ann@xn--bcher-kva.example"),
        ("mailto:o'Brien@example.com", "o'brien@example.com"),
        (UUID.upper(), UUID),
    ],
)
def test_the_usual_name_of_each_spelling(spelled: str, name: str) -> None:
    assert names_of(spelled)[0] == name


def test_what_is_no_name() -> None:
    assert names_of("ann") == names_of("") == names_of("@example.com") == ()


def test_an_address_is_under_each_form_of_its_domain_and_of_its_accents() -> None:
    assert "ann@bücher.example" in names_of("ann@xn--bcher-kva.example")
    composed, apart = (normalize(form, "josé@example.com") for form in ("NFC", "NFD"))
    assert {composed, apart} <= set(names_of(composed)) == set(names_of(apart))


ANN = Spellings(names_of("ann@bücher.example"))


@pytest.mark.parametrize(
    "text",
    [
        "550 5.1.1 <ANN@xn--bcher-kva.example>: unknown",
        "to=ann@bücher.example, relay=none",
        "'ann@bücher.example' is full",
        '"ann"@bücher.example',
        "bounces+ann=xn--bcher-kva.example@example.org",
        "mail to ann@bücher.example.",
    ],
)
def test_a_text_that_holds_one(text: str) -> None:
    assert ANN.in_text(text)
    assert "[erased]" in ANN.without(text)
    assert not ANN.in_text(ANN.without(text))


@pytest.mark.parametrize(
    "text",
    ["", "joann@bücher.example", "news+ann@bücher.example", "ann+news@bücher.example", "o'ann@bücher.example",
     "ann@bücher.example.org", "ann@bücher.examples", "ann@bücher", "x-ann@bücher.example"],
)  # fmt: skip
def test_a_longer_name_is_somebody_elses(text: str) -> None:
    assert not ANN.in_text(text)
    assert ANN.without(text) == text


def test_a_uuid_is_a_name_too() -> None:
    both = Spellings((*names_of("ann@example.com"), UUID))
    assert both.in_text(f"bounces+{UUID.upper()}@example.org")
    assert both.without(f"x {UUID} y") == "x [erased] y"


def mail(*, encoding: str, text: str) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{text}\r\n"
        "--b--\r\n"
    ).encode()


ADDRESS = "ann@example.com"
BASE64 = base64.b64encode(f"The mailbox of {ADDRESS} is full".encode()).decode()
PLAIN = Spellings(names_of(ADDRESS))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"email": "Ann@Example.com"}', "application/json"),
        (b'{"email": "ann\\u0040example.com"}', "application/json"),
        (json.dumps({"Message": json.dumps({"to": [ADDRESS]})}).encode(), "text/plain"),
        (b"email=ann%40example.com&x=1", "application/x-www-form-urlencoded"),
        (b"a=" + quote_plus('{"to": "ann\\u0040example.com"}').encode(), "application/x-www-form-urlencoded"),
        (mail(encoding="base64", text=BASE64), "message/rfc822"),
        (mail(encoding="quoted-printable", text="The mailbox of ann=40exam=\r\nple.com"), "message/rfc822"),
        (json.dumps({"body": mail(encoding="base64", text=BASE64).decode()}).encode(), "application/json"),
        (b"Subject: =?utf-8?b?" + base64.b64encode(ADDRESS.encode()) + b"?=\r\n\r\nx", "message/rfc822"),
    ],
)
def test_a_body_that_holds_one(body: bytes, content_type: str) -> None:
    assert PLAIN.in_body(body, content_type)
    assert not Spellings(names_of("bob@example.com")).in_body(body, content_type)


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"{", b"[" * 5000, b"%" * 5000, b"=?" * 2000, b'{"a": "news+ann@example.com"}']
)
def test_a_body_that_holds_none(body: bytes) -> None:
    assert not PLAIN.in_body(body, "application/json")
