# SPDX-License-Identifier: GPL-3.0-or-later
import gzip
import random
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.errors import Malformed, TooLarge
from bouncestream.sources.webhook.body import MAX_MEMBERS, UnknownEncoding, decompressed


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


def test_members_are_bounded_and_cost_no_more_than_their_bytes() -> None:
    data = bytes(range(256)) * 1000
    assert decompressed(gzip.compress(b"x") * (MAX_MEMBERS - 1) + gzip.compress(data), "gzip", 300_000).endswith(
        data
    )
    began = time.process_time()
    for body in (gzip.compress(b"") * 150_000, gzip.compress(b"") + (b"\x00" * 30_000 + gzip.compress(b"")) * 100):
        with pytest.raises(Malformed, match="more than 100 members"):
            decompressed(body, "gzip", 1000)
    decompressed(gzip.compress(b"") + b"\x00" * 3_000_000, "gzip", 1000)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("size", [65_000, 65_480, 65_536, 131_072, 200_000])
def test_members_across_the_chunks(size: int) -> None:
    data = random.Random(size).randbytes(size)
    packed = gzip.compress(data, 0) + b"\x00" * 5 + gzip.compress(data[::-1])
    assert decompressed(packed, "gzip", 2 * size) == data + data[::-1]
    assert decompressed(zlib.compress(data), "deflate", size) == data
    with pytest.raises(TooLarge):
        decompressed(packed, "gzip", 2 * size - 1)
