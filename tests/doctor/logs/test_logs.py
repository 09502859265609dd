# SPDX-License-Identifier: GPL-3.0-or-later
"""Healthy and broken access logs, in the formats that servers write: each finding comes from its own."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.logs import files
from bouncestream.doctor.logs.findings import FINDINGS
from bouncestream.doctor.logs.judge import judge
from bouncestream.doctor.logs.tally import Reader, Tally
from bouncestream.doctor.probe.web import AGENT

C = "1b4ff02c-5a2d-4f11-9d8c-5b6f3a0e7d21"
S = "9e107d9d-372b-4b68-a1f0-0c7e3d2a5b44"
L = "c0ffee00-1234-4abc-8def-0123456789ab"
ZERO = "00000000-0000-0000-0000-000000000000"
PIXEL, LINK, PAGE = f"/campaign/{C}/{S}/px.png", f"/link/{L}/{C}/{S}", f"/subscription/{C}/{S}"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
APPLE = "Mozilla/5.0"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def line(
    path: str = PIXEL, status: int = 200, agent: str = GMAIL, method: str = "GET", client: str = "192.0.2.1"
) -> str:
    """A line as Nginx and Apache write it by default (combined)."""
    return f'{client} - - [02/Mar/2026:10:00:00 +0100] "{method} {path} HTTP/1.1" {status} 74 "-" "{agent}"\n'


def caddy(path: str = PIXEL, status: int = 200, agent: str = GMAIL, method: str = "GET") -> str:
    """A line as Caddy 2.6 writes it."""
    request = {"remote_ip": "192.0.2.1", "method": method, "host": "news.example.com", "uri": path}
    request |= {"proto": "HTTP/2.0", "headers": {"User-Agent": [agent]}}  # type: ignore[dict-item]
    entry = {"level": "info", "ts": 1772442000.5, "logger": "http.log.access.log0", "msg": "handled request"}
    return json.dumps(entry | {"request": request, "duration": 0.001, "size": 74, "status": status}) + "\n"


#: Formats that servers have, or operators set; each is one healthy pixel.
FORMATS = {
    "combined": line(),
    "common": f'192.0.2.1 - - [02/Mar/2026:10:00:00 +0100] "GET {PIXEL} HTTP/1.1" 200 74\n',
    "Apache with the virtual host": "news.example.com:443 " + line(),
    "IPv6": line(client="2001:db8::1"),
    "Traefik": line().rstrip() + ' 12 "listmonk@file" "http://127.0.0.1:9000" 3ms\n',
    "status first": f'200 192.0.2.1 [02/Mar/2026:10:00:00 +0100] "GET {PIXEL} HTTP/1.1" 153 "{GMAIL}"\n',
    "times before the status": f'192.0.2.1 2026-03-02T09:00:00+00:00 "GET {PIXEL} HTTP/2.0" 0.003 404.5 200 74 '
    f'"{GMAIL}"\n',
    "bytes before the status": f'192.0.2.1 [02/Mar/2026:10:00:00 +0100] "GET {PIXEL} HTTP/2.0" 74 200 "{GMAIL}"\n',
    "names and pipes": f"ip=192.0.2.1 | GET {PIXEL} HTTP/1.1 | status=200 | ua=x\n",
    "Caddy": caddy(),
    "Caddy behind journald": "Mar 02 10:00:00 host caddy[12]: " + caddy(),
    "Caddy on a console": "2026/03/02 09:00:00.000\tINFO\thttp.log.access\thandled request\t"
    + json.dumps({"request": {"method": "GET", "uri": PIXEL}, "status": 200})
    + "\n",
    "Docker around Caddy": json.dumps({"log": caddy(), "stream": "stderr", "time": "2026-03-02T09:00:00Z"}) + "\n",
    "Docker around Nginx": json.dumps({"log": line(), "stream": "stdout", "time": "2026-03-02T09:00:00Z"}) + "\n",
    "Nginx as JSON": json.dumps(
        {"time_iso8601": "2026-03-02T10:00:00+01:00", "request": f"GET {PIXEL} HTTP/1.1", "status": "200"}
    )
    + "\n",
    "Nginx as JSON, in fields": json.dumps(
        {"msec": "1772442000.123", "request_method": "GET", "request_uri": PIXEL, "status": 200}
    )
    + "\n",
    "Traefik as JSON": json.dumps(
        {
            "RequestMethod": "GET",
            "RequestPath": PIXEL,
            "DownstreamStatus": 200,
            "StartUTC": "2026-03-02T09:00:00.1Z",
        }
    )
    + "\n",
}


def examine(
    tmp_path: Path, text: str | bytes, host: str = "", *, individual: bool | None = None
) -> tuple[list[Finding], bool]:
    path = tmp_path / "access.log"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return judge(*files.read([str(path)]), host, individual=individual)


def alarms(findings: Iterable[Finding]) -> set[str]:
    return {finding.id for finding in findings if finding.level in (Level.WARNING, Level.ERROR)}


def ids(findings: Iterable[Finding]) -> set[str]:
    return {finding.id for finding in findings}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_read(name: str, tmp_path: Path) -> None:
    findings, examined = examine(tmp_path, FORMATS[name] * 30)
    assert examined
    assert alarms(findings) == set()
    [read] = [one for one in findings if one.id == "logs-read"]
    [opened] = [one for one in findings if one.id == "logs-pixel-ok"]
    assert opened.evidence["requests"] == 30
    if name not in (
        "names and pipes",
        "Caddy on a console",
    ):  # these hold no time, or none that is told from others
        assert read.evidence["first"].startswith("2026-03-02T09:00:00")


OTHERS = line("/", 200, BROWSER) + line("/static/app.css?v=1", 304, BROWSER) + line("/wp-login.php", 404, "curl/8")
TLS_ON_PORT_80 = r'192.0.2.9 - - [02/Mar/2026:10:00:00 +0100] "\x16\x03\x01\x00" 400 157 "-" "-"' + "\n"
HEALTHY = (
    OTHERS
    + TLS_ON_PORT_80
    + line(agent=APPLE)
    + line(agent=YAHOO)
    + line()
    + line(agent=BROWSER, client="198.51.100.7")
    + line(LINK, 307, BROWSER)
    + line(PAGE, 200, BROWSER)
    + line("/webhooks/sendamatic", 200, "esp", "POST")
    + line("/webhooks/sendamatic", 405, BROWSER)
    + line(PIXEL, 404, "curl/8", "HEAD")
    + line(f"/link/{ZERO}/{ZERO}/{ZERO}", 400, "curl/8")
    + line(f"/campaign/{ZERO}/{ZERO}/px.png", 200, "curl/8")
    + line(f"/subscription/{ZERO}/{ZERO}", 404, "curl/8")
)


def test_a_healthy_log_gives_no_warning(tmp_path: Path) -> None:
    findings, examined = examine(tmp_path, HEALTHY)
    assert examined
    assert alarms(findings) == set()
    told = {finding.id: finding for finding in findings}
    assert told["logs-image-proxies"].evidence["requests"] == {
        "Gmail's image proxy": 1,
        "Yahoo's image proxy": 1,
        "Apple Mail Privacy Protection": 1,
        "browsers and mail programs": 1,
    }
    assert {"logs-link-ok", "logs-webhook-ok", "logs-head", "logs-probes"} <= told.keys()
    assert told["logs-probes"].evidence == {"requests": 3}


GOOD = line() + line(LINK, 307, BROWSER)
ERROR_LOG = (
    '2026/03/02 10:00:00 [error] 7#7: *1 open() "/usr/share/nginx/html{}" failed (2: No such file or directory), '
    'client: 192.0.2.1, server: news.example.com, request: "GET {} HTTP/1.1", host: "news.example.com"\n'
)
UPSTREAM = (
    "2026/03/02 10:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, "
    f'client: 192.0.2.1, request: "GET {PIXEL} HTTP/1.1", upstream: "http://127.0.0.1:9000{PIXEL}"\n'
)
GUIDE = line("/track/open?c=1", 404)
#: name → (log, host of the root URL, exactly these alarms)
BROKEN: dict[str, tuple[str | bytes, str, set[str]]] = {
    "nothing arrives": (OTHERS * 20, "", {"logs-no-tracking"}),
    "clicks only": (line(LINK, 307) * 5, "", {"logs-no-pixel"}),
    "pixel 404": (GOOD + line(status=404) * 9, "", {"logs-pixel-not-found"}),
    "pixel behind a login": (GOOD + line(status=401, agent=BROWSER) * 9, "", {"logs-pixel-refused"}),
    "image proxies refused": (
        GOOD + line(agent=BROWSER) + line(status=403, agent=YAHOO) * 3,
        "",
        {"logs-proxy-refused"},
    ),
    "Listmonk down": (GOOD + line(status=502) * 9, "", {"logs-pixel-failed"}),
    "redirected to https": (GOOD + line(status=301) * 9, "", {"logs-pixel-redirected"}),
    "cached": (GOOD + line(status=304) * 9, "", {"logs-pixel-cached"}),
    "a broken id": (GOOD + line(f"/campaign/{C[:-4]}/{S}/px.png", 400), "", {"logs-pixel-malformed"}),
    "an empty answer": (GOOD + line(status=204) * 9, "", {"logs-pixel-odd"}),
    "links 404": (GOOD + line(LINK, 404) * 9, "", {"logs-link-not-found"}),
    "links behind a login": (GOOD + line(LINK, 403) * 9, "", {"logs-link-refused"}),
    "links 502": (GOOD + line(LINK, 502) * 9, "", {"logs-link-failed"}),
    "links redirected": (GOOD + line(LINK, 302) * 9, "", {"logs-link-redirected"}),
    "links unknown": (GOOD + line(LINK, 400) * 9, "", {"logs-link-unknown"}),
    "links with a broken id": (GOOD + line(f"/link/x/{C}/{S}", 400), "", {"logs-link-malformed"}),
    "a page in place of links": (GOOD + line(LINK, 200) * 9, "", {"logs-link-odd"}),
    "pages 404": (GOOD + line(PAGE, 404) * 9, "", {"logs-page-not-found"}),
    "pages refused": (GOOD + line(PAGE, 403) * 9, "", {"logs-page-refused"}),
    "pages 500": (GOOD + line(PAGE, 500) * 9, "", {"logs-page-failed"}),
    "webhooks 404": (GOOD + line("/webhooks/x", 404, "esp", "POST"), "", {"logs-webhook-not-found"}),
    "webhooks 401": (GOOD + line("/webhooks/x", 401, "esp", "POST"), "", {"logs-webhook-refused"}),
    "webhooks 413": (GOOD + line("/webhooks/x", 413, "esp", "POST"), "", {"logs-webhook-too-large"}),
    "webhooks 301": (GOOD + line("/webhooks/x", 301, "esp", "POST"), "", {"logs-webhook-redirected"}),
    "webhooks 502": (GOOD + line("/webhooks/x", 502, "esp", "POST"), "", {"logs-webhook-failed"}),
    "an old guide": (GOOD + GUIDE, "", {"logs-guide-paths"}),
    "a sub-path": (GOOD + line("/news" + PIXEL, 404) * 9, "", {"logs-pixel-not-found", "logs-sub-path"}),
    "two slashes": (GOOD + line("/" + PIXEL, 404) * 9, "", {"logs-pixel-not-found", "logs-sub-path"}),
    "another host": (caddy() * 3 + caddy(LINK, 307), "letters.example.com", {"logs-other-host"}),
    "an error log": (ERROR_LOG.format(PIXEL, PIXEL) * 3, "", {"logs-error-log"}),
    "an error log, Listmonk down": (UPSTREAM * 3, "", {"logs-error-log"}),
    "an error log of something else": (
        ERROR_LOG.format("/favicon.ico", "/favicon.ico") * 3,
        "",
        {"logs-error-log", "logs-no-tracking"},
    ),
    "binary lines": ((GOOD * 20).encode() + b"\x00\x01\xff\n" * 30, "", {"logs-junk"}),
    "lines without a status": (GOOD + GOOD * 20 + f"something asked for {PIXEL}\n" * 9, "", {"logs-unread"}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found_with_its_fix_and_nothing_else(name: str, tmp_path: Path) -> None:
    log, host, expected = BROKEN[name]
    findings, _ = examine(tmp_path, log, host)
    assert alarms(findings) == expected
    for finding in findings:
        if finding.level in (Level.WARNING, Level.ERROR):
            assert finding.seen
            assert finding.why
            assert finding.fix or finding.id == "logs-junk"


NOT_EXAMINED = {
    "empty": (b"", "logs-empty"),
    "a picture": (bytes(range(256)) * 4000, "logs-unknown-format"),
    "one endless line": (b"x" * 3_000_000, "logs-unknown-format"),
    "prose": (b"It was a dark and stormy night.\n" * 40, "logs-unknown-format"),
    "zstd": (b"\x28\xb5\x2f\xfd....", "logs-unreadable"),
    "gzip of nothing": (gzip.compress(b""), "logs-empty"),
    "no gzip after all": (b"\x1f\x8b\x07 nonsense", "logs-unreadable"),
}


@pytest.mark.parametrize("name", NOT_EXAMINED)
def test_what_is_no_log_is_told(name: str, tmp_path: Path) -> None:
    raw, expected = NOT_EXAMINED[name]
    findings, examined = examine(tmp_path, raw)
    assert not examined
    assert ids(findings) - {"logs-junk"} == {expected}
    assert findings[0].fix


def test_small_shares_are_no_alarm(tmp_path: Path) -> None:
    """A restart of Listmonk, a reader who goes away: nothing to fix."""
    findings, _ = examine(tmp_path, GOOD * 500 + line(status=502) * 2 + line(status=499) * 50)
    assert alarms(findings) == set()
    [failed] = [one for one in findings if one.id == "logs-pixel-failed"]
    assert failed.level is Level.INFO
    findings, _ = examine(tmp_path, GOOD * 500 + line(status=502) * 10)
    [failed] = [one for one in findings if one.id == "logs-pixel-failed"]
    assert failed.level is Level.WARNING


def test_paths_that_are_told_hold_no_ids_and_no_secrets(tmp_path: Path) -> None:
    log = GOOD + line("/news" + PIXEL, 404) + line("/webhooks/x/a-secret-in-the-path?k=v", 404, "esp", "POST")
    findings, _ = examine(tmp_path, log)
    told = json.dumps([[one.seen, dict(one.evidence)] for one in findings], ensure_ascii=False)
    assert "/news/campaign/…/…/px.png" in told
    assert "/webhooks/x" in told
    for hidden in (S, C, "secret", "k=v"):
        assert hidden not in told


def test_several_files_are_counted_together_and_troubles_are_told(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(line())
    with gzip.open(tmp_path / "access.log.2.gz", "wt") as file:
        file.write(line(LINK, 307) * 3)
    (tmp_path / "caddy.log").write_text(caddy() * 2)
    names = [str(tmp_path / name) for name in ("access.log", "access.log.2.gz", "caddy.log")]
    findings, examined = judge(*files.read(names))
    assert examined
    counted = {one.id: one.evidence.get("requests") for one in findings}
    assert (counted["logs-pixel-ok"], counted["logs-link-ok"]) == (3, 3)
    findings, examined = judge(*files.read([*names, str(tmp_path), str(tmp_path / "gone.log")]))
    assert not examined
    assert [one.id for one in findings if one.level is Level.ERROR] == ["logs-unreadable"] * 2


def test_a_gzip_file_that_ends_early_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "access.log.gz"
    lines = "".join(line(client=f"192.0.2.{number % 250}", agent=f"{number * 7919}") for number in range(5000))
    whole = gzip.compress((GOOD + lines).encode())
    path.write_bytes(whole[: len(whole) // 2])
    findings, examined = judge(*files.read([str(path)]))
    assert examined
    assert alarms(findings) == {"logs-unreadable"}
    [opened] = [one for one in findings if one.id == "logs-pixel-ok"]
    assert 500 < opened.evidence["requests"] < 5000


def test_standard_input_and_gzip_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (GOOD.encode(), gzip.compress(GOOD.encode())):
        stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(data)))  # type: ignore[arg-type]
        monkeypatch.setattr(sys, "stdin", stdin)
        findings, examined = judge(*files.read(["-"]))
        assert examined
        assert {"logs-pixel-ok", "logs-link-ok"} <= ids(findings)


def test_a_tally_stays_small_whatever_comes(tmp_path: Path) -> None:
    """Each line another path, host, agent, prefix: the counters keep so many, and no more."""
    lines = "".join(
        caddy(f"/sub{number}{PIXEL}", 404, f"agent {number}").replace("news.example.com", f"h{number}.example.com")
        for number in range(3000)
    )
    path = tmp_path / "access.log"
    path.write_text(lines + "".join(line(f"/track/open/{number}", 404) for number in range(3000)))
    tally, _ = files.read([str(path)])
    assert tally.lines == 6000
    assert sum(tally.seen.values()) == 6000
    for counter in (tally.shapes, tally.prefixes, tally.hosts):
        assert len(counter) <= 200
    assert len(tally.seen) < 20


def test_blocks_may_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "access.log"
    path.write_text((line() + OTHERS + caddy(LINK, 307) + line(PAGE)) * 50 + line().rstrip())
    expected, _ = files.read([str(path)])
    for size in (1000, 4096, 70_001):
        monkeypatch.setattr(files, "BLOCK", size)
        tally, _ = files.read([str(path)])
        assert (tally.lines, tally.seen) == (expected.lines, expected.seen)
    assert expected.lines == 301


def test_bytes_that_were_read_add_up(tmp_path: Path) -> None:
    path = tmp_path / "access.log.gz"
    path.write_bytes(gzip.compress((GOOD * 5000).encode(), 1))
    seen: list[int] = []
    files.read([str(path)], seen.append)
    assert sum(seen) == path.stat().st_size == files.sizes([str(path)])
    assert files.sizes([str(path), "-"]) is None


def clicks(reader: int, links: int, seconds: Iterable[int], client: str = "40.94.0.7", shape: str = "nginx") -> str:
    """One recipient's clicks, one on each link, at these seconds after ten."""
    lines = []
    for number, second in zip(range(links), seconds, strict=False):
        path = f"/link/{L[:-2]}{number:02}/{C}/{S[:-4]}{reader:04}"
        if shape == "nginx":
            at = f"02/Mar/2026:10:{second // 60:02}:{second % 60:02}"
            lines.append(line(path, 307, BROWSER, client=client).replace("02/Mar/2026:10:00:00", at))
        else:
            entry = caddy(path, 307, BROWSER).replace("1772442000.5", f"{1772442000 + second}.5")
            lines.append(entry.replace("192.0.2.1", client))
    return "".join(lines)


