# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of a provider's file, and the one place where surprises become named refusals.

A file ends with `PROVIDER = Provider(…)`; its options are a subclass of `Webhook`, with a proof on the option that
holds its key. Its code may be naive: what it raises on a request that no one foresaw becomes Unauthorized (while
proving) or Malformed (while reading).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Generic
from urllib.parse import quote

from bouncestream.crypto.proof import Fetch, Missing
from bouncestream.errors import Malformed, TooLarge, Unauthorized
from bouncestream.providers._backfill import Backfill, read_item
from bouncestream.providers._fields import load_json
from bouncestream.providers._gathered import MALFORMED, Gathered, Parsed, S, UnknownType, Visit
from bouncestream.providers._request import Answer, WebhookRequest
from bouncestream.providers._settings import Webhook
from bouncestream.settings.key import keys_of

__all__ = [
    "UUIDS_IN_JSON",
    "Answer",
    "Backfill",
    "Gathered",
    "Guide",
    "Parsed",
    "Provider",
    "UnknownType",
    "Visit",
    "Webhook",
    "WebhookRequest",
    "json_events",
]

#: More events in one request are refused: the intake takes a request as a whole, and has to fit it in.
MAX_EVENTS = 10_000

#: Characters of a header that are kept; an id has less.
_LONGEST_HEADER = 500

_NOTHING: Mapping[str, bytes] = {}
#: A campaign header's value with which Listmonk's UUIDs come back, for a provider that takes JSON there.
UUIDS_IN_JSON = '{"listmonk_campaign":"{{ .Campaign.UUID }}","listmonk_subscriber":"{{ .Subscriber.UUID }}"}'


