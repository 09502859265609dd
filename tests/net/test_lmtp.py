# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail is handed over, or it is told why not; nothing of it ends it early."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bouncestream.net.lmtp import NotTaken, hand_over, stuffed


@pytest.mark.parametrize(
    ("mail", "sent"),
    [
        (b"a\nb\n", b"a\r\nb\r\n.\r\n"),
        (b"a\r\nb", b"a\r\nb\r\n.\r\n"),
        (b".\n..\n.x", b"..\r\n...\r\n..x\r\n.\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"From joe@example.net Sun Nov 22 2026\nSubject: x\n\nFrom a\n", b"Subject: x\r\n\r\nFrom a\r\n.\r\n"),
        (b"", b".\r\n"),
    ],
)
def test_a_mail_is_sent_with_its_dots_doubled_and_its_lines_ended(mail: bytes, sent: bytes) -> None:
    assert stuffed(mail) == sent


@contextmanager
def server(*answers: bytes) -> Iterator[str]:
    """One that says these, whatever it hears, and then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as heard:
                for answer in answers:
                    connection.sendall(answer)
                    line = heard.readline()
                    while line == b"DATA\r\n" and answer.startswith(b"354") and heard.readline() != b".\r\n":
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


@pytest.mark.parametrize(
    ("answers", "for_good", "recipient"),
    [
        ([b"421 busy\r\n"], False, False),
        ([b"220 hi\r\n", b"250-a\r\n250 b\r\n", b"451 later\r\n"], False, False),
        ([b"220 hi\r\n", b"250 b\r\n", b"250 ok\r\n", b"550 5.1.1 who?\r\n"], True, True),
        ([b"220 hi\r\n", b"250 b\r\n", b"250 ok\r\n", b"450 later\r\n"], False, True),
        ([b"220 hi\r\n"], False, False),
        ([b"220 hi\r\n", b"250 b"], False, False),
        ([b"HTTP/1.1 400 Bad Request\r\n"], False, False),
        ([b""], False, False),
    ],
)
def test_what_was_not_taken_says_whether_to_come_again(
    answers: list[bytes], for_good: bool, recipient: bool
) -> None:
    with server(*answers) as where, pytest.raises(NotTaken) as told:
        hand_over(where, "", "bounces@example.org", b"x", 10)
    assert (told.value.for_good, told.value.recipient) == (for_good, recipient)


@pytest.mark.parametrize("where", ["/nowhere/mta.sock", "127.0.0.1:1", "nonsense", "/" + "x" * 300])
def test_where_nobody_listens_it_comes_again(where: str) -> None:
    with pytest.raises(NotTaken) as told:
        hand_over(where, "", "bounces@example.org", b"x", 10)
    assert not told.value.for_good
    assert str(told.value).startswith("nobody takes mail at")
