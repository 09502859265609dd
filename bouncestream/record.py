# SPDX-License-Identifier: GPL-3.0-or-later
"""`record`: the decorator of small values that are made for each event and each mail, and that nobody changes.

To the type checker it is `dataclass`, so that it refuses every assignment to a field of a frozen one. At run time
it makes a plain one, since each field of a frozen one is set by a call: ten such values are made for a mail, and
took a tenth of its time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

__all__ = ["record"]

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(*, frozen: bool, **options: bool) -> Callable[[type[T]], type[T]]:
        """A dataclass that is compared, and hashed, by its fields."""
        return dataclass(unsafe_hash=frozen, **options)
