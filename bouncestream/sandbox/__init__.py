# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Listmonk with the real one's semantics, for the demo, the tests and rehearsals.

Written from observed behaviour of Listmonk 4.1.0, 5.1.0 and 6.2.0 (2026-11); `tests/contract` describes that
behaviour and runs against both. Everything is in memory. In the order of a bounce: server (the wire) → posted
(what is accepted) → worker (the queue behind the 200) → database (what is stored) → bounces (read back).
"""

from bouncestream.sandbox.faults import FAULTS
from bouncestream.sandbox.model import (
    ALL_PERMISSIONS,
    BRIDGE_PERMISSIONS,
    Action,
    ApiUser,
    SandboxSettings,
    Subscriber,
    read_subscribers,
)
from bouncestream.sandbox.server import Sandbox, check_loopback

__all__ = [
    "ALL_PERMISSIONS",
    "BRIDGE_PERMISSIONS",
    "FAULTS",
    "Action",
    "ApiUser",
    "Sandbox",
    "SandboxSettings",
    "Subscriber",
    "check_loopback",
    "read_subscribers",
]
