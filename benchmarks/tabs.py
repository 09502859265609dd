# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m benchmarks.tabs PORT TOKEN SECONDS`: a browser with five pages of the dashboard open, each of which is
loaded anew once in so many seconds, one after the other. Prints the milliseconds of each as it comes."""

from __future__ import annotations

import http.client
import sys
import time
from itertools import cycle
from urllib.parse import urlencode

#: The first page, and those that read most.
OPEN = ("/?refresh=1", "/campaigns", "/why", "/domains", "/events")


def main(port: int, token: str, seconds: float) -> None:
    """Until it is ended."""
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    conn.request("POST", "/login", urlencode({"token": token}), form)
    answer = conn.getresponse()
    answer.read()
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    conn.close()
    due = time.monotonic() + seconds / len(OPEN) / 2
    print("ready", flush=True)
    for place in cycle(OPEN):
        time.sleep(max(0.0, due - time.monotonic()))
        due += seconds / len(OPEN)
        began = time.perf_counter()
        conn.request("GET", place, headers={"Cookie": cookie, "Connection": "close"})
        answer = conn.getresponse()
        answer.read()
        conn.close()
        print(place, answer.status, f"{(time.perf_counter() - began) * 1000:.1f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
