# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that keeps the permission of one mailbox: `<outbox>.<mailbox>.token`, mode 0600, beside the outbox.

It is not in the database, because copies of the database are made and carried about. It holds the refresh token and
for whom it is, so that it never goes to another token endpoint. A new one is written to a second file, synced, and
renamed over the first: at every moment one of the two is whole. Whoever reads it to ask for a new one, or writes
it, holds the lock beside it, so `run`, `check` and `mailbox login` never overwrite each other's.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from bouncestream import files
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.oauth import plan
from bouncestream.errors import LoginRefused, TokenError

#: A larger file is not ours; bytes.
LARGEST = 64 * 1024
#: How often a taken lock is tried again; seconds.
_AGAIN = 0.05

Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True, repr=False)
class Grant:
    """A refresh token, and the mark of the file that it was read from."""

    refresh_token: str
    mark: Mark | None = None


def token_path(outbox: Path, mailbox: str) -> Path:
    """The file of a mailbox, beside the outbox."""
    return outbox.with_name(f"{outbox.name}.{mailbox}.token")


def login_command(mailbox: str) -> str:
    """The command that a person runs to get a new permission."""
    return f"`bouncestream mailbox login {mailbox}`"


class TokenFile:
    """The file of one mailbox. Its methods block for as long as the disk takes: call them in a thread."""

    def __init__(self, path: Path, box: Mailbox) -> None:
        self.path = path
        self._box = box
        made = plan(box)
        # Whose permission it is: for another application, provider or user it is worth nothing, and none of theirs.
        text = "\n".join((made.token_url, made.client_id, box.user.lower()))
        self._for = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        self._command = login_command(box.name)

    def mark(self) -> Mark | None:
        """The mark that tells one state of the file from the next; None: there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def read(self) -> Grant:
        """The permission. Raises LoginRefused when there is none that can be used."""
        try:
            with open(os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as file:
                found = os.fstat(file.fileno())
                content = file.read(LARGEST + 1)
        except FileNotFoundError:
            raise LoginRefused(
                f"The mailbox {self._box.name} has no OAuth login yet. Next: run {self._command}."
            ) from None
        except OSError as error:
            raise LoginRefused(
                f"{self.path} cannot be read: {error.strerror}. Next: make the bouncestream user its owner."
            ) from error
        try:
            data = orjson.loads(content)
            token, whose = data["refresh_token"], data["for"]
            good = isinstance(token, str) and token and isinstance(whose, str)
        except (orjson.JSONDecodeError, TypeError, KeyError):
            good = False
        if not good:
            raise LoginRefused(f"{self.path} is damaged. Next: run {self._command}.")
        if not hmac.compare_digest(whose.encode("utf-8", "replace"), self._for.encode()):
            raise LoginRefused(
                f"The permission in {self.path} belongs to another user, application or provider than the "
                f"configuration names. Next: run {self._command}."
            )
        return Grant(token, (found.st_ino, found.st_mtime_ns, found.st_size))

    def write(self, refresh_token: str) -> Mark | None:
        """Put a permission in the place of the old one; it is on the disk when this returns. Raises TokenError."""
        try:
            files.replace(self.path, self._content(refresh_token), beside=self._aside, for_service=True)
        except OSError as error:
            raise self._unwritable(error) from error
        return self.mark()

    def rehearse(self, refresh_token: str) -> None:
        """Write as `write` does, but rename nothing: a full disk shows before the provider is asked for a token
        that could then not be kept. Raises TokenError."""
        try:
            files.write(self._aside, self._content(refresh_token + " " * 4096), for_service=True)
        except OSError as error:
            raise self._unwritable(error) from error
        with suppress(OSError):
            self._aside.unlink()

    @property
    def _aside(self) -> Path:
        return self.path.with_name(f"{self.path.name}.new")

    def _content(self, refresh_token: str) -> bytes:
        return orjson.dumps({"version": 1, "for": self._for, "refresh_token": refresh_token}) + b"\n"

    def _unwritable(self, error: OSError) -> TokenError:
        return TokenError(
            f"The permission cannot be saved to {self.path}: {error.strerror}. "
            "Next: free space there, and let the user that runs bouncestream write to that directory."
        )

    @asynccontextmanager
    async def locked(self, patience: float) -> AsyncIterator[None]:
        """Alone with the file, among all processes. Raises TokenError when another one holds it too long; s."""
        path = self.path.with_name(f"{self.path.name}.lock")
        try:
            lock = files.Lock(path, for_service=True)
        except FileNotFoundError:
            raise TokenError(
                f"The directory {path.parent} does not exist. Next: create it, owned by the user of bouncestream."
            ) from None
        except OSError as error:
            raise TokenError(
                f"The lock {path} cannot be opened: {error.strerror}. "
                "Next: let the user that runs bouncestream write to it and to its directory."
            ) from error
        try:
            await _take(lock, path, patience)
            yield
        finally:
            lock.release()


async def _take(lock: files.Lock, path: Path, patience: float) -> None:
    try:
        async with asyncio.timeout(patience):
            while not lock.take():  # noqa: ASYNC110 - another process's lock has no event
                await asyncio.sleep(_AGAIN)
    except TimeoutError:
        raise TokenError(f"Another bouncestream holds the lock {path}. It is retried.") from None
