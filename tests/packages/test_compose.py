# SPDX-License-Identifier: GPL-3.0-or-later
"""deploy/container/compose.yml against the Containerfile and against what the program reads of the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bouncestream.config import load

FOLDER = Path(__file__).parents[2] / "deploy" / "container"
IMAGE = (FOLDER / "Containerfile").read_text("utf-8")
#: What the Compose specification (compose-spec.json, November 2026) has of each kind, as far as ours uses it.
TOP = {"services", "volumes", "networks", "secrets", "configs", "name"}
SERVICE = {"cap_drop", "environment", "image", "labels", "mem_limit", "networks", "pids_limit", "read_only"}
SERVICE |= {"restart", "secrets", "security_opt", "stop_grace_period", "volumes"}


@pytest.fixture
def compose() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text("utf-8"))
    return told


@pytest.fixture
def service(compose: dict[str, Any]) -> dict[str, Any]:
    (found,) = compose["services"].values()
    assert isinstance(found, dict)
    return found


def test_it_uses_what_compose_knows_and_each_name_is_declared(
    compose: dict[str, Any], service: dict[str, Any]
) -> None:
    assert compose.keys() <= TOP
    assert service.keys() <= SERVICE
    assert set(service["secrets"]) == compose["secrets"].keys()
    assert set(service["networks"]) == compose["networks"].keys()
    assert {volume.partition(":")[0] for volume in service["volumes"]} == compose["volumes"].keys()


def test_it_fits_the_image(service: dict[str, Any]) -> None:
    """The volume is the image's, and proxy and health check ask the port that is listened on."""
    (volume,) = re.findall(r"(?m)^VOLUME (\S+)$", IMAGE)
    assert [told.partition(":")[2] for told in service["volumes"]] == [volume]
    assert f"BOUNCESTREAM__OUTBOX__PATH={volume}/outbox.db" in IMAGE
    (port,) = re.findall(r"(?m)^EXPOSE (\d+)$", IMAGE)
    assert f"LISTEN=0.0.0.0:{port}" in IMAGE
    assert f"/dev/tcp/127.0.0.1/{port} " in IMAGE
    (served,) = (value for key, value in service["labels"].items() if key.endswith("server.port"))
    assert served == port
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert re.search(r"(?m)^USER (?!0)\d+:(?!0)\d+$", IMAGE)


def test_its_environment_is_a_whole_configuration(
    compose: dict[str, Any], service: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the image's own; each secret is one that compose.yml mounts."""
    for name in [name for name in os.environ if name.startswith("BOUNCESTREAM__")]:
        monkeypatch.delenv(name)
    given = dict(re.findall(r"(BOUNCESTREAM__\w+)=(\S+)", IMAGE)) | service["environment"]
    for name, value in given.items():
        if name.endswith("_FILE"):
            secret = tmp_path / value.removeprefix("/run/secrets/")
            assert secret.name in compose["secrets"]
            secret.write_text("b7f1c93e5d2a8064ce19f7ab35d08261e4")
            secret.chmod(0o400)
            given[name] = str(secret)
    config = load.load(None, given)
    assert str(config.server.listen) == "0.0.0.0:8025"
    assert list(config.webhooks) == ["sendamatic"]
