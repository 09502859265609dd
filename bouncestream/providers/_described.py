# SPDX-License-Identifier: GPL-3.0-or-later
"""The proofs of a provider that the operator describes: those of `crypto`, with parameters that are options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from bouncestream.crypto.location import AnyField, Field, Header
from bouncestream.crypto.proof import Basic, HeaderSecret, Proof
from bouncestream.crypto.public_key import Ecdsa, Ed25519, Rsa
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import Hmac, Signature
from bouncestream.providers import _paths
from bouncestream.providers._settings import Webhook
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key, live_secret
from bouncestream.settings.shapes import PUBLIC_KEYS, Shape, Wrong, sort_of

#: Stands in until `signature` says where it is; a webhook without that is refused by `faults`.
_NOWHERE = Header("X-Signature")

_NAMED = re.compile(r"\{([^{}]{0,50})\}")
_SIGNED = ("timestamp", "id", "body")


def _location(value: Any) -> Header | Field:
    if isinstance(value, str):
        value = {"field": value[5:]} if value.startswith("body:") else {"header": value}
    if not isinstance(value, dict):
        raise Wrong(f"is {sort_of(value)}, not a table")
    if value.keys() == {"field"}:
        steps = _paths.read(value["field"]).steps
        if not steps or not all(isinstance(step, str) for step in steps):
            raise Wrong("is no field of the body")
        return AnyField(*map(str, steps))
    if unknown := value.keys() - {"header", "prefix", "separator", "quoted"}:
        raise Wrong(f"has {min(unknown)!r}, which is no part of a header")
    prefix, separator = value.get("prefix", ""), value.get("separator", "")
    if not isinstance(prefix, str) or not isinstance(separator, str):
        raise Wrong("has a prefix or separator that is not text")
    name = shapes.HEADER.parse(value.get("header", ""))
    return Header(name, prefix, separator, shapes.TRUTH.parse(value.get("quoted", False)))


def _signed(value: Any) -> str:
    text = shapes.any_line(value)
    if unknown := [name for name in _NAMED.findall(text) if name not in _SIGNED]:
        raise Wrong(f"has {{{unknown[0]}}}, which is not known here")
    if not _NAMED.search(text):
        raise Wrong("names nothing of the request")
    return text


_PLACE = Shape(
    'a place such as "X-Signature", { header = "X-Signature", prefix = "v1=", separator = "," } or '
    '{ field = "signature.token" }',
    _location,
    plain=False,
)
_TEMPLATE = Shape('what is signed, of {timestamp}, {id} and {body}, such as "{timestamp}.{body}"', _signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Described(Webhook):
    """The options of the proofs."""

    secret: Secret | None = live_secret(
        "A secret that the provider sends in a header; a word Bearer before it is skipped.",
        rotates=True,
        proof=HeaderSecret(named_by="header"),
    )
    header: str = live_key(shapes.HEADER, '"Authorization"', "The header that `secret` comes in.")
    password: Secret | None = live_secret(
        "The password of HTTP basic authentication, as in https://bouncestream:<password>@…; any user name works.",
        rotates=True,
        proof=Basic(),
    )
    signing_secret: Secret | None = live_secret(
        "The secret of an HMAC signature; the keys signature… say where it stands and what is signed.",
        rotates=True,
        foreign=True,
        proof=Hmac(signature=_NOWHERE),
    )
    ecdsa_keys: tuple[str, ...] = live_key(
        PUBLIC_KEYS,
        "",
        "Public keys of an ECDSA signature with SHA-256, as PEM or base64.",
        sample='["…"]',
        default=(),
        proof=Ecdsa(signature=_NOWHERE),
    )
    ed25519_keys: tuple[str, ...] = live_key(
        PUBLIC_KEYS,
        "",
        "Public keys of an Ed25519 signature.",
        sample='["…"]',
        default=(),
        proof=Ed25519(signature=_NOWHERE),
    )
    rsa_keys: tuple[str, ...] = live_key(
        PUBLIC_KEYS,
        "",
        "Public keys of an RSA signature (PKCS #1 v1.5).",
        sample='["…"]',
        default=(),
        proof=Rsa(signature=_NOWHERE),
    )
    signature: Header | Field | None = live_key(
        _PLACE,
        "",
        "Where the signature stands: a header, a part of one, or a field of the body.",
        sample='{ header = "X-Signature", prefix = "sha256=" }',
        default=None,
    )
    signature_of: str = live_key(
        _TEMPLATE, '"{body}"', "What is signed: {body} as it was sent, {timestamp} and {id} as they were sent."
    )
    signature_time: Header | Field | None = live_key(
        _PLACE,
        "",
        "Where the {timestamp} stands (Unix seconds or milliseconds).",
        sample='{ header = "X-Signature", prefix = "t=", separator = "," }',
        default=None,
    )
    signature_id: Header | Field | None = live_key(
        _PLACE, "", "Where the {id} stands.", sample='"X-Webhook-Id"', default=None
    )
    signature_window: float = live_key(
        shapes.DELAY,
        '"5m"',
        'How far a signed time may be from this machine\'s clock; "0s": any time, for a provider that repeats a '
        "request with its old signature.",
    )
    signature_encoding: str = live_key(
        shapes.choice("hex", "base64"), '"hex"', "How an HMAC is written; one with a key pair is always base64."
    )
    signature_hash: str = live_key(
        shapes.choice("sha1", "sha256", "sha512"), '"sha256"', "The hash of an HMAC, or of RSA (no sha512)."
    )
    signature_key: str = live_key(
        shapes.choice("text", "whsec"),
        '"text"',
        "How signing_secret is a key: as its text, or whsec (Standard Webhooks): as base64 after whsec_.",
    )

    def fitted(self, proof: Proof) -> Proof:
        if not isinstance(proof, Signature):
            return proof
        timed = self.signature_time is not None and "{timestamp}" in self.signature_of
        made: dict[str, Any] = {
            "signature": self.signature or _NOWHERE,
            "message": self.signature_of,
            "timestamp": self.signature_time,
            "id": self.signature_id,
            "window": int(self.signature_window) if timed else 0,
        }
        if isinstance(proof, Hmac):
            made |= {
                "encoding": self.signature_encoding,
                "hash": self.signature_hash,
                "key": self.signature_key,
            }
        if isinstance(proof, Rsa):
            made["hash"] = self.signature_hash
        return replace(proof, **made)

    def faults(self) -> Iterator[str]:
        """What is wrong between the options of a signature."""
        standard: Mapping[str, Any] = {one.name: getattr(type(self)(), one.name) for one in fields(Described)}
        keys = [name for name, proof in self.proofs.items() if isinstance(proof, Signature)]
        if not keys:
            for name in standard:
                if name.startswith("signature") and getattr(self, name) != standard[name]:
                    yield (
                        f"{name}: belongs to a signature, but none is configured; set signing_secret, ecdsa_keys, "
                        "ed25519_keys or rsa_keys"
                    )
            return
        if self.signature is None:
            yield f"signature: is missing; {keys[0]} needs it: write {_PLACE.words}"
        for name, key in (("timestamp", "signature_time"), ("id", "signature_id")):
            if f"{{{name}}}" in self.signature_of and getattr(self, key) is None:
                yield f"{key}: is missing; signature_of has {{{name}}}: write {_PLACE.words}"
        if "rsa_keys" in keys and self.signature_hash == "sha512":
            yield "signature_hash: is sha512, which is not used with rsa_keys; write sha256 or sha1"

    @property
    def proving(self) -> frozenset[str]:
        """The headers that a proof reads, in lower case: what is in them is no feedback."""
        locations = (self.signature, self.signature_time, self.signature_id)
        return frozenset(
            {"authorization", self.header.lower()}
            | {location.name.lower() for location in locations if isinstance(location, Header)}
        )
