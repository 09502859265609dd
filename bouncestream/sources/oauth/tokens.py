# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens for a mailbox, whenever one is needed: kept in memory until shortly before they expire, renewed by
one refresh at a time.

A provider may replace the refresh token with each use (RFC 6749 section 6; RFC 9700 section 4.14 has it do so for
public clients). The new one is on the disk before it, or the access token that came with it, is used: a kill at any
moment after that loses nothing. The order of a refresh is lock → read the file → rehearse writing → ask → write →
use. What a kill can still lose is an answer on its way: Microsoft leaves the old token good then
(learn.microsoft.com, refresh-tokens, read as stored on 2026-11-22), a stricter provider wants a new login.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from bouncestream.backoff import wished
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.oauth import CLIENT, plan
from bouncestream.errors import FailureKind, TokenError
from bouncestream.net.http import Answer, CallFailed, call
from bouncestream.ports import Clock
from bouncestream.sources.oauth.file import Mark, TokenFile, login_command, token_path
from bouncestream.sources.oauth.flows import (
    ANSWER_LIMIT,
    Tokens,
    client_form,
    read_tokens,
    refresh_form,
)

#: A token is not handed out when less than this, or a quarter, of its life is left; seconds.
MARGIN = 120.0
#: How often `changed` looks at the file; seconds.
LOOK = 1.0


class TokenSource:
    """The access tokens of one mailbox that logs in by OAuth (see `config.oauth.needs_token`)."""

    def __init__(self, box: Mailbox, outbox: Path, clock: Clock) -> None:
        self._box = box
        self._plan = plan(box)
        self._clock = clock
        self._command = login_command(box.name)
        self.file = TokenFile(token_path(outbox, box.name), box)
        self._held: _Held | None = None
        self._seen: Mark | None = None  # the file as it was when it was last used
        self._unwritten: tuple[str, str] | None = None
        self._refreshing: asyncio.Task[str] | None = None

    async def token(self) -> str:
        """A valid access token. Raises LoginRefused (a person must act; the text says how), or TokenError (try
        again, not before its `after`). A new login by another process is noticed."""
        if (held := self._held) is not None and held.good(self._clock) and held.mark == self._mark():
            return held.access
        if self._refreshing is None:
            # A task of its own: a caller that is cancelled must not lose a refresh token that is on its way.
            self._refreshing = asyncio.create_task(self._refresh(), name=f"token of {self._box.name}")
            self._refreshing.add_done_callback(self._refreshed)
        return await asyncio.shield(self._refreshing)

    @property
    def lasts(self) -> float | None:
        """The seconds for which the newest access token was granted; None: none was got yet."""
        return self._held.lasts if self._held is not None else None

    def forget(self) -> None:
        """The mailbox did not take the token, though it should be good still: the next one is a new one."""
        self._held = None

    async def changed(self) -> None:
        """Until there is another permission than the one that was used last: somebody has logged in. Never, where
        the application asks for itself."""
        while self._plan.flow == CLIENT or self._mark() == self._seen:  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(LOOK)

    async def close(self, grace: float | None = None) -> None:
        """Let a refresh on its way end, so that its refresh token is kept; for `grace` seconds at most, or for as
        long as the mailbox's own `timeout`."""
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing], timeout=self._box.timeout if grace is None else grace)

    def _refreshed(self, task: asyncio.Task[str]) -> None:
        self._refreshing = None
        if not task.cancelled():
            task.exception()  # noted: whoever awaits it gets it, and nobody may

    def _mark(self) -> Mark | None:
        return None if self._plan.flow == CLIENT else self.file.mark()

    async def _refresh(self) -> str:
        if self._plan.flow == CLIENT:
            tokens = await self._ask(client_form(self._plan), ())
            return self._hold(tokens, None)
        self._seen = self._mark()
        await asyncio.to_thread(self.file.read)  # without one there is nothing to lock either
        async with self.file.locked(self._box.timeout):
            grant = await asyncio.to_thread(self.file.read)
            refresh_token, mark = grant.refresh_token, grant.mark
            self._seen = mark
            if self._unwritten is not None and self._unwritten[0] == refresh_token:
                # The last one could not be written, and nobody else has written since.
                refresh_token = self._unwritten[1]
                mark = await asyncio.to_thread(self.file.write, refresh_token)
            self._unwritten = None
            await asyncio.to_thread(self.file.rehearse, refresh_token)
            tokens = await self._ask(refresh_form(self._plan, refresh_token), (refresh_token,))
            if tokens.refresh and tokens.refresh != refresh_token:
                self._unwritten = (refresh_token, tokens.refresh)
                mark = await asyncio.to_thread(self.file.write, tokens.refresh)
                self._unwritten = None
            return self._hold(tokens, mark)

    def _hold(self, tokens: Tokens, mark: Mark | None) -> str:
        self._held = _Held(tokens, mark, self._clock)
        self._seen = mark
        return tokens.access

    async def _ask(self, form: dict[str, str], secrets: tuple[str, ...]) -> Tokens:
        if self._plan.client_secret is not None:
            secrets = (*secrets, self._plan.client_secret.reveal())
        ca_file = "" if self._plan.preset else self._box.ca_file
        answer = await post(self._plan.token_url, form, timeout=self._box.timeout, ca_file=ca_file)
        try:
            return read_tokens(answer.status, answer.content, secrets=secrets, command=self._command)
        except TokenError as error:
            error.after = wished(answer.headers.get("retry-after")) or 0.0
            raise


class _Held:
    """An access token, and until when it is handed out. By both clocks: one does not tick while a machine is
    suspended, the other one jumps."""

    __slots__ = ("_monotonic", "_wall", "access", "lasts", "mark")

    def __init__(self, tokens: Tokens, mark: Mark | None, clock: Clock) -> None:
        self.access = tokens.access
        self.mark = mark
        self.lasts = tokens.lifetime
        use = tokens.lifetime - min(MARGIN, tokens.lifetime / 4)
        self._monotonic = clock.monotonic() + use
        self._wall = clock.now() + timedelta(seconds=use)

    def good(self, clock: Clock) -> bool:
        return clock.monotonic() < self._monotonic and clock.now() < self._wall


async def post(url: str, form: Mapping[str, str], *, timeout: float, ca_file: str = "") -> Answer:
    """The answer of a provider's endpoint to a form, within `timeout` seconds; `ca_file` is trusted beside the
    system's authorities. Raises TokenError."""
    tls = await asyncio.to_thread(_trust, ca_file) if ca_file else True
    try:
        answer = await call(
            "POST",
            url,
            within=timeout,
            limit=ANSWER_LIMIT + 1,
            headers={"Accept": "application/json"},
            body=form,
            tls=tls,
        )
    except CallFailed as error:
        if error.kind is FailureKind.TIMEOUT:
            raise TokenError(f"{url} did not answer within {timeout:g} s.") from None
        raise TokenError(f"The call to {url} failed: {error.words}.") from None
    if len(answer.content) > ANSWER_LIMIT:
        size = f"{ANSWER_LIMIT >> 10} KiB"
        raise TokenError(f"{url} answered with more than {size}: it is not a token endpoint.")
    return answer


def _trust(ca_file: str) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    try:
        trust.load_verify_locations(ca_file)
    except OSError as error:
        raise TokenError(
            f"ca_file {ca_file} cannot be used: {error.strerror or 'it contains no certificate'}. "
            "Next: correct the path, or the file (PEM)."
        ) from error
    return trust
