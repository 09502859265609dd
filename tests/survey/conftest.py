# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from tests.outbox.fixtures import conn, path

__all__ = ["conn", "path"]
