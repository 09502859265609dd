# SPDX-License-Identifier: GPL-3.0-or-later
"""Tolerant MIME: parts and texts out of what real gateways make of the standard."""

from __future__ import annotations

import pytest

from bouncestream.mail.mime import MAX_PARTS, Part, decoded, leaves, parse_fields, split_headers, unencoded


def parts(mail: str) -> list[Part]:
    head, body = split_headers(mail)
    return list(leaves(parse_fields(head), body))


def test_fields_are_unfolded_and_the_first_of_a_name_counts() -> None:
    fields = parse_fields("Subject: one\n  two\n\tthree\nSUBJECT: other\nOdd : value\nno field\n: nameless")
    assert fields["subject"] == "one  two three"
    assert fields["odd"] == "value"


def test_nested_multiparts_come_out_as_leaves() -> None:
    mail = (
        "Content-Type: multipart/report; boundary=out\n\npreamble\n--out\nContent-Type: multipart/alternative;\n"
        ' boundary="out-in"\n\n--out-in\n\nplain\n--out-in\nContent-Type: text/html\n\n<p>html\n--out-in--\n'
        "--out\nContent-Type: message/delivery-status\n\nAction: failed\n--out--\nepilogue\n"
    )
    assert [(p.kind, p.body.strip()) for p in parts(mail)] == [
        ("text/plain", "plain"),
        ("text/html", "<p>html"),
        ("message/delivery-status", "Action: failed"),
    ]


def test_a_returned_message_is_not_descended_into() -> None:
    mail = (
        "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\n"
        "Content-Type: multipart/report; boundary=b\n\n--b\n\ninner\n--b--\n--a--\n"
    )
    assert [p.kind for p in parts(mail)] == ["message/rfc822"]


def test_the_number_of_parts_is_bounded() -> None:
    mail = "Content-Type: multipart/mixed; boundary=a\n\n" + "--a\n\nx\n" * 10_000
    assert len(parts(mail)) <= MAX_PARTS


@pytest.mark.parametrize(
    ("fields", "body", "text"),
    [
        ({}, "plain", "plain"),
        ({"content-transfer-encoding": "quoted-printable"}, "a=20b=\nc=3D", "a bc="),
        ({"content-transfer-encoding": "base64"}, "cGxhaW4=", "plain"),
        ({"content-transfer-encoding": "base64"}, "cGxh*aW4", "plain"),  # damaged: what can be read is
        ({"content-type": "text/plain; charset=utf-8"}, "gr\xc3\xbc\xc3\x9fe", "grüße"),
        ({"content-type": "text/plain; charset=iso-8859-1"}, "gr\xfc\xdfe", "grüße"),
        ({"content-type": "text/plain; charset=x-nowhere"}, "gr\xc3\xbc\xc3\x9fe", "grüße"),
        ({"content-type": "text/plain; charset=base64"}, "text", "text"),  # a codec that is no charset
        ({}, "\x1b$B%(%i!<\x1b(B", "エラー"),  # ISO-2022-JP that says so nowhere
        ({"content-type": "text/plain; charset=iso-2022-jp"}, "\xa5\xa8\xa5\xe9\xa1\xbc", "エラー"),  # EUC
        ({"content-type": "text/plain; charset=iso-2022-kr"}, "\x1b$)C\x0eGQ1[\x0f", "한글"),
        ({"content-type": "text/plain; charset=utf-8"}, "a\xe2\x80\x8b@example.com", "a@example.com"),
        ({"content-type": "text/plain; charset=utf-8"}, "\xff\xfe", "\xff\xfe"),  # not UTF-8 at all
        ({"content-type": "text/plain; charset=utf-8"}, "gr\xfc\xdfe", "grüße"),
        ({"content-type": "text/plain; charset=iso-8859-1"}, "can\x92t", "can’t"),  # windows-1252
    ],
)
def test_encodings_and_charsets(fields: dict[str, str], body: str, text: str) -> None:
    assert decoded(Part("text/plain", fields, body)) == text


