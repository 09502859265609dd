# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed configurations, started for real before the sandbox Listmonk and the real bouncestream."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import trustme

from bouncestream.doctor.logs import files
from bouncestream.doctor.logs.judge import judge
from bouncestream.doctor.proxies import Site, apache, caddy, nginx, traefik
from bouncestream.errors import UsageError
from tests.doctor.proxy_stage import CLIENT

ROOT = Path(__file__).parents[2]
NEWS, HOOKS = "news.example.com", "bounces.example.com"
MODULES = {"caddy": caddy, "nginx": nginx, "apache": apache}
PROGRAMS = {"caddy": "caddy", "nginx": "nginx", "apache": "apache2"}
UNSHARE = ["unshare", "-n", "-m"] if os.geteuid() == 0 else ["unshare", "-r", "-n", "-m"]


@cache
def may_unshare() -> bool:
    return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0


def needs(kind: str) -> None:
    """Skips where the machine cannot do it; in CI that is a failure."""
    if shutil.which(PROGRAMS[kind]) and may_unshare():
        return
    assert not os.environ.get("CI"), f"{PROGRAMS[kind]} or unshare is missing; .ci/run installs them"
    pytest.skip(f"{PROGRAMS[kind]} is not installed, or this user may not make namespaces")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """cert.pem and key.pem for both names, and ca.pem."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    issued = authority.issue_cert(NEWS, HOOKS)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    for blob in issued.cert_chain_pems:
        blob.write_to_path(str(folder / "cert.pem"), append=True)
    return folder


@pytest.fixture(scope="module")
def play(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Play a scene with a proxy: once for each combination."""

    @cache
    def scene(kind: str, webhook_domain: str, listmonk: str) -> dict[str, Any]:
        needs(kind)
        folder = tmp_path_factory.mktemp(kind)
        shutil.copy(certificates / "ca.pem", folder)
        site = Site(NEWS, webhook_domain, str(certificates / "cert.pem"), str(certificates / "key.pem"))
        (folder / "site.conf").write_text(MODULES[kind].configuration(site))
        command = [*UNSHARE, sys.executable, "-m", "tests.doctor.proxy_stage", kind, str(folder), listmonk]
        done = subprocess.run(
            [*command, NEWS, webhook_domain or NEWS], cwd=ROOT, capture_output=True, text=True, timeout=110
        )
        assert done.returncode == 0, done.stderr + done.stdout
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    return scene


KINDS = ("caddy", "nginx", "apache")


