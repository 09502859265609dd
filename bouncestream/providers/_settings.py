# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every webhook has. A provider's file adds its own in a subclass, and what it adds can be set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bouncestream.crypto.proof import Proof
from bouncestream.crypto.secret import Secret
from bouncestream.providers._request import WebhookRequest
from bouncestream.settings import shapes
from bouncestream.settings.key import keys_of, live_key, live_secret
from bouncestream.settings.shapes import Network

#: What a class of the provider's own may be made into; `judge`: by our own reading of the mail or the reason.
CLASS_WORDS = ("hard", "soft", "complaint", "unsubscribe", "ignore", "judge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One way in for feedback: /webhooks/<name>, where <name> is yours to choose. Repeat the section for each
    webhook. What proves where a request comes from must be set: path_secret, or what the provider has for it."""

    name: str = ""
    provider: str = live_key(shapes.TEXT, "", "The provider: {providers}.", sample='"{provider}"', required=True)
    path_secret: Secret | None = live_secret(
        "A secret at the end of the URL: /webhooks/<name>/<path_secret>. It appears in your proxy's log.",
        rotates=True,
    )
    allow_ips: tuple[Network, ...] = live_key(
        shapes.NETWORKS,
        "[]",
        "Accept only these; beside a secret, never instead of one. Behind a proxy set server.trusted_proxies.",
    )
    unverified: bool = live_key(
        shapes.TRUTH,
        "false",
        "true: run without any secret. Anyone who finds the URL can get your subscribers blocklisted.",
    )
    classes: Mapping[str, str] = live_key(
        shapes.words_table(*CLASS_WORDS),
        "{}",
        'Overrides for the provider\'s classes, matched by prefix: { "Mail block" = "ignore" }. Values: '
        "hard, soft, complaint, unsubscribe, ignore, or judge (bouncestream judges the mail or the reason itself).",
    )
    api_key: Secret | None = live_secret(
        "A key of the provider's API, with read permission only: `bouncestream backfill NAME` asks with it for "
        "bounces, complaints and unsubscriptions whose webhooks were missed. docs/operate/missed-webhooks.md names "
        "the providers that can be asked.",
        foreign=True,
    )
    backfill: float = live_key(
        shapes.DURATION,
        "",
        "Ask so often, while `run` is up, at least 15m apart. The first run that finds something only counts; "
        "`bouncestream backfill NAME` then starts it. Not set: never.",
        sample='"6h"',
        default=0.0,
    )
    #: By the name of its option: each proof that is set. Made once, as each request asks for them.
    proofs: Mapping[str, Proof] = field(init=False, repr=False, compare=False)
    #: Whether one of them may lie in the body, so that it has to be decompressed first.
    inside: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = {name: self.fitted(proof) for name, proof in proofs_of(type(self)).items() if getattr(self, name)}
        object.__setattr__(self, "proofs", found)
        object.__setattr__(self, "inside", any(proof.inside for proof in found.values()))

    def fitted(self, proof: Proof) -> Proof:
        """A proof with the parameters that are options of this webhook."""
        return proof

    def faults(self) -> Iterable[str]:
        """What is wrong between the provider's own options: `option: what; fix`."""
        return ()

    def needs(self) -> list[str]:
        """The required options that are not set."""
        return [key.name for key in keys_of(type(self)).values() if key.required and not getattr(self, key.name)]

    def kept(self, request: WebhookRequest) -> dict[str, str]:
        """What is stored with a request beside the headers that the provider's file keeps."""
        return {}

    @property
    def verifiable(self) -> tuple[str, ...]:
        """The names of the options that are set and prove something, that of the path among them."""
        return (*self.proofs, *(("path_secret",) if self.path_secret is not None else ()))

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret that is set, of the provider's first."""
        found = [getattr(self, name) for name in self.verifiable]
        return tuple(one for one in found if isinstance(one, Secret))


_PROOFS: dict[type[Webhook], dict[str, Proof]] = {}


def proofs_of(settings: type[Webhook]) -> dict[str, Proof]:
    """By the name of its option: each proof that a provider has."""
    if settings not in _PROOFS:
        _PROOFS[settings] = {key.name: key.proof for key in keys_of(settings).values() if key.proof is not None}
    return _PROOFS[settings]
