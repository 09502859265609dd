# SPDX-License-Identifier: GPL-3.0-or-later
"""The MD5 of a JSON body in which the key stands where its digest is sent.

Source: UniOne's (Unisender Go's) documentation, "Webhook methods, callback format", as stored in November 2026. It
is weaker than an HMAC: who has seen a request can append to it, but what is appended makes it no JSON any more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from hmac import compare_digest
from typing import Any, ClassVar

from bouncestream.crypto.proof import Asked, Fetch, Missing, Proof
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized

_DIGEST = re.compile(r"[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class Substituted(Proof):
    """The digest is a field at the top of the JSON."""

    word: ClassVar[str] = "MD5 with the key"
    field: str

    @property
    def inside(self) -> bool:
        return True

    def head(self, request: Asked, key: Secret, settings: Any, now: datetime) -> bool:
        return False

    def body(
        self, request: Asked, key: Secret, settings: Any, now: datetime, fetched: Mapping[str, bytes]
    ) -> Fetch | None:
        said = request.json()
        digest = said.get(self.field) if isinstance(said, dict) else None
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise Missing(f"no digest in {self.field}")
        place = digest.encode()
        found = False
        for body in (request.body, request.text().encode("utf-8", "replace")):  # the same, mostly
            if body.count(place) == 1:
                before, _, after = body.partition(place)
                for one in key.keys:  # all of them, always: an early end would tell which one it was
                    made = md5(before + one + after, usedforsecurity=False).hexdigest()
                    found |= compare_digest(made, digest.lower())
        if not found:
            raise Unauthorized("wrong digest")
        return None
