# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that bouncestream raises on purpose, as one tree.

BouncestreamError
├── ConfigError              the configuration is wrong; all problems at once
│   └── NoConfiguration      there is none in any of the places where it may be
├── UsageError               the command line is wrong
├── ListenError              the address to listen on is not to be had now
├── RequestRefused           a webhook request that is answered with a refusal
│   ├── Unauthorized         401  wrong or missing secret, signature or address
│   └── TooLarge             413
├── Malformed                authenticated input that cannot be read: it is quarantined
├── StoreError               the outbox
│   ├── StoreBusy            the intake is full, or the database is locked (try again)
│   ├── StoreUnavailable     disk full, database corrupt or gone (try again, after a person acted)
│   │   ├── StoreRefused     a constraint or a trigger refuses what is to be stored
│   │   ├── NoFolder         the folder that the outbox is to be in does not exist (exit 78)
│   │   ├── OutboxCopied     it was copied elsewhere, or is an unfinished copy (exit 78)
│   │   ├── MailsWait        the last room on the disk is kept for webhooks
│   │   ├── SchemaTooOld     the database waits for its upgrade, and the command changes nothing
│   │   └── SchemaTooNew     the database was written by a newer bouncestream (exit 78)
│   ├── LeaseLost            another bridge does this job now (nothing was changed)
│   └── BridgeTaken          another bridge has the same name on this outbox (exit 78)
├── MailboxError             a mailbox that cannot be read now
│   ├── LoginRefused         who the user is was not accepted: a person must act
│   │   ├── AuthFailed       the mail server said no to user and password, or to the token
│   │   └── LoginBarred      they may be right, but a person must do something at the provider first
│   ├── TokenError           whoever grants the access tokens gives none just now
│   ├── CertificateRefused   the server does not prove that it is the one; never gone around
│   ├── FolderMissing        there is no such folder, or it may not be opened
│   ├── ConnectionLost       refused, cut, silent for too long, or no IMAP
│   └── ServerRefused        the server said no, or not now, to something else
│       └── Throttled        it takes fewer requests or connections than we make: less often, then
├── ApiError                 a provider's API that could not be asked, or gave no usable answer
│   └── ApiRefused           it does not take the key, or the key may not do that: a person must act
├── TaskLost                 a task that must not end has ended (exit 70)
└── SinkError                what Listmonk (or something in its place) answered
    └── SinkRefused          a call that the token may not make, or that Listmonk does not know
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class FailureKind(StrEnum):
    """The kind of a failure of a connection; `net.failure` has the words."""

    UNKNOWN_NAME = "dns"  #: the host name has no address
    REFUSED = "refused"  #: nothing listens on that port
    UNREACHABLE = "unreachable"  #: no route, or the system does not let it out
    TIMEOUT = "timeout"  #: no answer in time
    TLS = "tls"  #: the two sides do not agree on TLS
    CERTIFICATE = "certificate"  #: the server does not prove who it is
    CLOSED = "closed"  #: the connection was reset or closed early
    GARBLED = "garbled"  #: what came is not what the protocol allows


class BouncestreamError(Exception):
    """Base of all. Its text is written for the operator: what happened, and what to do next."""


class ConfigError(BouncestreamError):
    """The configuration cannot be used; `problems` lists every fault, each with its key and its fix. `path` is the
    file that was read; empty: everything came from the environment."""

    def __init__(self, problems: Sequence[str], path: str = "") -> None:
        self.problems = tuple(problems)
        self.path = path
        super().__init__("\n".join(self.problems))


class NoConfiguration(ConfigError):
    """There is no configuration; `problems` are the places that were looked at, each with what is there."""


class UsageError(BouncestreamError):
    """The command was called wrongly (exit 64)."""


class ListenError(BouncestreamError):
    """The address to listen on is taken, or not this machine's (exit 75)."""


class RequestRefused(BouncestreamError):
    """A webhook request that is refused; `status` is the HTTP status of the answer."""

    status = 400


class Unauthorized(RequestRefused):
    """The request does not prove that it comes from its provider."""

    status = 401


