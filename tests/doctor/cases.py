# SPDX-License-Identifier: GPL-3.0-or-later
"""All cases."""

from __future__ import annotations

from tests.doctor.case import Case
from tests.doctor.cases_public import PUBLIC

HEALTHY: tuple[Case, ...] = (
    Case("healthy-nginx", also=frozenset({"pixel-ok", "pages-ok", "tls-ok", "root-url-ok", "ports-own-address"})),
    Case(
        "healthy-caddy",
        proxy="caddy",
        also=frozenset({"pixel-ok", "pages-ok", "tls-ok", "root-url-ok", "listmonk-ok", "bounces-ok"}),
    ),
)
BROKEN: tuple[Case, ...] = (*PUBLIC,)
CASES = (*HEALTHY, *BROKEN)
