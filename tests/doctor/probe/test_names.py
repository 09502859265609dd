# SPDX-License-Identifier: GPL-3.0-or-later
"""Names are looked up as this system does it, and a resolver that hangs holds nobody up."""

from __future__ import annotations

import socket
import threading

import pytest

from bouncestream.doctor.probe.names import Names


async def test_a_resolver_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hang(*_: object, **__: object) -> None:
        released.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr("bouncestream.doctor.probe.names.PATIENCE", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    names = Names()
    found = await names.find("slow.example.com")
    assert found.addresses == ()
    assert "within" in found.trouble
    released.set()
    for thread in threading.enumerate():
        if thread.name == "resolve slow.example.com":
            thread.join(60)


async def test_names_and_numbers() -> None:
    names = Names()
    assert (await names.find("192.0.2.7")).addresses == ("192.0.2.7",)
    assert (await names.find("[2001:db8::1]")).addresses == ("2001:db8::1",)
    assert "127.0.0.1" in (await names.find("localhost")).addresses
    assert not (await names.find("no-such-name.invalid")).addresses
    assert not (await names.find("a" * 300 + ".example.com")).addresses


async def test_why_a_name_has_no_address() -> None:
    names = Names()
    assert (await names.find("no-such-name.invalid")).trouble == "the host name is unknown"
    assert (await names.find("a..b")).trouble == "the host name is invalid"
    with pytest.raises(OSError, match="the host name is unknown"):
        await names.resolve("no-such-name.invalid")
    (found,) = await names.resolve("192.0.2.7", 80)
    assert (found["host"], found["port"], found["family"]) == ("192.0.2.7", 80, socket.AF_INET)
