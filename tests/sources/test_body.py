# SPDX-License-Identifier: GPL-3.0-or-later
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.errors import Malformed, TooLarge
from bouncestream.sources.body import UnknownEncoding, decompressed


@given(st.binary(max_size=2000))
def test_round_trips(data: bytes) -> None:
    assert decompressed(gzip.compress(data), "gzip", 2000) == data
    assert decompressed(gzip.compress(data) + b"\x00" * 9, "gzip", 2000) == data
    assert decompressed(gzip.compress(data) + gzip.compress(data), "x-gzip", 4000) == data * 2
    assert decompressed(zlib.compress(data), " Deflate ", 2000) == data
    assert decompressed(data, "", 1) == decompressed(data, "identity", 1) == data


def test_the_limit_is_exact() -> None:
    packed = gzip.compress(b"x" * 1000)
    assert len(decompressed(packed, "gzip", 1000)) == 1000
    with pytest.raises(TooLarge):
        decompressed(packed, "gzip", 999)
    with pytest.raises(TooLarge):
        decompressed(packed * 2, "gzip", 1999)


@given(st.binary(max_size=100), st.sampled_from(["gzip", "deflate", "br", "GZIP", "gzip,deflate", "\x00"]))
def test_junk_is_refused_by_name(data: bytes, encoding: str) -> None:
    try:
        decompressed(data, encoding, 1000)
    except (Malformed, TooLarge, UnknownEncoding) as error:
        assert str(error)  # noqa: PT017


@given(st.binary(min_size=20, max_size=300), st.data())
def test_damage_is_noticed(data: bytes, draw: st.DataObject) -> None:
    packed = gzip.compress(data)
    cut = draw.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(Malformed):
        decompressed(packed[:cut], "gzip", 1000)
