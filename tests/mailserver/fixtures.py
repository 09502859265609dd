# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the conftest files that need a mail server: `from tests.mailserver.fixtures import dovecot`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.mailserver.dovecot import Dovecot, needs_dovecot
from tests.mailserver.proxy import Proxy
from tests.running import running

__all__ = ["dovecot", "proxy"]


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """A running server with no mails."""
    needs_dovecot()
    yield from running(Dovecot())


@pytest.fixture
async def proxy(dovecot: Dovecot) -> AsyncIterator[Proxy]:
    """A proxy before its plain IMAP port."""
    async with Proxy(dovecot.imap) as running:
        yield running
