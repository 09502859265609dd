# SPDX-License-Identifier: GPL-3.0-or-later
"""The bill of materials: what psycopg's wheel brings along. The whole of it is asked in test_contents."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from deploy.packaging import bill
from deploy.packaging.paths import Failed

pytest.importorskip("psycopg")  # comes first, says psycopg_binary
pytest.importorskip("psycopg_binary")
SITE = Path(str(distribution("psycopg-binary").locate_file("")))
SBOM = {"components": [{"name": "libcom_err", "version": "1.42", "purl": "pkg:rpm/centos/libcom_err@1.42"}]}
TOLD = {"libpq": "18.1", "ldap": "2.6.10", "sbom": json.dumps(SBOM)}


def test_each_library_of_the_wheel_is_named_with_its_licence() -> None:
    parts = {part["name"]: part for part in bill.brought(SITE, TOLD)}
    assert parts["libpq"]["purl"] == "pkg:generic/libpq@18.1"
    assert parts["openldap"]["version"] == "2.6.10"
    assert parts["libcom_err"]["purl"] == "pkg:rpm/centos/libcom_err@1.42"
    for name in ("openssl", "krb5"):
        assert parts[name]["version"].count(".") == 2, "as it stands in the file"
    assert all(part["licenses"] and part["properties"] for part in parts.values())


def test_a_library_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "psycopg_binary.libs").mkdir()
    (tmp_path / "psycopg_binary.libs" / "libodd-0a1b2c3d.so.1").touch()
    with pytest.raises(Failed, match=r"libodd-0a1b2c3d.so.1 is in no table of deploy/packaging/bill.py"):
        bill.brought(tmp_path, TOLD)
    assert bill.brought(tmp_path / "nowhere", TOLD) == []


def test_the_text_of_each_licence_is_put_beside(tmp_path: Path) -> None:
    share = tmp_path / "share"
    for place in ("doc/libpq5/copyright", "doc/libldap-2.4-2/copyright", "common-licenses/Apache-2.0"):
        (share / place).parent.mkdir(parents=True)
        (share / place).write_text(place)
    missing = bill.texts_of(["libpq", "openssl", "openldap", "krb5"], tmp_path / "texts", share)
    assert missing == ["krb5"]
    assert {path.name: path.read_text() for path in (tmp_path / "texts").iterdir()} == {
        "libpq.txt": "doc/libpq5/copyright",
        "openldap.txt": "doc/libldap-2.4-2/copyright",
        "openssl.txt": "common-licenses/Apache-2.0",
    }


@pytest.mark.process
def test_the_wheel_tells_its_own_versions() -> None:
    told = json.loads(subprocess.run([sys.executable, "-c", bill.ASK], capture_output=True, check=True).stdout)
    parts = {part["name"]: part["version"] for part in bill.brought(SITE, told)}
    assert int(parts["libpq"].split(".")[0]) >= 14 and parts["openldap"].count(".") == 2
