# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bouncestream.config.dashboard import PROXY_HEADER, Dashboard
from bouncestream.crypto.secret import Secret
from bouncestream.dashboard.login import TRIES, WITHIN, Tries, is_ours, network_of, user_of

SECRET = "a-secret-of-the-proxy"
PORT: dict[str, Any] = {
    "listen": "127.0.0.1:8026",
    "trusted_header": "X-User",
    "trusted_proxies": (ipaddress.ip_network("127.0.0.1"),),
    "proxy_secret": Secret(SECRET),
}


def user(*headers: tuple[str, str], peer: str = "127.0.0.1", **settings: Any) -> str:
    return user_of(CIMultiDict(headers), peer, Dashboard(**(PORT | settings)))


def test_a_proxy_is_known_by_address_and_secret() -> None:
    shown = (PROXY_HEADER, SECRET)
    assert user(("x-user", " ann "), shown) == "ann"
    assert user(("X-User", "ann")) == ""
    assert user(("X-User", "ann"), (PROXY_HEADER, "another-secret-of-it")) == ""
    assert user(("X-User", "ann"), shown, shown) == ""
    assert user(("X-User", "ann"), shown, peer="127.0.0.2") == ""
    assert user(("X-User", "ann"), shown, peer="::ffff:127.0.0.1") == "ann", "as a listener on :: sees it"
    assert user(("X-User", "ann"), shown, peer="") == ""
    assert user(("X-User", "ann"), shown, trusted_proxies=()) == "", "those of [server] are not asked"
    assert user(("X-User", "ann"), shown, proxy_secret=None) == ""
    assert user(("X-User", "ann"), shown, trusted_header="") == ""


def test_on_a_socket_a_secret_counts_where_there_is_one() -> None:
    place = {"listen": "unix:/run/x.sock", "trusted_proxies": ()}
    assert user(("X-User", "ann"), peer="", proxy_secret=None, **place) == "ann"
    assert user(("X-User", "ann"), peer="", **place) == ""
    assert user(("X-User", "ann"), (PROXY_HEADER, SECRET), peer="", **place) == "ann"


@pytest.mark.parametrize(
    "values", [(), ("",), ("  ",), ("ann", "eve"), ("ann", "ann"), ("ann,eve",), ("a\nb",), ("a\x1b[2J",)]
)
def test_no_user_or_more_than_one_is_no_login(values: tuple[str, ...]) -> None:
    assert user(*(("X-User", value) for value in values), (PROXY_HEADER, SECRET)) == ""


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("LOCALHOST:8026", True),
        ("127.0.0.1:8026", True),
        ("[::1]:8026", True),
        ("10.1.2.3", True),
        ("bridge.example.org", True),
        ("bridge.example.org:8443", True),
        ("example.org", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil.example@localhost", False),
        ("", False),
        (":8026", False),
        ("localhost:port", False),
        ("[::1", False),
    ],
)
def test_the_name_that_it_is_called_by(host: str, ours: bool) -> None:
    assert is_ours(host, Dashboard(listen="127.0.0.1:8026", public_url="https://bridge.example.org")) is ours


@given(st.text())
def test_any_host_is_read(host: str) -> None:
    is_ours(host, Dashboard())
    network_of(host)


def test_tries_are_counted_by_network() -> None:
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:0:1::1")
    tries = Tries()
    for second in range(TRIES):
        assert tries.wait("a", second) == 0
        tries.failed("a", second)
    assert tries.wait("a", TRIES) == WITHIN - TRIES
    assert tries.wait("b", TRIES) == 0
    assert tries.wait("a", WITHIN) == 0, "the first is forgotten, so there is one more"
    tries.failed("a", WITHIN)
    assert tries.wait("a", WITHIN) == 1
    tries.passed("a")
    assert tries.wait("a", WITHIN) == 0


def test_what_is_remembered_of_networks_is_bounded() -> None:
    tries = Tries()
    for number in range(3000):
        tries.failed(str(number), 0.0)
    assert len(tries._failed) == 1000
