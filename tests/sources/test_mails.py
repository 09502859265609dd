# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of mail begin only where they are configured."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bouncestream.config.model import Config
from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.sources.mails import MailSources
from bouncestream.sources.webhook.budget import Budget
from tests.mailserver.lmtp import lmtp
from tests.sources.conftest import Clock
from tests.sources.smtp.conftest import Kept, config


async def test_a_reload_begins_and_ends_them(tmp_path: Path) -> None:
    emit: Any = Kept()
    health = Health()
    sources = MailSources(
        emit, emit, Budget(1 << 20), Clock(), health, Metrics(), outbox=tmp_path, instance="x", grace=1.0
    )
    sources.reload(Config())
    await sources.stop(1.0)
    assert not health.parts
    path = str(tmp_path / "mta.sock")
    sources.reload(config(listen=f"unix:{path}"))
    async with asyncio.timeout(10):
        while "smtp:mta" not in health.parts:
            await asyncio.sleep(0.01)
    async with lmtp(path) as client:
        assert (await client.say("NOOP")).startswith("250")
    await sources.stop(1.0)
    assert not health.parts


@pytest.mark.process
def test_what_is_not_configured_is_not_imported() -> None:
    code = "import sys, bouncestream.app; print(sorted({'aiosmtpd', 'aioimaplib'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
