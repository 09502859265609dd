# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packed program runs."""

import sys

from bouncestream.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
