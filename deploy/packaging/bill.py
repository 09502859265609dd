# SPDX-License-Identifier: GPL-3.0-or-later
"""What a package holds of others: a bill of materials (CycloneDX 1.5, ECMA-424) and the texts of their licences.

Python's packages are those of requirements.lock, told by what they say of themselves; the libraries beside them are
told by the package of Debian that they come from, where there is one.
"""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.packaging.paths import DIST, ROOT, call, epoch, version

#: What the spec leaves out.
ABSENT = {"click", "markdown-it-py", "mdurl", "pygments"}
#: Asked of the Python that builds: each distribution's name, version, licence, and the files of its licence.
ASK = """
import json, sys, sysconfig
from importlib.metadata import distributions
found = []
for one in distributions():
    told = one.metadata
    files = [str(f.locate()) for f in one.files or () if not f.name.endswith((".py", ".pyc"))
             and any(word in f.name.upper() for word in ("LICEN", "COPYING", "NOTICE"))]
    kinds = [c.rpartition(" :: ")[2] for c in told.get_all("Classifier") or () if c.startswith("License ::")]
    found.append({"name": told["Name"], "version": told["Version"], "files": files, "licence":
        told.get("License-Expression") or " AND ".join(kinds) or (told.get("License") or "").split("\\n")[0]})
import ssl, sqlite3
print(json.dumps({"found": found, "python": "%d.%d.%d" % sys.version_info[:3],
    "licence": sysconfig.get_path("stdlib") + "/LICENSE.txt",
    "openssl": ssl.OPENSSL_VERSION.split()[1], "sqlite": sqlite3.sqlite_version}))
"""


def write(folder: Path, python: Path) -> Path:
    """Put the licences' texts into the folder, and write the bill of materials; returns it. Raises Failed."""
    told = json.loads(call(python, "-c", ASK))
    locked = set(re.findall(r"(?m)^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text("utf-8")))
    texts = folder / "licences"
    _text(texts / "bouncestream.txt", ROOT / "LICENSE")
    _text(texts / "python.txt", Path(told["licence"]))
    parts = [
        _part("python", told["python"], "PSF-2.0"),
        _part("openssl", told["openssl"], "Apache-2.0"),
        _part("sqlite", told["sqlite"], "blessing"),
        _part("pyinstaller", _version_of(told, "pyinstaller"), "GPL-2.0-or-later WITH Bootloader-exception"),
    ]
    for one in sorted(told["found"], key=lambda one: str(one["name"]).lower()):
        name = re.sub(r"[-_.]+", "-", one["name"]).lower()
        if name in locked - ABSENT:
            parts.append(_part(name, one["version"], one["licence"], f"pkg:pypi/{name}@{one['version']}"))
            for number, file in enumerate(sorted(one["files"])):
                _text(texts / f"{name}{f'-{number}' if number else ''}.txt", Path(file))
    parts += _debian(folder, texts)
    made = DIST / f"bouncestream-{version()}.cdx.json"
    made.write_text(json.dumps(_bill(parts), indent=1) + "\n", "utf-8")
    return made


def _version_of(told: dict[str, Any], name: str) -> str:
    return next(str(one["version"]) for one in told["found"] if one["name"].lower() == name)


def _part(name: str, number: str, licence: str, purl: str = "") -> dict[str, Any]:
    known = [{"license": {"name": licence}}] if licence else []
    return {"type": "library", "name": name, "version": number, "licenses": known} | (
        {"purl": purl} if purl else {}
    )


def _debian(folder: Path, texts: Path) -> list[dict[str, Any]]:
    """The packages of Debian whose libraries the folder holds."""
    found = {}
    for path in sorted((folder / "_internal").glob("lib*.so*")):
        if path.name.startswith("libpython"):  # told already, and it need not be that of Debian
            continue
        asked = subprocess.run(["dpkg", "-S", f"*/{path.name}"], capture_output=True, text=True)
        for line in asked.stdout.splitlines():
            package = line.partition(":")[0]
            about = Path("/usr/share/doc", package, "copyright")
            if not package.endswith("-dev") and about.is_file():
                found[package] = about
                break
    parts = []
    for package, about in sorted(found.items()):
        _text(texts / f"{package}.txt", about)
        number = call("dpkg-query", "-W", "-f", "${Version}\n", package).split()[0]
        parts.append(_part(package, number, "see its text", f"pkg:deb/debian/{package}@{number}"))
    return parts


def _text(to: Path, source: Path) -> None:
    if source.is_file():
        to.parent.mkdir(exist_ok=True)
        to.write_bytes(source.read_bytes())


def _bill(parts: list[dict[str, Any]]) -> dict[str, Any]:
    whole = {
        "type": "application",
        "name": "bouncestream",
        "version": version(),
        "licenses": [{"license": {"id": "GPL-3.0-only"}}],
        "description": "Its own code: GPL-3.0-or-later; as a whole, with aioimaplib: GPL-3.0-only.",
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([whole, parts]))}",
        "version": 1,
        "metadata": {"timestamp": datetime.fromtimestamp(epoch(), UTC).isoformat(), "component": whole},
        "components": parts,
    }
