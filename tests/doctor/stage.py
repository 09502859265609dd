# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage on which the cases are played: a network and mount namespace of its own, with a real Nginx, a real
Caddy, a running bouncestream, an own hosts file, a local authority, and a second namespace as another machine.

Its addresses count as public and belong to nobody (192.88.99.0/24, 2d00::/64), so that no rule of the doctor has to
be softened for the tests. Needs root.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bouncestream.sandbox import SandboxSettings
from tests.doctor.case import CADDY, PASS, Case
from tests.doctor.certificates import Certificates
from tests.forking import Forks

ROOT = Path(__file__).parents[2]
NGINX, CADDY_AT = "192.88.99.10", "192.88.99.11"
SHARED = "shared.example.com"
TOKEN = "sandbox-token-of-bridge"
WEBHOOK = "a-secret-of-the-doctors-tests"
FIRST_PORT = 20000
MISSING = [tool for tool in ("nginx", "caddy", "unshare", "nsenter", "ip") if shutil.which(tool) is None]

_NGINX_CONF = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log warn; worker_processes 1; user root;
events {{ worker_connections 1024; }}
http {{
    access_log off; server_names_hash_bucket_size 128; keepalive_timeout 0;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=kept:1m;
    limit_req_zone $server_name zone=slow:1m rate=1r/s;
    include {folder}/sites/*.conf;
}}
"""
_SETUP = """
set -e
ip link set lo up
ip address add 192.88.99.10/24 dev lo
ip address add 10.88.0.1/32 dev lo
ip -6 address add 2d00::10/128 dev lo nodad
ip -6 route add local 2d00::/64 dev lo
ip -6 route add default dev lo
for place in /etc/nginx /etc/caddy; do test -d $place && mount -t tmpfs none $place; done
mount --bind {folder}/hosts /etc/hosts
mount --bind {folder}/resolv.conf /etc/resolv.conf
echo ready
exec sleep infinity
"""


@dataclass(frozen=True)
class Played:
    """What the doctor said of a case."""

    code: int
    findings: list[dict[str, Any]]
    seconds: float
    stderr: str

    def ids(self, *levels: str) -> set[str]:
        """The ids of the findings of these levels; all, without any."""
        return {one["id"] for one in self.findings if not levels or one["level"] in levels}

    def one(self, ident: str) -> dict[str, Any]:
        """The finding with this id."""
        return next(one for one in self.findings if one["id"] == ident)

    @property
    def told(self) -> str:
        """All findings that are bad, for the message of a failing test."""
        return "\n".join(
            f"{one['level']} {one['id']}: {one['seen']}"
            for one in self.findings
            if one["level"] not in ("ok", "info")
        )


class Stage:
    """Set up for these cases; `play` runs the doctor on one of them."""

    def __init__(self, folder: Path, cases: Sequence[Case]) -> None:
        self.folder, self.cases = folder, cases
        self.certificates = Certificates(folder / "certificates")
        self._trust = {"SSL_CERT_FILE": str(self.certificates.bundle)}
        self.ports = {case.name: FIRST_PORT + number for number, case in enumerate(cases, 1)}
        self.ports[SHARED] = FIRST_PORT
        self._environ = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        self._program: Forks | None = None
        self._processes: list[subprocess.Popen[str]] = []
        (folder / "sites").mkdir()
        (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"another picture")
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        self._write()
        try:
            self.space = self._namespace(_SETUP.format(folder=folder))
            self.laptop = self._namespace(
                f"mount --bind {folder}/hosts /etc/hosts; echo ready; exec sleep infinity"
            )
            self._wire()
            self._serve()
        except BaseException:
            self.close()
            raise

    # -- files ----------------------------------------------------------------------------------------------

    def host(self, case: Case) -> str:
        """The public name of a case."""
        return SHARED if case.proxy == "shared" else case.host or f"{case.name}.example.com"

    def _values(self, case: Case) -> dict[str, str]:
        return {"port": str(self.ports[case.name]), "host": self.host(case), "folder": str(self.folder)}

    def _write(self) -> None:
        hosts = ["127.0.0.1 localhost", "::1 localhost", f"{NGINX} {SHARED}"]
        caddy = [
            "{\n admin off\n skip_install_trust\n"
            f" storage file_system {self.folder}/caddy\n log {{\n  output discard\n }}\n}}\n"
        ]
        self._site(Case(SHARED), SHARED)
        pair = " ".join(map(str, self.certificates.files("good")))
        caddy.append(f"caddy.example.com {{\n bind {CADDY_AT}\n tls {pair}\n}}\n")
        for case in self.cases:
            host, address = self.host(case), self._address(case)
            if case.resolves and case.proxy != "shared":
                hosts += [f"{one} {host}" for one in (address, case.aaaa) if one]
            if case.proxy == "nginx":
                self._site(case, host)
            elif case.proxy == "caddy":
                caddy.append(self._caddy(case, host))
        (self.folder / "hosts").write_text("\n".join(hosts) + "\n")
        (self.folder / "Caddyfile").write_text("\n".join(caddy))
        (self.folder / "nginx.conf").write_text(_NGINX_CONF.format(folder=self.folder))

    @staticmethod
    def _address(case: Case) -> str:
        return case.address or (CADDY_AT if case.proxy == "caddy" else NGINX)

    def _site(self, case: Case, host: str) -> None:
        self.write_site(case, host, case.site or PASS)

    def write_site(self, case: Case, host: str, site: str) -> None:
        """An nginx site for a case."""
        values = self._values(case) | {"host": host}
        pem, key = self.certificates.files(case.cert)
        address = self._address(case)
        listen = f"listen {address}:443 ssl;" + (
            f" listen [{case.aaaa}]:443 ssl;" if case.aaaa == "2d00::10" else ""
        )
        blocks = case.outer or (
            f"server {{ {listen} server_name %(host)s; ssl_certificate {pem};\n"
            f"ssl_certificate_key {key};\n{site}\n}}\n"
        )
        if case.plain:
            blocks += f"server {{ listen {address}:80; server_name %(host)s;\n{case.plain}\n}}\n"
        (self.folder / "sites" / f"{case.name}.conf").write_text((blocks + case.http) % values)

    def _caddy(self, case: Case, host: str) -> str:
        values = self._values(case)
        pem, key = self.certificates.files(case.cert)
        if case.outer:
            return case.outer % values
        site = (case.site or CADDY) % values
        return f"{host} {{\n bind {self._address(case)}\n tls {pem} {key}\n {site}\n}}\n"

    # -- namespaces -----------------------------------------------------------------------------------------

    def _namespace(self, script: str) -> subprocess.Popen[str]:
        words = ["unshare", "--net", "--mount", "--propagation", "private"]
        made = subprocess.Popen([*words, "sh", "-c", script], stdout=subprocess.PIPE, text=True)
        self._processes.append(made)
        assert made.stdout is not None
        assert made.stdout.readline() == "ready\n"
        return made

    def _inside(self, space: subprocess.Popen[str]) -> list[str]:
        return ["nsenter", "--target", str(space.pid), "--net", "--mount", f"--wd={ROOT}"]

    def inside(self) -> list[str]:
        """The words before a command that shall run on the stage."""
        return self._inside(self.space)

    def _wire(self) -> None:
        """A cable between the two."""
        other = self._inside(self.laptop)[2]

        def here(*words: str) -> None:
            subprocess.run([*self._inside(self.space), "ip", *words], check=True)

        def there(*words: str) -> None:
            subprocess.run([*self._inside(self.laptop), "ip", *words], check=True)

        here("link", "add", "cable0", "type", "veth", "peer", "name", "cable1")
        here("link", "set", "cable1", "netns", other)
        here("address", "add", "198.18.0.1/30", "dev", "cable0")
        here("link", "set", "cable0", "up")
        there("link", "set", "lo", "up")
        there("address", "add", "198.18.0.2/30", "dev", "cable1")
        there("link", "set", "cable1", "up")
        there("route", "add", "default", "via", "198.18.0.1")

    def _serve(self) -> None:
        sandboxes = [(FIRST_PORT, SandboxSettings(saved={"app.root_url": f"https://{SHARED}"}), [])]
        odd: dict[str, Any] = {}
        for case in self.cases:
            root = case.root_url if case.root_url is not None else f"https://{self.host(case)}"
            saved = {"app.root_url": root % self._values(case)} | dict(case.saved)
            settings = SandboxSettings(**{"row_seconds": 0.0, "saved": saved} | dict(case.sandbox))
            sandboxes.append((self.ports[case.name], settings, list(case.posts)))
            for name, address, port, tls in case.odd:
                files = tuple(map(str, self.certificates.files(case.cert))) if tls else None
                odd[f"{name}/{case.name}/{address}:{port}"] = (address, port, files)
        plans = {"sandboxes": {"sandboxes": sandboxes, "odd": {}}, "odd": {"sandboxes": [], "odd": odd}}
        self.start("nginx", "-c", f"{self.folder}/nginx.conf", "-e", f"{self.folder}/nginx.log")
        self.start("caddy", "run", "--config", f"{self.folder}/Caddyfile", "--adapter", "caddyfile")
        for name, plan in plans.items():  # apart, so that those who behave badly slow nobody else down
            (self.folder / name).write_bytes(pickle.dumps(plan))
            servers = self.start(sys.executable, "-m", "tests.doctor.servers", f"{self.folder}/{name}", listen=True)
            assert servers.stdout is not None
            assert servers.stdout.readline() == '"ready"\n'
        self.start(sys.executable, "-m", "bouncestream", "run", "--config", str(self._bridge()))
        self._program = Forks(*self.inside(), environ=self._environ | self._trust)
        self._program.start()
        self._await_ports(f"{NGINX}:443", f"{CADDY_AT}:443", "127.0.0.1:8025")
        self._forked("version")  # once it has imported all, so that the first case is not slower

    def _bridge(self) -> Path:
        """The configuration of the bouncestream that runs."""
        path = self.folder / "bridge.toml"
        path.write_text(
            f'[listmonk]\nurl = "http://127.0.0.1:{FIRST_PORT}"\nuser = "bridge"\ntoken = "{TOKEN}"\n'
            f'[outbox]\npath = "{self.folder}/bridge.db"\n'
            f'[webhooks.shop]\nprovider = "generic"\ntoken = "{WEBHOOK}"\n'
            f'[webhooks.mail]\nprovider = "sendamatic"\nsecret = "{WEBHOOK}"\n'
            '[webhooks.open]\nprovider = "generic"\nunverified = true\n'
        )
        path.chmod(0o600)
        return path

    def start(self, *words: str, listen: bool = False) -> subprocess.Popen[str]:
        """A process within, that ends with the stage."""
        with (self.folder / f"{Path(words[0]).name}.out").open("a") as log:
            made = subprocess.Popen(
                [*self._inside(self.space), *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if listen else log,
                stderr=log,
                text=True,
                env=self._environ,
            )
        self._processes.append(made)
        return made

    def _await_ports(self, *wanted: str) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            found = subprocess.run(
                [*self._inside(self.space), "ss", "-ltnH"], capture_output=True, text=True
            ).stdout
            if all(one in found for one in wanted):
                return
            time.sleep(0.05)
        logs = "\n".join(path.read_text() for path in self.folder.glob("*.out"))
        raise AssertionError(f"not listening: {wanted}\n{logs}")

    def reload(self) -> None:
        """Let nginx read its sites anew, and wait until it has."""
        pid = int((self.folder / "nginx.pid").read_text())
        before = self._workers(pid)
        os.kill(pid, signal.SIGHUP)
        until = time.monotonic() + 10
        while time.monotonic() < until and self._workers(pid) & before:
            time.sleep(0.02)

    @staticmethod
    def _workers(pid: int) -> set[str]:
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def close(self) -> None:
        """End all that was started here."""
        if self._program is not None:
            self._program.close()
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    # -- playing --------------------------------------------------------------------------------------------

    def configuration(self, case: Case) -> Path:
        """The config.toml of a case."""
        folder = self.folder / case.name
        (folder / "state").mkdir(parents=True, exist_ok=True)
        values = self._values(case)
        keys = {"url": "http://127.0.0.1:%(port)s", "user": "bridge", "token": TOKEN, **case.listmonk}
        public = f"https://{self.host(case)}" if case.public_url is None else case.public_url
        if public:
            keys["public_url"] = public
        lines = "\n".join(f'{key} = "{value % values}"' for key, value in keys.items())
        path = folder / "config.toml"
        text = f"[listmonk]\n{lines}\n{case.config % values}\n"
        if case.fresh:  # beside a bouncestream that runs, an outbox that is missing would be lost
            listen = 'listen = "127.0.0.1:8999"\n'
            text = (
                text.replace("[server]\n", f"[server]\n{listen}")
                if "[server]" in text
                else f"{text}[server]\n{listen}"
            )
            text += f'[outbox]\npath = "{folder}/state/outbox.db"\n'
        elif "[outbox]" not in text:
            text += f'[outbox]\npath = "{self.folder}/bridge.db"\n'
        path.write_text(text)
        path.chmod(0o600)
        return path

    def play(self, case: Case, *more: str, as_json: bool = True) -> Played:
        """Run the real program on a case."""
        words = ["doctor", *case.words.split(), *more]
        if case.outside:
            words += ["--outside", *(case.outside % self._values(case)).split()]
        else:
            words += ["--config", str(self.configuration(case))]
        words += ["--json"] if as_json else []
        (self.folder / case.name).mkdir(exist_ok=True)
        mounts = self._mounts(case)
        began = time.monotonic()
        if mounts or case.laptop:
            code, out, err = self._elsewhere(mounts, words, laptop=case.laptop)
        else:
            code, out, err = self._forked(*words)
        seconds = time.monotonic() - began
        if not as_json:
            return Played(code, [{"text": out}], seconds, err)
        try:
            found = json.loads(out)["findings"]
        except (ValueError, KeyError) as error:
            raise AssertionError(f"no JSON: {out!r} {err}") from error
        return Played(code, found, seconds, err)

    def _forked(self, *words: str) -> tuple[int, str, str]:
        """Run the program on this machine, among its files."""
        assert self._program is not None
        done = self._program.run(words, cwd=ROOT, env=self._environ | self._trust, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def _elsewhere(self, mounts: str, words: Sequence[str], *, laptop: bool) -> tuple[int, str, str]:
        """Run the program on another machine, or among other files."""
        inside = self._inside(self.laptop if laptop else self.space)
        if mounts:
            inside += ["unshare", "--mount", "--propagation", "private", "sh", "-ec", f'{mounts} exec "$@"', "sh"]
        done = subprocess.run(
            [*inside, sys.executable, "-m", "bouncestream", *words],
            capture_output=True,
            text=True,
            env=os.environ | self._trust,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    def _mounts(self, case: Case) -> str:
        lines = ""
        for place, text in case.mounts.items():
            if place.endswith(".conf"):
                (self.folder / case.name / "file").write_text(text)
                lines += f"mount --bind {self.folder}/{case.name}/file {place}; "
                continue
            folder = self.folder / case.name / re.sub(r"\W", "_", place)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / ("Caddyfile" if "caddy" in place else "site.conf")).write_text(text)
            lines += f"mount --bind {folder} {place}; "
        if case.small_disk:
            lines += f"mount -t tmpfs -o size=100m none {self.folder}/{case.name}/state; "
        return lines
