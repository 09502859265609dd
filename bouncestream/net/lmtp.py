# SPDX-License-Identifier: GPL-3.0-or-later
"""One mail handed over by LMTP (RFC 2033), to a Unix socket or an address. Imports next to nothing: a command that
a mail server starts for each mail uses it.
"""

from __future__ import annotations

import re
import socket
from contextlib import closing
from typing import BinaryIO

#: Bytes of one answer's line at most.
_LINE = 4096
_UNFIT = re.compile(r"[\x00-\x20\x7f<>]")
_LINE_END = re.compile(rb"\r\n|\r|\n")


class NotTaken(Exception):
    """The mail was not taken. `answer`: the server's own words; empty: there was none. `recipient`: it was the
    recipient who was refused."""

    def __init__(self, why: str, answer: str = "", *, recipient: bool = False) -> None:
        super().__init__(why)
        self.answer = answer
        self.recipient = recipient

    @property
    def for_good(self) -> bool:
        """Whether it will not be taken the next time either."""
        return self.answer.startswith("5")


def hand_over(where: str, sender: str, recipient: str, mail: bytes, timeout: float) -> str:
    """Hand a mail over; the server's answer, once it has taken it. `where`: a path, or host:port; `sender`: empty
    for the null sender; `timeout`: seconds for each answer. Raises NotTaken."""
    try:
        with closing(_connected(where, timeout)) as connection, connection.makefile("rb") as answers:
            _expect(_answer(answers), "220")
            for command, code in (("LHLO localhost", "250"), (f"MAIL FROM:<{_fit(sender)}>", "250")):
                _expect(_say(connection, answers, command), code)
            told = _say(connection, answers, f"RCPT TO:<{_fit(recipient)}>")
            if not told.startswith("250"):
                raise NotTaken(f"it does not take mail for this recipient: {told}", told, recipient=True)
            _expect(_say(connection, answers, "DATA"), "354")
            connection.sendall(stuffed(mail))
            told = _answer(answers)
            _expect(told, "250")
            connection.sendall(b"QUIT\r\n")
            return told
    except OSError as error:
        if isinstance(error, PermissionError) and "/" in where:
            raise NotTaken(f"this user may not write to {where}") from error
        raise NotTaken(f"nobody takes mail at {where}: {error.strerror or error}") from error


def stuffed(mail: bytes) -> bytes:
    """A mail as it follows DATA (RFC 5321 section 4.5.2): each line ends in CRLF, whatever it ended in, and a dot
    at its beginning is doubled. A line before the header that an mbox has is left out."""
    lines = _LINE_END.split(mail)
    if lines and lines[-1] == b"":
        lines.pop()
    if lines and lines[0].startswith(b"From "):
        lines.pop(0)
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines) + b".\r\n"


def _connected(where: str, timeout: float) -> socket.socket:
    if "/" in where:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(timeout)
        try:
            made.connect(where)
        except OSError:
            made.close()
            raise
        return made
    host, _, port = where.rpartition(":")
    if not port.isdigit():
        raise OSError("it is neither a path nor host:port")
    return socket.create_connection((host.strip("[]"), int(port)), timeout)


def _say(connection: socket.socket, answers: BinaryIO, command: str) -> str:
    connection.sendall(command.encode("utf-8", "surrogateescape") + b"\r\n")
    return _answer(answers)


def _answer(answers: BinaryIO) -> str:
    """The last line of an answer. Raises NotTaken where there is none."""
    for _ in range(100):
        line = answers.readline(_LINE)
        if not line.endswith(b"\n"):
            break
        if line[3:4] != b"-":
            return line.decode("utf-8", "replace").strip()
    raise NotTaken("the connection was lost before an answer came")


def _expect(answer: str, code: str) -> None:
    if not answer.startswith(code):
        raise NotTaken(f"it does not take the mail: {answer}", answer)


def _fit(address: str) -> str:
    return _UNFIT.sub("", address)
