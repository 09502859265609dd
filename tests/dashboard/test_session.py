# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bouncestream.dashboard.session import Session, form_token, is_form_token, key_of, read, written

KEY = key_of(b"a secret")
ANN = Session(who="ann", name="n1", until=1000.0, shown_until=500.0)


def test_a_session_comes_back_as_it_was_until_its_end() -> None:
    value = written(ANN, KEY)
    assert read(value, KEY, 999.9) == ANN
    assert read(value, KEY, 1000.0) is None
    assert (ANN.shows(499.0), ANN.shows(500.0)) == (True, False)
    assert not set(value) & set('";, =\\'), "it stands in a cookie as it is"


def test_nobody_else_makes_one() -> None:
    value = written(ANN, KEY)
    assert read(value, key_of(b"another"), 0.0) is None
    told, _, signature = value.partition(".")
    other = written(replace(ANN, who="eve"), key_of(b"another")).partition(".")[0]
    for forged in (f"{other}.{signature}", told, f"{told}.", f".{signature}", "", ".", "a" * 5000, f"{value}x"):
        assert read(forged, KEY, 0.0) is None


def test_a_form_is_of_one_session() -> None:
    token = form_token(ANN, KEY)
    assert is_form_token(token, ANN, KEY)
    assert is_form_token(token, replace(ANN, shown_until=0.0), KEY), "what it shows does not matter"
    assert not is_form_token(token, replace(ANN, name="n2"), KEY)
    assert not is_form_token(token, ANN, key_of(b"another"))
    assert not is_form_token("", ANN, KEY)
    assert token not in written(ANN, KEY)


@given(st.text())
def test_any_cookie_is_read(value: str) -> None:
    assert read(value, KEY, 0.0) is None
    assert not is_form_token(value, ANN, KEY)
