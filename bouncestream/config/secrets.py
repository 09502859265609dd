# SPDX-License-Identifier: GPL-3.0-or-later
"""The places of a secret: environment, file named there, systemd credential, configuration, file named there.

systemd: `LoadCredential=listmonk.token:/etc/…` puts a file of that name into $CREDENTIALS_DIRECTORY
(systemd.exec(5), "Credentials", read as stored in late 2026). No message here ever holds a secret.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from bouncestream.config.guessable import why_guessable
from bouncestream.config.shown import shown
from bouncestream.crypto.secret import MINIMUM_LENGTH, Secret
from bouncestream.settings.key import Key

#: A secret file larger than this is not one.
_LARGEST = 64 * 1024

#: A list of secrets (`many`) has no more than so many.
MANY = 50

_ADVICE = "make one with: openssl rand -hex 24"
#: The same for what someone else made, such as Listmonk's token.
_FOREIGN = "write the one that was shown where it was made"


class SecretFinder:
    """Looks for each secret in its places; `inline` tells afterwards whether the configuration file held any."""

    def __init__(self, credentials: str, problems: list[str], warnings: list[str]) -> None:
        self.credentials = Path(credentials) if credentials else None
        self.problems = problems
        self.warnings = warnings
        self.inline = False
        self.files: dict[str, Path] = {}  #: secret, dotted → the file that it came from

    def find(
        self,
        section: str,
        key: Key,
        table: dict[str, Any],
        variable: tuple[str, str] | None,
        file_variable: tuple[str, str] | None,
    ) -> Secret | None:
        """The secret `section`.`key`, or None. The first place that has it counts."""
        dotted = f"{section}.{key.name}"
        file_key = f"{key.name}_file"
        if key.name in table:
            self.inline = True
        if variable is not None and file_variable is not None:
            self.problems.append(f"{variable[0]} and {file_variable[0]}: both are set; keep one of them")
            return None
        if key.name in table and file_key in table:
            self.problems.append(f"{dotted} and {dotted}_file: both are set; keep one of them")
            return None
        if variable is not None:
            return self._made(variable[0], key, _listed(variable[1], key))
        if file_variable is not None:
            self.files[dotted] = Path(file_variable[1])
            return self._from_file(file_variable[0], key, file_variable[1])
        if self.credentials is not None and (self.credentials / dotted).is_file():
            return self._from_file(f"the credential {dotted}", key, str(self.credentials / dotted), ours=False)
        if key.name in table:
            value = table[key.name]
            return self._made(dotted, key, value if isinstance(value, list) else [value])
        if file_key in table:
            self.files[dotted] = Path(str(table[file_key]))
            return self._from_file(f"{dotted}_file", key, table[file_key])
        if key.required:
            self.problems.append(
                f"{dotted}: is missing; set it here, or {key.name}_file to a file that holds it, "
                f"or the systemd credential {dotted}"
            )
        return None

    def _from_file(self, where: str, key: Key, name: Any, *, ours: bool = True) -> Secret | None:
        if not isinstance(name, str) or not name:
            self.problems.append(f"{where}: is not a path; write the path of a file that contains the secret")
            return None
        path = Path(name)
        try:
            with path.open("rb") as file:
                text = file.read(_LARGEST + 1).decode("utf-8")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is not text"
            handed = self.credentials is not None and isinstance(error, PermissionError)
            fix = (
                "`sudo bouncestream install` hands it to the service"
                if handed
                else "write the path of a file, and check who owns it"
            )
            # A secret that was written where the path of its file belongs must not be shown.
            named = name if "/" in name and path.parent.is_dir() else shown(name)
            self.problems.append(f"{where}: {named} cannot be read ({why}); {fix}")
            return None
        # Docker mounts its secrets world-readable below /run/secrets, where only the container sees them.
        if ours and not name.startswith("/run/") and (why_open := too_open(path, 0o007)):
            self.warnings.append(f"{where}: {name} contains a secret and {why_open}: run chmod 600 on it")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and not (key.rotates or key.many):
            self.problems.append(f"{where}: {name} contains {len(lines)} lines; the secret must be the only line")
            return None
        return self._made(f"{where} ({name})", key, lines)

    def _made(self, where: str, key: Key, values: list[Any]) -> Secret | None:
        most = MANY if key.many else 2 if key.rotates else 1
        shape = (
            f"a list of up to {MANY} texts"
            if key.many
            else "one secret, or a list of two while you rotate it"
            if key.rotates
            else "one secret, as text in quotes"
        )
        if not values or not all(isinstance(value, str) for value in values) or len(values) > most:
            self.problems.append(f"{where}: is empty or not text; write {shape}")
            return None
        values = [value.strip() for value in values]
        advice = key.whence or (_FOREIGN if key.foreign else _ADVICE)
        if key.foreign and not all(values):
            self.problems.append(f"{where}: is empty; {advice}")
            return None
        short = [len(value) for value in values if len(value) < MINIMUM_LENGTH]
        if short and not key.foreign:
            self.problems.append(
                f"{where}: has {short[0]} characters; a secret needs at least {MINIMUM_LENGTH}; {advice}"
            )
            return None
        for value in values:
            if why := why_guessable(value, foreign=key.foreign):
                self.problems.append(f"{where}: {why}; {advice}")
                return None
        if not all(value.isprintable() for value in values):
            self.problems.append(f"{where}: contains unprintable characters; {advice}")
            return None
        return Secret(*values)


def _listed(text: str, key: Key) -> list[str]:
    """Several secrets in one variable stand on lines of their own, or two with a comma between them."""
    if key.many:
        return text.split()
    if not key.rotates:
        return [text]
    parts = [part.strip() for part in text.replace("\n", ",").split(",")]
    return parts if len(parts) == 2 and all(len(part) >= MINIMUM_LENGTH for part in parts) else [text]


def too_open(path: Path, bits: int) -> str:
    """In words who else may read the file, or ''."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return ""
    if not mode & bits:
        return ""
    return f"is open to {'everyone' if mode & 0o007 else 'its group'} (mode {mode:04o})"
