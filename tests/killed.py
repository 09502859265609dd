# SPDX-License-Identifier: GPL-3.0-or-later
"""A program for `python -c` that kills itself -9 at the n-th of the calls that it counts (its first argument)."""

#: Its beginning. What follows wraps calls in `counted(…)`, and then does something.
COUNTED = """
import os, signal, sys
from pathlib import Path
at, count = int(sys.argv[1]), 0
def counted(real):
    def call(*args, **more):
        global count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **more)
    return call
"""
