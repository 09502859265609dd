# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: runs one command and tells every error in words, with the next step.

Each command is a file of its own with its `options(parser)` and `run(args) -> exit code`, imported only when it is
called, so that `bouncestream version` starts in a few hundredths of a second; for the same reason this file imports
nearly nothing. `parser` lists the commands, `exits` the exit codes.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress

from bouncestream.cli.exits import CONFIGURATION, FINE, INTERRUPTED, NOT_WELL, USAGE, code_of
from bouncestream.cli.parser import build_parser
from bouncestream.errors import BouncestreamError, ConfigError, NoConfiguration
from bouncestream.printable import mask_all, printable

__all__ = ["build_parser", "main"]


def main(argv: Sequence[str]) -> int:
    """Run one command; returns its exit code. Every error ends here, told in words."""
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal of another charset shall not end a command
            stream.reconfigure(errors="backslashreplace")
    debug = bool(os.environ.get("BOUNCESTREAM_DEBUG")) or "--debug" in argv
    _stand_somewhere()
    try:
        try:
            args = build_parser(argv).parse_args(argv)
            if debug:
                os.environ["BOUNCESTREAM_DEBUG"] = "1"
            code = args.run(args)
            sys.stdout.flush()
            return int(code)
        except SystemExit as ended:  # argparse, after --help
            sys.stdout.flush()
            return ended.code if isinstance(ended.code, int) else USAGE
    except BrokenPipeError:
        _close_stdout()
        return FINE  # whoever read it has read enough
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaseException as error:
        if debug:
            import traceback

            traceback.print_exception(error)
        return _tell(error)


def _stand_somewhere() -> None:
    """The folder that a command is started in may have been removed: then no relative path means anything."""
    try:
        os.getcwd()
    except OSError:
        os.chdir("/")
        say(
            "the working directory no longer exists, so bouncestream continues in /. Next: use absolute paths, or "
            "cd again"
        )


def _tell(error: BaseException) -> int:
    """Say what went wrong and what to do next; returns the exit code."""
    if isinstance(error, NoConfiguration):
        say("there is no configuration. These places were looked at:")
        for place in error.problems:
            _line(place, "  · ", "    ")
        _line("Next: `bouncestream init` makes one; --config FILE names another place.")
        return CONFIGURATION
    if isinstance(error, ConfigError):
        read = os.path.abspath(error.path) if error.path else "from the environment"
        say(f"the configuration {read} cannot be used:")
        for problem in error.problems:
            _line(problem, "  ✘ ", "    ")
        _line("Next: fix these, then run `bouncestream check`.")
        return CONFIGURATION
    if isinstance(error, BouncestreamError):
        say(mask_all(str(error)))
        return code_of(error)
    if isinstance(error, OSError):
        name = f" ({error.filename})" if error.filename else ""
        say(f"{error.strerror or error}{name}")
        if isinstance(error, (PermissionError, FileNotFoundError)):
            _line("Next: check the path, and which user may read and write there.")
        _close_stdout()
        return NOT_WELL
    if type(error).__name__ == "CancelledError":
        return INTERRUPTED
    say(f"this is a bug in bouncestream: {type(error).__name__}: {mask_all(str(error))}")
    _line("Next: report it, with the output of the same command with --debug.")
    return NOT_WELL


def say(text: str) -> None:
    """A line of bouncestream's own, on standard error; on a terminal the next step has a line of its own."""
    what, next_, step = text.partition(" Next: ") if sys.stderr.isatty() else (text, "", "")
    _line(what, "bouncestream: ")
    if next_:
        _line(step, "Next: ")


def _line(text: str, first: str = "", then: str = "") -> None:
    """A line on standard error; on a terminal as many lines as it takes."""
    text = printable(text)
    if not sys.stderr.isatty():
        print(f"{first}{text}", file=sys.stderr)
        return
    from bouncestream.cli.layout import wrap

    room = min(max(40, shutil.get_terminal_size().columns), 100)
    print(*wrap(text, room, first, then), sep="\n", file=sys.stderr)


def _open_closed() -> None:
    """Give each stream that was closed (`>&-`) a place where nobody reads: whoever prints need not know, and no
    file of ours gets its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _close_stdout() -> None:
    """Nobody takes what is left in the buffer: let the interpreter not try again at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
