# SPDX-License-Identifier: GPL-3.0-or-later
"""The ESPs. A file for each, named as in `provider = "…"`; adding the file is the registration.

Pure: a request and the time come in, events come out. `_contract` says what a file must offer and turns surprises
into named refusals; `_fields` reads values that strangers wrote.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from bouncestream.providers._contract import Provider


@cache
def names() -> tuple[str, ...]:
    """The names of all providers. Looks at file names only, so that nobody's code is imported for a list."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def get(name: str) -> Provider:
    """The provider of that name; its module is imported now, if it was not before. Raises LookupError."""
    if name not in names():
        raise LookupError(name)
    return cast("Provider", import_module(f"{__name__}.{name}").PROVIDER)
