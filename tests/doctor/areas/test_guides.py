# SPDX-License-Identifier: GPL-3.0-or-later
"""Caddy's own words for on-demand TLS, made by the real Caddy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from bouncestream.doctor.areas import guides

BARE = "https:// {\n tls {\n  on_demand\n }\n reverse_proxy 127.0.0.1:9000\n}\n"
ASKING = "{\n on_demand_tls {\n  ask http://127.0.0.1:5555/ok\n }\n}\n" + BARE


@pytest.mark.process
@pytest.mark.parametrize(
    ("caddyfile", "told"), [(BARE, True), (ASKING, False), ("news.example.com {\n respond ok\n}\n", False)]
)
def test_caddys_json(caddyfile: str, told: bool) -> None:
    if shutil.which("caddy") is None:
        assert not os.environ.get("CI")
        pytest.skip("caddy is not installed")
    words = ["caddy", "adapt", "--adapter", "caddyfile", "--config", "/dev/stdin"]
    done = subprocess.run(words, input=caddyfile, capture_output=True, text=True, check=True)
    assert guides.on_demand_without_ask(json.loads(done.stdout)) is told


@pytest.mark.parametrize(
    "odd", [None, [], {}, {"apps": None}, {"apps": {"tls": {"automation": {"policies": [3]}}}}]
)
def test_odd_json(odd: object) -> None:
    assert not guides.on_demand_without_ask(odd)


@pytest.mark.parametrize(
    ("text", "track", "on_demand"),
    [
        ("# rewrite /track/open\nreverse_proxy x", False, False),
        ("rewrite /track/link/* /link{uri}", True, False),
        ("location /tracker/open {}", False, False),
        (BARE, False, True),
        (ASKING, False, False),
    ],
)
def test_files(tmp_path, monkeypatch, text: str, track: bool, on_demand: bool) -> None:
    (tmp_path / "caddy").mkdir()
    (tmp_path / "caddy" / "Caddyfile").write_text(text)
    (tmp_path / "caddy" / "junk").write_bytes(b"\xff\x00" * 100)
    monkeypatch.setattr(guides, "PLACES", (str(tmp_path / "caddy"), str(tmp_path / "nosuch")))
    found = guides._read()
    assert (bool(found.track), bool(found.on_demand)) == (track, on_demand)
