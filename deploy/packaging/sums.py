# SPDX-License-Identifier: GPL-3.0-or-later
"""The checksums of what is released, as `sha256sum --check` reads them."""

from __future__ import annotations

import hashlib

from deploy.packaging.paths import DIST

NAME = "SHA256SUMS"


def write() -> None:
    """Write the checksums of all that is in dist/."""
    made = sorted(path for path in DIST.iterdir() if path.is_file() and path.name != NAME)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made]
    (DIST / NAME).write_text("".join(lines), "utf-8")
