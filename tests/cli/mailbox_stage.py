# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider that runs as a process of its own, and configurations of mailboxes, for tests of the commands."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.conftest import ROOT, TOKEN
from tests.mailserver.dovecot import Dovecot
from tests.sources.oauth.server import CLIENT_ID, CLIENT_SECRET, USER


class Provider:
    """The provider, as a URL; it is ordered about with `order`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def order(self, **orders: object) -> dict[str, Any]:
        """Let it do something from now on; returns what it was asked, and what is good."""
        request = urllib.request.Request(
            f"{self.url}/control", json.dumps(orders).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            told: dict[str, Any] = json.load(answer)
            return told


@contextmanager
def provider(**settings: object) -> Iterator[Provider]:
    """A running provider; `settings` are those of `oauth_server.Provider`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sources.oauth.server", json.dumps(settings)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Provider(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def settings(name: str, **keys: object) -> str:
    """A section [mailboxes.<name>]."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join([f"[mailboxes.{name}]", *lines, ""])


def by_password(dovecot: Dovecot, name: str = "bounces", **keys: object) -> str:
    """A mailbox at Dovecot, with TLS and its password."""
    standard: dict[str, object] = {
        "host": "localhost",
        "port": dovecot.imaps,
        "ca_file": str(dovecot.ca_file),
        "user": "bounces",
        "password": "secret",
    }
    return settings(name, **(standard | keys))


def by_token(where: Provider, host: str, port: int, flow: str, **keys: object) -> str:
    """A mailbox that logs in with tokens of the provider."""
    standard: dict[str, object] = {
        "host": host,
        "port": port,
        "tls": "none",
        "user": USER,
        "auth": "xoauth2",
        "oauth_flow": flow,
        "oauth_client_id": CLIENT_ID,
        "oauth_client_secret": CLIENT_SECRET,
        "oauth_token_url": f"{where.url}/token",
        "oauth_device_url": f"{where.url}/device",
        "oauth_authorize_url": f"{where.url}/authorize",
        "timeout": "5s",
    }
    return settings("bounces", **(standard | keys))


def write(folder: Path, *sections: str) -> Path:
    """The configuration with these mailboxes, and a Listmonk that does not exist."""
    path = folder / "config.toml"
    path.write_text(
        f'[server]\nlisten = "127.0.0.1:0"\n[outbox]\npath = "{folder}/outbox.db"\n'
        f'[listmonk]\nurl = "http://127.0.0.1:1"\ntoken = "{TOKEN}"\n' + "\n".join(sections)
    )
    path.chmod(0o600)
    return path
