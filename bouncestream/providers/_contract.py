# SPDX-License-Identifier: GPL-3.0-or-later
"""What a provider's file offers, what it is given, and the one place where surprises become named refusals.

A provider's file ends with `PROVIDER = …`, an object with the attributes of `Provider`. Its code may be naive: what
it raises on a request that no one foresaw becomes Unauthorized (while verifying) or Malformed (while reading).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Protocol

from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed, TooLarge, Unauthorized
from bouncestream.event import BounceEvent
from bouncestream.ports import Unreadable
from bouncestream.providers._fields import canonical

#: More events in one request are refused: the intake takes a request as a whole, and has to fit it in.
MAX_EVENTS = 10_000

#: Beyond so many unreadable parts of one request, the rest is kept as one: they have the same cause.
MAX_UNREADABLE = 100

#: What code that reads foreign data raises when the data is not what it was written for.
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class UnknownType(Malformed):
    """A well-formed notification of a type that the provider's file does not know."""

    def __init__(self, why: str, event_type: str) -> None:
        super().__init__(why)
        self.event_type = event_type


class Settings(Protocol):
    """The settings of one webhook, as the configuration has them (config.model.Webhook)."""

    @property
    def name(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def secret(self) -> Secret | None: ...
    @property
    def header(self) -> str: ...
    @property
    def path_secret(self) -> Secret | None: ...
    @property
    def token(self) -> Secret | None: ...
    @property
    def hmac_secret(self) -> Secret | None: ...
    @property
    def allow_ips(self) -> tuple[IPv4Network | IPv6Network, ...]: ...
    @property
    def unverified(self) -> bool: ...
    @property
    def classes(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One request, whole."""

    method: str
    headers: Mapping[str, str]  #: must look names up without regard to case
    body: bytes  #: decompressed, except while verifying
    sent: bytes | None = None  #: the body as it was sent, if it was compressed
    path_secret: str = ""  #: the part of the URL behind the webhook's name
    remote_ip: str = ""  #: of the sender, behind trusted proxies; empty when it cannot be told

    def with_body(self, body: bytes) -> WebhookRequest:
        """The same with the body, which was not there while its head was looked at."""
        return WebhookRequest(self.method, self.headers, body, None, self.path_secret, self.remote_ip)

    @property
    def as_sent(self) -> bytes:
        """The bytes that a signature was made over."""
        return self.body if self.sent is None else self.sent


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a request says."""

    events: tuple[BounceEvent, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()  #: parts that could not become an event
    ignored: tuple[str, ...] = ()  #: for each part that is no event by design: why, in words
    notes: tuple[str, ...] = ()  #: odd but understood, such as a class that is not in the table; in words


@dataclass(slots=True)
class Gathered:
    """A `Parsed` in the making."""

    events: list[BounceEvent] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def done(self) -> Parsed:
        unreadable = self.unreadable
        if len(unreadable) > MAX_UNREADABLE:
            more = len(unreadable) - MAX_UNREADABLE + 1
            unreadable = unreadable[: MAX_UNREADABLE - 1]
            unreadable.append(Unreadable(f"{more} more parts could not be read either; this is the whole request"))
        return Parsed(tuple(self.events), tuple(unreadable), tuple(self.ignored), tuple(self.notes))


class Provider(Protocol):
    """One ESP."""

    @property
    def name(self) -> str:
        """The name of its file."""

    @property
    def summary(self) -> str:
        """Whose webhooks these are, in one line for the operator."""

    @property
    def takes(self) -> frozenset[str]:
        """The keys of the configuration that it uses, of those that not everyone does."""

    @property
    def busy(self) -> int:
        """The status that makes it send again later: 503 or 429."""

    def verify_head(self, request: WebhookRequest, settings: Settings, now: datetime) -> bool:
        """Before the body is read (`body` is empty): True when path and headers prove that the request comes from
        the provider, False when the body has to. Raises Unauthorized when no body could prove it any more. Only
        called when one of `secret`, `token` and `hmac_secret` is set."""

    def verify_body(self, request: WebhookRequest, settings: Settings, now: datetime) -> None:
        """Raise Unauthorized unless the body proves it; only called after `verify_head` said False. Of the body it
        sees `as_sent` only: nothing is decompressed for whoever has not proved anything."""

    def parse(self, request: WebhookRequest, settings: Settings, now: datetime) -> Parsed:
        """The events of a verified request."""


def right_address(request: WebhookRequest, settings: Settings) -> None:
    """Raise Unauthorized unless it comes from where the webhook's requests come from."""
    if settings.allow_ips and not _allowed(request.remote_ip, settings.allow_ips):
        raise Unauthorized("the address is not in allow_ips")


def right_path(request: WebhookRequest, settings: Settings) -> None:
    """Raise Unauthorized unless the secret of the path is there, if the webhook has one."""
    if settings.path_secret is not None and not settings.path_secret.matches(request.path_secret):
        raise Unauthorized("wrong secret in the path" if request.path_secret else "no secret in the path")


def admit(provider: Provider, request: WebhookRequest, settings: Settings, now: datetime) -> bool:
    """Before the body is read: whether address, path and headers prove all that is to be proven; False: `prove` has
    to follow. Raises Unauthorized, and nothing else, when no body could make the request right."""
    right_address(request, settings)
    right_path(request, settings)
    if settings.secret is not None or settings.token is not None or settings.hmac_secret is not None:
        try:
            return provider.verify_head(request, settings, now)
        except MALFORMED as error:
            raise Unauthorized(f"unreadable proof ({type(error).__name__})") from error
    if settings.path_secret is None and not settings.unverified:
        raise Unauthorized("nothing is configured that a request could be verified by")
    return True


def prove(provider: Provider, request: WebhookRequest, settings: Settings, now: datetime) -> None:
    """Raise Unauthorized, and nothing else, unless the body is from whom it should be from, of a request that
    `admit` said False of."""
    try:
        provider.verify_body(request, settings, now)
    except MALFORMED as error:
        raise Unauthorized(f"unreadable proof ({type(error).__name__})") from error


def verify(provider: Provider, request: WebhookRequest, settings: Settings, now: datetime) -> None:
    """Raise Unauthorized, and nothing else, unless the whole request is from whom it should be from."""
    if not admit(provider, request, settings, now):
        prove(provider, request, settings, now)


def read(provider: Provider, request: WebhookRequest, settings: Settings, now: datetime) -> Parsed:
    """The events of one request. Anything wrong with it is Unauthorized, TooLarge or Malformed, never else."""
    verify(provider, request, settings, now)
    return parse(provider, request, settings, now)


def parse(provider: Provider, request: WebhookRequest, settings: Settings, now: datetime) -> Parsed:
    """The events of a request that was verified. Anything wrong with it is TooLarge or Malformed, never else."""
    try:
        parsed = provider.parse(request, settings, now)
    except (Malformed, TooLarge):
        raise
    except Exception as error:  # a bug in a provider's file must not lose what was sent to it
        raise Malformed(f"{provider.name}: {type(error).__name__} while reading the request") from error
    if len(parsed.events) > MAX_EVENTS:
        raise TooLarge(f"more than {MAX_EVENTS} events in one request")
    return parsed


def each(items: Iterable[object], parse_one: Callable[[object, Gathered], None], into: Gathered) -> None:
    """Read each item of a batch on its own, so that one bad item does not spoil its neighbours."""
    for item in items:
        try:
            parse_one(item, into)
        except Malformed as error:
            kind = error.event_type if isinstance(error, UnknownType) else ""
            into.unreadable.append(Unreadable(str(error), kind, canonical(item)))
        except MALFORMED as error:
            into.unreadable.append(Unreadable(f"{type(error).__name__} while reading it", part=canonical(item)))


def _allowed(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks)
