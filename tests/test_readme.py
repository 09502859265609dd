# SPDX-License-Identifier: GPL-3.0-or-later
"""The README is true: its tables are those of the code, its commands parse, its queries and examples run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import tomllib
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from multidict import CIMultiDict

from bouncestream import metrics, providers
from bouncestream.alert import Notice, What
from bouncestream.alerts.wording import as_json
from bouncestream.cli import build_parser, exits
from bouncestream.config.guessable import PLACEHOLDERS, why_guessable
from bouncestream.config.load import load
from bouncestream.config.model import SECTIONS
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import Kind
from bouncestream.outbox import arrivals
from bouncestream.ports import State, Unreadable
from bouncestream.providers import webhook
from bouncestream.providers._contract import WebhookRequest, read
from bouncestream.sandbox import FAULTS
from bouncestream.settings.key import keys_of
from bouncestream.sinks.listmonk.permissions import PERMISSIONS
from tests import readme_blocks
from tests.outbox import make

ROOT = readme_blocks.README.parent
TEXT = readme_blocks.README.read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
WRITTEN = re.sub(r"^```.*?^```$|<!-- begin: .*?<!-- end: ", "", TEXT, flags=re.DOTALL | re.MULTILINE)
SPANS = re.findall(r"`([^`\n]+)`", WRITTEN)
SECRET = "a-secret-of-the-readme-test"


def of(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def marked(name: str) -> str:
    """The block that stands behind its `<!-- tested: name -->`."""
    found = re.search(rf"<!-- tested: {name} -->\n```\w+\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    assert found, f"the README has no block {name}"
    return found[1]


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found, f"the README has no section {title}"
    return found[1]


def first_cells(text: str) -> list[str]:
    """What stands in the first column of the tables, if it is code or a number."""
    return re.findall(r"^\| `?([\w.<>-]+)`? \|", text, re.MULTILINE)


def sql_statements() -> list[str]:
    return [s.strip() for block in of("sql") for s in block.split(";") if s.strip()]


@pytest.fixture(scope="module")
def outbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outbox with an event in every state and something in quarantine."""
    path = tmp_path_factory.mktemp("readme") / "outbox.db"
    with closing(make.connect(path)) as conn:
        make.submit(conn, make.event("person@example.org", Kind.HARD, reason="policy"), raw=b'{"a": 1}' * 200)
        ends = [(State.VERIFIED,), (State.POSTED,), (State.UNSTORED,), (State.DEAD,)]
        for number in range(len(ends)):
            make.submit(conn, make.event(f"p{number}@example.net", Kind.SOFT, message_id=f"<{number}@x>"))
        make.claim(conn)
        for row, path_of_states in enumerate(ends, start=1):
            make.settle(conn, row, *path_of_states)
        make.submit(conn, make.event("waits@example.com", Kind.COMPLAINT))
        make.submit(conn, make.event("held@example.com", Kind.SOFT, hold="unproven"))
        make.submit(
            conn, unreadable=(Unreadable("not JSON"), Unreadable("it does not tell whose", unidentified=True))
        )
        together = [make.submission(make.event(f"b{n}@example.net"), raw=b"%d of 3" % n) for n in (1, 2, 3)]
        arrivals.take_many(conn, [(submission, make.NOW) for submission in together])
    return path


# -- what is generated ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", readme_blocks.blocks())
def test_generated_blocks_are_up_to_date(name: str) -> None:
    block = f"<!-- begin: {name} -->\n{readme_blocks.blocks()[name]}\n<!-- end: {name} -->"
    assert block in TEXT, f"the block {name} of README.md is not up to date; renew it: {readme_blocks.RENEW}"


def test_renewing_changes_nothing_else() -> None:
    assert readme_blocks.renewed(TEXT, readme_blocks.blocks()) == TEXT, f"renew it: {readme_blocks.RENEW}"


def test_metrics_that_are_named_exist() -> None:
    known = {metric.name for metric in metrics.ALL}
    assert set(re.findall(r"\bbouncestream_[a-z_]+", TEXT)) == known


# -- commands ---------------------------------------------------------------------------------------------------


