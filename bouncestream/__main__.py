# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m bouncestream`, and the `bouncestream` command. Imports nearly nothing: see `cli`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    if "run" in sys.argv[1:]:
        # A SIGHUP asks for a reload and must not end it, even before it can: so this is done first.
        import signal

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from bouncestream import cli

    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
