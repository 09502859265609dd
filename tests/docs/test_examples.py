# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of code and of JSON in the documents do what they say."""

from __future__ import annotations

import hmac
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
from bouncestream.config.load import load
from bouncestream.crypto.proof import Basic
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import Kind
from bouncestream.providers import webhook
from bouncestream.providers._contract import WebhookRequest, read
from tests.docs.document import ROOT, marked, text

GENERIC, CUSTOM = "providers/generic.md", "providers/custom.md"
SECRET = "a-secret-of-the-documents-test"
DOVE = "what=bounce&perm=1&to=reader%40example.com&why=550+5.1.1+no+such+user&mail=m-77"


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


@pytest.mark.parametrize(
    ("name", "body", "kind", "reason"),
    [
        ("pigeon", "", Kind.HARD, "user_unknown"),
        ("dove", DOVE, Kind.HARD, "user_unknown"),
        ("dove", "what=bounce&perm=1&to=reader%40example.com&why=try+later&mail=m-77", Kind.SOFT, "system_error"),
        ("dove", "what=abuse&to=reader%40example.com&mail=m-77", Kind.COMPLAINT, "complaint"),
    ],
)  # fmt: skip
def test_the_descriptions_read_what_is_shown(tmp_path: Path, name: str, body: str, kind: Kind, reason: str) -> None:
    """Whole: from the lines of the page to the event, proof and all."""
    path = tmp_path / "config.toml"
    path.write_text(marked(CUSTOM, f"{name} toml").replace('"…"', f'"{SECRET}"'))
    path.chmod(0o600)
    hook = load(path, {"BOUNCESTREAM__LISTMONK__TOKEN": SECRET}).webhooks[name]
    assert f"Dove Mail sends a form for each event, `{DOVE}`" in text(CUSTOM)
    sent = body.encode() or marked(CUSTOM, f"{name} json").encode()
    now = datetime.now(UTC)
    at = f"{now.timestamp():.0f}"
    mac = hmac.digest(SECRET.encode(), f"{at}.".encode() + sent, "sha256").hex()
    headers = {"Authorization": Basic.header("x", SECRET)} if body else {"Pigeon-Signature": f"t={at},v1={mac}"}
    request = WebhookRequest("POST", CIMultiDict(headers), sent)
    (event,) = read(providers.get("custom"), request, hook, now).events
    assert (event.kind, event.reason, event.recipient) == (kind, reason, "reader@example.com")
    with pytest.raises(Unauthorized):
        read(providers.get("custom"), WebhookRequest("POST", CIMultiDict(), sent), hook, now)


def test_the_alert_object_is_what_is_posted() -> None:
    at = datetime(2026, 11, 22, 8, 3, 30, tzinfo=UTC)
    notice = Notice(12, at, What.FIRED, "warning", "", "", rule="quarantine", since=at)
    assert list(json.loads(marked("operate/alerts.md", "alert json"))) == list(as_json(notice, "host"))
