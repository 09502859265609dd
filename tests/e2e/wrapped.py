# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.e2e.wrapped run …`: the real program with times shortened, or one promise broken on purpose.

BOUNCESTREAM_TEST_GAP: seconds between two absences that count. BOUNCESTREAM_TEST_MIN_FREE: bytes that must stay
free on the disk. BOUNCESTREAM_TEST_SABOTAGE: `early`: acknowledge before the commit.
"""

from __future__ import annotations

import asyncio
import os
import sys

from bouncestream.__main__ import main
from bouncestream.outbox import intake
from bouncestream.ports import Receipt, Submission
from bouncestream.relay import loop
from bouncestream.sinks import verify

_background: set[asyncio.Task[Receipt]] = set()


class EarlyIntake(intake.Intake):
    """Sabotage: the answer does not wait for the disk."""

    async def __call__(self, submission: Submission) -> Receipt:
        task = asyncio.create_task(super().__call__(submission))
        _background.add(task)
        task.add_done_callback(_background.discard)
        return Receipt(accepted=len(submission.events))


verify.GAP = float(os.environ.get("BOUNCESTREAM_TEST_GAP", verify.GAP))
loop.POWERS_EVERY = 2.0
intake.Intake.__init__.__kwdefaults__["min_free"] = int(
    os.environ.get("BOUNCESTREAM_TEST_MIN_FREE", intake.MIN_FREE)
)
if os.environ.get("BOUNCESTREAM_TEST_SABOTAGE") == "early":
    import bouncestream.app

    bouncestream.app.Intake = EarlyIntake  # type: ignore[misc]

if __name__ == "__main__":
    sys.exit(main())
