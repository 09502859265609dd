# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign text on its way to a terminal, a log, a view or an alert: made printable, and addresses masked.

A diagnostic or a subject may hold escape sequences that rewrite a terminal, newlines that forge a log line, and
bidirectional controls that turn what is read around. Pure; imports next to nothing, as every command needs it.
"""

from __future__ import annotations

import re

#: What an address is made of here: wide, since what looks like one shall not slip through.
_WORD = r"""[^\s@<>"'(),:;\[\]{}|\\\x00-\x1f]"""
#: The look-behind lets a match begin only where a word begins, so that the time is linear in the text. A quoted
#: local part (RFC 5321 section 4.1.2) counts as a whole; `%40` is how an address stands in a URL.
_ADDRESS = re.compile(rf'("[^"\n]{{1,64}}"|(?<!{_WORD}){_WORD}+?)(?:(?:@|%40)+({_WORD}+))+')

_DOTS = "•••"


def printable(text: str, limit: int = 0) -> str:
    """`text` with every control, escape, bidi and newline character (and whatever else has no glyph of its own) as
    an escape such as `\\x1b`; with a `limit`, cut to so many characters."""
    if not text.isprintable():
        text = "".join(map(_one, text))
    if limit and len(text) > limit:
        return text[: limit - 1] + "…"
    return text


def _one(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if character.isspace() and code > 0x9F and code not in (0x2028, 0x2029):
        return " "  # a no-break space and its like
    if character == "\n":
        return "\\n"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


#: What stands in the place of an address that is not shown, or is no more: masked, nobody would know these words.
NO_ADDRESS = frozenset({"sealed", "erased"})


def mask(address: str) -> str:
    """An address so that its owner knows it again and nobody else learns it: `p•••@example.com`."""
    local, at, domain = address.rpartition("@")
    if not at:
        if address in NO_ADDRESS:
            return address
        return address[:1] + _DOTS if address else ""
    return f"{local[:1]}{_DOTS}@{domain}"


def mask_all(text: str) -> str:
    """`text` with everything masked in it that looks like an e-mail address."""
    if "@" not in text and "%40" not in text:
        return text
    return _ADDRESS.sub(lambda found: f"{found[1].lstrip(chr(34))[:1]}{_DOTS}@{found[2]}", text)
