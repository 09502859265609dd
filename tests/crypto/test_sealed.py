# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.crypto.sealed import NotOpened, Sealer, fault, is_sealed, key_id, new_key, unwrap, wrap

KEYS = {1: b"a" * 32, 2: b"b" * 32}
PLACE = ("outbox.recipient", "0190-1")


@pytest.fixture
def sealer() -> Sealer:
    return Sealer("instance", KEYS, 2)


@given(st.text(min_size=1) | st.binary(min_size=1))
def test_what_is_sealed_opens_in_its_place(value: str | bytes) -> None:
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        return
    sealer = Sealer("instance", KEYS, 2)
    for sealed in (sealer.seal(value, *PLACE), sealer.seal_alike(value, *PLACE)):
        assert is_sealed(sealed)
        assert value not in sealed or len(value) < 10  # type: ignore[operator]
        assert sealer.open(sealed, *PLACE) == value


def test_no_two_seals_are_equal_but_those_of_what_is_looked_up(sealer: Sealer) -> None:
    assert sealer.seal("ann@example.com", *PLACE) != sealer.seal("ann@example.com", *PLACE)
    assert sealer.seal_alike("a", "alerts.subject") == sealer.seal_alike("a", "alerts.subject")
    assert sealer.seal_alike("a", "alerts.subject") != sealer.seal_alike("a", "quarantine.event_type")
    sealer.current = 1
    assert sealer.seal_alike("a", "x") == Sealer("instance", KEYS, 2).seal_alike("a", "x"), "also in another month"


def test_what_is_empty_stays_so(sealer: Sealer) -> None:
    assert sealer.seal("", *PLACE) == sealer.open("", *PLACE) == ""
    assert sealer.seal(b"", *PLACE) == b""


@pytest.mark.parametrize(
    "other",
    [
        lambda sealed: Sealer("instance", KEYS, 2).open(sealed, "outbox.recipient", "0190-2"),
        lambda sealed: Sealer("instance", KEYS, 2).open(sealed, "outbox.reported", "0190-1"),
        lambda sealed: Sealer("another", KEYS, 2).open(sealed, *PLACE),
        lambda sealed: Sealer("instance", {2: b"c" * 32}, 2).open(sealed, *PLACE),
        lambda sealed: Sealer("instance", {1: b"a" * 32}, 1).open(sealed, *PLACE),
        lambda sealed: Sealer("instance", KEYS, 2).open(sealed.replace("sealed:2:", "sealed:1:"), *PLACE),
        lambda sealed: Sealer("instance", KEYS, 2).open(sealed[:-4], *PLACE),
        lambda sealed: Sealer("instance", KEYS, 2).open(sealed[:14], *PLACE),
        lambda sealed: Sealer("instance", KEYS, 2).open("sealed:2:", *PLACE),
        lambda sealed: Sealer("instance", KEYS, 2).open("sealed:2:not base64!", *PLACE),
        lambda sealed: Sealer("instance", KEYS, 2).open(b"sealed:2:short", *PLACE),
    ],
    ids=["row", "column", "outbox", "key", "unknown key", "number", "cut", "half a nonce", "bare", "no base64",
    "bytes"],
)  # fmt: skip
def test_it_opens_nowhere_else(other: object) -> None:
    sealed = Sealer("instance", KEYS, 2).seal("ann@example.com", *PLACE)
    with pytest.raises(NotOpened):
        other(sealed)  # type: ignore[operator]


def test_what_is_in_the_open_is_returned(sealer: Sealer) -> None:
    assert sealer.open("sealed letters are slow", *PLACE) == "sealed letters are slow"
    assert sealer.open(b"sealed:x", *PLACE) == b"sealed:x"


def test_a_key_is_64_hexadecimal_digits() -> None:
    assert fault(new_key()) == ""
    assert fault("x" * 64) == fault("ab" * 31) == "is not 64 hexadecimal digits"
    assert len(key_id("ab" * 32)) == 12
    assert key_id("ab" * 32) != key_id("ac" * 32)


def test_a_wrapped_secret_opens_with_its_key_as_what_it_is() -> None:
    wrapped = wrap(KEYS[1], b"secret", "root of a")
    assert unwrap(KEYS[1], wrapped, "root of a") == b"secret"
    for key, value, what in ((KEYS[2], wrapped, "root of a"), (KEYS[1], wrapped, "root of b"), (KEYS[1], b"x", "")):
        with pytest.raises(NotOpened):
            unwrap(key, value, what)


@pytest.mark.process
def test_whoever_does_not_seal_does_not_import_cryptography() -> None:
    code = "import sys, bouncestream.outbox.db, bouncestream.cli.seal; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
