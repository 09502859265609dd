# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream import providers
from bouncestream.cli import guiding
from tests.providers.case import KEY

URL = "https://bounces.example.org/webhooks/news"


@pytest.mark.parametrize("name", providers.names())
def test_a_guide_is_whole_at_80_columns(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    provider = providers.get(name)
    guiding.tell(provider, providers.webhook("news", name), URL, KEY)
    told = capsys.readouterr().out
    for line in told.splitlines():
        assert len(line) <= 80 or any(value in line for value in (KEY, "/webhooks/", '": "')), line
    words = " ".join(told.split())
    for header in provider.guide.campaign_headers:
        assert f'"{header}"' in told
    assert provider.guide.campaign_headers or f"Campaign and subscriber come back {provider.guide.uuids}" in words
    limits = dict(guiding.limits(provider))
    if provider.classes:
        assert str(provider.guide.read) in limits["as of"]
        assert limits["it tries again"]
    assert bool(limits["it waits"]) is (provider.deadline > 0)