class TooLarge(RequestRefused):
    """The body is larger than the limit, as sent or after decompression."""

    status = 413


class Malformed(BouncestreamError):
    """The request proved where it comes from, but it cannot be read."""


class StoreError(BouncestreamError):
    """The outbox cannot do what was asked."""


class StoreBusy(StoreError):
    """Full queue or locked database: nothing was stored, try again."""


class StoreSlow(StoreError):
    """A read took longer than its reader waits. Nothing is wrong with the outbox."""


class StoreUnavailable(StoreError):
    """Disk full, database corrupt or read-only: nothing was stored until a person acts."""


class StoreRefused(StoreUnavailable):
    """A constraint or a trigger of the database refuses what is to be stored."""


class NoFolder(StoreUnavailable):
    """The folder that the outbox is to be in does not exist: a path that was mistyped, or a folder to be made."""


class SealRefused(StoreUnavailable):
    """The outbox is sealed, and the key is missing or another one."""


class OutboxCopied(StoreUnavailable):
    """The outbox was copied to another place, is not copied as a whole yet, or is no place for a copy."""


class MailsWait(StoreUnavailable):
    """The last room on the disk is kept for webhooks: mails wait where they are."""


class LeaseLost(StoreError):
    """Another bridge on the same outbox does this job now: nothing was changed."""


class BridgeTaken(StoreError):
    """Another bridge on the same outbox has the name of this one."""


class SchemaTooOld(StoreUnavailable):
    """The database belongs to an older bouncestream, and whoever asks only looks."""


class NoOutbox(StoreUnavailable):
    """There is no outbox in the database at [outbox] url."""


class SchemaTooNew(StoreUnavailable):
    """The database belongs to a newer bouncestream; one on PostgreSQL may come to do so while this one runs."""


class MailboxError(BouncestreamError):
    """A mailbox cannot be read now. Nothing is lost by it: the mails stay where they are."""


class LoginRefused(MailboxError):
    """The login was not accepted, by the mail server or by whoever grants its tokens. Trying again changes nothing
    until a person acts, and may lock the account."""


class AuthFailed(LoginRefused):
    """The mail server said no to user and password, or to the token."""


class LoginBarred(LoginRefused):
    """User and password may be right, but a person must do something at the provider before they are accepted: log
    in with a browser, switch IMAP on, make an app password."""


class TokenError(MailboxError):
    """Whoever grants the access tokens (the OAuth provider) could not be asked, or gave none; `after` is its own
    wish to wait (Retry-After), in seconds."""

    def __init__(self, text: str, *, after: float = 0.0) -> None:
        self.after = after
        super().__init__(text)


class CertificateRefused(MailboxError):
    """The connection cannot be secured: a certificate that proves nothing, no TLS, or someone in between."""


class FolderMissing(MailboxError):
    """There is no such folder, or it may not be opened."""


class ConnectionLost(MailboxError):
    """There is no connection: refused, cut, silent for too long, or what answers does not speak IMAP."""


class ServerRefused(MailboxError):
    """The server said no to a command; `code` is the response code (RFC 5530) in capitals, such as TRYCREATE;
    `later`: it says that this is for now."""

    def __init__(self, text: str, code: str = "", *, later: bool = False) -> None:
        self.code = code
        self.later = later
        super().__init__(text)


class Throttled(ServerRefused):
    """The server takes fewer requests, logins or connections than we make: each further try makes it worse."""


class ApiError(BouncestreamError):
    """A provider's API could not be asked, or its answer is not what its documentation shows."""


class ApiRefused(ApiError):
    """The provider's API does not take the key, or the key lacks a permission, until a person acts."""


class TaskLost(BouncestreamError):
    """A task without which the bridge cannot keep its promises has ended: the process ends in order (exit 70), so
    that it is started anew."""


class SinkError(BouncestreamError):
    """Listmonk could not be asked, or its answer is not one of Listmonk's."""


class SinkRefused(SinkError):
    """Listmonk answered and said no: `status` and `why` are its own words."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        self.why = why
        super().__init__(f"Listmonk answered {status}: {why}")
