# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes, `doctor mail` and `doctor logs` answer with findings whose texts are printable, in time."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bouncestream.doctor.campaign_mail import body
from bouncestream.doctor.campaign_mail.rewriters import unwrapped
from bouncestream.doctor.finding import Finding
from bouncestream.doctor.logs import access_log, judge
from bouncestream.doctor.logs.paths import classify, family, shape
from bouncestream.doctor.logs.tally import Reader, Tally
from tests.doctor.logs.test_logs import BROKEN, FORMATS, HEALTHY
from tests.doctor.received_mails import HTML, RESULTS, ROOT, letter, multipart

QUICK = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.sampled_from(
    [
        *(
            b"<img src=",
            b'"',
            b"'",
            b">",
            b"<!--",
            b"-->",
            b"=3D",
            b"=\r\n",
            b"\r\n\r\n",
            b"\r\n",
            b"--b1",
            b"(" * 50,
        ),
        *(b"Content-Type: text/html; charset=utf-7\r\n", b"Content-Transfer-Encoding: base64\r\n", b"\xff\xfe\x00"),
        *(b"https://[::1", b"https://a:99999/", b"http://\xe2\x80\xae.example", b"%2F%2F", b"-3A__", b"\x1b[31m"),
        *(
            b"/campaign/",
            b"/px.png",
            b"/link/",
            f"{ROOT}/".encode(),
            RESULTS.encode(),
            b"message/rfc822",
            b"=?utf-8?q?",
        ),
    ]
)


def check(findings: list[Finding]) -> None:
    for finding in findings:
        for text in (finding.seen, finding.why, finding.fix):
            assert text.replace("\n", "").isprintable(), finding
        json.dumps(asdict(finding)).encode()


@QUICK
@given(st.data())
def test_any_mail_is_judged(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([letter(), multipart(("text/html", HTML)), b""])))
    for _ in range(data.draw(st.integers(0, 12))):
        at = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 300))
        raw[at : at + length] = data.draw(st.one_of(PIECES, st.binary(max_size=40)))
    check(body.judge(bytes(raw))[0])
    check(body.judge(bytes(raw), body.Own("https://[", ("*@", "a*b")))[0])


@QUICK
@given(st.data())
def test_any_log_is_judged(data: st.DataObject) -> None:
    known = ["".join(FORMATS.values()), HEALTHY, *(log for log, _, _ in BROKEN.values())]
    first = data.draw(st.sampled_from(known))
    raw = bytearray(first.encode() if isinstance(first, str) else first)
    for _ in range(data.draw(st.integers(0, 12))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 200))] = data.draw(st.one_of(PIECES, st.binary(max_size=40)))
    tally = Tally()
    reader = Reader(tally)
    for block in bytes(raw).split(b"\n\n"):
        reader.feed(block)
    check(judge.judge(tally, (), "news.example.com")[0])


@QUICK
@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=8).map(b"".join)))
def test_any_piece_of_a_line_is_read(text: bytes) -> None:
    for line in (text, b'{"request": %s}' % text, b'GET %s HTTP/1.1" 200' % text, text + b"}"):
        request = access_log.read(line)
        assert request is None or 100 <= request.status < 600
        access_log.is_access_line(line)
    assert shape(text) is not None
    assert family(text)
    assert access_log.moment(text) is None or access_log.moment(text).tzinfo is not None  # type: ignore[union-attr]
    classify(text)
    unwrapped(text.decode("latin-1"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["request", "status", "uri", "headers", "User-Agent", "ts", "log", "stream", "method", "host"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@QUICK
@given(JSON)
def test_any_json_is_read(value: object) -> None:
    line = json.dumps(value).encode()
    access_log.read(line)
    tally = Tally()
    Reader(tally).feed(b'{"request": ' + line + b', "uri": "/campaign/x", "status": 200}\n')
    check(judge.judge(tally)[0])


N = 300_000
HOSTILE_MAILS = {
    "open tags": b'<img src="' * N,
    "open comments": b"<!--" * N,
    "quotes": b"<a href=x " + b"\"'" * N,
    "attributes": b"<a " + b"href =" * N + b">",
    "spaces": b"<a href" + b" " * N * 5,
    "links": b"<a href=https://x.example/>" * 100_000,
    "encoded": b"<a href='https://x/" + b"https%3A%2F%2F" * 500 + b"'>",
    "slashes": b"<img src='https://x" + b"/campaign/" * 700 + b"px.png'>" * 300,
}


@pytest.mark.parametrize("name", HOSTILE_MAILS)
def test_hostile_html_takes_no_time(name: str) -> None:
    head = letter().split(b"\r\n\r\n")[0].replace(b"quoted-printable", b"8bit") + b"\r\n\r\n"
    began = time.process_time()
    check(body.judge(head + HOSTILE_MAILS[name])[0])
    assert time.process_time() - began < 8


HOSTILE_HEADERS = {
    "Authentication-Results": "(" * N,
    "DKIM-Signature": "h=" + "a:" * N,
    "List-Unsubscribe": "<" * N,
    "Return-Path": "<" * N,
    "Message-ID": "<a" * N,
    "From": "(" * N,
    "X-Listmonk-Campaign": "a" * N,
    "Content-Type": "multipart/mixed; boundary=" + "a" * N,
}


@pytest.mark.parametrize("name", HOSTILE_HEADERS)
def test_hostile_headers_take_no_time(name: str) -> None:
    raw = f"{name}: {HOSTILE_HEADERS[name]}\n".encode() + letter(crlf=False)
    began = time.process_time()
    check(body.judge(raw)[0])
    assert time.process_time() - began < 8


HOSTILE_LINES = {
    "spaces": b" " * 60_000,
    "words": b"a " * 30_000,
    "quotes": b'1 - - [x] "' + b'\\"' * 30_000,
    "brackets": b"1 - - " + b"[" * 60_000,
    "methods": b"GET " * 15_000,
    "targets": b"GET /link/" * 6_000,
    "slashes": b'1.1.1.1 - - [x] "GET ' + b"/" * 60_000 + b'/campaign/x HTTP/1.1" 200 1',
    "campaigns": b'1.1.1.1 - - [x] "GET ' + b"/campaign/x" * 5_000 + b' HTTP/1.1" 200 1',
    "braces": b"{" * 60_000 + b"}" * 60_000,
    "colons": b"GET /campaign/x " + b":" * 60_000,
}


@pytest.mark.parametrize("name", HOSTILE_LINES)
def test_hostile_lines_take_no_time(name: str) -> None:
    began = time.process_time()
    tally = Tally()
    Reader(tally).feed(((b"/campaign/ " + HOSTILE_LINES[name])[:65_000] + b"\n" + HOSTILE_LINES[name] + b"\n") * 10)
    check(judge.judge(tally)[0])
    assert time.process_time() - began < 8


def test_base64_that_is_none_is_survived() -> None:
    for content in (b"====", b"a", b"\xff" * 50, base64.b64encode(b"\x00\xff" * 99)):
        raw = letter(content_transfer_encoding="base64").split(b"\r\n\r\n")[0] + b"\r\n\r\n" + content
        check(body.judge(raw)[0])
