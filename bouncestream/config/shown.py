# SPDX-License-Identifier: GPL-3.0-or-later
"""A refused value as it may be shown. Secrets end up in the wrong key (`url = "http://user:TOKEN@…"`, a token where
the path of its file belongs), and a refusal is read by more people than the file."""

from __future__ import annotations

import re
from typing import Any

#: What stands in the place of what is not shown.
HIDDEN = "***"

#: A longer value is cut.
_MOST = 60

_USERINFO = re.compile(r"(?<=//)[^/\s@]{1,1000}@")
_AFTER = re.compile(r"([:=?#]\s*)(?!//)\S.*", re.DOTALL)  # of a header its value, of a URL port, query and fragment
_WORD = re.compile(r"[^\s/,;'\"\[\](){}<>@.]{10,}")


def shown(value: Any) -> str:
    """A value of the configuration, for a message: without what could be a secret, and not longer than a line."""
    if not isinstance(value, str):
        return _cut(_WORD.sub(_word, ascii(value)))
    text = _USERINFO.sub(f"{HIDDEN}@", value)
    scheme, slashes, rest = text.partition("://")
    if slashes:
        text = scheme + slashes + _AFTER.sub(rf"\g<1>{HIDDEN}", rest) if not _ports_only(rest) else text
    else:
        text = _AFTER.sub(rf"\g<1>{HIDDEN}", text) if not _ports_only(text) else text
    return _cut(ascii(_WORD.sub(_word, text)))


def _ports_only(text: str) -> bool:
    """Whether nothing but numbers follows its colons, as in an address with a port."""
    return re.fullmatch(r"[^:=?#]{0,200}(?::\d{1,6})?/?[^:=?#]{0,200}", text) is not None


def _word(found: re.Match[str]) -> str:
    """A word that reads like one stays; one with digits, or of letters large and small, may be a secret."""
    word = found[0]
    mixed = word.lower() != word and word.upper() != word and word.capitalize() != word
    return HIDDEN if mixed or len(word) >= 16 or any(map(str.isdigit, word)) else word


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 3]}…"
