# SPDX-License-Identifier: GPL-3.0-or-later
"""The ESPs. A file for each, named as in `provider = "…"`; adding the file is the registration.

Pure: a request and the time come in, events come out, and wishes for what has to be fetched. `_contract` says what
a file offers and turns surprises into named refusals; `_gathered` makes events, by the classes of `_classes`;
`_fields` reads values that strangers wrote.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from bouncestream.providers._contract import Provider, Webhook

#: What `init` proposes.
DEFAULT = "sendamatic"


@cache
def names() -> tuple[str, ...]:
    """The names of all providers. Looks at file names only, so that nobody's code is imported for a list."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def get(name: str) -> Provider[Any]:
    """The provider of that name; its module is imported now, if it was not before. Raises LookupError."""
    if name not in names():
        raise LookupError(name)
    return cast("Provider[Any]", import_module(f"{__name__}.{name}").PROVIDER)


def webhook(name: str, provider: str, **options: Any) -> Webhook:
    """A webhook of a provider with these options, and the defaults of the rest. Raises LookupError."""
    return cast("Webhook", get(provider).settings(name=name, provider=provider, **options))
