# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m benchmarks [NAME…] [--quick] [--json FILE]`: runs the rows, prints the table, writes JSON."""

from __future__ import annotations

import argparse
import compileall
import gc
import json
import os
import sys
import time
from pathlib import Path

import bouncestream
from benchmarks import bridge, figures, machine
from benchmarks.rows import ROWS


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="How fast bouncestream is, as ratios."
    )
    parser.add_argument("name", nargs="*", help=f"rows to run (default: all): {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="three short runs of each: to look, not to quote")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="where to write it (default: benchmarks/results/…)"
    )
    parser.add_argument("--brake", action="store_true", help="with the brake on, though nothing is held")
    args = parser.parse_args()
    if args.brake:
        bridge.BRAKE = "1000000 in 10m and 5%"
    if unknown := set(args.name) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}; known are {', '.join(ROWS)}")
    os.sched_setaffinity(0, {machine.LOAD_CORE})
    # An installed program is compiled; a checkout must not compile itself inside what is measured.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(Path(bouncestream.__file__).parent, quiet=1)
    gc.disable()  # the open-loop generator must not pause; a run allocates little
    effort = figures.QUICK if args.quick else figures.FULL
    about = {**machine.about(), "effort": vars(effort)}
    found: list[figures.Figure] = []
    troubles: dict[str, str] = {}
    for name in args.name or ROWS:
        began = time.monotonic()
        print(f"{name}: {(ROWS[name].__doc__ or '').strip().splitlines()[0]}", flush=True)
        try:
            rows = ROWS[name](effort)
        except machine.Broken as error:
            troubles[name] = str(error)
            print(f"    not measured: {error}", flush=True)
            continue
        found += rows
        print(figures.table(rows), f"    ({time.monotonic() - began:.0f} s)", sep="\n", flush=True)
        gc.collect()
    if len(found) > 1 or troubles:
        print(_summary(found, troubles))
    path = args.json or machine.RESULTS / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"about": about, "figures": [figure.as_json() for figure in found], "not_measured": troubles}
    path.write_text(json.dumps(told, indent=1))
    print(f"written: {path}")
    return 0


def _summary(found: list[figures.Figure], troubles: dict[str, str]) -> str:
    if not machine.TWO_CORES:
        return "There is one core only, so nothing of this counts."
    missed = [figure.what for figure in found if figure.verdict == "NO"]
    uncounted = [figure.what for figure in found if figure.verdict == "no count"]
    reached = sum(figure.verdict == "yes" for figure in found)
    lines = [f"\nreached: {reached} of {sum(figure.target is not None for figure in found)}"]
    lines += [f"    not reached: {what}" for what in missed]
    lines += [f"    does not count (the load's core was too busy): {what}" for what in uncounted]
    lines += [f"    not measured: {name}: {why}" for name, why in troubles.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
