# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream parse FILE…`: what the mail reader makes of mails in files, one at a time."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from bouncestream.cli import out
from bouncestream.cli.opened import configuration_if_any
from bouncestream.cli.parser import Parser, command
from bouncestream.judging.mail import Judging, judging_for, verdict_on


def options(parser: Parser) -> None:
    """The options of `bouncestream parse`."""
    command(
        parser,
        run,
        'With --json, one object for each mail:\n{"file", "kind": hard|soft|complaint|unsubscribe|ignore, '
        '"recipients": [{"address", "kind",\n"reason", "status", "reply_code", "diagnostic", "evidence", "sure", '
        "…}], "
        '"original": {…}}. "sure" is\nfalse for a hard that rests on words alone. A file that cannot be read has '
        '"error".\nOf a configuration, verp, verp_secret, unsubscribe and authserv_id in '
        "[mail] count.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a raw mail; - for standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object per mail, one per line")


def run(args: argparse.Namespace) -> int:
    """Judge each file; 1 when one of them could not be read."""
    failed, judging = False, judging_for(configuration_if_any(args), "")
    for name in args.files:
        told = _judged(name, judging, args.json)
        failed |= "error" in told
        if args.json:
            out.json_line(told)
        else:
            _print(told)
    return 1 if failed else 0


def _judged(name: str, judging: Judging, explain: bool) -> dict[str, Any]:
    """The line of one mail; `explain`: with the way to the verdict."""
    from bouncestream.mail.decode import LIMIT, as_dict

    base = os.path.basename(name) if name != "-" else "-"
    try:
        if name == "-":
            raw = sys.stdin.buffer.read()
        else:
            with Path(name).open("rb") as file:
                raw = file.read(LIMIT)
        return {"file": base, **as_dict(verdict_on(raw, judging, explain=explain))}
    except OSError as error:
        why = error.strerror or str(error)
    except Exception as error:  # a bug of the reader is told for its mail, and the others are read
        why = f"a bug in the mail parser: {type(error).__name__}: {error}"
    return {"file": base, "kind": "ignore", "recipients": [], "original": {}, "error": why}


def _print(told: dict[str, Any]) -> None:
    if "error" in told:
        out.mark("✘", f"{told['file']}: {told['error']}")
        return
    out.mark("·" if told["kind"] == "ignore" else "✔", f"{told['file']}: {out.kind(told['kind'])}")
    out.prose(told["evidence"], "  ", "  ")
    for r in told["recipients"]:
        who = r["address"] or "someone identified only by the UUIDs of the original"
        out.fields(
            (
                ("recipient", f"{who}: {out.judged(out.kind(r['kind']), r['reason'])}"),
                ("status", r["status"]),
                ("reply", r["reply_code"]),
                ("server's words", r["diagnostic"]),
                ("evidence", r["evidence"]),
            ),
            "  ",
        )
