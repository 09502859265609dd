# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit of the service: `bouncestream.service` beside this file, fitted to a program and its paths.

systemd.service(5), systemd.exec(5) and systemd.unit(5), of systemd 252.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

from bouncestream.service.paths import Paths

#: What a user's systemd cannot do: it needs rights of root, or the units that it names are the machine's.
_NOT_FOR_USERS = re.compile(
    r"\b(?:After|Wants|DynamicUser|User|StateDirectory|StateDirectoryMode|AmbientCapabilities|CapabilityBoundingSet|"
    r"CacheDirectory|CacheDirectoryMode|LimitNOFILE|Private\w++|Proc\w++|Protect\w++|RemoveIPC)="
)

#: Not that of root (/var/cache/bouncestream): nobody trusts a program that another user may change.
_CACHE = "CacheDirectory=%n\nCacheDirectoryMode=0700\n"
_EXTRA = """\
# What the configuration needs: root's files, of which the service sees copies, and the groups that sockets are
# given to. `bouncestream install` overwrites this file; write lines of your own into another file beside it.
[Service]
"""
#: For chown(2) of a socket a service must be in the group, see it, and be allowed the call: without rights of root
#: it is for files of its own alone.
_GROUPS = "PrivateUsers=no\nSystemCallFilter=@chown\n"


@cache
def base() -> str:
    """The unit as it lies in the repository: of the machine, for a program in /opt/bouncestream."""
    return files("bouncestream.service").joinpath("bouncestream.service").read_text("utf-8")


def unit(
    paths: Paths, command: Sequence[str], environ: Mapping[str, str] | None = None, *, unpacks: bool = False
) -> str:
    """The unit's text. `command` and `environ` start the program; `run` and its options follow. `unpacks`: it needs
    a cache to unpack itself to. A service with a name has a template, which is the same for each name."""
    text = base()
    if unpacks:
        text = text.replace("StateDirectoryMode=0700\n", f"StateDirectoryMode=0700\n{_CACHE}")
    if paths.user:
        text = _for_user(text)
    folder = str(paths.above / "bouncestream")
    if paths.name:
        folder += "-%i"
        text = re.sub(r"(?m)^((?:User|(?:State|Runtime)Directory)=bouncestream)$", r"\1-%i", text)
        text = re.sub(r"(?m)^(Description=.*)$", r"\1 (%i)", text)
        text = text.replace("/etc/bouncestream/", "/etc/bouncestream-%i/")
    start = [f"Environment={quoted(f'{name}={value}')}" for name, value in (environ or {}).items()]
    start.append(f"ExecStart={' '.join(map(quoted, command))} run --config {folder}/config.toml")
    return re.sub(r"(?m)^ExecStart=.*$", lambda _: "\n".join(start), text)


def extra(secrets: Mapping[str, str], groups: Collection[str] = ()) -> str:
    """The text of the file beside the unit that has what a configuration needs. `secrets`: dotted key → path of a
    file; `groups`: those that sockets are given to."""
    lines = [f"LoadCredential={dotted}:{path.replace('%', '%%')}\n" for dotted, path in sorted(secrets.items())]
    if groups:
        lines.append(f"SupplementaryGroups={' '.join(sorted(groups))}\n{_GROUPS}")
    return _EXTRA + "".join(lines)


def program_of(unit: str) -> str:
    """The program that a unit starts, as `unit` has written it; empty: more than one word starts it."""
    found = re.search(r"(?m)^ExecStart=([\w@+:,./-]+) run ", unit)
    return found[1] if found else ""


def quoted(word: str) -> str:
    """A word of a command line as a unit has it (systemd.service(5), "Command lines")."""
    word = word.replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w@%+=:,./$-]+", word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _for_user(text: str) -> str:
    """The unit of a user's service, whose comments are those of the machine's."""
    lines = [line for line in text.splitlines() if not line.startswith("#") and not _NOT_FOR_USERS.match(line)]
    kept = [line for before, line in pairwise(["", *lines]) if line or before]
    text = "\n".join((*text.splitlines()[:3], "", *kept, ""))
    return text.replace("multi-user.target", "default.target").replace("systemctl edit", "systemctl --user edit")
