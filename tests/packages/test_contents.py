# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies beside the single file in dist/: the .deb, wheel, bill of materials and checksums."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_the_deb_holds_command_unit_man_pages_and_completions(built: Path, tmp_path: Path) -> None:
    deb = only(built.parent, "bouncestream_*.deb")
    subprocess.run(["dpkg-deb", "--raw-extract", deb, tmp_path], check=True)
    assert (tmp_path / "usr/bin/bouncestream").resolve() == tmp_path / "usr/lib/bouncestream/bouncestream"
    unit = (tmp_path / "usr/lib/systemd/system/bouncestream.service").read_text()
    assert "\nExecStart=/usr/bin/bouncestream run " in unit
    assert "/opt/" not in unit.partition("[Unit]")[2]
    pages = {path.name for path in (tmp_path / "usr/share/man/man1").iterdir()}
    assert {"bouncestream.1.gz", "bouncestream-run.1.gz"} < pages
    for place in ("bash-completion/completions/bouncestream", "zsh/vendor-completions/_bouncestream"):
        assert "bouncestream" in (tmp_path / "usr/share" / place).read_text()
    licences = {path.stem for path in (tmp_path / "usr/lib/bouncestream/licences").iterdir()}
    assert {"bouncestream", "aioimaplib", "python"} < licences
    if "psycopg-binary" in licences:
        assert {"libpq", "krb5", "openldap", "openssl", "cyrus-sasl-lib"} < licences
    assert list((tmp_path / "etc/bouncestream").iterdir()) == []
    for script in ("postinst", "prerm", "postrm"):
        subprocess.run(["sh", "-n", tmp_path / "DEBIAN" / script], check=True)
        assert (tmp_path / "DEBIAN" / script).stat().st_mode & 0o777 == 0o755


def test_the_wheel_holds_them_too(built: Path) -> None:
    with zipfile.ZipFile(only(built.parent, "bouncestream-*.whl")) as wheel:
        names = {name.partition(".data/data/share/")[2] for name in wheel.namelist()}
    monitoring = {"bouncestream/prometheus/alerts.yml", "bouncestream/grafana/bouncestream.json"}
    assert {"bouncestream/bouncestream.service", "man/man1/bouncestream.1"} | monitoring < names


def test_the_bill_names_each_package_and_its_licence(built: Path) -> None:
    bill = json.loads(only(built.parent, "*.cdx.json").read_text())
    parts = {part["name"]: part for part in bill["components"]}
    assert (bill["bomFormat"], bill["metadata"]["component"]["licenses"][0]["license"]["id"]) == (
        "CycloneDX",
        "GPL-3.0-only",
    )
    assert parts["aioimaplib"]["licenses"] == [{"license": {"name": "GPL-3.0-only"}}]
    assert [name for name, part in parts.items() if not part["licenses"]] == []
    assert {"aiohttp", "orjson", "python", "openssl", "sqlite"} < parts.keys()
    if "psycopg-binary" in parts:
        assert {"libpq", "krb5", "openldap"} < parts.keys() and int(parts["libpq"]["version"].split(".")[0]) >= 14


def test_the_checksums_are_those_of_the_files(built: Path) -> None:
    lines = (built.parent / "SHA256SUMS").read_text().splitlines()
    told = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    assert built.name in told
    for name, digest in told.items():
        assert hashlib.sha256((built.parent / name).read_bytes()).hexdigest() == digest
