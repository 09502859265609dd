# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendors: everybody whose words are known."""

from __future__ import annotations

from bouncestream.mail.phrases.americas import AMERICAS
from bouncestream.mail.phrases.asia import ASIA
from bouncestream.mail.phrases.common import COMMON
from bouncestream.mail.phrases.entry import Vendor
from bouncestream.mail.phrases.europe import EUROPE
from bouncestream.mail.phrases.gateways import GATEWAYS
from bouncestream.mail.phrases.languages import LANGUAGES
from bouncestream.mail.phrases.lists import LISTS
from bouncestream.mail.phrases.mailboxes import MAILBOXES
from bouncestream.mail.phrases.servers import SERVERS

VENDORS: tuple[Vendor, ...] = (
    *SERVERS,
    *MAILBOXES,
    *GATEWAYS,
    *LISTS,
    *EUROPE,
    *AMERICAS,
    *ASIA,
    *LANGUAGES,
    COMMON,
)
