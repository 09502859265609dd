# SPDX-License-Identifier: GPL-3.0-or-later
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.sources.webhook.client_address import parsed, sender

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["203.0.113.1"], "192.0.2.7"),  # a stranger may say what it likes
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.1, 10.0.0.2"], "203.0.113.1"),
        ("10.0.0.1", ["198.51.100.1", "203.0.113.1", "10.0.0.2"], "203.0.113.1"),
        ("10.0.0.1", ["10.0.0.3,10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.1, junk"], ""),
        ("10.0.0.1", [""], ""),
        ("10.0.0.1", ["203.0.113.1:4711"], "203.0.113.1"),
        ("::1", ['"[2001:db8::5]:80"'], "2001:db8::5"),
        ("::ffff:10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["::ffff:203.0.113.1"], "203.0.113.1"),
        ("fe80::1%eth0", [], "fe80::1"),
    ],
)
def test_who_it_was(peer: str, forwarded: list[str], expected: str) -> None:
    assert sender((peer, 4711), forwarded, PROXIES) == expected


@pytest.mark.parametrize("peername", [None, "", "/run/socket", (), (5, 5), ("junk", 1)])
def test_a_peer_that_cannot_be_told(peername: object) -> None:
    assert sender(peername, ["203.0.113.1"], PROXIES) == ""


def test_a_flood_of_hops_is_not_walked_through() -> None:
    assert sender(("10.0.0.1", 1), ["10.0.0.2, " * 5000 + "10.0.0.2"], PROXIES) == "10.0.0.2"


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    address = parsed(text)
    assert address is None or ip_address(str(address)) == address
