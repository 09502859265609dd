# SPDX-License-Identifier: GPL-3.0-or-later
"""Our secrets in other people's words."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncestream.crypto.blank import PART, SHOWN, STEP, Blank

TOKEN = "Qx7/kP2+vB9&sL4=mN6\"tR8'wZ1?"
BLANK = Blank(TOKEN, user="bridge")


def basic(user: str = "bridge") -> str:
    return b64encode(f"{user}:{TOKEN}".encode()).decode()


@pytest.mark.parametrize(
    "echo",
    [
        TOKEN,
        TOKEN.lower(),
        TOKEN.upper(),
        quote(TOKEN, safe=""),
        quote(TOKEN, safe="").lower(),
        quote(TOKEN),
        quote_plus(TOKEN),
        html.escape(TOKEN),
        json.dumps(TOKEN)[1:-1],
        basic(),
        basic().rstrip("="),
        quote(basic(), safe=""),
        urlsafe_b64encode(f"bridge:{TOKEN}".encode()).decode(),
        b64encode(TOKEN.encode()).decode(),
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "you sent Authorization: Basic {}!", "<b>{}</b> and again {}", "é İ {}, ß"]
)
def test_every_form_is_blanked(echo: str, around: str) -> None:
    text = BLANK(around.replace("{}", echo))
    assert echo.rstrip("=") not in text
    assert SHOWN in text
    assert text.startswith(around.partition("{}")[0])


@pytest.mark.parametrize("cut", range(PART + STEP - 1, len(TOKEN)))
def test_a_part_of_a_secret_is_blanked_too(cut: int) -> None:
    for part in (TOKEN[:cut], TOKEN[-cut:], TOKEN[2 : 2 + cut], basic()[12 : 12 + cut]):
        assert BLANK(f"near [{part}] …") == f"near [{SHOWN}] …"


@pytest.mark.parametrize("secret", ["pässwörd-übergröße", "пароль-из-слов", 'two\\ways "quoted" é'])
def test_a_secret_that_was_read_in_another_encoding(secret: str) -> None:
    blank, raw = Blank(secret), secret.encode()
    for read in (raw.decode("latin-1"), raw.decode("cp1252", "replace"), raw.decode("ascii", "replace")):
        assert blank(f"you said LOGIN {json.dumps(read, ensure_ascii=False)}.") == f'you said LOGIN "{SHOWN}".'
    assert blank.bytes(b"<i>" + raw + b"</i>") == b"<i>***</i>"


def test_a_secret_of_another_encoding_that_is_no_utf_8() -> None:
    echo = "pässwörd-übergröße".encode("latin-1")
    blank = Blank("pässwörd-übergröße")
    assert blank(echo.decode("utf-8", "replace")) == SHOWN
    assert blank.bytes(echo) == b"***"


def test_a_secret_within_another_one_and_twice_in_a_row() -> None:
    both = Blank("a-secret-of-many-words", "before-a-secret-of-many-words-after")
    text = "x before-a-secret-of-many-words-after y"
    assert both(text) == f"x {SHOWN} y"
    assert both("a-secret-of-many-words" * 2).strip(SHOWN) == ""


@pytest.mark.parametrize("text", ["", "Listmonk answered 403", "permission denied: bounces:get", "a" * 10_000])
def test_other_words_stay_as_they_are(text: str) -> None:
    assert BLANK(text) == text
    assert Blank("")(text) == text
    assert Blank()(text) == text


def test_a_short_secret_counts_only_as_a_whole() -> None:
    blank = Blank("tiger")
    assert blank("the tiger sleeps, the tig does not") == f"the {SHOWN} sleeps, the tig does not"


def test_bytes_of_any_encoding() -> None:
    body = b"\xff\xfe<p>" + basic().encode() + b"</p>"
    blanked = BLANK.bytes(body)
    assert blanked.startswith(b"\xff\xfe<p>***")
    assert blanked.endswith(b"</p>")
    assert BLANK.bytes(b"\xff nothing \xfe") == b"\xff nothing \xfe"


@settings(deadline=None)
@given(st.text(), st.text(), st.text(min_size=PART, max_size=64), st.text(max_size=12))
def test_no_text_and_no_secret_gets_through(before: str, after: str, secret: str, user: str) -> None:
    blanked = Blank(secret, user=user)(before + secret + after)
    assert secret not in blanked or secret in SHOWN
