# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for Prometheus and the dashboard for Grafana in deploy/: they name what bouncestream exports, and the
rules fire when they should, by Prometheus' own tool."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bouncestream.metrics import ALL
from bouncestream.outbox.state import State
from tests.docs.document import ROOT

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "bouncestream.json"
LABELS = {metric.name: set(metric.labels) for metric in ALL}
_ADDED = {"instance", "job"}  # by Prometheus itself

#: Series of a bridge, what is asked when, and the one alert that must fire (none: all is well).
STORY = """
rule_files: [{rules}]
evaluation_interval: 1m
tests:
{tests}"""
CASE = """
  - interval: 1m
    input_series:
      - {{series: 'up{{job="bouncestream", instance="a"}}', values: '{up}'}}
      - {{series: '{series}', values: '{values}'}}
    promql_expr_test:
      - expr: count by (alertname) (ALERTS{{alertstate="firing"}})
        eval_time: {at}
        exp_samples: [{fired}]
"""
CASES = [
    ("1x60", "bouncestream_part_state{part=\"relay\"}", "0x60", ""),
    ("1x60", "bouncestream_part_state{part=\"relay\"}", "2x60", "BouncestreamPartRed"),
    ("1x60", "bouncestream_part_state{part=\"relay\"}", "1x60", ""),
    ("0x60", "bouncestream_part_state{part=\"relay\"}", "0x60", "BouncestreamDown"),
    ("_x60", "bouncestream_part_state{part=\"relay\"}", "0x60", "BouncestreamAbsent"),
    ("1x60", "bouncestream_outbox_oldest_pending_seconds", "1700x60", ""),
    ("1x60", "bouncestream_outbox_oldest_pending_seconds", "1900x60", "BouncestreamNotDelivering"),
    ("1x60", "bouncestream_doubled_total", "0x20 1x40", "BouncestreamCountedTwice"),
    ("1x60", 'bouncestream_outbox_events{state="dead"}', "3x20 4x40", "BouncestreamDeadLetters"),
    ("1x60", 'bouncestream_outbox_events{state="dead"}', "4x60", ""),
    ("1x60", "bouncestream_brake_held", "7x60", "BouncestreamBrake"),
    ("1x60", 'bouncestream_outbox_standby_lag_bytes{standby="db2"}', "1e6x60", ""),
    ("1x60", 'bouncestream_outbox_standby_lag_bytes{standby="db2"}', "1e8x60", "BouncestreamStandbyBehind"),
    ("1x60", 'bouncestream_outbox_standbys{instance="a", sync="sync"}', "1x60", ""),
    ("1x60", 'bouncestream_outbox_standbys{instance="a", sync="sync"}', "1x20 _x40", "BouncestreamNoStandby"),
    ("1x60", "bouncestream_acknowledged_lost_total", "0x20 7x40", "BouncestreamAcknowledgedLost"),
    ("1x60", 'bouncestream_quarantined_total{source="a"}', "0x20 2x40", "BouncestreamUnreadable"),
]  # fmt: skip


def expressions(found: Any) -> list[str]:
    """Every query of a dashboard."""
    if isinstance(found, dict):
        own = [found["expr"]] if isinstance(found.get("expr"), str) else []
        return own + [each for value in found.values() for each in expressions(value)]
    return [each for value in found for each in expressions(value)] if isinstance(found, list) else []


def unknown(query: str) -> set[str]:
    """Metrics, and labels of them, that nothing exports."""
    names = set(re.findall(r"\bbouncestream_\w+", query))
    wrong = names - LABELS.keys()
    known = set().union(_ADDED, *(LABELS[name] for name in names - wrong))
    asked = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", query)
    asked += [each.strip() for group in re.findall(r"by \(([^)]*)\)", query) for each in group.split(",")]
    return wrong | (set(asked) - known)


def test_the_dashboard_asks_for_what_is_exported() -> None:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    asked = expressions(dashboard)
    assert len(asked) > 20
    assert [(query, bad) for query in asked if (bad := unknown(query))] == []
    # one number a panel, as Grafana wants it
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(numbers) == len(set(numbers))


def test_the_rules_ask_for_what_is_exported() -> None:
    asked = re.findall(r"^ +expr: (.*)$", RULES.read_text("utf-8"), re.M)
    assert len(asked) == RULES.read_text("utf-8").count("- alert:")
    assert [(query, bad) for query in asked if (bad := unknown(query))] == []


def test_states_are_those_of_events() -> None:
    both = RULES.read_text("utf-8") + DASHBOARD.read_text("utf-8")
    assert set(re.findall(r'state!?=\\?"(\w+)\\?"', both)) <= {state.value for state in State}


@pytest.mark.process
@pytest.mark.skipif(not (shutil.which("promtool") or os.environ.get("CI")), reason="promtool is not installed")
def test_the_rules_fire(tmp_path: Path) -> None:
    tests = "".join(
        CASE.format(
            up=up,
            series=series,
            values=values,
            at="50m",
            fired=fired and f"{{labels: '{{alertname=\"{fired}\"}}', value: 1}}",
        )
        for up, series, values, fired in CASES
    )
    (tmp_path / "story.yml").write_text(STORY.format(rules=RULES, tests=tests), "utf-8")
    for command in (["check", "rules", str(RULES)], ["test", "rules", str(tmp_path / "story.yml")]):
        done = subprocess.run(["promtool", *command], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
