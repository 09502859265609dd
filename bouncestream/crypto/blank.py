# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes our own secrets out of other people's words: a firewall, a proxy or a server may echo what it was sent, and
its words go on into logs, the history, alerts and findings. Pure.

A secret is known again in the forms in which it travels: plain, percent-encoded (RFC 3986 section 2.1), escaped for
HTML or JSON, and in base64 (RFC 4648), alone or as `user:secret` (RFC 7617, HTTP basic), in either case; and
also where only a part of it is echoed.
"""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

#: What stands in the place of a secret.
SHOWN = "•••"
#: So many characters of a secret in a row are taken for it; a shorter secret only as a whole.
PART = 12
#: A part is looked for at every so-manieth character, so what is found surely is PART + STEP - 1 characters long.
STEP = 4
#: A text is compared without the case of ASCII letters; other letters may change their length.
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


class Blank:
    """`blank(text)` is the text without the secrets. An empty secret is none.

    `user`: who logs in with the secrets, as HTTP basic sends both in one word.
    """

    __slots__ = ("_forms",)

    def __init__(self, *secrets: str, user: str = "") -> None:
        self._forms = tuple(sorted({form for secret in secrets if secret for form in _forms(secret, user)}))

    def __call__(self, text: str) -> str:
        """`text` with each secret, or part of one, as `•••`."""
        if not self._forms or not text:
            return text
        low = text.translate(_LOWER)
        spans = sorted(span for form in self._forms for span in _spans(low, form))
        if not spans:
            return text
        kept: list[str] = []
        at = 0
        for begin, end in spans:
            if begin > at or not kept:
                kept += [text[at:begin], SHOWN]
            at = max(at, end)
        return "".join((*kept, text[at:]))

    def bytes(self, data: bytes) -> bytes:
        """`data` in any encoding that has ASCII in it, without the secrets; the mark is `***` there."""
        blanked = self(text := data.decode("latin-1"))
        return data if blanked == text else blanked.replace(SHOWN, "***").encode("latin-1")


def _forms(secret: str, user: str) -> Iterator[str]:
    """Every form, without the case of its letters."""
    for word in (secret, f"{user}:{secret}") if user else (secret,):
        raw = word.encode("utf-8", "surrogatepass")
        for coded in (b64encode(raw), urlsafe_b64encode(raw)):
            # The last characters depend on what follows, the padding may be missing or escaped.
            yield coded.decode("ascii").rstrip("=").translate(_LOWER)
    for read in _readings(secret):
        for form in (
            read,
            html.escape(read),
            json.dumps(read)[1:-1],
            json.dumps(read, ensure_ascii=False)[1:-1],
        ):
            yield form.translate(_LOWER)
    for form in (
        quote(secret, safe="", errors="surrogatepass"),
        quote(secret, errors="surrogatepass"),
        quote_plus(secret, errors="surrogatepass"),
    ):
        yield form.translate(_LOWER)


def _readings(secret: str) -> Iterator[str]:
    """The secret, and what it looks like where its bytes are read in another encoding than they were written in."""
    yield secret
    if not secret.isascii():
        raw = secret.encode("utf-8", "surrogatepass")
        yield raw.decode("latin-1")
        yield raw.decode("cp1252", "replace")
        yield raw.decode("ascii", "replace")
        yield secret.encode("latin-1", "replace").decode("utf-8", "replace")


def _spans(low: str, form: str) -> Iterator[tuple[int, int]]:
    """The spans of the form, or of a part of it, in a text in lower case: [begin, end)."""
    part = min(PART, len(form))
    last = len(form) - part
    for offset in (*range(0, last, STEP), last):
        piece = form[offset : offset + part]
        at = low.find(piece)
        while at >= 0:
            begin, end = at, at + part
            left, right = offset, offset + part
            while left > 0 and begin > 0 and low[begin - 1] == form[left - 1]:
                begin, left = begin - 1, left - 1
            while right < len(form) and end < len(low) and low[end] == form[right]:
                end, right = end + 1, right + 1
            yield begin, end
            at = low.find(piece, end)
