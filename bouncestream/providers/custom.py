# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider that the operator describes in the configuration: where its words stand, what they mean, and how its
requests are proven. See docs/providers/custom.md.

What the description does not foresee becomes no event: a word that no phrase of `words` is, or a path that leads
nowhere, is kept in quarantine, until the description was mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bouncestream.errors import Malformed
from bouncestream.providers import _paths
from bouncestream.providers._classes import CLASSES
from bouncestream.providers._contract import MAX_EVENTS, Answer, Gathered, Guide, Provider, WebhookRequest
from bouncestream.providers._described import Described
from bouncestream.providers._fields import text
from bouncestream.providers._paths import PATHS, TO_EVENTS, Path, Reader
from bouncestream.providers._phrases import Phrases
from bouncestream.settings import shapes
from bouncestream.settings.key import keys_of, live_key
from bouncestream.settings.shapes import Shape, Wrong, by_name

#: Phrases of a table at most, and characters of one.
_MOST, _LONGEST = 500, 200

_Paths = tuple[Path, ...]


def _phrase(value: Any) -> str:
    phrase = shapes.any_line(value)
    if len(phrase) > _LONGEST:
        raise Wrong(f"has more than {_LONGEST} characters")
    return phrase


def _words(value: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = by_name(shapes.choice(*sorted(CLASSES)), _phrase).parse(value)
    if not 0 < len(found) <= _MOST:
        raise Wrong("is empty" if not found else f"has more than {_MOST} phrases")
    return found


_CLASSES = ", ".join(sorted(CLASSES))
_WORDS = Shape(
    f'{{ "its word, * for anything" = "class" }}, with one of the classes {_CLASSES}', _words, plain=False
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom(Described):
    """A provider that is not in the list, described by you (docs/providers/custom.md). Values are found by paths
    into one event; `body:` begins in the whole body, `header:` is a header, `query:` a parameter of the URL. Of
    several paths the first that has a value counts. `bouncestream provider try` shows what comes of a saved
    request."""

    title: str = live_key(
        shapes.OPTIONAL,
        '""',
        "The provider's name, as it is shown to you; empty: the webhook's.",
        sample='"Anypost"',
    )
    events: Path = live_key(
        TO_EVENTS,
        '""',
        "The path to the list of events, or to the only one; [*] is each of a list. Empty: the whole body, "
        "which is JSON, lines of JSON, or a form.",
    )
    kind: _Paths = live_key(
        PATHS,
        "",
        "The path to the provider's word for what happened; of several paths all words, joined with a slash.",
        sample='["type", "bounce.type"]',
        default=(),
        required=True,
    )
    words: Mapping[str, str] = live_key(
        _WORDS,
        "",
        "What its words mean: the whole word, or a phrase in which * stands for anything, upper or lower case; the "
        f"phrase with the most characters wins. A word that is not here goes into quarantine. Classes: {_CLASSES}.",
        sample='{ "bounced/permanent" = "hard", "bounced*" = "soft", "spam*" = "complaint", "opened" = "info" }',
        default=dict[str, str](),
        required=True,
    )
    recipient: _Paths = live_key(
        PATHS, "", "The recipient's address.", sample='"data.email"', default=(), required=True
    )
    occurred_at: _Paths = live_key(
        PATHS, "", "When it happened: RFC 3339, or Unix time.", sample='"created_at"', default=()
    )
    diagnostic: _Paths = live_key(
        PATHS, "", "The words of the receiving server, or the reason.", sample='"bounce.message"', default=()
    )
    reply_code: _Paths = live_key(
        PATHS, "", "The SMTP reply code, such as 550.", sample='"bounce.code"', default=()
    )
    enhanced_status: _Paths = live_key(
        PATHS, "", "The enhanced status code, such as 5.1.1.", sample='"bounce.status"', default=()
    )
    message_id: _Paths = live_key(
        PATHS,
        "",
        "The Message-ID that Listmonk gave the mail, and no other.",
        sample='"headers.message-id"',
        default=(),
    )
    provider_message_id: _Paths = live_key(
        PATHS, "", "The provider's own number of the mail.", sample='"data.mail_id"', default=()
    )
    provider_event_id: _Paths = live_key(
        PATHS,
        "",
        "The provider's number of this report; only if it is the same when the provider sends it again.",
        sample='"id"',
        default=(),
    )
    metadata: _Paths = live_key(
        PATHS,
        "",
        "Where Listmonk's UUIDs may be, in any form: headers that come back, or your campaign header. All paths "
        "are looked at.",
        sample='["metadata", "headers"]',
        default=(),
    )
    phrases: Phrases = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        Described.__post_init__(self)
        object.__setattr__(self, "phrases", Phrases(self.words))

    def paths(self) -> Iterator[tuple[str, Path]]:
        """Each path with the option it is written in."""
        for name in keys_of(Custom):
            value = getattr(self, name)
            for path in value if isinstance(value, tuple) else (value,):
                if isinstance(path, Path):
                    yield name, path

    def faults(self) -> Iterator[str]:
        yield from Described.faults(self)
        for name, path in self.paths():
            if path.start == _paths.HEADER and path.kept.lower() in self.proving:
                yield f"{name}: {path.text} is part of the proof, and would be stored; name another place"

    def kept(self, request: WebhookRequest) -> dict[str, str]:
        return _paths.kept(request, dict.fromkeys(path for _, path in self.paths()))


def handshake(request: WebhookRequest, settings: Custom) -> Answer | None:
    """200 for providers that look whether the URL answers, before they use it."""
    return Answer() if request.method in ("GET", "HEAD") else None


def parse(request: WebhookRequest, into: Gathered[Custom]) -> None:
    """The events of a request."""
    settings = into.settings
    into.title = settings.title or settings.name
    reader = Reader(request, document := _document(request))
    items = reader.events(settings.events, MAX_EVENTS)
    if not items and _alone(document, reader, settings):
        items = [document]
    if items is None:
        raise Malformed(f"there is nothing at events ({settings.events.text})")
    into.each(items, lambda item, into: _one(item, into, reader))


def _alone(document: Any, reader: Reader, settings: Custom) -> bool:
    """Whether that in which there are no events is one itself, without what was around it: so a bad one is kept,
    and comes when it is replayed. It has a word, and not even the first key of the way to the events."""
    if not isinstance(document, dict) or settings.events.steps[0] in document:
        return False
    return any(_word(reader.value(document, path)) for path in settings.kind if not path.start)


def _document(request: WebhookRequest) -> Any:
    try:
        return request.json_lines()
    except Malformed:
        if any((form := request.form()).values()):
            return form
        raise


def _one(item: Any, into: Gathered[Custom], reader: Reader) -> None:
    settings = into.settings
    how: dict[str, str] = {}

    def first(name: str) -> Any:
        for path in getattr(settings, name):
            value = reader.value(item, path)
            if value is not None and value not in ("", [], {}):
                how[name] = path.text
                return value
        return None

    said = "/".join(_word(reader.value(item, path)) for path in settings.kind).rstrip("/")
    if not said:
        raise Malformed(f"there is no word at kind ({', '.join(path.text for path in settings.kind)})")
    how["kind"] = ", ".join(path.text for path in settings.kind)
    phrase = settings.phrases.find(said)
    if phrase is not None:
        how["words"] = f'"{phrase}" = "{settings.words[phrase]}"'
    recipient = first("recipient")
    if isinstance(recipient, list):
        if len(recipient) > 1:
            raise Malformed(
                f"recipient ({how['recipient']}) leads to {len(recipient)} addresses, and which of them "
                "it is about is not said"
            )
        recipient = recipient[0]
    metadata = [(path.text, reader.value(item, path)) for path in settings.metadata]
    if there := [text for text, value in metadata if value is not None]:
        how["metadata"] = ", ".join(there)
    into.report(
        said,
        part=item,
        recipient=recipient,
        at=first("occurred_at"),
        diagnostic=first("diagnostic"),
        code=first("reply_code"),
        status=first("enhanced_status"),
        message_id=first("message_id"),
        vendor_message_id=first("provider_message_id"),
        event_id=first("provider_event_id"),
        metadata=tuple(value for _, value in metadata),
        class_=settings.words[phrase] if phrase is not None else "",
        how=how,
    )


def _word(value: Any) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else text(value, 100)


PROVIDER = Provider(
    name="custom",
    title="Another provider",
    summary="a provider that is not in the list, described in the configuration",
    settings=Custom,
    parse=parse,
    handshake=handshake,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At the provider, add a webhook for bounces, spam complaints and unsubscriptions.",
            "URL     {url}",
            "If it can send a header, or a user and a password, take one of these (with secret and header, or with",
            "password):",
            "Header  {header}: Bearer {secret}",
            "URL     {login_url}",
            "If it signs its requests, set signing_secret, or its public keys, and the keys signature… instead.",
            "Let it send a test of each event. What the description does not foresee is in quarantine: see",
            "`bouncestream outbox list --quarantine`, and try a mended one with `bouncestream provider try`.",
            "docs/providers/custom.md has two whole descriptions.",
        ),
        uuids="as described, by metadata",
    ),
)
