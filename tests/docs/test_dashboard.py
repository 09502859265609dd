# SPDX-License-Identifier: GPL-3.0-or-later
"""The snippets of docs/operate/dashboard-proxy.md as they stand there: the real Caddy and Nginx before a real
dashboard, with TLS, the token, and the login of the proxy; only ports, paths and certificates are of the test."""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import time
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
import trustme

from bouncestream.config.dashboard import PROXY_HEADER, Dashboard
from bouncestream.crypto.secret import Secret
from bouncestream.service.paths import paths_of
from bouncestream.service.unit import unit
from tests.dashboard.stage import TOKEN, Browser, config, opened
from tests.docs.document import marked
from tests.outbox import make

PAGE = "operate/dashboard-proxy.md"
#: The password as caddy hash-password prints it, but of the least cost.
NAME, PASSWORD = "bridge.example.org", "a-password-of-ann"
HASH = "$2b$04$2brSd6szVasvr8C/8Xtdaup8/qGYtENmY8h8BLIOUuh7Zb/0UL9Du"
CLIENT = "127.0.0.2"
NGINX = """\
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


def needs(program: str) -> None:
    if not shutil.which(program):
        message = f"this test needs {program}: apt-get install {program}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def conn(path: Path) -> Iterator[sqlite3.Connection]:
    conn = make.connect(path)
    make.submit(conn, make.event("reader1@example.com"))
    yield conn
    conn.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def proxy(kind: str, site: str, folder: Path, port: int) -> Iterator[None]:
    """The proxy with a site of the document; until its end."""
    if kind == "caddy":
        head = "{\n admin off\n auto_https disable_redirects\n}\n"
        (folder / "Caddyfile").write_text(head + site)
        command = ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    else:
        (folder / "nginx.conf").write_text(
            NGINX.format(folder=folder, site=site, user="user root;" if os.geteuid() == 0 else "")
        )
        command = ["nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    environ = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with open(folder / "said", "wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, env=environ)
    try:
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "said").read_text()
                assert time.monotonic() < end
                time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(20)


def site_of(kind: str, mark: str, folder: Path, port: int, settings: Dashboard, dashboard: str) -> str:
    """A site of the document with the certificates, ports and paths of the test."""
    authority = trustme.CA()
    issued = authority.issue_cert(NAME)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    for blob in issued.cert_chain_pems:
        blob.write_to_path(folder / "cert.pem", append=True)
    cert, key = folder / "cert.pem", folder / "key.pem"
    block = marked(PAGE, mark)
    if kind == "caddy":
        site = block.replace(f"{NAME} {{", f"{NAME}:{port} {{\n    tls {cert} {key}")
        return site.replace("unix//run/bouncestream/dashboard.sock", f"unix/{settings.socket}").replace(
            "127.0.0.1:8026", dashboard
        )
    if block.startswith("location"):
        block = re.sub(r"    location.*?^    }", lambda _: block, marked(PAGE, "nginx"), flags=re.S | re.M)
    site = block.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    site = site.replace("# ssl_certificate and", f"ssl_certificate {cert}; ssl_certificate_key {key}; #")
    site = site.replace("/etc/nginx/bridge.users", str(folder / "users"))
    (folder / "users").write_text(f"ann:{{PLAIN}}{PASSWORD}\n")
    site = site.replace('"the secret"', f'"{settings.proxy_secret.reveal() if settings.proxy_secret else ""}"')
    return site.replace("127.0.0.1:8026", dashboard)


@asynccontextmanager
async def reached(folder: Path, port: int, **headers: str) -> AsyncIterator[Browser]:
    """A browser on another machine, with these headers in each of its requests."""
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    connector = aiohttp.TCPConnector(ssl=context, local_addr=(CLIENT, 0), resolver=_Here())
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers={"Host": NAME, **named}
    ) as session:
        yield Browser(f"https://{NAME}:{port}", session)


class _Here(aiohttp.abc.AbstractResolver):
    """Every name is this machine's."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        return [
            {"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        ]

    async def close(self) -> None:
        pass


@pytest.mark.process
@pytest.mark.parametrize("kind", ["caddy", "nginx"])
async def test_with_tls_and_the_token(
    kind: str, path: Path, conn: sqlite3.Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    needs(kind)
    caplog.set_level("INFO")
    made = config(path, public_url=f"https://{NAME}", trusted_proxies=(ip_network("127.0.0.1"),))
    port = free_port()
    async with opened(made) as near:
        site = site_of(kind, kind, tmp_path, port, made.dashboard, near.url.removeprefix("http://"))
        with proxy(kind, site, tmp_path, port):
            async with reached(tmp_path, port, X_Forwarded_For="203.0.113.9") as browser:
                assert (await browser.get()).headers["Location"] == "/login"
                answer = await browser.post("/login", {"token": TOKEN}, Origin=f"https://{NAME}")
                assert answer.status == 303
                assert list(browser.cookies) == ["__Host-bouncestream"], "it is for HTTPS alone"
                assert f"logged in to the dashboard from {CLIENT}" in caplog.text, "whatever the client claims"
                answer = await browser.get("/events")
                assert "reader1@example.com" not in answer.text
                assert (await browser.press(answer.page, "/show", Origin=f"https://{NAME}")).status == 303
                assert "reader1@example.com" in (await browser.get("/events")).text
                assert (await browser.get("/metrics")).status == 404, "they are not here"
            if kind == "nginx":  # Caddy has no site of another name
                async with reached(tmp_path, port, Host="evil.example") as other:
                    assert (await other.get()).status == 421


@pytest.mark.process
@pytest.mark.parametrize("kind", ["caddy", "nginx"])
async def test_the_login_of_the_proxy(kind: str, path: Path, conn: sqlite3.Connection, tmp_path: Path) -> None:
    needs(kind)
    told = tomllib.loads(marked(PAGE, "socket" if kind == "caddy" else "port"))["dashboard"]
    told |= {"listen": f"unix:{tmp_path}/dashboard.sock" if kind == "caddy" else "127.0.0.1:0", "token": None}
    if kind == "nginx":
        assert told.pop("proxy_secret_file")
        told |= {"proxy_secret": Secret("a-secret-of-the-proxy-1"), "trusted_proxies": (ip_network("127.0.0.1"),)}
    made, port = config(path, **told), free_port()
    async with opened(made) as near:
        site = site_of(kind, f"{kind} login", tmp_path, port, made.dashboard, near.url.removeprefix("http://"))
        if kind == "caddy":
            site = site.replace("$2a$14$…", HASH)
            if _version() < (2, 8):
                site = site.replace("basic_auth", "basicauth")
        with proxy(kind, site, tmp_path, port):
            async with reached(tmp_path, port) as stranger:
                assert (await stranger.get(X_Remote_User="ann")).status == 401
            basic = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
            async with reached(tmp_path, port, Authorization=f"Basic {basic}", X_Remote_User="mallory") as browser:
                answer = await browser.get()
                assert answer.status == 200
                assert "Logged in as ann" in answer.text
                assert "mallory" not in answer.text
                assert (await browser.press(answer.page, "/show", Origin=f"https://{NAME}")).status == 303
                assert "reader1@example.com" in (await browser.get("/events")).text
        if kind == "nginx":  # another program of the machine, which knows the header and not the secret
            for more in ({}, {PROXY_HEADER: "a-guess-at-the-secret-1"}):
                assert (await near.get(Host=NAME, X_Remote_User="ann", **more)).status == 403


def _version() -> tuple[int, int]:
    told = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
    major, minor = re.findall(r"\d+", told)[:2]
    return int(major), int(minor)


@pytest.mark.process
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_snippets(tmp_path: Path) -> None:
    (tmp_path / "bouncestream.service").write_text(unit(paths_of(""), ["/bin/true"]))
    more = tmp_path / "bouncestream.service.d"
    more.mkdir()
    for page, mark in ((PAGE, "systemd"), ("operate/dashboard.md", "systemd log")):
        (more / f"{mark.replace(' ', '-')}.conf").write_text(marked(page, mark))
    done = subprocess.run(
        ["systemd-analyze", "--man=no", "verify", str(tmp_path / "bouncestream.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if "bouncestream" in line] == []
