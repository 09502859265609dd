# SPDX-License-Identifier: GPL-3.0-or-later
"""Open-loop load: requests at fixed times, whatever the answers do, and latencies from those times on.

A closed loop such as wrk's sends nothing while it waits, and so leaves out the very moments at which a server is
slow. Raw sockets and `select`, whose time-out is exact to microseconds (that of epoll is in milliseconds).
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.machine import Broken


@dataclass(frozen=True)
class Answered:
    """By request: when it was to be sent (CLOCK_MONOTONIC), and the seconds from then to its whole answer."""

    due: list[float]
    latencies: list[float]


def send(port: int, requests: Sequence[bytes], rate: float, connections: int = 64) -> Answered:
    """Send each request at its time over one of the connections; one that finds none free waits, which counts."""
    conns = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(connections)]
    for conn in conns:
        conn.setblocking(False)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        return _send(conns, requests, rate)
    finally:
        for conn in conns:
            conn.close()


def _send(conns: list[socket.socket], requests: Sequence[bytes], rate: float) -> Answered:
    free = deque(conns)
    busy: dict[socket.socket, int] = {}  # → number of its request
    began = time.monotonic() + 0.05
    due = [began + number / rate for number in range(len(requests))]
    latencies = [0.0] * len(requests)
    sent = 0
    while sent < len(requests) or busy:
        now = time.monotonic()
        while sent < len(requests) and due[sent] <= now and free:
            conn = free.popleft()
            if conn.send(requests[sent]) != len(requests[sent]):
                raise Broken("a request did not fit into the buffer of its connection")
            busy[conn] = sent
            sent += 1
        wait = 30.0
        if sent < len(requests) and free:
            wait = max(0.0, due[sent] - time.monotonic())
        ready, _, _ = select.select(list(busy), [], [], wait)
        if not ready and wait == 30.0:
            raise Broken("no answer within 30 s")
        now = time.monotonic()
        for conn in ready:
            answer = conn.recv(65536)  # a few hundred bytes, sent at once
            if not answer.startswith(b"HTTP/1.1 200 ") or b"\r\n\r\n" not in answer:
                raise Broken(f"an answer is not 200: {answer[:200]!r}")
            number = busy.pop(conn)
            latencies[number] = now - due[number]
            free.append(conn)
    return Answered(due, latencies)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
