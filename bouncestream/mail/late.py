# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions that are compiled at their first use. The reader has dozens, most of them for mails that few
servers write: to compile them all would hold up the first mail, and whoever waits behind it, for 150 ms."""

from __future__ import annotations

import re
from typing import Any, cast

_USES = ("search", "match", "fullmatch", "finditer", "findall", "split", "sub", "subn", "pattern", "flags")


class _Late:
    """Becomes a pattern with the first look at it, and costs nothing from then on."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> Any:
        if name not in _USES:
            raise AttributeError(name)
        compiled = re.compile(*self._given)
        self.__dict__.update((use, getattr(compiled, use)) for use in _USES)
        return self.__dict__[name]


def late(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile`, at the first use. A pattern that is wrong is found by the test that compiles all of them."""
    return cast("re.Pattern[str]", _Late(pattern, flags))
