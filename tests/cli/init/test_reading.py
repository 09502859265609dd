# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bouncestream.cli.init import reading
from bouncestream.errors import UsageError

CHOICES = (("ses", "Amazon SES"), ("generic", "Your script"))


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (reading.url, "http://a:9000/", "http://a:9000"),
        (reading.user, "ünï", "ünï"),
        (reading.token, "sandbox-token-of-bridge", "sandbox-token-of-bridge"),
        (reading.token, "", ""),
        (reading.password, "pä ss", "pä ss"),
        (reading.host, "imap.example.org", "imap.example.org"),
        (reading.host, "[::1]", "::1"),
        (reading.host, "", ""),
        (reading.port, "993", 993),
        (reading.networks, "127.0.0.1, 10.0.0.0/8,::1", ("127.0.0.1", "10.0.0.0/8", "::1")),
        (reading.networks, '["192.0.2.1"]', ("192.0.2.1",)),
        (reading.networks, "", ()),
        (reading.folders, "INBOX, Junk Mail,INBOX", ("INBOX", "Junk Mail")),
        (reading.folders, '["a,b"]', ("a,b",)),
        (reading.return_address, "Bounces+*@Example.org", "bounces+*@example.org"),
        (reading.return_address, '["a@b.org"]', "a@b.org"),
        (reading.return_address, "", ""),
        (reading.apprise, "ntfys://ntfy.sh/t json://x", ("ntfys://ntfy.sh/t", "json://x")),
        (reading.secret_url, "https://a/?token=1", "https://a/?token=1"),
        (reading.of(CHOICES), "2", "generic"),
        (reading.of(CHOICES), "SES", "ses"),
        (reading.of(CHOICES), "amazon ses", "ses"),
        (reading.several(CHOICES), "2, ses,2", ("generic", "ses")),
        (reading.several(CHOICES), "", ()),
    ],
)
def test_answers(reader: Callable[[str], Any], text: str, value: object) -> None:
    assert reader(text) == value


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (reading.url, ""),
        (reading.url, "localhost:9000"),
        (reading.user, ""),
        (reading.user, "a:b"),
        (reading.token, "short"),
        (reading.token, "sandbox-token of-bridge"),
        (reading.token, "bridge:sandbox-token-of-bridge"),
        (reading.token, "0123456789abcdefgh"),
        (reading.password, ""),
        (reading.password, "a\x1b[Db"),
        (reading.password, "\udcff"),
        (reading.password, "****"),
        (reading.host, "imap.example.org:993"),
        (reading.host, "imaps://imap.example.org"),
        (reading.host, "a b"),
        (reading.of_server, ""),
        (reading.line, "a\tb"),
        (reading.port, "0"),
        (reading.port, "99999"),
        (reading.port, "x"),
        (reading.networks, "everyone"),
        (reading.folders, "INBOX,"),
        (reading.return_address, "a*b*@c.org"),
        (reading.return_address, "a@b.org, c@d.org"),
        (reading.return_address, "bounces"),
        (reading.apprise, "not one"),
        (reading.secret_url, "ftp://a"),
        (reading.of(CHOICES), "3"),
        (reading.of(CHOICES), "0"),
        (reading.several(CHOICES), "1 2"),
    ],
)
def test_what_is_wrong_is_told_with_the_fix(reader: Callable[[str], Any], text: str) -> None:
    with pytest.raises(UsageError, match=r"\. Next: "):
        reader(text)


@pytest.mark.parametrize("reader", [reading.token, reading.password, reading.apprise, reading.secret_url])
def test_a_secret_is_not_repeated(reader: Callable[[str], Any]) -> None:
    with pytest.raises(UsageError) as raised:
        reader("s3cret\x07 thing")
    assert "s3cret" not in str(raised.value)


def test_a_secret_of_ones_own_is_long_and_no_placeholder() -> None:
    assert reading.own_secret("q7Lz-0fXw2-Kd81-vv", "V") == "q7Lz-0fXw2-Kd81-vv"
    for text in ("short", "at least 16 characters", "q7Lz-0fXw2-Kd81-v\t"):
        with pytest.raises(UsageError, match=r"^V: the secret .* Next: "):
            reading.own_secret(text, "V")


def test_the_kind_of_tls_follows_the_port() -> None:
    assert [reading.tls_of(port, "mx.example.org") for port in (993, 465, 143, 587)] == [
        "implicit", "implicit", "starttls", "starttls",
    ]  # fmt: skip
    assert reading.tls_of(143, "localhost") == "none"
