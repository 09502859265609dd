# SPDX-License-Identifier: GPL-3.0-or-later
"""The exit codes of all commands, and which error ends a command with which of them."""

from __future__ import annotations

from bouncestream.errors import (
    ApiError,
    ApiRefused,
    BouncestreamError,
    BridgeTaken,
    ConfigError,
    ListenError,
    LoginRefused,
    MailboxError,
    NoFolder,
    OutboxCopied,
    SchemaTooNew,
    SealRefused,
    SinkError,
    StoreBusy,
    StoreError,
    TaskLost,
    UsageError,
)

FINE = 0
NOT_WELL = 1  #: not all is well
NOT_EXAMINED = 3  #: what was asked for could not be looked at
USAGE = 64
NO_USER = 67  #: a mail whose recipient is refused (EX_NOUSER of sysexits.h)
REFUSED = 69  #: a mail that is refused for good (EX_UNAVAILABLE)
SOFTWARE = 70  #: a bug: a task without which the bridge cannot go on has ended; start it anew
TEMPORARY = 75  #: a locked database, another `run`: try again
CONFIGURATION = 78
INTERRUPTED = 130


def code_of(error: BouncestreamError) -> int:
    """The exit code of an error that ends a command."""
    if isinstance(error, UsageError):
        return USAGE
    if isinstance(error, (BridgeTaken, ConfigError, SchemaTooNew, SealRefused, NoFolder, OutboxCopied)):
        return CONFIGURATION
    if isinstance(error, TaskLost):
        return SOFTWARE
    if isinstance(error, (StoreBusy, ListenError)):
        return TEMPORARY
    if isinstance(error, (LoginRefused, ApiRefused)):
        return NOT_WELL
    return NOT_EXAMINED if isinstance(error, (StoreError, SinkError, MailboxError, ApiError)) else NOT_WELL
