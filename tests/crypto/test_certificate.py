# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates are read as they are, believed or not; junk is no certificate."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.crypto.certificate import read


def der(pem: bytes) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.decode("ascii").split("-----END", 1)[0] + "-----END CERTIFICATE-----\n")


def test_the_fields() -> None:
    starts, ends = datetime(2026, 1, 2, tzinfo=UTC), datetime(2051, 4, 5, 6, 7, 8, tzinfo=UTC)
    authority = trustme.CA(organization_name="Let's Encrypt")
    made = authority.issue_cert(
        "news.example.com", "*.example.org", "192.0.2.1", not_before=starts, not_after=ends, common_name="news"
    )
    found = read(der(made.cert_chain_pems[0].bytes()))
    assert found is not None
    assert (found.starts, found.ends) == (starts, ends)
    assert found.names == ("news.example.com", "*.example.org", "192.0.2.1")
    assert found.issuer.startswith("Let's Encrypt")
    assert "news" in found.subject
    assert not found.self_signed
    assert found.issuer_url == ""


def test_an_authority_signed_itself() -> None:
    found = read(der(trustme.CA().cert_pem.bytes()))
    assert found is not None
    assert found.self_signed
    assert found.ends - found.starts > timedelta(days=1)


@pytest.mark.parametrize("junk", [b"", b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"hello" * 100])
def test_junk(junk: bytes) -> None:
    assert read(junk) is None


GOOD = der(trustme.CA().issue_cert("a.example.com").cert_chain_pems[0].bytes())


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_damaged_one_never_raises(at: int, byte: int) -> None:
    read(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])
    read(GOOD[:at])
