# SPDX-License-Identifier: GPL-3.0-or-later
"""The program on the stage, imported once: `python -m tests.doctor.forking SOCKET`. For each connection it is
forked, and called with the words of a line of JSON: two thirds of the time of a short command are imports."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import socket
import socketserver
import sys
from collections.abc import Sequence
from pathlib import Path

import bouncestream.__main__
import bouncestream.cli.doctor
import bouncestream.doctor


class _Call(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        asked = json.loads(self.rfile.readline())
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.argv = ["bouncestream", *asked["words"]]
        code = bouncestream.__main__.main()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self.wfile.write(b"%d\n" % code)


class _Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    request_queue_size = 100


def call(at: Path, words: Sequence[str], folder: Path, timeout: float) -> tuple[int, str, str]:
    """Call the program there: its exit code, and what it printed. Raises TimeoutError."""
    out, err = folder / "stdout", folder / "stderr"
    with socket.socket(socket.AF_UNIX) as to:
        to.settimeout(timeout)
        to.connect(str(at))
        to.sendall(json.dumps({"words": words, "out": str(out), "err": str(err)}).encode() + b"\n")
        code = int(to.recv(10))
    return code, out.read_text(), err.read_text()


if __name__ == "__main__":
    for module in pkgutil.walk_packages(bouncestream.doctor.__path__, "bouncestream.doctor."):
        importlib.import_module(module.name)
    with _Server(sys.argv[1], _Call) as server:
        print('"ready"', flush=True)
        server.serve_forever()
