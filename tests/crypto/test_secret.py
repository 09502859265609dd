# SPDX-License-Identifier: GPL-3.0-or-later
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.crypto.secret import Secret

WORD = "a-secret-of-good-length"


def test_it_matches_itself_as_text_and_as_bytes() -> None:
    secret = Secret(WORD)
    assert secret.matches(WORD)
    assert secret.matches(WORD.encode())


@pytest.mark.parametrize(
    "offered", ["", WORD[:-1], WORD + "x", WORD.upper(), " " + WORD, "\udcff", "\x00", b"\xff"]
)
def test_it_matches_nothing_else(offered: str | bytes) -> None:
    assert not Secret(WORD).matches(offered)


@given(st.text())
def test_any_text_may_be_offered(offered: str) -> None:
    assert Secret(WORD).matches(offered) == (offered == WORD)


def test_two_are_valid_at_once_while_one_replaces_the_other() -> None:
    secret = Secret("the-new-secret-1", "the-old-secret-2")
    assert secret.matches("the-new-secret-1")
    assert secret.matches("the-old-secret-2")
    assert not secret.matches("the-new-secret-1the-old-secret-2")
    assert secret.reveal() == "the-new-secret-1"
    assert len(secret) == 2
    assert secret.keys == (b"the-new-secret-1", b"the-old-secret-2")


def test_all_are_compared_even_after_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    import hmac

    seen = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: (seen.append(a), real(a, b))[1])
    assert Secret("the-new-secret-1", "the-old-secret-2").matches("the-new-secret-1")
    assert len(seen) == 2


@pytest.mark.parametrize("values", [(), ("",), ("good-and-long", "")])
def test_there_is_no_empty_secret(values: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        Secret(*values)


def test_it_never_prints_itself() -> None:
    secret = Secret(WORD)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>20}",
        "{}".format(secret),  # noqa: UP032
        str([secret]),
        str({1: secret}),
    ]
    try:
        raise RuntimeError(secret)
    except RuntimeError:
        shown.append(traceback.format_exc())
    assert not any(WORD in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_equal_secrets_are_equal() -> None:
    assert Secret(WORD) == Secret(WORD)
    assert hash(Secret(WORD)) == hash(Secret(WORD))
    assert Secret(WORD) != Secret(WORD, WORD + "2")
    assert Secret(WORD) != WORD