def commands() -> list[str]:
    """All commands of ours in shell blocks and in the running text."""
    found = []
    for block in of("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            found += re.findall(r"^(?:sudo )?(bouncestream .*)", line)
    for span in SPANS:
        if span.startswith(("bouncestream ", "outbox ", "run --")) and span != "bouncestream outbox":
            found.append("bouncestream " + span.removeprefix("bouncestream "))
    return found


@pytest.mark.parametrize("command", sorted({*commands()}))
def test_commands_parse(command: str) -> None:
    words = shlex.split(command.replace("$(date +%F)", "today"), comments=True)[1:]
    if words in (["outbox", "replay"], ["outbox", "release"]):  # named, not called
        words.append("1")
    build_parser().parse_args(words)


def test_every_command_is_named() -> None:
    for name, _ in readme_blocks.commands(build_parser()):
        assert f"`bouncestream {name}`" in section("Commands")
    assert len(commands()) > 25


def test_exit_codes() -> None:
    known = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    table = re.findall(r"^\| (\d+) \|", section("Commands"), re.MULTILINE)
    assert {int(code) for code in table} == known | {2}, "2 is of `doctor`: finding.exit_code"


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)", "\n".join(of("sh")), re.MULTILINE))
    named |= {span.split()[1] for span in SPANS if span.startswith("make ")}
    assert named <= targets
    assert {"run", "test", "lint", "types", "chaos", "bench"} <= named
    assert TEXT.split("```")[1].startswith("sh\nmake run "), "the two commands open the README"


# -- the outbox -------------------------------------------------------------------------------------------------


