# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.cli.exits import code_of
from bouncestream.errors import (
    BouncestreamError,
    ConfigError,
    Malformed,
    NoConfiguration,
    NoFolder,
    OutboxCopied,
    SchemaTooNew,
    SinkRefused,
    StoreBusy,
    StoreUnavailable,
    TaskLost,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("?"), 64),
        (ConfigError(["?"]), 78),
        (SchemaTooNew("?"), 78),
        (StoreBusy("?"), 75),
        (StoreUnavailable("?"), 3),
        (NoFolder("?"), 78),
        (OutboxCopied("?"), 78),
        (NoConfiguration(["?"]), 78),
        (TaskLost("?"), 70),
        (SinkRefused(403, "no"), 3),
        (Malformed("?"), 1),
    ],
)
def test_each_error_has_its_exit_code(error: BouncestreamError, code: int) -> None:
    assert code_of(error) == code
