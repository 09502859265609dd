# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and sets as IMAP writes them: quoted strings (RFC 3501 section 4.3), folder names in modified UTF-7
(section 5.1.3), sets of UIDs (section 9, `sequence-set`). Pure.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Sequence

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
_UNPRINTED = re.compile(r"[^\x20-\x7e]+")


def quoted(text: str) -> str:
    """`text` as a quoted string. Line breaks and NUL cannot be in one; the caller's library refuses them."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def encoded_folder(name: str) -> str:
    """A folder's name as it goes over the wire, quoted: `Zurück` is `"Zur&APw-ck"`. INBOX is the same in any case
    of letters."""
    if name.upper() == "INBOX":
        return '"INBOX"'

    def shifted(run: re.Match[str]) -> str:
        letters = binascii.b2a_base64(run[0].encode("utf-16-be", "surrogatepass"), newline=False).decode()
        return f"&{letters.rstrip('=').replace('/', ',')}-"

    return quoted(_UNPRINTED.sub(shifted, name.replace("&", "&-")))


def decoded_folder(wire: bytes) -> str:
    """The name of a folder as a person writes it, from its bytes on the wire, without quotes. What is no modified
    UTF-7 (some servers send UTF-8) is read as it is; never raises."""
    text = wire.decode("utf-8", "replace")

    def one(match: re.Match[str]) -> str:
        letters = match[1]
        if not letters:
            return "&"
        try:
            data = binascii.a2b_base64(letters.replace(",", "/") + "=" * (-len(letters) % 4))
            return data.decode("utf-16-be")
        except (binascii.Error, UnicodeDecodeError):
            return match[0]

    return _SHIFTED.sub(one, text)


def unquoted(text: bytes) -> bytes:
    """The content of a quoted string, or the text itself when it is none."""
    if len(text) >= 2 and text[:1] == text[-1:] == b'"':
        return re.sub(rb"\\(.)", rb"\1", text[1:-1])
    return text


def uid_set(uids: Iterable[int]) -> str:
    """UIDs as a set, neighbours joined: 1, 2, 3, 7 is `1:3,7`."""
    runs: list[list[int]] = []
    for uid in sorted(set(uids)):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)


def batches(uids: Sequence[int], size: int) -> list[list[int]]:
    """`uids` in their order, at most `size` together."""
    return [list(uids[start : start + size]) for start in range(0, len(uids), size)]
