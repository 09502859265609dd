# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipients that a listener takes mail for. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bouncestream.mail.address import a_label


def takes(patterns: Sequence[str], address: str) -> bool:
    """Whether a mail to the address is taken. `patterns`: addresses with at most one * before their @, which stands
    for any characters, or none; upper and lower case are the same, and so are both forms of a domain."""
    local, _, domain = address.rpartition("@")
    if not local or not (host := a_label(domain)):
        return False
    wanted = f"{local.lower()}@{host}"
    return any(_fits(wanted, pattern) for pattern in patterns)


def _fits(address: str, pattern: str) -> bool:
    local, _, domain = pattern.lower().rpartition("@")
    before, star, after = f"{local}@{a_label(domain)}".partition("*")
    if not star:
        return address == before
    return len(address) >= len(before) + len(after) and address.startswith(before) and address.endswith(after)
