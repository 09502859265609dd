# SPDX-License-Identifier: GPL-3.0-or-later
"""aioimaplib's protocol (2.0.3, read in its installed code in late 2026), made safe for a connection that lasts for
months. What is used of it beyond its documentation is listed in `SEAMS` and held to it by a test.

aioimaplib keeps the state, the tags and what waits for an answer. Here, because its own way was seen to fail:

* what comes in is cut into lines by a loop, not by recursion, which died at 950 lines in one read;
* a lost connection ends everything that waits, at once; it used to wait for ever;
* what a response continues with after a literal is a part of it, and `* ` within a line stays;
* a challenge to AUTHENTICATE is answered, so that a refused token is a NO and not a time-out;
* nothing is logged: its debug log holds whole mails, and tokens as they are.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from aioimaplib import aioimaplib as library

from bouncestream.errors import ConnectionLost
from bouncestream.net.failure import failure_of
from bouncestream.printable import printable

#: Attributes of aioimaplib's IMAP4ClientProtocol that are not documented, but that we need.
SEAMS = (
    "_continuation", "_handle_line", "_idle_event", "_response_done", "_untagged_response", "capabilities",
    "execute", "idle_queue", "literal_data", "new_tag", "pending_async_commands", "pending_sync_command", "state",
)  # fmt: skip
#: The same of its Command.
COMMAND_SEAMS = ("_event", "_exception", "_timer", "append_to_resp", "close", "flush", "name", "response", "tag")

#: Bytes: a longer line, literal or answer is not what was asked for. Only mails take more than `TEXT_LIMIT`.
LINE_LIMIT, LITERAL_LIMIT, ANSWER_LIMIT, TEXT_LIMIT = 4 << 20, 8 << 20, 64 << 20, 8 << 20

_LITERAL = re.compile(rb"\{(\d{1,10})\+?\}\Z")
#: Responses that hold free text, which may end in anything.
_STATUS = re.compile(rb"\* (?:OK|NO|BAD|BYE|PREAUTH)\b", re.IGNORECASE)

for _name in ("aioimaplib", "aioimaplib.aioimaplib"):
    logging.getLogger(_name).disabled = True


class Command(library.Command):  # type: ignore[misc]
    """A command that never shows its arguments but to the server."""

    def __repr__(self) -> str:
        return f"{self.tag} {self.name} …"

    def __str__(self) -> str:
        return str(super().__repr__())


class Authenticate(Command):
    """AUTHENTICATE (RFC 3501 section 6.2.2): `replies` are sent, one for each challenge of the server, then
    `farewell` for each further one, which is how a refused token is acknowledged (RFC 7628 section 3.2.3)."""

    def __init__(self, *args: Any, replies: list[str], farewell: str, **kwargs: Any) -> None:
        super().__init__("AUTHENTICATE", *args, **kwargs)
        self.replies = replies
        self.farewell = farewell
        self.refusal = ""  #: what the server said in its challenge

    def answer(self, challenge: bytes) -> str:
        """The reply to a challenge."""
        if self.replies:
            return self.replies.pop(0)
        self.refusal = _told(challenge) or self.refusal
        return self.farewell


class Protocol(library.IMAP4ClientProtocol):  # type: ignore[misc]
    """The protocol of one connection. `lost` is set when it is gone, and `why` says what happened."""

    state: str
    transport: Any
    pending_sync_command: Any
    pending_async_commands: dict[str, Any]
    idle_queue: asyncio.Queue[list[bytes]]

    def __init__(self, loop: asyncio.AbstractEventLoop, blank: Callable[[str], str] = str) -> None:
        super().__init__(loop)
        self.blank = blank  #: takes our secrets out of what the server says
        self.greeting: asyncio.Future[bytes] = loop.create_future()
        self.greeting.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.lost = asyncio.Event()
        self.why = ""
        self.bye = ""  #: the server's farewell
        self.heard_at = loop.time()  #: when the server last said something
        self.upgrading = False  #: between STARTTLS and TLS
        self._buffer = bytearray()
        self._literal = bytearray()
        self._left = 0  # bytes of the literal that are still to come
        self._response: library.Command | None = None  # what the line after a literal belongs to
        self._inside = False  # a response goes on after its literal
        self._size = 0  # of the answer to the command that waits

    # -- from the server -----------------------------------------------------------------------------------------

    def data_received(self, d: bytes) -> None:
        if self.why:
            return
        self.heard_at = self.loop.time()
        self._buffer += d
        self._size += len(d)
        try:
            self._cut()
            fetching = self.pending_sync_command is not None and self.pending_sync_command.name == "FETCH"
            if self._size > (ANSWER_LIMIT if fetching else TEXT_LIMIT):
                raise ValueError("more than was asked for")
        except Exception as error:  # whatever a server says, nothing of it shall reach the event loop's own log
            self.fail(f"its answer is not valid IMAP ({type(error).__name__})")

    def _cut(self) -> None:
        """Hand on each line and literal that is complete."""
        buffer, start = self._buffer, 0
        while not self.why:
            if self._left:
                piece = buffer[start : start + self._left]
                self._literal += piece
                start += len(piece)
                self._left -= len(piece)
                if self._left:
                    break
                if self._response is not None:
                    self._response.append_to_resp(self._literal)
                self._literal = bytearray()
            end = buffer.find(b"\r\n", start)
            if end < 0:
                if len(buffer) - start > LINE_LIMIT:
                    raise ValueError("an endless line")
                break
            line = bytes(buffer[start:end])
            start = end + 2
            self._take(line)
            if self.upgrading and self.pending_sync_command is None:
                # RFC 3501 section 6.2.1: nothing that came before TLS may count after it.
                self.transport.pause_reading()
                if start < len(buffer):
                    self.fail("data was injected before TLS started")
                break
        del buffer[:start]
        if self.pending_sync_command is not None:
            self.pending_sync_command.flush()

    def _take(self, line: bytes) -> None:
        if self._inside:
            if self._response is not None:
                self._response.append_to_resp(line)
        elif line:
            self._response = self._handle_line(line, None)
        literal = _LITERAL.search(line) if self._inside or line.startswith(b"* ") else None
        self._inside = literal is not None and (self._inside or not _STATUS.match(line))
        if literal is not None and self._inside:
            self._left = int(literal[1])
            if self._left > LITERAL_LIMIT:
                raise ValueError("a literal that nobody asked for")
            if not self._left and self._response is not None:
                self._response.append_to_resp(bytearray())

    def _handle_line(self, line: bytes, current_cmd: library.Command | None) -> library.Command | None:
        if self.state != library.CONNECTED:
            return super()._handle_line(line, current_cmd)
        if line[:4].upper() == b"* OK":
            self.state = library.NONAUTH
        elif line[:9].upper() == b"* PREAUTH":
            self.state = library.AUTH
        else:
            self.bye = self._shown(line[5:]) if line[:5].upper() == b"* BYE" else ""
            self.fail(f"its greeting is: {self._shown(line)}")
            return None
        if not self.greeting.done():
            self.greeting.set_result(line)
        return None

    def _shown(self, said: bytes) -> str:
        """The server's words, safe to print."""
        return printable(self.blank(said[:4000].decode("utf-8", "replace").strip()), 200)

    def _untagged_response(self, line: bytes) -> library.Command | None:
        body = line[2:]
        if body[:3].upper() == b"BYE":
            self.bye = self._shown(body[3:]) or "BYE"
            self.fail("BYE")  # it will not say anything else, and may take its time to hang up
            return None
        waiting = self.pending_sync_command or next(iter(self.pending_async_commands.values()), None)
        if waiting is not None:
            waiting.append_to_resp(body)
        return waiting

    def _continuation(self, line: bytes) -> None:
        waiting = self.pending_sync_command
        if isinstance(waiting, Authenticate):
            self.transport.write(waiting.answer(line[1:].strip()).encode() + b"\r\n")
        else:
            super()._continuation(line)

    # -- to the server -------------------------------------------------------------------------------------------

    def send(self, line: str, scrub: str | None = None) -> None:
        if self.why or self.transport is None or self.transport.is_closing():
            raise ConnectionLost(self.why or "the connection is closed")
        self._size = 0
        self.transport.write(line.encode() + b"\r\n")

    # -- the end -------------------------------------------------------------------------------------------------

    def fail(self, why: str) -> None:
        """Give the connection up. What waits for an answer gets ConnectionLost."""
        self._end(why)
        if self.transport is not None:
            self.transport.abort()

    def eof_received(self) -> None:
        self._end("the server closed it")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(failure_of(exc).words if exc is not None else "it was closed")
        self.lost.set()

    def _end(self, why: str) -> None:
        if not self.why:
            self.why = f"the server said BYE: {self.bye}" if self.bye else why
        for command in (self.pending_sync_command, *self.pending_async_commands.values()):
            if command is not None:
                command._exception = ConnectionLost(self.why)
                command._timer.cancel()
                command._event.set()
        self.pending_sync_command = None
        self.pending_async_commands.clear()
        if not self.greeting.done():
            self.greeting.set_exception(ConnectionLost(self.why))
        self.idle_queue.put_nowait([b"BYE"])

    def keep_alive(self, idle: float) -> None:
        """Have the kernel find out within about two times `idle` seconds that the peer is gone without a word."""
        sock = self.transport.get_extra_info("socket")
        if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
            return
        idle = max(1, min(60, int(idle)))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (
            ("TCP_KEEPIDLE", idle),
            ("TCP_KEEPINTVL", max(1, idle // 4)),
            ("TCP_KEEPCNT", 4),
            ("TCP_USER_TIMEOUT", idle * 1000),
        ):
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _told(challenge: bytes) -> str:
    """The words of a server in the challenge that stands for a refused token (JSON, RFC 7628), in short."""
    try:
        told = json.loads(b64decode(challenge, validate=True))
        words = [str(told[key]) for key in ("status", "error_description") if key in told]
    except (ValueError, TypeError, RecursionError):
        return ""
    return printable(" ".join(words), 100)
