# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of code and of JSON in the documents do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.request
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.alert import Notice, What
from bouncestream.alerts.wording import as_json
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.providers import webhook
from bouncestream.providers._contract import WebhookRequest, read
from tests.docs.document import ROOT, marked, text

GENERIC = "providers/generic.md"
SECRET = "a-secret-of-the-documents-test"


def accepted(body: bytes, headers: dict[str, str], secret: str = SECRET) -> list[str]:
    """The recipients of the events that the real webhook code reads, after it has verified the request."""
    settings = webhook(name="scripts", provider="generic", hmac_secret=Secret(secret))
    request = WebhookRequest("POST", CIMultiDict(headers), body)
    return [
        event.recipient for event in read(providers.get("generic"), request, settings, datetime.now(UTC)).events
    ]


def test_the_python_example_signs_right(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[urllib.request.Request] = []

    def urlopen(request: urllib.request.Request, timeout: float) -> BytesIO:
        sent.append(request)
        return BytesIO(b'{"accepted": 2, "duplicates": 0, "quarantined": 0}')

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    names: dict[str, object] = {}
    exec(compile(marked(GENERIC, "hmac python"), GENERIC, "exec"), names)
    events = [{"kind": "hard", "recipient": f"{name}@example.org"} for name in ("ann", "bob")]
    answer = names["send"]("https://bounces.example.org/webhooks/scripts", SECRET, *events)  # type: ignore[operator]
    assert answer["accepted"] == 2
    body, headers = sent[0].data, dict(sent[0].header_items())
    assert isinstance(body, bytes)
    assert accepted(body, headers) == ["ann@example.org", "bob@example.org"]
    with pytest.raises(Unauthorized):
        accepted(body + b" ", headers)
    with pytest.raises(Unauthorized):
        accepted(body, headers, "another-secret-altogether")


@pytest.mark.process
def test_the_shell_example_signs_right(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        return  # the example needs it, this project does not
    curl = tmp_path / "curl"  # writes down its arguments
    curl.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    curl.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SECRET": SECRET}
    done = subprocess.run(
        ["sh", "-eu", "-c", marked(GENERIC, "hmac shell")], env=environ, capture_output=True, check=True
    )
    words = done.stdout.decode().split("\0")
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    assert accepted(words[words.index("--data-binary") + 1].encode(), headers) == ["person@example.org"]


def test_the_fields_are_those_that_are_read() -> None:
    fields = {
        name
        for row in re.findall(r"^\| (`[^|]+) \|", text(GENERIC), re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    source = (ROOT / "bouncestream/providers/generic.py").read_text("utf-8")
    assert fields == set(re.findall(r"get\(\"(\w+)\"\)", source))


def test_the_alert_object_is_what_is_posted() -> None:
    at = datetime(2026, 11, 22, 8, 3, 30, tzinfo=UTC)
    notice = Notice(12, at, What.FIRED, "warning", "", "", rule="quarantine", since=at)
    assert list(json.loads(marked("operate/alerts.md", "alert json"))) == list(as_json(notice, "host"))
