# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions about the options of single providers: keys that the provider makes, and what else it needs. Each
is asked if its provider was chosen; what can only be known later may be left out, and is then told at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bouncestream import providers
from bouncestream.cli.init.answers import Answers, made_here, of_key
from bouncestream.cli.init.dialogue import Question
from bouncestream.cli.init.reading import password
from bouncestream.crypto.proof import Proof
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.areas.webhooks import where
from bouncestream.errors import UsageError
from bouncestream.providers._settings import Webhook, proofs_of
from bouncestream.settings.key import Key, keys_of

#: What Enter says where a key can only be had once the webhook is made.
_LATER = "-"


def wanted(provider: str) -> Iterator[tuple[Key, Proof | None]]:
    """The options of a provider that a person has to give: those without which it does not work, and those that
    prove its requests but are not made here, with what these need."""
    settings, made = providers.get(provider).settings, made_here(provider)
    keys, proofs = keys_of(settings), proofs_of(settings)
    for key in keys.values():
        if key.required and key.name not in keys_of(Webhook):
            yield key, None
    if any(key.required for key in keys.values() if key.name not in keys_of(Webhook)):
        return  # described by the operator, who chooses a proof by what the provider offers
    for name, proof in proofs.items():
        key = keys[name]
        if name != made and (key.foreign or not key.secret):
            yield key, proof
            for other in proof.options:
                if not keys[other].written:
                    yield keys[other], None


def _questions() -> Iterator[Question]:
    for name in providers.names():
        proven = ""
        for key, proof in wanted(name):
            proven = key.name if proof is not None else proven
            yield _question(name, key, proof, proven if proof is None and not key.required else "")


def _question(provider: str, key: Key, proof: Proof | None, beside: str) -> Question:
    """`beside`: the option that it belongs to; without that one it is not asked."""

    def asked(answers: Answers) -> bool:
        return provider in answers.providers and (not beside or f"{provider}.{beside}" in answers.options)

    def url(answers: Answers) -> str:
        hook = answers.hook(provider)
        return where(answers.public_url, hook, shown=True) if answers.public_url else _LATER

    title = providers.get(provider).title
    return Question(
        name=f"{provider}.{key.name}",
        flag="",
        metavar="",
        help="",
        key=f"webhooks.{provider}.{key.name}",
        text=f"{title}, {key.name}: {key.doc.rstrip('.')}",
        skip="" if key.required else "set it later",
        secret=key.secret,
        asked=asked,
        default=(lambda _: "") if key.required else url if beside and key.name == "url" else lambda _: _LATER,
        read=_secret(key, proof) if key.secret else of_key(key),
    )


def _secret(key: Key, proof: Proof | None) -> Callable[[str], Any]:
    def read(text: str) -> str:
        if text and proof is not None and (why := proof.fault(Secret(password(text)))):
            raise UsageError(f"{key.name} {why}. Next: write it again, or {_LATER} to set it later.")
        return text

    return read


OPTIONS = tuple(_questions())
