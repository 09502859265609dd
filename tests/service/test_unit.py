# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from bouncestream.service.paths import Paths, paths_of
from bouncestream.service.unit import base, extra, program_of, quoted, unit

PROGRAM = "/opt/bouncestream/.venv/bin/bouncestream"
ROOT = Path(__file__).parents[2]
SERVICES = [paths_of(""), paths_of("shop"), paths_of("", Path("/home/ann")), paths_of("shop", Path("/home/ann"))]


def values(text: str, key: str) -> list[str]:
    return re.findall(rf"(?m)^{key}=(.*)$", text)


def test_the_unit_of_the_repository_is_that_of_a_program_in_opt() -> None:
    assert unit(paths_of(""), [PROGRAM]) == base() == (ROOT / "deploy/bouncestream.service").read_text("utf-8")


def test_several_services_share_nothing() -> None:
    text = unit(paths_of("shop"), [PROGRAM])
    assert values(text, "ExecStart") == [f"{PROGRAM} run --config /etc/bouncestream-%i/config.toml"]
    for key in ("User", "StateDirectory", "RuntimeDirectory"):
        assert values(text, key) == ["bouncestream-%i"], key
    assert text == unit(paths_of("news"), [PROGRAM])
    assert "/etc/bouncestream/" not in text


def test_a_users_service_has_what_needs_no_root() -> None:
    text = unit(paths_of("", Path("/home/ann")), [PROGRAM])
    assert values(text, "ExecStart") == [f"{PROGRAM} run --config /home/ann/.config/bouncestream/config.toml"]
    assert values(text, "WantedBy") == ["default.target"]
    assert values(text, "Restart") == ["on-failure"]
    assert values(text, "NoNewPrivileges") == ["yes"]
    for key in ("User", "DynamicUser", "StateDirectory", "ProtectHome", "ProtectSystem", "PrivateUsers", "Wants"):
        assert not values(text, key), key
    assert "\n\n\n" not in text


def test_a_program_of_several_words_and_an_environment() -> None:
    text = unit(paths_of(""), ["/a b/python", "-m", "50%$x"], {"PYTHONPATH": "/a b"})
    assert '\nEnvironment="PYTHONPATH=/a b"\nExecStart="/a b/python" -m 50%%$$x run --config /etc/' in text
    assert program_of(text) == ""
    assert program_of(base()) == PROGRAM
    assert shlex.split(quoted('a "b" \\ c')) == ['a "b" \\ c']


def test_the_secrets_and_the_groups_of_sockets_are_named() -> None:
    text = extra({"webhooks.a.secret": "/50%", "listmonk.token": "/etc/t"})
    assert text.endswith(
        "[Service]\nLoadCredential=listmonk.token:/etc/t\nLoadCredential=webhooks.a.secret:/50%%\n"
    )
    text = extra({}, {"postfix", "101"})
    assert text.endswith("[Service]\nSupplementaryGroups=101 postfix\nPrivateUsers=no\nSystemCallFilter=@chown\n")


@pytest.mark.process
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("where", SERVICES, ids=lambda one: f"{one.unit}{' of a user' if one.user else ''}")
def test_systemd_finds_nothing_wrong(tmp_path: Path, where: Paths) -> None:
    file = tmp_path / where.unit
    file.write_text(unit(where, ["/bin/true"]))
    beside = tmp_path / f"{where.unit}.d" / "secrets.conf"
    beside.parent.mkdir()
    beside.write_text(extra({"listmonk.token": "/etc/bouncestream/listmonk.token"}, {"mail"}))
    done = subprocess.run(
        ["systemd-analyze", *(["--user"] if where.user else []), "--man=no", "verify", str(file)],
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not [line for line in done.stderr.splitlines() if "bouncestream" in line], done.stderr
