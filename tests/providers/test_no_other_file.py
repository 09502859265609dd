# SPDX-License-Identifier: GPL-3.0-or-later
"""Adding a provider's file is all: no other file names a provider, or an option of one that proves something."""

from __future__ import annotations

import re
from pathlib import Path

from bouncestream import providers
from bouncestream.providers._settings import proofs_of

PACKAGE = Path(providers.__file__).parents[1]

#: Rooms that know ESPs by their marks in mails or by Listmonk's own settings, and the demo, which plays one.
KNOWS_ESPS = ("providers", "mail", "sandbox", "doctor/areas/bounces.py", "doctor/campaign_mail", "cli/demo")

#: Options whose names are everyday words; they are options of other sections too. Cloudflare is also a
#: proxy, and custom a word.
COMMON = {"token", "secret", "password", "topics", "cloudflare", "custom"}


def test_no_other_file_names_a_provider_or_its_key() -> None:
    keys = {key for name in providers.names() for key in proofs_of(providers.get(name).settings)}
    words = re.compile(rf"(?i)\b(?:{'|'.join({*providers.names(), *keys} - COMMON)})\b")
    found = []
    for path in PACKAGE.rglob("*.py"):
        inside = str(path.relative_to(PACKAGE))
        if not inside.startswith(KNOWS_ESPS):
            # `Generic` is a word of the type checker's as well.
            text = path.read_text("utf-8").replace("Generic", "")
            found += [f"{inside}: {match[0]}" for match in words.finditer(text)]
    assert found == []
