# SPDX-License-Identifier: GPL-3.0-or-later
"""A real proxy with a printed configuration, in a network and mount namespace of its own.

`unshare … python -m tests.doctor.proxy_stage` begins it, so ports 80 and 443 and /var/log belong to it alone. It
starts a Listmonk (the sandbox, or an echo that tells what arrives), the real bouncestream and the proxy, sends
requests, and prints what came back.
"""

from __future__ import annotations

import asyncio
import fcntl
import http.client
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from bouncestream.sandbox.model import SandboxSettings
from bouncestream.sandbox.server import Sandbox

#: An address that counts as public and belongs to nobody; requests come from it.
CLIENT = "192.88.99.10"
PATIENCE = 30.0

NGINX = """\
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
    access_log /var/log/access.log combined;
    # what a careless nginx.conf has, and the printed file must not mind
    expires 30d;
    include {folder}/site.conf;
}}
"""
APACHE = """\
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
Listen 80
Listen 443
{modules}
<Directory />
    AllowOverride None
    Require all granted
</Directory>
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" combined
CustomLog /var/log/access.log combined
Include {folder}/site.conf
"""
_APACHE_MODULES = "mpm_event authz_core ssl socache_shmcb proxy proxy_http headers alias expires"

BRIDGE = """\
[server]
listen = "127.0.0.1:8025"
trusted_proxies = ["127.0.0.1", "::1"]
[outbox]
path = "{folder}/outbox.db"
[listmonk]
url = "http://127.0.0.1:9000"
user = "bridge"
token = "sandbox-token-of-bridge"
[webhooks.scripts]
provider = "generic"
token = "a-token-for-this-stage-only"
allow_ips = ["{client}/32"]
"""


def main(kind: str, folder: Path, listmonk: str, domains: list[str]) -> None:
    """Play one scene and print it as JSON."""
    _network()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var/log"], check=True)
    with ExitStack() as stack:
        if listmonk == "echo":
            stack.enter_context(_echo())
        else:
            stack.enter_context(_sandbox())
        stack.enter_context(_bridge(folder))
        log = stack.enter_context(_proxy(kind, folder))
        told = _requests(folder, domains)
    print(json.dumps({"requests": told, "log": log.read_text(errors="replace") if log.exists() else ""}))


def _network() -> None:
    """Loopback up, and CLIENT on it (SIOCSIFADDR, SIOCSIFFLAGS)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lo", 0x41))
        address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(CLIENT))
        fcntl.ioctl(control, 0x8916, struct.pack("16s16s", b"lo:1", address))


@contextmanager
def _sandbox() -> Iterator[None]:
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    sandbox = Sandbox(SandboxSettings())
    asyncio.run_coroutine_threadsafe(sandbox.start("127.0.0.1", 9000), loop).result(PATIENCE)
    yield
    asyncio.run_coroutine_threadsafe(sandbox.close(), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


class _Echo(BaseHTTPRequestHandler):
    """Answers the pixel as Listmonk does, and tells in a header how the request arrived."""

    def do_GET(self) -> None:
        told = {"path": self.path, "headers": dict(self.headers.items())}
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Echo", json.dumps(told))
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"png")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _echo() -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 9000), _Echo)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    server.server_close()


@contextmanager
def _bridge(folder: Path) -> Iterator[None]:
    config = folder / "config.toml"
    config.write_text(BRIDGE.format(folder=folder, client=CLIENT))
    config.chmod(0o600)
    command = [sys.executable, "-m", "bouncestream", "run", "--config", str(config)]
    with _running(command, folder, 8025):
        yield


@contextmanager
def _proxy(kind: str, folder: Path) -> Iterator[Path]:
    """The proxy, and where its access log is."""
    if kind == "caddy":
        Path("/var/log/caddy").mkdir()
        command = ["caddy", "run", "--config", str(folder / "site.conf"), "--adapter", "caddyfile"]
        log = Path("/var/log/caddy/news.example.com.log")
    elif kind == "nginx":
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder))
        command = ["nginx", "-c", str(folder / "nginx.conf")]
        log = Path("/var/log/access.log")
    else:
        names = _APACHE_MODULES.split()
        modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in names)
        (folder / "apache.conf").write_text(APACHE.format(folder=folder, modules=modules))
        command = ["apache2", "-X", "-f", str(folder / "apache.conf")]
        log = Path("/var/log/access.log")
    with _running(command, folder, 443):
        yield log


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    output = folder / f"{Path(command[0]).name}-{port}.log"
    environ = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with open(output, "wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, env=environ)
        try:
            _listening(process, port, output)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _listening(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{process.args!r} does not listen: {output.read_text()[-3000:]}") from None
            time.sleep(0.02)


def _requests(folder: Path, domains: list[str]) -> dict[str, Any]:
    """What each request of the scene is answered."""
    news, hooks = domains[0], domains[-1]
    pixel = "/campaign/1b4ff02c-5a2d-4f11-9d8c-5b6f3a0e7d21/9e107d9d-372b-4b68-a1f0-0c7e3d2a5b44/px.png"
    token = {"Authorization": "Bearer a-token-for-this-stage-only", "Content-Type": "application/json"}
    event = json.dumps({"kind": "hard", "recipient": "reader1@example.com", "message_id": "<1@example.com>"})
    forged = {"X-Forwarded-For": "203.0.113.99", "User-Agent": "GoogleImageProxy"}
    scene: dict[str, tuple[str, str, str, dict[str, str], str]] = {
        "pixel": (news, "GET", pixel, forged, ""),
        "escapes": (news, "GET", "/link/a%2Fb/%C3%BC%20x/%2e?u=https%3A%2F%2Fx&a=1+2", {}, ""),
        "page": (news, "GET", "/subscription/form", {}, ""),
        "webhook": (hooks, "POST", "/webhooks/scripts", token | forged, event),
        "large webhook": (hooks, "POST", "/webhooks/scripts", token, f'{{"kind": "{"x" * (9 << 20)}"}}'),
        "too large webhook": (hooks, "POST", "/webhooks/scripts", token, "x" * (12 << 20)),
        "metrics": (hooks, "GET", "/metrics", {}, ""),
        "readyz": (hooks, "GET", "/readyz", {}, ""),
        "sneaky metrics": (hooks, "GET", "/webhooks/../metrics", {}, ""),
    }
    told = {name: _request(folder, *request) for name, request in scene.items()}
    for name in dict.fromkeys(domains):
        told[f"http {name}"] = _request(folder, name, "GET", f"{pixel}?a=1", {}, "", port=80)
    return told


def _request(
    folder: Path, host: str, method: str, path: str, headers: dict[str, str], body: str, port: int = 443
) -> dict[str, Any]:
    raw = socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=(CLIENT, 0))
    if port == 443:
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        raw = context.wrap_socket(raw, server_hostname=host)
    connection = http.client.HTTPConnection(host, port)
    connection.sock = raw
    try:
        connection.request(method, path, body or None, {"Host": host, **headers})
        answer = connection.getresponse()
        text = answer.read(100_000).decode("utf-8", "replace")
        return {"status": answer.status, "headers": {k.lower(): v for k, v in answer.getheaders()}, "body": text}
    except (ConnectionError, ssl.SSLError) as error:  # closed while the body was still on its way
        return {"status": 0, "headers": {}, "body": str(error)}
    finally:
        connection.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
