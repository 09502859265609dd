# SPDX-License-Identifier: GPL-3.0-or-later
"""Cleaning addresses: what servers write into address fields, and what must not become an address."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bouncestream.mail.address import a_label, addresses, mailed_to, normalise, u_label


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("reader@example.com", "reader@example.com"),
        ("  Reader@EXAMPLE.Com ", "reader@example.com"),
        ("rfc822; reader@example.com", "reader@example.com"),
        ("RFC822;<reader@example.com>", "reader@example.com"),
        ("rfc822;Reader <reader@example.com>", "reader@example.com"),
        ("mailto:reader@example.com", "reader@example.com"),
        ("SMTP:reader@example.com", "reader@example.com"),
        ('"Doe, Reader" <reader@example.com>', "reader@example.com"),
        ("reader@example.com (The Reader)", "reader@example.com"),
        ("<@relay.test,@other.test:reader@example.com>", "reader@example.com"),
        ('"reader@example.com"', "reader@example.com"),
        ("'reader@example.com'", "reader@example.com"),
        ('"reader"@example.com', "reader@example.com"),
        ('"with space"@example.com', '"with space"@example.com'),  # the quotes are needed
        ("reader+tag@example.com", "reader+tag@example.com"),
        ("reader@example.com.", "reader@example.com"),
        ("utf-8; jürgen@bücher.example", "jürgen@xn--bcher-kva.example"),
        (r"utf-8;j\x{FC}rgen@example.com", "jürgen@example.com"),  # RFC 6533 section 3
        ("=?utf-8?b?cmVhZGVyQGV4YW1wbGUuY29t?=", "reader@example.com"),
        ("reader@[192.0.2.1]", "reader@[192.0.2.1]"),
        ("READER@BÜCHER.example", "reader@xn--bcher-kva.example"),
        ("o'hara@example.com", "o'hara@example.com"),
    ],
)
def test_what_servers_write(written: str, clean: str) -> None:
    assert normalise(written) == clean


OTHERS = (
    "'reader@example.com",
    "smtp=reader@example.com",
    "rfc822=reader@example.com",
    "a=smtp=reader@example.com",
    "/c=us/rfc-822=reader@example.com",
    "imceasmtp-reader+40example+2ecom@stranger.example",
)


@pytest.mark.parametrize("other", OTHERS)
def test_whoever_subscribes_with_an_odd_address_is_nobody_else(other: str) -> None:
    """Anybody can: its bounce would blocklist the reader."""
    for written in (other, other.upper(), f"<{other}>", f"A name <{other}>", f"rfc822; {other}", f" {other} "):
        assert mailed_to(written) == other


@pytest.mark.parametrize(
    "written",
    [
        "reader@example.com'",
        "'reader@example.com'",
        "reader@smtp=example.com",
        "reader@\uff45xample.com",
        "reader@example\u2024com",
        "reader@example\u3002com",
    ],
)
def test_what_could_be_an_odd_address_and_is_none_is_nobody(written: str) -> None:
    assert mailed_to(written) == ""


@pytest.mark.parametrize(
    "written",
    [
        "Reader@EXAMPLE.com",
        "<reader@example.com>",
        '"Doe, Reader" <reader@example.com>',
        '"reader"@example.com',
        "rfc822;reader@example.com",
        "mailto:reader@example.com",
        "reader@example.com.",
        "<@relay.test:reader@example.com>",
    ],
)
def test_how_providers_write_whom_a_mail_was_sent_to(written: str) -> None:
    assert mailed_to(written) == "reader@example.com"


ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}"  # RFC 5322 section 3.2.3


@given(st.from_regex(rf"{ATOM}(?:\.{ATOM}){{0,2}}", fullmatch=True))
def test_each_address_that_listmonk_takes_is_itself(local: str) -> None:
    assert (
        mailed_to(f"{local}@example.com") == mailed_to(f"<{local.upper()}@Example.com>") == f"{local}@example.com"
    )


@given(st.text(max_size=400))
def test_any_text_was_mailed_to_a_clean_address_or_none(text: str) -> None:
    clean = mailed_to(text)
    assert mailed_to(clean) == clean
    assert not clean or ("@" in clean and "\n" not in clean and clean.isprintable())


@pytest.mark.parametrize(
    "written",
    [
        "",
        "reader",
        "@example.com",
        "reader@",
        "rfc822;",
        "undisclosed-recipients:;",
        "<>",
        "/RFC-822=reader(a)example.com/ADMD= /C=WW/",
        "X-Unix; |/bin/false",
        "two words@example.com",
        "reader@exa mple.com",
        "reader@-.-.@",
        "a@b@c@",
        "x" * 2000 + "@example.com",
        "reader@example.com\nBcc: other@example.com",
        "reader\u202e@example.com",
    ],
)
def test_what_is_no_address(written: str) -> None:
    assert normalise(written) == ""


def test_a_domain_that_idna_refuses_is_kept_as_it_is() -> None:
    assert a_label("ü" * 64 + ".example") == "ü" * 64 + ".example"
    assert a_label("no domain") == ""
    assert a_label(".Example.COM.") == "example.com"


@pytest.mark.parametrize(
    ("shown", "ascii_form"),
    [
        ("straße.example", "xn--strae-oqa.example"),  # and not strasse.example, which is somebody else's
        ("FAẞ。example", "xn--fa-hia.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("例え.jp", "xn--r8jz45g.jp"),
        ("example.com\u3002", "example.com"),
    ],
)
def test_the_two_forms_of_a_domain(shown: str, ascii_form: str) -> None:
    assert a_label(shown) == a_label(ascii_form) == ascii_form
    assert a_label(u_label(ascii_form)) == ascii_form


@pytest.mark.parametrize("domain", ["xn--a", "xn---", "xn--\xff", "", "plain.example"])
def test_a_domain_that_has_no_unicode_form_stays(domain: str) -> None:
    assert u_label(domain) == domain


def test_addresses_in_running_text() -> None:
    text = "Your mail to <a@example.com>, b@example.net: failed (a@example.com). See http://x.test/@y or c@."
    assert addresses(text) == ["a@example.com", "b@example.net"]
    assert addresses(text, limit=1) == ["a@example.com"]


@given(st.text(max_size=400))
@example("0@\x08")
def test_any_text_gives_a_clean_address_or_none(text: str) -> None:
    clean = normalise(text)
    assert normalise(clean) == clean
    assert not clean or ("@" in clean and "\n" not in clean and clean.isprintable())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("收件人：a@example.cn不存在", ["a@example.cn"]),
        ("宛先「a@example.jp」、b@example.jp。", ["a@example.jp", "b@example.jp"]),
        ("수신자a@example.kr에게", ["a@example.kr"]),
        ("<用户@例え.jp>", ["用户@xn--r8jz45g.jp"]),
        ("用户@example.cn", []),
        ("„müller@example.de“", ["müller@example.de"]),
    ],
)
def test_an_address_in_running_text_ends_where_its_script_does(text: str, found: list[str]) -> None:
    assert addresses(text, prose=True) == found


def test_an_address_field_may_name_an_address_in_any_script() -> None:
    assert addresses("用户@例え.jp, b@example.com") == ["用户@xn--r8jz45g.jp", "b@example.com"]


@pytest.mark.parametrize(
    "text",
    [
        "SMTP=a@example.com",
        "[a@example.com]",
        "[SMTP:a@example.com]",
        "c=US;a= ;p=Org;dda:SMTP=a@example.com;",
        "/c=DE/admd=x/dd.rfc-822=a(a)example.com/",
        "IMCEASMTP-a+40example+2Ecom@hub.example.net",
    ],
)
def test_addresses_within_other_names(text: str) -> None:
    assert normalise(text) == "a@example.com"
