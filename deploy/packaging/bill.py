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
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.packaging.paths import DIST, ROOT, Failed, call, epoch, say, version

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
libpq = ldap = sbom = ""
try:
    import ctypes, pathlib, psycopg.pq, psycopg_binary  # in this order
    libpq = "%d.%d" % divmod(psycopg.pq.version(), 10000)
    there = pathlib.Path(psycopg_binary.__file__).parents[1]
    sbom = "".join(f.read_text() for f in sorted(there.glob("psycopg_binary-*.dist-info/sboms/*.cdx.json"))[:1])
    class Info(ctypes.Structure):  # struct ldapapiinfo of OpenLDAP's ldap.h
        _fields_ = [("version", ctypes.c_int), ("api", ctypes.c_int), ("protocol", ctypes.c_int),
                    ("extensions", ctypes.c_void_p), ("vendor", ctypes.c_char_p), ("number", ctypes.c_int)]
    for path in (there / "psycopg_binary.libs").glob("libldap-*"):
        told = Info(version=1)
        if ctypes.CDLL(str(path)).ldap_get_option(None, 0, ctypes.byref(told)) == 0:
            ldap = "%d.%d.%d" % (told.number // 10000, told.number // 100 % 100, told.number % 100)
except (ImportError, OSError):
    pass  # for this machine there is no such wheel
print(json.dumps({"found": found, "libpq": libpq, "ldap": ldap, "sbom": sbom,
    "python": "%d.%d.%d" % sys.version_info[:3],
    "licence": sysconfig.get_path("stdlib") + "/LICENSE.txt",
    "openssl": ssl.OPENSSL_VERSION.split()[1], "sqlite": sqlite3.sqlite_version}))
"""


#: Libraries that wheels bring in a folder of their own (`*.libs`): how the name of the file begins, whose it is,
#: its licence, where in the file its version stands, unless it is asked for; and the package of Debian which has
#: the text of the licence (its version may be another one; none: each Debian has the text by the licence's name).
BROUGHT = (
    ("libpq-", "libpq", "PostgreSQL", None, "libpq5"),
    ("libcrypto-", "openssl", "Apache-2.0", rb"OpenSSL (\d+\.\d+\.\d+)", ""),
    ("libkrb5-", "krb5", "MIT", rb"KRB5_BRAND: krb5-(\d+\.\d+(?:\.\d+)?)", "libkrb5-3"),
    ("libldap-", "openldap", "OLDAP-2.8", None, "libldap*"),
    ("libsasl2-", "cyrus-sasl-lib", "BSD-4-Clause-UC", None, "libsasl2-2"),
    ("libkeyutils-", "keyutils-libs", "LGPL-2.1-or-later", None, "libkeyutils1"),
    ("libcom_err-", "libcom_err", "MIT", None, "libcom-err2"),
    ("libcrypt-", "glibc", "LGPL-2.1-or-later", None, "libcrypt1"),
)
SHARE = Path("/usr/share")
#: Parts of one of these.
PART_OF = {"libssl-": "libcrypto-", "libgssapi_krb5-": "libkrb5-", "libk5crypto-": "libkrb5-",
           "libkrb5support-": "libkrb5-", "liblber-": "libldap-"}  # fmt: skip


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
    parts += (others := brought(folder / "_internal", told))
    for name in texts_of([part["name"] for part in others], texts):
        say(
            f"NOT THERE: the text of the licence of {name}. Next: apt-get install libpq5, before this is given away"
        )
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


def brought(folder: Path, told: dict[str, Any]) -> list[dict[str, Any]]:
    """The libraries that psycopg's wheel brings along. `told`: what `ASK` printed. Raises Failed for one that is in
    no table here."""
    listed = json.loads(told["sbom"] or "{}").get("components", ())
    known = {"libpq": told["libpq"], "openldap": told["ldap"]} | {one["name"]: one["version"] for one in listed}
    purls = {one["name"]: one["purl"] for one in listed}
    parts = {}
    for path in sorted(folder.glob("*.libs/*.so*")):
        begins = path.name.partition("-")[0] + "-"
        row = next((row for row in BROUGHT if row[0] == PART_OF.get(begins, begins)), None)
        if row is None:
            raise Failed(
                f"{path.name} is in no table of deploy/packaging/bill.py. Next: add it there, with its licence"
            )
        _, name, licence, place, _ = row
        number = known.get(name, "")
        if place is not None and (found := re.search(place, path.read_bytes())):
            number = found[1].decode()
        if name not in parts or number:
            purl = purls.get(name) or f"pkg:generic/{name}" + (f"@{number}" if number else "")
            parts[name] = _part(name, number, licence, purl)
            parts[name]["properties"] = [{"name": "bouncestream:brought-by", "value": path.parent.name[:-5]}]
    return [parts[name] for name in sorted(parts)]


def texts_of(names: Sequence[str], to: Path, share: Path = SHARE) -> list[str]:
    """Put the licences' texts of libraries that were brought into a folder; returns those that are not here."""
    missing = []
    for _, name, licence, _, package in BROUGHT:
        if name not in names:
            continue
        pattern = f"doc/{package}/copyright" if package else f"common-licenses/{licence}"
        found = sorted(share.glob(pattern))
        if found:
            _text(to / f"{name}.txt", found[-1])
        else:
            missing.append(name)
    return missing


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
