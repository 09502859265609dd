# SPDX-License-Identifier: GPL-3.0-or-later
"""The running bridge as its port shows it: /readyz and /metrics. Without aiohttp, whose import takes 0.2 s."""

from __future__ import annotations

import http.client
import json
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bouncestream.health import Health
from bouncestream.metrics import ALL, Metrics
from bouncestream.settings.shapes import UNIX

#: Seconds for an answer from this machine, and the largest answer that is read.
PATIENCE, LARGEST = 3.0, 1 << 20

_SAMPLE = re.compile(r"^([a-z_]+)(?:\{[^\n]*\})? (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Running:
    """The bridge that runs; `up` is False where none answers, and then the rest is empty."""

    up: bool = False
    ready: bool | None = None
    parts: dict[str, dict[str, str]] = field(default_factory=dict)  #: name → state, why
    metrics: dict[str, float] = field(default_factory=dict)  #: name → sum over its labels

    def number(self, metric: str) -> int | None:
        """A metric as a number; None: not known."""
        value = self.metrics.get(metric)
        return None if value is None else int(value)


def of(health: Health, metrics: Metrics) -> Running:
    """This process itself, which is the bridge."""
    parts = {name: {"state": part.state.value, "why": part.why} for name, part in health.parts.items()}
    return Running(True, health.ready, parts, {metric.name: sum(metrics.of(metric).values()) for metric in ALL})


def ask(url: str) -> Running:
    """Ask the bridge at a local URL, or `unix:` and the path of a socket; empty: its port is not known."""
    if not url:
        return Running()
    try:
        told = json.loads(_get(url, "/readyz"))
        parts = {
            str(name): {"state": str(part["state"]), "why": str(part["why"])}
            for name, part in told["parts"].items()
        }
        metrics: dict[str, float] = {}
        for name, value in _SAMPLE.findall(_get(url, "/metrics").decode("utf-8", "replace")):
            metrics[name] = metrics.get(name, 0.0) + float(value)
        return Running(True, bool(told["ready"]), parts, metrics)
    except (OSError, http.client.HTTPException, ValueError, AttributeError, KeyError, TypeError):
        return Running()  # nothing, or something else, listens there


class _OnSocket(http.client.HTTPConnection):
    """A connection by a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._path)


def _get(url: str, path: str) -> bytes:
    place = urlsplit(url)
    connection = (
        _OnSocket(url.removeprefix(UNIX))
        if url.startswith(UNIX)
        else http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
    )
    try:
        connection.request("GET", path)
        return connection.getresponse().read(LARGEST)
    finally:
        connection.close()
