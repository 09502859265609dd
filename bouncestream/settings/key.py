# SPDX-License-Identifier: GPL-3.0-or-later
"""A key of the configuration: how it is declared on the field of a section, and how it is read back from there."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, TypedDict, Unpack

from bouncestream.settings.shapes import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of the configuration, and what is known about it."""

    name: str = ""
    doc: str
    shape: Shape | None = None  #: None: a secret
    written: str = ""  #: its default as it is written in TOML; empty: none
    sample: str = ""  #: what the example shows where there is no default
    live: bool = False  #: takes effect at a reload (SIGHUP); the others need a restart
    required: bool = False
    rotates: bool = False  #: a secret that may be a list of two
    foreign: bool = False  #: a secret that someone else made, of any length
    many: bool = False  #: a secret that may be a list of any length
    whence: str = ""  #: of a secret that someone else made: how to get it, if that is known
    proof: Any = None  #: how a request is proven by its value (crypto.proof.Proof), if it is

    @property
    def secret(self) -> bool:
        return self.shape is None


class Options(TypedDict, total=False):
    """What else is told of a key: fields of `Key`, so that the type checker finds a misspelt one."""

    sample: str
    live: bool
    required: bool
    rotates: bool
    many: bool
    whence: str
    proof: Any


def key(shape: Shape, written: str, doc: str, *, default: Any = "", **more: Unpack[Options]) -> Any:
    """A key: its shape, its default as it is written in TOML (else `default`), and its meaning. `more`: other
    fields of `Key`."""
    if written:
        default = shape.from_text(written.strip('"') if shape.plain else written)
    made = Key(doc=doc, shape=shape, written=written, **more)
    # a factory, since a read-only table is not taken as a default
    return field(default_factory=lambda: default, metadata={"key": made})


def secret_key(doc: str, *, foreign: bool = False, **more: Unpack[Options]) -> Any:
    """A secret: it has no default, and can also come from a file or a systemd credential. `foreign`: it was made
    elsewhere, so that its length is not ours to judge. `more`: other fields of `Key`."""
    more.setdefault("sample", '"…"' if foreign else '"at least 16 characters"')
    return field(default=None, metadata={"key": Key(doc=doc, foreign=foreign, **more)})


#: The same, for what a reload changes.
live_key, live_secret = partial(key, live=True), partial(secret_key, live=True)


def keys_of(section: type[Any]) -> dict[str, Key]:
    """The keys of a section by name, in their order."""
    return {f.name: replace(f.metadata["key"], name=f.name) for f in fields(section) if "key" in f.metadata}
