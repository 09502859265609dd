# SPDX-License-Identifier: GPL-3.0-or-later
"""What a case of the doctor's table is: a set-up, and the findings that it must lead to, no more and no fewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: What a proxy that is set up right has in its site: nginx's words.
PASS = """
location / {
    proxy_pass http://127.0.0.1:%(port)s;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
}
"""
REDIRECT = "return 301 https://$host$request_uri;"
CADDY = "reverse_proxy 127.0.0.1:%(port)s"


@dataclass(frozen=True)
class Case:
    """In texts, `%(port)s` is the port of the case's sandbox Listmonk and `%(host)s` its name."""

    name: str
    expect: frozenset[str] = frozenset()  #: ids of the warnings and errors
    also: frozenset[str] = frozenset()  #: ids of further findings that must be there
    proxy: str = "nginx"  #: or `caddy`, `none` (nothing is made), `shared` (a healthy site that many cases share)
    site: str = ""  #: inside the TLS site; empty: as it should be
    plain: str = REDIRECT  #: inside the site of port 80 (nginx)
    http: str = ""  #: whole blocks beside (nginx)
    outer: str = ""  #: instead of the TLS site (nginx, caddy)
    cert: str = "good"
    address: str = ""  #: of its own; empty: the proxy's
    aaaa: str = ""
    host: str = ""  #: a name of its own
    resolves: bool = True
    sandbox: Mapping[str, Any] = field(default_factory=dict)
    saved: Mapping[str, Any] = field(default_factory=dict)  #: settings of Listmonk
    root_url: str | None = None  #: None: the public address
    posts: Sequence[Mapping[str, Any]] = ()
    config: str = ""  #: more of config.toml
    listmonk: Mapping[str, str] = field(default_factory=dict)  #: keys of [listmonk] that differ
    public_url: str | None = None  #: of the configuration; None: the case's address; "": not set
    odd: Sequence[tuple[str, str, int, bool]] = ()  #: servers that behave badly: name, address, port, TLS
    words: str = ""  #: further words for the command line
    outside: str = ""  #: `doctor --outside` with these words instead of a configuration
    laptop: bool = False  #: run on the other machine
    mounts: Mapping[str, str] = field(default_factory=dict)  #: directory → text of a file in it
    fresh: bool = False  #: no bouncestream runs yet, and there is no outbox
    small_disk: bool = False  #: the outbox lies on a disk with 100 MiB
    fix: str = ""  #: of this finding, the fix is applied, and the doctor then content
    code: int | None = None  #: the exit code, where it does not follow from the levels
    seconds: float = 15.0


def broken(name: str, *expect: str, **options: Any) -> Case:
    """A case with these warnings and errors."""
    return Case(name, frozenset(expect), **options)
