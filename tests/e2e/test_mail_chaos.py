# SPDX-License-Identifier: GPL-3.0-or-later
"""500 mails under 60 faults of Dovecot, of the line and of bouncestream: each event exactly once, each mail in its
place."""

from __future__ import annotations

import random

import pytest

from bouncestream.sandbox import Sandbox
from tests.e2e.mail_storm import FAULTS, MailStorm
from tests.e2e.program import Program
from tests.mailserver.dovecot import Dovecot
from tests.mailserver.proxy import Proxy
from tests.packages.program import is_built


@pytest.mark.timeout(300)
async def test_every_mail_is_one_event_and_in_its_place(
    program: Program, sandbox: Sandbox, dovecot: Dovecot, proxy: Proxy
) -> None:
    storm = MailStorm(program, sandbox, dovecot, proxy, random.Random(4))
    await storm.blow()
    assert sum(storm.told[name] for name in FAULTS) == 60
    for step in ("fetched", "committed", "placed"):
        assert storm.told[step] == FAULTS[step]
        assert storm.told[f"died at {step}"] == (0 if is_built() else FAULTS[step])
    assert await storm.settled(120) == ""
    assert not storm.wrong()
    assert await program.stop() == 0