def views(conn: sqlite3.Connection) -> set[str]:
    return {name for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")}


def test_every_view_is_in_the_cookbook(outbox: Path) -> None:
    with closing(sqlite3.connect(outbox)) as conn:
        known = views(conn)
    assert set(first_cells(section("Looking in with sqlite3"))) - {"view"} == known
    queries = " ".join(sql_statements())
    assert {name for name in known if re.search(rf"FROM {name}\b", queries)} == known


@pytest.mark.parametrize("statement", sql_statements())
def test_queries_run_and_find_something(outbox: Path, statement: str) -> None:
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as conn:
        assert conn.execute(statement).fetchall()


@pytest.mark.parametrize(("row", "body"), [(1, '{"a": 1}' * 200), (9, "2 of 3")])
def test_the_raw_body_is_read_as_told(
    outbox: Path, capsys: pytest.CaptureFixture[str], row: int, body: str
) -> None:
    """One that was stored by itself, and one of many that were stored together."""
    code = marked("raw body").replace("(1,)", f"({row},)")
    assert "/var/lib/bouncestream/outbox.db" in code
    names: dict[str, object] = {}
    exec(compile(code.replace("/var/lib/bouncestream/outbox.db", str(outbox)), "README.md", "exec"), names)
    names["db"].close()  # type: ignore[attr-defined]
    assert names["encoding"] == "zlib"
    assert capsys.readouterr().out == f"{body}\n"


def test_states_are_those_of_the_code() -> None:
    assert first_cells(section('What "verified" means'))[1:] == [state.value for state in State]


def test_kinds_are_those_of_the_code() -> None:
    cells = first_cells(section("What is judged, and how"))
    assert cells[1:6] == [*Kind, "ignored"]


# -- the configuration ------------------------------------------------------------------------------------------


def known_keys(name: str) -> set[str]:
    models = [providers.get(one).settings for one in providers.names()] if name == "webhooks" else [SECTIONS[name]]
    keys = {key: found for model in models for key, found in keys_of(model).items()}
    return {*keys, *(f"{key.name}_file" for key in keys.values() if key.secret)}


@pytest.mark.parametrize("block", of("toml"))
def test_configuration_blocks_can_be_used(block: str, tmp_path: Path) -> None:
    said = tomllib.loads(block)
    named = (*said.get("webhooks", {}).values(), *said.get("mailboxes", {}).values())
    for table in (said.get("listmonk", {}), *named):
        for key in [key for key in table if key.endswith("_file")]:
            (tmp_path / key).write_text(SECRET)
            block = block.replace(table[key], str(tmp_path / key))
    for placeholder in PLACEHOLDERS:  # refused as they stand: they are public
        block = block.replace(f'"{placeholder}"', f'"{SECRET}"')
    path = tmp_path / "config.toml"
    path.write_text(block)
    path.chmod(0o600)
    environ = {} if "listmonk" in said else {"BOUNCESTREAM__LISTMONK__TOKEN": SECRET}
    for name, hook in said.get("webhooks", {}).items():
        if not {"secret", "secret_file", "token", "hmac_secret"} & hook.keys():
            environ[f"BOUNCESTREAM__WEBHOOKS__{name.upper()}__SECRET"] = SECRET
    load(path, environ)


def test_no_secret_of_the_readme_can_be_used() -> None:
    shown = "".join([*of("toml"), *of("python"), *of("sh"), *of("bash")])
    secrets = re.findall(r"(?m)^(?:\w*_)?(?:secret|token|password) = (.+?)(?: +#.*)?$", shown)
    written = [text for value in secrets for text in re.findall(r'"([^"]+)"', value)]
    assert len(written) > 4
    assert [text for text in written if not why_guessable(text, foreign=True)] == []


def test_keys_that_are_named_exist() -> None:
    named = [match for span in SPANS for match in re.findall(r"^\[([a-z_.]+)\] ([a-z_]+)\b", span)]
    assert len(named) > 8
    for name, key in named:
        assert key in known_keys(name), f"[{name}] {key}"
    for variable in re.findall(r"BOUNCESTREAM__([A-Z_]+)", TEXT):
        name, _, key = variable.lower().partition("__")
        assert key in known_keys(name), variable
    for span in SPANS:
        dotted = re.fullmatch(r"([a-z]+)(?:\.[a-z]+)?\.([a-z_]+)", span)
        if dotted and dotted[1] in SECTIONS and dotted[2] not in ("toml", "db"):
            assert dotted[2] in known_keys(dotted[1]), span


def test_defaults_that_are_named_are_right() -> None:
    for key, days in re.findall(r"^\| `\[retention\] (\w+)` \| (\d+) days", TEXT, re.MULTILINE):
        assert keys_of(SECTIONS["retention"])[key].written == f'"{days}d"'
    verify = keys_of(SECTIONS["relay.verify"])
    assert verify["grace"].written == '"10m"'
    assert verify["margin"].written == '"60s"'
    assert keys_of(SECTIONS["server"])["listen"].written.strip('"') in TEXT


def test_permissions_and_faults_are_named() -> None:
    for one in PERMISSIONS:
        for name in one.names:
            assert f"`{name}`" in section("Connecting Listmonk")
    assert set(FAULTS) <= set(SPANS)


# -- the generic webhook ----------------------------------------------------------------------------------------


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
    exec(compile(marked("hmac python"), "README.md", "exec"), names)
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
    done = subprocess.run(["sh", "-eu", "-c", marked("hmac shell")], env=environ, capture_output=True, check=True)
    words = done.stdout.decode().split("\0")
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    assert accepted(words[words.index("--data-binary") + 1].encode(), headers) == ["person@example.org"]


def test_the_fields_are_those_that_are_read() -> None:
    fields = {
        name
        for row in re.findall(r"^\| (`[^|]+) \|", section("Your own scripts: the generic webhook"), re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    source = (ROOT / "bouncestream/providers/generic.py").read_text("utf-8")
    assert fields == set(re.findall(r"get\(\"(\w+)\"\)", source))


def test_the_alert_object_is_what_is_posted() -> None:
    at = datetime(2026, 11, 22, 8, 3, 30, tzinfo=UTC)
    notice = Notice(12, at, What.FIRED, "warning", "", "", rule="quarantine", since=at)
    assert list(json.loads(marked("alert json"))) == list(as_json(notice, "host"))


# -- the rest ---------------------------------------------------------------------------------------------------


def test_json_in_the_text_is_json() -> None:
    for span in SPANS:
        if span.startswith('{"'):
            json.loads(span)


def test_files_that_are_named_exist() -> None:
    for span in [*SPANS, "deploy/bouncestream.service", "CHANGELOG.md"]:
        if re.fullmatch(r"(bouncestream|tests|deploy)/[\w./]+", span):
            assert (ROOT / span).exists(), span


def test_the_unit_calls_what_exists() -> None:
    unit = (ROOT / "deploy/bouncestream.service").read_text("utf-8")
    start = re.search(r"^ExecStart=\S+/bouncestream (.+)$", unit, re.MULTILINE)
    assert start
    build_parser().parse_args(start[1].split())
    prevented = re.search(r"^RestartPreventExitStatus=(.+)$", unit, re.MULTILINE)
    assert prevented
    assert prevented[1].split() == [str(exits.USAGE), str(exits.CONFIGURATION)]
    for name in re.findall(r"^#?LoadCredential=([\w.]+):", unit, re.MULTILINE):
        head, _, key = name.rpartition(".")
        assert key in known_keys(head.partition(".")[0])
