# SPDX-License-Identifier: GPL-3.0-or-later
"""The container's image ($BOUNCESTREAM_IMAGE) in podman, as compose.yml has it started: with a read-only root,
without any capability, its whole configuration from the environment."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

USER = 10001
TOKEN = "b7f1c93e5d2a8064ce19f7ab35d08261e4"


class Podman:
    """Images and containers in a folder of their own, without a daemon."""

    def __init__(self, folder: Path) -> None:
        storage = ("--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "vfs")
        running = ("--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "none")
        self.line = ("podman", *storage, *running)

    def __call__(self, *arguments: str, fine: bool = True) -> str:
        done = subprocess.run([*self.line, *arguments], capture_output=True, text=True, timeout=100)
        assert done.returncode == 0 or not fine, f"{arguments[:2]}: {done.stderr}"
        return done.stdout


class Container:
    """One by compose.yml's rules, with its outbox in a folder that outlives it."""

    def __init__(self, podman: Podman, image: str, outbox: Path) -> None:
        self.podman, self.image, self.outbox = podman, image, outbox
        self.secret = outbox.with_name("secret")
        self.secret.write_text(TOKEN)
        self.secret.chmod(0o400)
        outbox.mkdir()
        for path in (self.secret, outbox):
            os.chown(path, USER, USER)

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environ = {
            "SERVER__LISTEN": f"127.0.0.1:{self.port}",
            "LISTMONK__URL": "http://127.0.0.1:1",
            "LISTMONK__TOKEN_FILE": "/run/secrets/token",
            "WEBHOOKS__SHOP__PROVIDER": "generic",
            "WEBHOOKS__SHOP__TOKEN_FILE": "/run/secrets/token",
        }
        told = [f"--env=BOUNCESTREAM__{key}={value}" for key, value in environ.items()]
        limits = ("--ulimit", "nofile=1024:4096", "--ulimit", "nproc=1024:1024")  # no more than here
        safe = (
            "--read-only",
            "--read-only-tmpfs=false",
            "--cap-drop",
            "all",
            "--security-opt",
            "no-new-privileges",
        )
        mounts = (f"--volume={self.secret}:/run/secrets/token:ro", f"--volume={self.outbox}:/var/lib/bouncestream")
        self.podman("run", "--detach", "--name", "bridge", "--network", "host", "--cgroupns", "host",
                    "--no-healthcheck", *limits, *safe, *mounts, *told, self.image)  # fmt: skip

    async def post(self, number: int) -> dict[str, int]:
        """As soon as it answers."""
        url = f"http://127.0.0.1:{self.port}/webhooks/shop"
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.post(
                        url,
                        json={"kind": "hard", "recipient": f"p{number}@example.com"},
                        headers={"Authorization": f"Bearer {TOKEN}"},
                    ) as response:
                        response.raise_for_status()
                        told: dict[str, int] = await response.json()
                        return told
                except aiohttp.ClientConnectionError:
                    assert "bridge" in self.podman("ps", "--format", "{{.Names}}"), self.podman("logs", "bridge")
                    await asyncio.sleep(0.05)

    def stored(self) -> set[str]:
        with closing(sqlite3.connect(f"file:{self.outbox}/outbox.db?mode=ro", uri=True)) as conn:
            return {row[0] for row in conn.execute("SELECT recipient FROM inbox")}


@pytest.fixture
def podman(cache: Path) -> Iterator[Podman]:
    made = Podman(cache)
    yield made
    made("rm", "--all", "--force", "--time", "0", fine=False)


@pytest.fixture
def loaded(podman: Podman, image: Path) -> str:
    told = podman("load", "--quiet", "--input", str(image))
    return re.findall(r"localhost/\S+", told)[0]


@pytest.fixture
async def container(podman: Podman, loaded: str, cache: Path) -> AsyncIterator[Container]:
    yield Container(podman, loaded, cache / "outbox")
    podman("rm", "--force", "--time", "0", "bridge", fine=False)


async def test_what_it_answered_outlives_a_kill_and_an_upgrade(container: Container, podman: Podman) -> None:
    container.start()
    assert (await container.post(1))["accepted"] == 1
    (told,) = json.loads(podman("image", "inspect", container.image))
    check = [word.replace("8025", str(container.port)) for word in told["Healthcheck"]["Test"][1:]]
    assert told["Config"]["User"] == f"{USER}:{USER}"
    podman("exec", "bridge", *check)
    writing = "touch /usr/x || touch /tmp/x || echo refused"
    assert podman("exec", "bridge", "sh", "-c", writing) == "refused\n"
    podman("kill", "--signal", "KILL", "bridge")
    podman("wait", "bridge")
    podman("start", "bridge")
    assert (await container.post(2))["accepted"] == 1
    podman("stop", "--time", "20", "bridge")
    assert podman("inspect", "--format", "{{.State.ExitCode}}", "bridge") == "0\n"
    podman("rm", "bridge")  # as `docker compose up -d` does it: another container, the same volume
    podman("tag", container.image, "localhost/bouncestream:newer")
    container.image = "localhost/bouncestream:newer"
    container.start()
    assert (await container.post(3))["accepted"] == 1
    podman("stop", "--time", "20", "bridge")
    assert container.stored() == {f"p{number}@example.com" for number in (1, 2, 3)}
    assert {path.stat().st_uid for path in container.outbox.iterdir()} == {USER}


def test_it_has_certificates_and_time_zones_and_the_form_of_a_package(podman: Podman, loaded: str) -> None:
    run = ("run", "--rm", "--network", "none", "--cgroupns", "host", "--no-healthcheck",
           "--ulimit", "nofile=1024:4096", "--ulimit", "nproc=1024:1024", "--read-only")  # fmt: skip
    told = podman(*run, loaded, "version", "--verbose")
    assert re.search(r"authorities +/\S+\n", told)
    assert re.search(r"build +package", told)
    podman(*run, "--entrypoint", "test", loaded, "-e", "/usr/share/zoneinfo/Europe/Berlin")
