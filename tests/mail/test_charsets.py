# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of Python's codecs a mail may name."""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import time
from encodings.aliases import aliases

import pytest

from bouncestream.mail.charsets import charset_of, told_by_words
from bouncestream.mail.mime import Part, decoded

NOTATIONS = {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "charmap"}
"""What Python calls text encodings, although nobody writes a mail in them."""

NAMES = sorted({module.name for module in pkgutil.iter_modules(encodings.__path__)} | set(aliases))


@pytest.mark.parametrize("name", NAMES)
def test_each_charset_of_python_is_read_and_nothing_else(name: str) -> None:
    module = aliases.get(name, name)
    try:
        charset = codecs.lookup(name)._is_text_encoding and module not in NOTATIONS
    except LookupError:
        charset = False
    assert bool(charset_of(name)) == charset
    if charset:
        assert codecs.lookup(charset_of(name)).name == codecs.lookup(name).name


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("utf-8", "utf_8"),
        ("iso-8859-15", "iso8859_15"),
        ("windows-1252", "cp1252"),
        ("ks_c_5601-1987", "euc_kr"),
        ("koi8-u", "koi8_u"),
        ("x-sjis", "shift_jis"),
        ("iso-8859-8-i", "iso8859_8"),
        ("windows-874", "cp874"),
    ],
)
def test_charsets_as_mails_name_them(name: str, codec: str) -> None:
    assert codecs.lookup(charset_of(name)).name == codecs.lookup(codec).name


@pytest.mark.parametrize("name", ["", "x-nowhere", "../os", "aliases", "ü", "a" * 5000, "\x00"])
def test_what_is_no_charset(name: str) -> None:
    assert charset_of(name) == ""


def test_names_that_nobody_knows_are_not_remembered() -> None:
    def read(number: int) -> None:
        decoded(Part("text/plain", {"content-type": f"text/plain; charset=x-no-{number}"}, "\xff"))

    read(0)  # it loads what is tried instead
    before = len(encodings._cache)  # type: ignore[attr-defined]
    for number in range(1, 200):
        read(number)
    assert len(encodings._cache) == before  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "body",
    [
        "a" * 250_000,
        ("\U00010400" * 20_000).encode("punycode").decode("latin-1"),
        "xn--" + "a" * 200_000,
        "\\N{LATIN SMALL LETTER A}" * 10_000,
        "+AAAA-" * 40_000,
        "+" + "A" * 250_000,
        "".join(map(chr, range(128, 256))) * 2000,
        "\x1b$B" * 80_000,
        "\x1b$)A\x0e" * 50_000,
        "~{" * 125_000,
    ],
    ids=lambda body: body[:12].encode("unicode_escape").decode(),
)
def test_no_charset_takes_long_for_a_mail_of_the_full_size(body: str) -> None:
    """Measured in milliseconds; a square would take minutes."""
    for module in sorted({charset_of(name) or name for name in NAMES}):
        started = time.process_time()
        decoded(Part("text/plain", {"content-type": f"text/plain; charset={module}"}, body))
        assert time.process_time() - started < 2, module


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("gb18030", "您的邮件无法投递，用户不存在"),
        ("big5hkscs", "您的郵件無法投遞，信箱不存在"),
        ("cp932", "メールを配信できません。宛先が不明です"),
        ("euc_jp", "メールを配信できません。宛先が不明です"),
        ("cp949", "메일을 전송할 수 없습니다. 주소가 없습니다"),
        ("koi8_r", "Ваше письмо не доставлено, адрес не существует"),
        ("cp1251", "Ваше письмо не доставлено, адрес не существует"),
    ],
)
def test_a_text_without_a_charset_is_known_by_its_words(codec: str, text: str) -> None:
    raw = text.encode(codec)
    assert told_by_words(raw) == codec
    for charset in ("", "; charset=us-ascii", "; charset=iso-8859-1"):
        fields = {"content-type": f"text/plain{charset}"}
        assert decoded(Part("text/plain", fields, raw.decode("latin-1"))) == text


@pytest.mark.parametrize(
    "text", ["Empfänger unbekannt, Größe überschritten", "déjà reçu, boîte à l’arrêt", "ä" * 50]
)
def test_and_one_of_western_europe_is_none_of_these(text: str) -> None:
    raw = text.encode("cp1252")
    assert told_by_words(raw) == ""
    assert decoded(Part("text/plain", {}, raw.decode("latin-1"))) == text
