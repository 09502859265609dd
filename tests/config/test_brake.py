# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bouncestream.brake import Threshold
from bouncestream.config.brake import THRESHOLD, BrakeSettings
from bouncestream.config.load import load
from bouncestream.settings.shapes import Wrong


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50 in 10m and 5%", Threshold(50, timedelta(minutes=10), 0.05)),
        (" 7  IN 1.5h  and 0.5 % ", Threshold(7, timedelta(minutes=90), 0.005)),
        ("1 in 1s and 0%", Threshold(1, timedelta(seconds=1), 0.0)),
        ("off", None),
        ("OFF", None),
    ],
)
def test_how_a_threshold_is_written(text: str, value: Threshold | None) -> None:
    assert THRESHOLD.parse(text) == value
    assert value is None or THRESHOLD.parse(str(value)) == value


@pytest.mark.parametrize(
    "text",
    ["", "50", "50 in 10m", "50 in 10m or 5%", "0 in 10m and 5%", "50 in 2d and 5%", "50 in 0s and 5%", "on",
     "50 in 10m and 101%", "-5 in 10m and 5%", "50 in 10 and 5%", 50, True, None, ["off"]],
)  # fmt: skip
def test_what_is_refused(text: object) -> None:
    with pytest.raises(Wrong):
        THRESHOLD.parse(text)


def test_it_is_on_unless_it_is_said() -> None:
    settings = BrakeSettings()
    assert str(settings.hard) == "50 in 10m and 5%"
    assert (settings.pause_campaign, settings.token) == (False, None)


def test_off_is_no_brake_when_it_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[listmonk]\ntoken = "sandbox-token-of-bridge"\n[brake]\nhard = "off"\n')
    assert load(str(file), {}).brake.hard is None
    file.write_text('[listmonk]\ntoken = "sandbox-token-of-bridge"\n')
    assert load(str(file), {}).brake.hard is not None
