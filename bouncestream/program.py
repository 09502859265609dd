# SPDX-License-Identifier: GPL-3.0-or-later
"""How this program is started again, whichever way it was started: as a console script, by `python -m`, or as a
single file (zipapp, shiv, PEX, PyInstaller). Imports nothing.
"""

from __future__ import annotations

import os
import sys

_started: list[str] = []


def started() -> None:
    """Note how the program was started; called by `main`, before anything changes the folder or the arguments."""
    script = os.path.abspath(sys.argv[0]) if sys.argv else ""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if (spec is None or spec.name == "__main__") and os.path.exists(script):
        _started[:] = [script]  # a console script, or an archive that Python runs
    else:
        _started.clear()  # `python -m`, or `python -c`


def packed_in() -> str:
    """The single file that the program was unpacked from (deploy/binary/launcher); empty: there is none."""
    return os.environ.get("BOUNCESTREAM_FILE", "") if getattr(sys, "frozen", False) else ""


def again() -> tuple[list[str], dict[str, str]]:
    """The command that starts this program again, to be followed by its arguments, and its environment variables
    beside the present ones. In a process that is not this program (a test, say) it is `python -m bouncestream`."""
    if getattr(sys, "frozen", False):  # PyInstaller and its like: the executable is the program
        return [sys.executable], {}
    if _started:
        return [sys.executable, *_started], {}
    # The present folder may be another one by then, so what was found here is named; -P: nothing there counts.
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    return [sys.executable, "-P", "-m", "bouncestream"], {"PYTHONPATH": path}