def test_html_is_reduced_to_what_one_reads() -> None:
    page = "<html><head><style>p{x:1}</style></head><body><p>No such&nbsp;user<br>a&amp;b</p><script>x()</script>"
    text = " ".join(decoded(Part("text/html", {}, page)).split())
    assert text == "No such user a&b"


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("&#228;&#xe4;&auml;", "äää"),
        ("&#0000228;", "ä"),
        ("&#" + "9" * 4301 + ";", "\ufffd"),  # Python reads no number of so many digits
        ("&#" + "1" * 250_000, "\ufffd"),
        ("&#x" + "f" * 250_000 + ";", "\ufffd"),
        ("&#" + "0" * 5000 + "65;", "\ufffd"),
        ("&#;&#x;&" + "a" * 5000, "&#;&#x;&" + "a" * 5000),
    ],
)
def test_character_references_are_read_however_long(reference: str, text: str) -> None:
    assert decoded(Part("text/html", {}, f"<p>{reference}</p>")).strip() == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?gr=C3=BC=C3=9Fe?=", "grüße"),
        ("=?utf-8?b?Z3LDvMOfZQ==?= and more", "grüße and more"),
        ("=?utf-8?b?Z?=", "=?utf-8?b?Z?="),  # broken: as it is
        ("=?x-nowhere?q?abc?=", "abc"),
        ("gr\xc3\xbc\xc3\x9fe", "grüße"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert unencoded(value) == text


@pytest.mark.parametrize("content_type", ["text", '"text/plain"', ";", ""])
def test_a_type_that_is_none_is_plain_text(content_type: str) -> None:
    assert [p.kind for p in parts(f"Content-Type: {content_type}\n\nwords")] == ["text/plain"]


def test_a_blank_line_missing_below_the_header_of_an_enclosed_message() -> None:
    mail = "Content-Type: multipart/report; boundary=a\n\n--a\nContent-Type: message/rfc822\n{}\nHello\n--a--\n"
    (part,) = parts(mail.format("To: a@example.com\nSubject: News\n"))
    assert part.body == "To: a@example.com\nSubject: News\n\nHello"
    # A field of the part itself is none of the message.
    (part,) = parts(mail.format("Message-ID: <part@example.net>\n\nTo: a@example.com\n"))
    assert part.body == "To: a@example.com\n\nHello"


@pytest.mark.parametrize(
    "page",
    [
        "<p>Headers:</p><pre>Subject: News\nX-Id: 7\n</pre>",
        "<p>Headers:</p>Subject: News<br>\nX-Id: 7<br>\n",
        "<p>Headers:</p><div>Subject: News</div>\n<div>X-Id: 7</div>",
    ],
)
def test_header_fields_in_html_stay_lines(page: str) -> None:
    text = decoded(Part("text/html", {}, page))
    assert parse_fields(text[text.index("Subject") :].partition("\n\n")[0]) == {"subject": "News", "x-id": "7"}


def test_where_html_may_break_an_address_does_not_break_it() -> None:
    page = "<p>a@<wbr>exam&shy;ple.com</p>"
    assert decoded(Part("text/html", {}, page)).strip() == "a@example.com"


@pytest.mark.parametrize(
    ("text", "encoding", "charset"),
    [
        ("收件人镕：用户不存在①", "gb18030", "gb2312"),  # the name of the smaller charset
        ("똠방각하 사용자 없음", "cp949", "ks_c_5601-1987"),
        ("①㈱宛先不明", "cp932", "shift_jis"),
        ("用户不存在", "utf-8", "koi8-r"),
        ("пользователь не найден", "utf-8", "us-ascii"),
        ("пользователь не найден", "utf-8", "windows-1251"),
        ("пользователь не найден", "windows-1251", "windows-1251"),
        ("用户不存在，请检查", "gb18030", "gbk"),
    ],
)
def test_texts_under_another_name(text: str, encoding: str, charset: str) -> None:
    fields = {"content-type": f"text/plain; charset={charset}"}
    assert decoded(Part("text/plain", fields, text.encode(encoding).decode("latin-1"))) == text


@pytest.mark.parametrize(("encoding", "charset"), [("utf-8", "utf-8"), ("utf-8", ""), ("gb18030", "gb2312")])
def test_a_text_with_a_damaged_character_is_read_but_for_that(encoding: str, charset: str) -> None:
    raw = "收件人：用户不存在，邮件无法投递".encode(encoding)[:-1] + b"\n"
    fields = {"content-type": f"text/plain; charset={charset}"}
    assert decoded(Part("text/plain", fields, raw.decode("latin-1"))).startswith("收件人：用户不存在，邮件无法投")