@dataclass(frozen=True, slots=True)
class Guide:
    """The steps that an operator takes at the provider."""

    read: date  #: the day on which its source was read
    #: What to click and what to paste, one line each. `{url}` is the webhook's URL, `{login_url}` the same with a
    #: user and the secret, `{secret}` the secret, and an option by its name, such as `{header}`.
    steps: tuple[str, ...]
    #: What to add to a campaign's headers in Listmonk, so that its UUIDs come back: name → value. Listmonk 6.2 and
    #: later fill in `{{ .Campaign.UUID }}` and `{{ .Subscriber.UUID }}`.
    campaign_headers: Mapping[str, str] = field(default_factory=dict)
    #: How the UUIDs come back, in a few words for the table of providers.
    uuids: str = "by the campaign header"
    #: Where the provider shows the addresses that it does not send to, if it has such a list.
    suppressions: str = ""
    #: How it sends again what was not answered with 200, in words that follow "It tries again"; empty: its
    #: documentation does not say.
    retries: str = ""

    def told(self, settings: Webhook, url: str, secret: str) -> list[str]:
        """The steps with everything filled in."""
        scheme, _, rest = url.partition("://")
        options = {name: getattr(settings, name) for name in keys_of(type(settings))}
        login = f"{scheme}://bouncestream:{quote(secret, safe='')}@{rest}"
        return [
            step.format_map(options | {"url": url, "login_url": login, "secret": secret}) for step in self.steps
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider(Generic[S]):
    """A provider: one ESP."""

    name: str  #: the name of its file
    title: str  #: the provider's own name, as it writes it
    summary: str  #: whose webhooks these are, in one line for the operator
    settings: type[S]  #: its options
    #: Fill `Gathered` with what a verified request says. Raises Malformed when all of it is unreadable.
    parse: Callable[[WebhookRequest, Gathered[S]], None]
    guide: Guide
    #: Its words → a class of `_classes.CLASSES`, by how they begin; the operator's `classes` come before it.
    classes: Mapping[str, str] = field(default_factory=dict)
    #: Headers that `parse` reads: they are stored with the body, for when the request is judged again.
    keep: tuple[str, ...] = ()
    #: The methods that bring events. The query string of a GET is handed on as the body.
    methods: tuple[str, ...] = ("POST",)
    #: The answer to a request of another method, or to one whose proof was refused (its body is empty where it had
    #: not been read). None: 405, or 401.
    handshake: Callable[[WebhookRequest, S], Answer | None] | None = None
    #: Hosts that its certificates and confirmations are fetched from: a regular expression of the whole host.
    hosts: str = ""
    #: Seconds that it waits for the answer; 0: its documentation does not say. A little earlier it is told that
    #: nothing was stored yet.
    deadline: float = 0
    backfill: Backfill[S] | None = None  #: how it is asked for what was missed; None: its API is not read
    busy: int = 503  #: the status that makes it send again later: 503 or 429; 0: only no answer at all does
    #: It is the operator's own script: what cannot be read is answered 422 with the reason, and not kept.
    own_script: bool = False

    def shake(self, request: WebhookRequest, settings: S) -> Answer | None:
        """The answer of `handshake`, if there is one. What it raises on an unforeseen request is no answer."""
        try:
            return self.handshake(request, settings) if self.handshake is not None else None
        except (Malformed, *MALFORMED):
            return None

    def kept(self, request: WebhookRequest, settings: S) -> dict[str, str]:
        """Of a request the headers to keep."""
        more = settings.kept(request)
        if not (self.keep or more):
            return {}
        found = {name: value for name in self.keep if (value := request.headers.get(name)) is not None}
        return {name: value[:_LONGEST_HEADER] for name, value in (found | more).items()}


def json_events(read_one: Callable[[Any, Gathered[S]], None]) -> Callable[[WebhookRequest, Gathered[S]], None]:
    """The `parse` of a provider whose requests are JSON: one event, or a list of them."""
    return lambda request, into: into.each(request.json(), read_one)


def right_address(request: WebhookRequest, settings: Webhook) -> None:
    """Raise Unauthorized unless it comes from where the webhook's requests come from."""
    if settings.allow_ips and not _allowed(request.remote_ip, settings.allow_ips):
        raise Unauthorized("the address is not in allow_ips")


def right_path(request: WebhookRequest, settings: Webhook) -> None:
    """Raise Unauthorized unless the secret of the path is there, if the webhook has one."""
    if settings.path_secret is not None and not settings.path_secret.matches(request.path_secret):
        raise Unauthorized("wrong secret in the path" if request.path_secret else "no secret in the path")


def admit(request: WebhookRequest, settings: Webhook, now: datetime) -> bool:
    """Before the body is read: whether address, path and headers prove all that is to be proven; False: `prove` has
    to follow. Raises Unauthorized, and nothing else, when no body could make the request right."""
    if settings.allow_ips:
        right_address(request, settings)
    if settings.path_secret is not None:
        right_path(request, settings)
    refused: list[tuple[bool, str]] = []
    by_body = False
    for name, proof in settings.proofs.items():
        try:
            if proof.head(request, getattr(settings, name), settings, now):
                return True
            by_body = True
        except Unauthorized as error:
            refused.append((isinstance(error, Missing), str(error)))
        except MALFORMED as error:
            refused.append((False, f"unreadable proof ({type(error).__name__})"))
    if by_body:
        return False
    if refused:
        raise Unauthorized(_most_telling(refused))
    if settings.path_secret is None and not settings.unverified:
        raise Unauthorized("no secret or key is configured to verify requests with")
    return True


def prove(
    request: WebhookRequest, settings: Webhook, now: datetime, fetched: Mapping[str, bytes] = _NOTHING
) -> Fetch | None:
    """Raise Unauthorized, and nothing else, unless the body is from whom it should be from, of a request that
    `admit` said False of. A `Fetch`: that has to be fetched first, and `prove` to be asked again with it."""
    refused: list[tuple[bool, str]] = []
    for name, proof in settings.proofs.items():
        try:
            return proof.body(request, getattr(settings, name), settings, now, fetched)
        except Unauthorized as error:
            refused.append((isinstance(error, Missing), str(error)))
        except Malformed as error:
            refused.append((False, f"unreadable proof: {error}"))
        except MALFORMED as error:
            refused.append((False, f"unreadable proof ({type(error).__name__})"))
    raise Unauthorized(_most_telling(refused))


def _most_telling(refused: list[tuple[bool, str]]) -> str:
    """Of several refusals the words of one whose proof was sent. Words, not exceptions: the traceback of one would
    hold the frame that holds it, and with it the body."""
    return min(refused, default=(True, "the body contains no proof"), key=lambda one: one[0])[1]


def challenge(settings: Webhook) -> str:
    """`WWW-Authenticate` of the answer 401 (RFC 9110 section 11.6.1), or ''."""
    return next((proof.challenge for proof in settings.proofs.values() if proof.challenge), "")


def read(provider: Provider[Any], request: WebhookRequest, settings: Webhook, now: datetime) -> Parsed:
    """The events of one request, if nothing has to be fetched for its proof. Anything wrong with it is
    Unauthorized, TooLarge or Malformed, never else."""
    if not admit(request, settings, now) and prove(request, settings, now) is not None:
        raise Unauthorized("its proof needs a fetch")
    return parse(provider, request, settings, now)


def parse(
    provider: Provider[Any],
    request: WebhookRequest,
    settings: Webhook,
    now: datetime,
    make: Callable[..., Gathered[Any]] = Gathered,
) -> Parsed:
    """The events of a request that was verified. Anything wrong with it is TooLarge or Malformed, never else.
    `make`: what they are gathered in."""
    into = make(settings, provider.title, provider.classes, now, provider.guide.suppressions)
    try:
        provider.parse(request, into)
    except (Malformed, TooLarge):
        raise
    except Exception as error:  # a bug in a provider's file must not lose what was sent to it
        raise Malformed(f"{provider.name}: {type(error).__name__} while reading the request") from error
    if len(into.events) > MAX_EVENTS:
        raise TooLarge(f"more than {MAX_EVENTS} events in one request")
    return into.done()


def parse_listed(provider: Provider[Any], name: str, body: bytes, settings: Webhook, now: datetime) -> Parsed:
    """What a stored item of a provider's list says: its JSON is `body`. Raises Malformed."""
    if provider.backfill is None or name not in provider.backfill.names:
        raise Malformed(f"{provider.title} has no list {name}")
    item = read_item(provider, provider.backfill.listing(name), settings, load_json(body, {}), now)
    if item.unreadable:
        raise Malformed(item.why)
    return Parsed((item.event,)) if item.event is not None else Parsed(ignored=(item.why,))


def _allowed(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks)
