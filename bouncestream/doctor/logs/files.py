# SPDX-License-Identifier: GPL-3.0-or-later
"""Log files, plain or gzip, and standard input, as blocks of whole lines, in bounded memory."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BufferedReader
from typing import BinaryIO, cast

from bouncestream.doctor.logs.tally import LONGEST_LINE, LogFailure, Reader, Tally

BLOCK = 1 << 20
#: The same, where a file is read from its end.
BACK = 256 << 10

#: What begins like this is compressed in a way that Python 3.11 cannot undo, or not in bounded memory.
_OTHER_PACKERS = ((b"\x28\xb5\x2f\xfd", "zstdcat"), (b"BZh", "bzcat"), (b"\xfd7zXZ\x00", "xzcat"))
Stream = BufferedReader | gzip.GzipFile
_GZIP = b"\x1f\x8b"


def sizes(names: list[str]) -> int | None:
    """Bytes of all files together; None where that cannot be known, as on standard input."""
    try:
        found = [os.stat(name) for name in names if name != "-"]
    except OSError:
        return None
    return sum(stat.st_size for stat in found) if "-" not in names else None


def read(names: list[str], advanced: Callable[[int], None] | None = None) -> tuple[Tally, list[LogFailure]]:
    """Count what is in the files; `-` is standard input. `advanced` gets the bytes of the files that were read."""
    tally, troubles = Tally(), []
    for name in names:
        trouble = _read_one(name, tally, advanced or (lambda _: None))
        if trouble is not None:
            troubles.append(trouble)
    return tally, troubles


def _read_one(name: str, tally: Tally, advanced: Callable[[int], None]) -> LogFailure | None:
    before = tally.lines
    try:
        with ExitStack() as stack:
            raw = cast(BufferedReader, sys.stdin.buffer) if name == "-" else stack.enter_context(open(name, "rb"))
            head = raw.peek(8)[:8]
            for magic, tool in _OTHER_PACKERS:
                if head.startswith(magic):
                    fix = f"decompress it: {tool} {name} | bouncestream doctor logs -"
                    return LogFailure(name, "it is compressed, but not with gzip", fix)
            stream: Stream = raw
            if head.startswith(_GZIP):
                stream = stack.enter_context(gzip.GzipFile(fileobj=raw))
            reader = Reader(tally)
            for block in _blocks(stream, raw, tally, advanced):
                reader.feed(block)
    except IsADirectoryError:
        return LogFailure(name, "it is a directory", f"name the files in it: {os.path.join(name, 'access.log*')}")
    except FileNotFoundError:
        return LogFailure(name, "file not found", "check the path; Nginx writes /var/log/nginx/access.log")
    except PermissionError:
        return LogFailure(name, "permission denied", f"sudo bouncestream doctor logs {name}")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        why = f"its compression is damaged ({error})"
        return LogFailure(name, why, "copy it again, or omit it", partly=tally.lines > before)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return LogFailure(
            name, f"it cannot be read ({why})", "check the path and the disk", partly=tally.lines > before
        )
    return None


def blocks_back(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Blocks of whole lines from the end of a file of `size` bytes to its beginning, each with where it begins.
    What has no line end for too long is left out. Raises OSError."""
    end, tail = size, b""
    while end > 0:
        begin = max(0, end - BACK)
        file.seek(begin)
        data = file.read(end - begin) + tail
        end = begin
        # before its first line end stands the rest of a line of the block before
        cut = data.find(b"\n") + 1 if begin else 0
        tail, whole = (data[:cut], data[cut:]) if cut or not begin else (data, b"")
        if len(tail) > LONGEST_LINE + BACK:
            tail = b""
        if whole:
            yield whole, begin


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is compressed."""
    return head.startswith((_GZIP, *(magic for magic, _ in _OTHER_PACKERS)))


def _blocks(stream: Stream, raw: BufferedReader, tally: Tally, advanced: Callable[[int], None]) -> Iterator[bytes]:
    """Blocks that end with a line. What has no line end for too long is thrown away, and counted as junk. Where the
    stream is damaged, what stands before the damage comes first, then the error."""
    rest, overlong, at, error = b"", False, 0, None
    while True:
        pieces, size = [rest], 0
        try:
            # read1: whatever a pipe has; and of a gzip file that ends early, all that stands before its end
            while size < BLOCK and (data := stream.read1(BLOCK)):
                pieces.append(data)
                size += len(data)
        except (EOFError, OSError, ValueError, zlib.error) as found:
            error = found
        if raw.seekable():
            now = raw.tell()
            advanced(now - at)
            at = now
        whole = b"".join(pieces)
        if overlong:
            end = whole.find(b"\n")
            whole, overlong = (whole[end + 1 :], False) if end >= 0 else (b"", True)
        cut = whole.rfind(b"\n") + 1
        rest = whole[cut:]
        if len(rest) > LONGEST_LINE:
            tally.lines += 1
            tally.junk += 1
            rest, overlong = b"", True
        if cut:
            yield whole[:cut]
        if error is not None or not size:
            break
    if rest:
        yield rest
    if error is not None:
        raise error