@pytest.mark.process
@pytest.mark.parametrize("webhook_domain", [HOOKS, ""], ids=["two names", "one name"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_path_leads_where_it_should(kind: str, webhook_domain: str, play: Any) -> None:
    told = play(kind, webhook_domain, "sandbox")["requests"]
    for name in ("page", "pixel"):
        assert "listmonk" in told[name]["body"] or told[name]["status"] == 200, (name, told[name])
    # the bridge takes it from CLIENT only, and the client said that it was somebody else
    assert (told["webhook"]["status"], json.loads(told["webhook"]["body"])["accepted"]) == (200, 1)
    assert told["large webhook"]["status"] == 422  # it came through: authenticated, and no event
    assert told["too large webhook"]["status"] in (0, 413, 502)
    for name in ("metrics", "readyz", "sneaky metrics"):
        assert "bouncestream_" not in told[name]["body"]
        assert '"ready"' not in told[name]["body"]
        if webhook_domain:
            assert told[name]["status"] in (400, 404), told[name]


@pytest.mark.process
@pytest.mark.parametrize("kind", KINDS)
def test_http_is_redirected_and_keeps_the_path(kind: str, play: Any) -> None:
    told = play(kind, HOOKS, "sandbox")["requests"]
    for name in (NEWS, HOOKS):
        answer = told[f"http {name}"]
        assert answer["status"] in (301, 308)
        assert answer["headers"]["location"].startswith(f"https://{name}/campaign/1b4ff02c")
        assert answer["headers"]["location"].endswith("/px.png?a=1")


@pytest.mark.process
@pytest.mark.parametrize("kind", KINDS)
def test_the_pixel_arrives_unchanged_and_uncached(kind: str, play: Any) -> None:
    told = play(kind, HOOKS, "echo")["requests"]
    pixel = told["pixel"]
    assert pixel["status"] == 200
    assert "no-cache" in pixel["headers"]["cache-control"]
    assert "max-age" not in pixel["headers"]["cache-control"]
    assert "expires" not in pixel["headers"]
    arrived = {name.lower(): value for name, value in json.loads(pixel["headers"]["x-echo"])["headers"].items()}
    assert arrived["x-forwarded-for"] == CLIENT
    assert arrived["x-forwarded-proto"] == "https"
    assert arrived["host"] == NEWS
    escapes = json.loads(told["escapes"]["headers"]["x-echo"])
    assert escapes["path"] == "/link/a%2Fb/%C3%BC%20x/%2e?u=https%3A%2F%2Fx&a=1+2"


@pytest.mark.process
@pytest.mark.parametrize("kind", KINDS)
def test_doctor_logs_reads_what_the_proxy_wrote(kind: str, play: Any, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(play(kind, HOOKS, "echo")["log"])
    findings, examined = judge(*files.read([str(path)]))
    assert examined
    told = {finding.id: finding for finding in findings}
    assert told["logs-pixel-ok"].evidence["requests"] == 1
    assert told["logs-image-proxies"].evidence["requests"] == {"Gmail's image proxy": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_with_certificates_of_lets_encrypt(kind: str) -> None:
    text = MODULES[kind].configuration(Site(NEWS, HOOKS))
    if kind == "caddy":
        assert "\ttls " not in text
    else:
        assert f"/etc/letsencrypt/live/{NEWS}/fullchain.pem" in text
        assert f"-d {NEWS} -d {HOOKS}" in text
    assert 'trusted_proxies = ["127.0.0.1", "::1"]' in text


@pytest.mark.parametrize(
    "arguments",
    [
        {"domain": "https://news.example.com"},
        {"domain": "news.example.com:9000"},
        {"domain": "192.0.2.1"},
        {"domain": "news"},
        {"domain": "news.example.com; evil"},
        {"domain": "-x.example.com"},
        {"domain": "*.example.com"},
        {"domain": ""},
        {"domain": NEWS, "webhook_domain": "a b.example.com"},
        {"domain": NEWS, "cert": "/a.pem"},
        {"domain": NEWS, "key": "/a.pem"},
        {"domain": NEWS, "cert": "cert.pem", "key": "key.pem"},
        {"domain": NEWS, "cert": "/a.pem;evil", "key": "/k.pem"},
        {"domain": NEWS, "cert": "/a b.pem", "key": "/k.pem"},
        {"domain": NEWS, "listmonk": "http://127.0.0.1:9000"},
        {"domain": NEWS, "listmonk": "127.0.0.1"},
        {"domain": NEWS, "bouncestream": "127.0.0.1:99999"},
        {"domain": NEWS, "bouncestream": "127.0.0.1:80;"},
    ],
    ids=str,
)
def test_what_a_proxy_could_misread_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        Site(**arguments)


def test_names_are_made_ready() -> None:
    site = Site("News.Bücher.example.", "news.xn--bcher-kva.example", listmonk="[::1]:9000")
    assert site.domain == "news.xn--bcher-kva.example"
    assert site.names == (site.domain,)
    assert 'listen = "127.0.0.1:8025"' in caddy.configuration(site)


@pytest.mark.parametrize("webhook_domain", [HOOKS, ""])
@pytest.mark.parametrize("cert", ["", "/etc/ssl/own.pem"])
def test_traefik_routes_lead_somewhere(webhook_domain: str, cert: str) -> None:
    import yaml

    text = traefik.configuration(Site(NEWS, webhook_domain, cert, cert and "/etc/ssl/own.key"))
    static, dynamic = yaml.safe_load_all(text)
    web = static["entryPoints"]["web"]["http"]["redirections"]["entryPoint"]
    assert web == {"to": "websecure", "scheme": "https", "permanent": True}
    routers, services = dynamic["http"]["routers"], dynamic["http"]["services"]
    for router in routers.values():
        assert router["service"] in services
        assert set(router.get("middlewares", ())) <= set(dynamic["http"]["middlewares"])
        assert set(router["entryPoints"]) <= set(static["entryPoints"])
        if cert:
            assert router["tls"] == {}
        else:
            assert router["tls"]["certResolver"] in static["certificatesResolvers"]
    assert routers["listmonk"]["rule"] == f"Host(`{NEWS}`)"
    assert routers["webhooks"]["rule"] == f"Host(`{webhook_domain or NEWS}`) && PathPrefix(`/webhooks/`)"
    assert services["listmonk"]["loadBalancer"]["servers"] == [{"url": "http://127.0.0.1:9000"}]
    assert services["bouncestream"]["loadBalancer"]["servers"] == [{"url": "http://127.0.0.1:8025"}]
    assert ("certificates" in dynamic["tls"]) == bool(cert)