def scans(people: int, links: int = 6, gap: int = 0, shape: str = "nginx") -> list[str]:
    """Scans of the letters of so many recipients, every link of each within a moment."""
    return [
        clicks(one, links, range(one * 20, 3000, gap) if gap else [one * 20] * links, f"40.94.{one % 3}.7", shape)
        for one in range(people)
    ]


PRIVATE = line(client="172.17.0.1") * 30 + line(LINK, 307, client="172.17.0.1")
TOLD = {
    "no clicks": (line() * 30, "logs-no-link"),
    "one client": (PRIVATE, "logs-one-client"),
    "anonymous": (GOOD + line(PIXEL.replace(S, ZERO)), "logs-anonymous"),
    "junk": ((GOOD * 200).encode() + b"\x00\n", "logs-junk"),
    "own": (GOOD + line("/webhooks/shop", 401, AGENT, "POST") * 20, "logs-own"),
    "scanners": (GOOD + "".join(scans(5)), "logs-scanners"),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_worth_to_know_is_told_without_an_alarm(name: str, tmp_path: Path) -> None:
    log, expected = TOLD[name]
    findings, _ = examine(tmp_path, log)
    assert expected in ids(findings)
    assert alarms(findings) == set()


def test_every_finding_is_produced_and_documented(tmp_path: Path) -> None:
    produced = ids(examine(tmp_path, HEALTHY)[0])
    for log, host, _ in BROKEN.values():
        produced |= ids(examine(tmp_path, log, host)[0])
    for raw, _ in (*NOT_EXAMINED.values(), *TOLD.values()):
        produced |= ids(examine(tmp_path, raw)[0])
    assert produced == set(FINDINGS)


# -- who clicks, and who asks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["nginx", "caddy"])
@pytest.mark.parametrize(("links", "gap"), [(6, 0), (2, 0), (2, 9), (4, 1), (3, 3), (9, 0), (5, 7)])
def test_scanners_are_told_with_their_numbers(tmp_path: Path, shape: str, links: int, gap: int) -> None:
    one_by_one = clicks(99, links, range(0, 3000, 300), "198.51.100.4", shape)  # a person reads the letter
    log = line() * 5 + one_by_one + "".join(scans(30, links, gap, shape))
    findings, _ = examine(tmp_path, log)
    [told] = [one for one in findings if one.id == "logs-scanners"]
    assert told.level is Level.INFO
    assert told.evidence == {
        "clicks": 30 * links,
        "of": 31 * links,
        "recipients": 30,
        "addresses": 3,
        "opens": 5,
    }
    assert alarms(findings) == set()


@pytest.mark.parametrize(
    "log",
    [
        "".join(clicks(one, 6, range(0, 3000, 40), f"198.51.100.{one}") for one in range(40)),
        "".join(clicks(one, 1, [0]) * 6 for one in range(40)),
        "".join(clicks(one, 2, [0, 20]) for one in range(40)),
        # two links at once, of a letter with six: a person opens tabs
        "".join(clicks(one, 2, [one, one]) for one in range(40)) + clicks(90, 6, range(0, 3000, 60)),
        # no time is told, so nobody knows
        "".join(scans(30)).replace("[02/Mar/2026", "[when"),
    ],
    ids=["readers", "impatient", "both links", "tabs", "timeless"],
)
def test_readers_are_no_scanners(tmp_path: Path, log: str) -> None:
    assert "logs-scanners" not in ids(examine(tmp_path, log)[0])


def test_a_reader_who_comes_after_the_scanner_is_not_counted_as_one(tmp_path: Path) -> None:
    log = "".join(clicks(one, 3, [0] * 3) + clicks(one, 1, [20], "198.51.100.4") for one in range(10))
    [told] = [one for one in examine(tmp_path, log)[0] if one.id == "logs-scanners"]
    assert (told.evidence["clicks"], told.evidence["of"], told.evidence["addresses"]) == (30, 40, 1)


def test_what_is_remembered_of_clicks_is_bounded() -> None:
    tally = Tally()
    reader = Reader(tally)
    for turn in range(30):
        reader.feed("".join(clicks(turn * 300 + one, 3, [turn] * 3) for one in range(300)).encode())
    assert len(tally.clicks._open) <= 4000
    assert tally.clicks.scanned().people == 9000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirected_webhooks(tmp_path: Path, status: int) -> None:
    log = GOOD + line("/webhooks/shop", status, "esp", "POST") * 20 + line("/webhooks/shop", 405, "esp") * 20
    findings, _ = examine(tmp_path, log)
    assert alarms(findings) == {"logs-webhook-redirected"}
    [told] = [one for one in findings if one.id == "logs-webhook-redirected"]
    assert told.level is Level.ERROR
    assert f"20 webhooks of 20 were answered {status}: /webhooks/shop." in told.seen
    assert "20 GETs of webhooks came too" in told.seen
    assert "final URL at the provider" in told.fix
    assert "check that it is running" not in told.fix


def test_our_own_examinations_are_left_out_and_told(tmp_path: Path) -> None:
    own = [
        line("/webhooks/shop", 200, AGENT, "POST") * 19,
        line("/webhooks/shop", 413, AGENT, "POST"),
        line(PIXEL, 502, AGENT) * 3,
        line(PIXEL, 200, AGENT) * 2,
        line(LINK, 307, AGENT),
        caddy(PIXEL, 200, AGENT),
        line(LINK, 404, AGENT),
        line(PIXEL, 404, AGENT, "HEAD"),
        line("/track/open", 404, AGENT),
        line("/news" + PIXEL, 404, AGENT),
        line("/webhooks/shop", 405, "bouncestream-check"),
        line(f"/campaign/{ZERO}/{ZERO}/px.png", 200, AGENT),
    ]
    log = GOOD + line("/webhooks/shop", 200, "esp", "POST") + "".join(own)
    findings, _ = examine(tmp_path, log)
    told = {one.id: one for one in findings}
    assert alarms(findings) == set()
    assert told["logs-webhook-ok"].evidence["requests"] == 1
    assert told["logs-pixel-ok"].evidence["requests"] == 1
    assert told["logs-own"].evidence["requests"] == 33
    assert "33 requests of bouncestream's own examinations are ignored" in told["logs-own"].seen
    assert {"logs-probes", "logs-head", "logs-guide-paths", "logs-sub-path"} & ids(findings) == set()
    # others who call themselves alike are counted
    assert "logs-own" not in ids(examine(tmp_path, GOOD + line(agent="not-bouncestream-doctor"))[0])


@pytest.mark.parametrize("individual", [None, False, True])
def test_opens_without_a_name_are_lost_once_individual_tracking_is_on(
    tmp_path: Path, individual: bool | None
) -> None:
    log = GOOD + line(PIXEL.replace(S, ZERO)) * 3 + line(LINK.replace(S, ZERO), 307) * 2
    [told] = [one for one in examine(tmp_path, log, individual=individual)[0] if one.id == "logs-anonymous"]
    assert told.level is (Level.WARNING if individual else Level.INFO)
    assert ("3 opens among them" in told.seen) is bool(individual)
    if individual:
        assert "clicks still count" in told.why


def test_the_address_of_ipv6_clients_is_not_taken_for_a_virtual_host(tmp_path: Path) -> None:
    tally = Tally()
    Reader(tally).feed((line(client="2001:db8::1") + "news.example.com:443 " + line(client="::1")).encode())
    assert tally.clients == {b"2001:db8::1", b"::1"}
