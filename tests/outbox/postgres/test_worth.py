# SPDX-License-Identifier: GPL-3.0-or-later
"""What an acknowledgement is worth."""

from __future__ import annotations

import pytest

from bouncestream.errors import StoreUnavailable
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.worth import Worth, worth


def test_what_is_told() -> None:
    safe = Worth("17.1", True, True, 1, 1, True)
    assert safe.unsafe == () and not safe.asynchronous
    assert Worth("17.1", False, True, 0, 0, False).unsafe == ("fsync",)
    assert Worth("17.1", True, True, 2, 0, False).asynchronous
    assert not Worth("17.1", True, True, 0, 0, False).asynchronous


@pytest.mark.process
def test_a_server_is_asked(pg_url: str) -> None:
    found = worth(Server(pg_url, "one"))
    assert found.unsafe == ("fsync", "full_page_writes")  # the tests need no disk
    assert (found.standbys, found.synchronous, found.named) == (0, 0, False)


def test_nobody_answers() -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"):
        worth(Server("postgresql://127.0.0.1:1/x", "one"))
