# SPDX-License-Identifier: GPL-3.0-or-later
"""The log: one line for each event of interest, as text or JSON, on standard error.

Whatever a line holds is made printable and its addresses are masked, here and for everyone. Below journald
(JOURNAL_STREAM is set, systemd.exec(5), read as stored in late 2026) a line begins with its priority, `<4>`, and
has no time of its own, since the journal keeps one.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

from bouncestream.printable import mask_all, printable

#: A longer line is cut: journald splits at 48 KiB, and nobody reads that far.
LIMIT = 8000

#: So many lines wait for whoever reads the log, and so long at the end; seconds.
WAITING, PATIENCE = 1000, 1.0

#: syslog(3) priorities.
_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7))

_ROOT = "bouncestream"


def start(
    style: str = "text",
    level: str = "info",
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
    aside: bool = False,
) -> None:
    """Log to `stream` (standard error) in `style`, `text` or `json`, from `level` on; replaces an earlier call.
    `aside`: for who must not wait until lines are read.

    Other people's libraries are heard from warnings on. BOUNCESTREAM_DEBUG in the environment adds tracebacks,
    which else only a record with `traceback` has: a bug's, once for each kind.
    """
    environ = os.environ if environ is None else environ
    stream = stream or sys.stderr
    handler: logging.Handler = logging.StreamHandler(stream)
    if aside:
        with suppress(OSError):  # what is no file keeps nobody waiting
            handler = Aside(stream.fileno(), stream.encoding)
    handler.setFormatter(
        Formatter(style, journal="JOURNAL_STREAM" in environ, tracebacks=bool(environ.get("BOUNCESTREAM_DEBUG")))
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a full disk under the log is no reason to say more
    set_level(level)


class Aside(logging.Handler):
    """Has lines written to a file descriptor by a thread of its own. Whoever reads them may stop (a journal or a
    container's log driver that hangs, a terminal after Ctrl-S), and a write then waits for as long. What has no
    room is left out, and told."""

    def __init__(self, file: int, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding
        self._file = file  # not Python's stream: its lock would be held by a thread that waits while all ends
        self._lines: queue.Queue[bytes] = queue.Queue(WAITING)
        self._left_out = 0
        threading.Thread(target=self._write_all, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self._encoded(record))
        except queue.Full:
            self._left_out += 1

    def _encoded(self, record: logging.LogRecord) -> bytes:
        return f"{self.format(record)}\n".encode(self._encoding, "backslashreplace")

    def flush(self) -> None:
        """Give what waits a moment; `logging` calls it at the end of the process."""
        end = time.monotonic() + PATIENCE
        while self._lines.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.005)

    def _write_all(self) -> None:
        while True:
            self._write(self._lines.get())
            if self._left_out and self._lines.empty():
                number, self._left_out = self._left_out, 0
                text = f"lines of the log that nobody took in time are left out: {number}"
                told = logging.LogRecord(f"{_ROOT}.log", logging.WARNING, "", 0, text, None, None)
                self._write(self._encoded(told))
            self._lines.task_done()

    def _write(self, line: bytes) -> None:
        while line:
            try:
                line = line[os.write(self._file, line) :]
            except BlockingIOError:  # whoever shares it has made it so
                time.sleep(0.05)
            except OSError:  # a full disk under the log is no reason to say more
                return


def set_level(level: str) -> None:
    """Change the least that is logged, as a reload does."""
    logging.getLogger(_ROOT).setLevel(level.upper())


class Formatter(logging.Formatter):
    """A record as a line that is safe to print."""

    def __init__(self, style: str = "text", *, journal: bool = False, tracebacks: bool = False) -> None:
        super().__init__()
        self._json = style == "json"
        self._journal = journal
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{_priority(record.levelno)}>" if self._journal else ""
        at = datetime.fromtimestamp(record.created, UTC)
        text, trace = self._message(record), self._trace(record)
        if self._json:
            line = {} if self._journal else {"at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
            line |= {"level": record.levelname.lower(), "part": _part(record.name), "message": text}
            if trace:
                line["trace"] = "\n".join(trace)
            return prefix + json.dumps(line)
        head = "" if self._journal else f"{at:%Y-%m-%dT%H:%M:%S}Z "
        lines = [f"{head}{record.levelname.lower():<7} {_part(record.name)}: {text}", *trace]
        return "\n".join(prefix + line for line in lines)

    def _message(self, record: logging.LogRecord) -> str:
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = f"{record.msg} {record.args}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        return printable(mask_all(text), LIMIT)

    def _trace(self, record: logging.LogRecord) -> list[str]:
        wanted = self._tracebacks or getattr(record, "traceback", False)
        if not wanted or not record.exc_info or record.exc_info[1] is None:
            return []
        told = "".join(traceback.format_exception(record.exc_info[1])).splitlines()
        return [f"    {printable(mask_all(line), LIMIT)}" for line in told]


def _part(name: str) -> str:
    """The last name of a logger of ours, such as `relay`; the whole name of another."""
    return name.removeprefix(f"{_ROOT}.")


def _priority(level: int) -> int:
    return next((number for least, number in _PRIORITIES if level >= least), 7)
