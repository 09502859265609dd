# SPDX-License-Identifier: GPL-3.0-or-later
"""Set-ups in which the proxy, or what stands before it, is wrong."""

from __future__ import annotations

from tests.doctor.case import PASS, Case, broken

_HEADERS = "proxy_set_header Host $host;"
PUBLIC: tuple[Case, ...] = (
    broken(
        "upstream-down",
        "pixel-upstream",
        site="location / { proxy_pass http://127.0.0.1:9; }",
        fix="pixel-upstream",
    ),
    broken("caddy-upstream-down", "pixel-upstream", proxy="caddy", site="reverse_proxy 127.0.0.1:9"),
    broken(
        "only-admin-passes",
        "pixel-blocked",
        site="location /admin { proxy_pass http://127.0.0.1:%(port)s; } location / { return 404; }",
        fix="pixel-blocked",
    ),
)
