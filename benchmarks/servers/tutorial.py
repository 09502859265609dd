# SPDX-License-Identifier: GPL-3.0-or-later
"""The tutorial that everyone copies: Flask's own server parses the event, posts it on to Listmonk, and answers.

As it runs out of the box: one process with threads, and its access log on. Nothing is verified, nothing is durable,
and a POST that fails is lost or counted twice. `PORT SINK-PORT`.
"""

from __future__ import annotations

import sys

import requests
from flask import Flask, request

from benchmarks.machine import SINK_TOKEN, SINK_USER

app = Flask(__name__)
SINK = f"http://127.0.0.1:{sys.argv[2] if len(sys.argv) > 2 else 0}/webhooks/bounce"


@app.post("/webhooks/<name>")
def webhook(name: str) -> tuple[str, int]:
    event = request.get_json()
    requests.post(
        SINK,
        json={"email": event["recipient"], "type": event["kind"], "source": name},
        headers={"Authorization": f"token {SINK_USER}:{SINK_TOKEN}"},
        timeout=30,
    ).raise_for_status()
    return "ok", 200


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
