# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of `bouncestream doctor mail` and `bouncestream doctor logs`."""

from __future__ import annotations

import argparse
from typing import Any

from bouncestream.cli.parser_base import add

_JSON = """\
--json: {"findings": [{"id", "level": "ok"|"info"|"warning"|"error", "topic", "seen", "why", "fix", "evidence"}]}.
Exit code 0: fine; 1: warnings; 2: errors; 3: it could not be examined, or not all of it."""


def doctor_files(inner: Any, *parents: Any) -> None:
    """Add the doctor's commands that look into files. `parents` bring --config, which is optional here."""
    plain = argparse.ArgumentParser(add_help=False)
    plain.add_argument("--json", action="store_true", help="JSON, for programs")
    mail = add(
        inner,
        "mail",
        "examine a campaign mail as it arrived in an inbox",
        *parents,
        plain,
        does="doctor_files:mail",
        more="Save it with all its headers: Gmail: Show original, Download; Thunderbird: Save as; Outlook on the\n"
        f"web: Save as. With a configuration its URLs are compared with Listmonk's public address.\n\n{_JSON}",
    )
    mail.add_argument("file", metavar="FILE", help="the mail, as a raw file (.eml); - is standard input")
    logs = add(
        inner,
        "logs",
        "find out from server logs whether opens and clicks arrive",
        *parents,
        plain,
        does="doctor_files:logs",
        more="Reads access logs of Nginx, Apache, Caddy (JSON) and Traefik, plain or gzip, of any size: all\n"
        "files are counted together. With a configuration their host is compared with Listmonk's public\n"
        f"address.\n\n{_JSON}",
    )
    logs.add_argument("files", nargs="+", metavar="FILE", help="an access log; - is standard input")
