# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the doctor: usage, JSON, exit codes, and that no secret is ever printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SECRET, TOKEN, Cli, write_config

pytestmark = pytest.mark.binary


@pytest.mark.parametrize(
    "words",
    [
        ("--outside", "news.example.com"),
        ("--outside", "ftp://news.example.com"),
        ("--outside", "https://news.example.com", "--webhook-url", "x"),
        ("--webhook-url", "https://bounces.example.com/webhooks/x"),
        ("--outside", "https://news.example.com", "--write"),
        ("--outside",),
        ("--nosuch",),
    ],
)
def test_wrong_usage(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli("doctor", *words)
    assert done.returncode == 64
    assert done.stdout == ""


def test_without_a_configuration(cli: Cli) -> None:
    done = cli("doctor", "--json")
    assert done.returncode == 78
    assert done.stdout == ""


def test_for_machines(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    done = cli("doctor", "--json")
    found = json.loads(done.stdout)["findings"]
    assert done.returncode == 2  # the sandbox's root URL is its own loopback address
    assert [one["id"] for one in found if one["level"] == "error"] == ["root-url-localhost"]
    assert {"listmonk-ok", "bounces-ok", "outbox-missing", "public-unknown"} <= {one["id"] for one in found}
    for secret in (TOKEN, SECRET):
        assert secret not in done.stdout + done.stderr
    assert not (tmp_path / "outbox.db").exists(), "the doctor changes nothing"


def test_for_people(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, sandbox)
    done = cli("doctor", "--config", str(config), env={"COLUMNS": "80"})
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    assert lines[0] == "Configuration"
    assert lines[lines.index("Listmonk") + 1].startswith("✔ Listmonk v6.2.0")
    at = next(number for number, line in enumerate(lines) if line.startswith("✘"))
    why = next(number for number, line in enumerate(lines) if number > at and line.startswith("  why: "))
    assert " ".join(lines[at:why]).endswith("[root-url-localhost]")
    fix = lines.index("  fix: in Listmonk: Settings, General, Root URL:")
    assert lines[fix + 1 : fix + 3] == ["", "      https://news.example.com"]
    assert max(len(line) for line in lines if not line.startswith("      ")) <= 80
    assert any(line.startswith("1 error") for line in lines[-2:])


def test_a_listmonk_that_does_not_answer_is_a_finding(cli: Cli, config: Path) -> None:
    done = cli("doctor", "--json")
    assert done.returncode == 2
    found = {one["id"]: one for one in json.loads(done.stdout)["findings"]}
    assert found["listmonk-unreachable"]["level"] == "error"
    assert "ss -ltnp" in found["listmonk-unreachable"]["fix"]


def test_from_outside_no_configuration_is_read(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("this is = no = toml")
    done = cli("doctor", "--outside", "https://no-such-name.invalid", "--json")
    assert done.returncode == 2
    assert [one["id"] for one in json.loads(done.stdout)["findings"] if one["level"] == "error"] == ["dns-failed"]
