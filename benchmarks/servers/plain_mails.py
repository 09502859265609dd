# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain loop over mails in files: read, parsed by the standard library, forgotten. `DIRECTORY`."""

from __future__ import annotations

import email
import sys
from pathlib import Path


def main() -> None:
    for path in sorted(Path(sys.argv[1]).iterdir()):
        email.message_from_bytes(path.read_bytes())


if __name__ == "__main__":
    main()
