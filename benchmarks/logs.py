# SPDX-License-Identifier: GPL-3.0-or-later
"""`doctor logs` on a large access log: seconds and memory, against `wc -l` and a plain Python loop."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Effort, Figure, ratios
from benchmarks.machine import SERVER_CORE, Broken, python, scratch

_LOOP = "import sys\nlines = 0\nfor line in open(sys.argv[1], 'rb'):\n    lines += 1\nprint(lines)"
_AGENTS = (
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
)
_BLOCK = 10_000  #: different lines, which are then repeated


def logs(effort: Effort) -> list[Figure]:
    """doctor logs: a million lines, nine of ten for pixels and links, of which each is parsed."""
    lines = effort.stored
    names = {"Nginx": _nginx, "Caddy": _caddy}
    whole = lines == 1_000_000  # the bars are for a million
    found: list[Figure] = []
    with scratch() as directory:
        for name, line in names.items():
            path = directory / f"{name}.log"
            _write(path, line, lines)
            ours: list[float] = []
            cpu: list[float] = []
            memory: list[float] = []
            count: list[float] = []
            loop: list[float] = []
            for _ in range(effort.reps):
                seconds, used, megabytes, said = _run(python("bouncestream", "doctor", "logs", str(path)))
                if f"{lines:,} lines were read" not in said:
                    raise Broken(f"it did not read them all: {said[:300]}")
                ours.append(seconds)
                cpu.append(used)
                memory.append(megabytes)
                count.append(_run(["wc", "-l", str(path)])[0])
                loop.append(_run([sys.executable, "-c", _LOOP, str(path)])[0])
            size = f"{path.stat().st_size / 2**20:,.0f} MiB"
            path.unlink()
            what = f"doctor logs, {lines:,} lines of {name} ({size})"
            found += [
                Figure(what, ours, 10.0 if whole else None, at_least=False, unit="s", counts_reps=False),
                Figure("    processor time of it", cpu, at_least=False, unit="s", counts_reps=False),
                Figure("    its memory at most", memory, 60.0, at_least=False, unit="MB", counts_reps=False),
                Figure("    against wc -l", ratios(ours, count), unit="x", counts_reps=False),
                Figure("    against a plain loop in Python", ratios(ours, loop), unit="x", counts_reps=False),
            ]
    return found


def _run(command: list[str]) -> tuple[float, float, float, str]:
    """Seconds, processor seconds, the most memory in megabytes, and what it printed."""
    began = time.monotonic()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 2):
        raise Broken(f"{' '.join(command)} ended with {process.returncode}: {said[:300]}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said


def _write(path: Path, line: Callable[[str, int, str, int], str], lines: int) -> None:
    chance = random.Random(1)
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(2000)]
    block = []
    for number in range(min(_BLOCK, lines)):
        campaign, reader, agent = ids[number % 7], chance.choice(ids), chance.choice(_AGENTS)
        dice = chance.random()
        if dice < 0.75:
            block.append(line(f"/campaign/{campaign}/{reader}/px.png", 200, agent, number))
        elif dice < 0.9:
            block.append(line(f"/link/{ids[-1]}/{campaign}/{reader}", 307, agent, number))
        else:
            block.append(line(chance.choice(("/", "/static/app.css?v=1", "/wp-login.php")), 200, agent, number))
    with open(path, "w", encoding="utf-8") as file:
        text = "".join(block)
        for _ in range(lines // len(block)):
            file.write(text)
        file.writelines(block[: lines % len(block)])


def _nginx(path: str, status: int, agent: str, number: int) -> str:
    at = f"02/Mar/2026:10:{number // 60 % 60:02}:{number % 60:02} +0100"
    return f'192.0.2.{number % 250} - - [{at}] "GET {path} HTTP/1.1" {status} 74 "-" "{agent}"\n'


def _caddy(path: str, status: int, agent: str, number: int) -> str:
    return (
        f'{{"level":"info","ts":{1772442000 + number / 10:.6f},"logger":"http.log.access.log0","msg":"handled",'
        f'"request":{{"remote_ip":"192.0.2.{number % 250}","remote_port":"51722","proto":"HTTP/2.0","method":"GET",'
        f'"host":"news.example.com","uri":"{path}","headers":{{"User-Agent":["{agent}"],"Accept":["*/*"],'
        '"Accept-Encoding":["gzip, deflate, br"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,'
        f'"proto":"h2","server_name":"news.example.com"}}}},"user_id":"","duration":0.001234,"size":74,'
        f'"status":{status},"resp_headers":{{"Server":["Caddy"],"Cache-Control":["no-cache"],'
        '"Content-Type":["image/png"]}}\n'
    )
