# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.cli.conftest import Cli


@pytest.mark.parametrize("kind", ["caddy", "nginx", "apache", "traefik"])
def test_a_configuration_is_printed(kind: str, cli: Cli) -> None:
    done = cli("proxy", kind, "--domain", "news.example.com", "--webhook-domain", "bounces.example.com")
    assert (done.returncode, done.stderr) == (0, "")
    for text in ("news.example.com", "bounces.example.com", "127.0.0.1:9000", "127.0.0.1:8025", "/webhooks/"):
        assert text in done.stdout
    other = cli(
        "proxy", kind, "--domain", "news.example.com", "--listmonk", "10.0.0.5:9001", "--bouncestream", "[::1]:8"
    )
    for text in ("10.0.0.5:9001", "[::1]:8"):
        assert text in other.stdout


def test_wrong_usage(cli: Cli) -> None:
    for arguments in (
        ("proxy",),
        ("proxy", "nginx"),
        ("proxy", "iis", "--domain", "news.example.com"),
        ("proxy", "nginx", "--domain", "https://news.example.com/"),
        ("proxy", "nginx", "--domain", "news.example.com", "--cert", "/etc/ssl/cert.pem"),
    ):
        done = cli(*arguments)
        assert done.returncode == 64, arguments
        assert done.stdout == ""
        assert done.stderr
