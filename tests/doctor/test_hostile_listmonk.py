# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor, `check` and `init` ask Listmonk too: whatever it answers, they say what."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bouncestream.config.model import Listmonk
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.areas import bounces, campaigns, listmonk
from bouncestream.doctor.engine import examine_listmonk
from bouncestream.doctor.finding import Finding
from bouncestream.doctor.probe.names import Names
from bouncestream.doctor.probe.reply import Reply
from bouncestream.doctor.probe.web import Credentials, Web
from tests.sinks.listmonk.hostile import hostile
from tests.sinks.listmonk.test_hostile import KINDS, TOKEN, USER, assert_blank

CALLED = ("profile", "config", "settings", "bounces", "probe")
NOW = datetime(2026, 11, 29, tzinfo=UTC)
WORDS = st.sampled_from(
    (
        *("user_role", "list_role", "permissions", "version", "root_url", "needs_restart", "app.root_url", "id"),
        *(
            "bounce.enabled",
            "bounce.webhooks_enabled",
            "bounce.actions",
            "bounce.mailboxes",
            "soft",
            "hard",
            "name",
        ),
        *("action", "count", "host", "username", "enabled", "results", "campaign", "subscriber_uuid", "source"),
        *(
            "type",
            "status",
            "body",
            "template_id",
            "views",
            "clicks",
            "sent",
            "created_at",
            "started_at",
            "privacy",
        ),
        *("privacy", "name", "privacy.individual_tracking", "privacy.disable_tracking", "message"),
    )
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
    | st.sampled_from(("running", "finished", "http://x", "2026-01-01T00:00:00Z", "v6.2.0", "{{ TrackView }}"))
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6), max_leaves=25
)


def check(findings: list[Finding]) -> None:
    for finding in findings:
        for text in (finding.seen, finding.why, finding.fix):
            assert text.replace("\n", "").isprintable(), finding
        assert_blank(orjson.dumps(asdict(finding), default=str).decode())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries(dict.fromkeys(("profile", "config", "settings", "bounces", "probe"), JSON)), JSON, JSON
)
def test_any_json_of_listmonk_makes_findings(data: dict[str, Any], sent: Any, templates: Any) -> None:
    replies = {
        name: Reply(f"http://x/{name}", 200, body=orjson.dumps({"data": value})) for name, value in data.items()
    }
    seen = listmonk.ListmonkFacts(Credentials("http://x", USER, TOKEN), replies, NOW)
    check(listmonk.judge(seen))
    check(bounces.judge(seen, [("imap.example.com", "bounces")], ["shop"]))
    listed = Reply("http://x", 200, body=orjson.dumps({"data": {"results": sent}}))
    found = campaigns.CampaignFacts(listed.rows(), replace(listed, body=orjson.dumps({"data": templates})).rows(""))
    check(campaigns.judge(found, seen.config, seen.settings, NOW))
    assert seen.root_url is None or isinstance(seen.root_url, str)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
async def test_every_odd_answer_makes_findings(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bouncestream.doctor.probe.web.PATIENCE", 0.4)
    async with hostile(KINDS[kind][0]) as server, Web(Names()) as web:
        who = Credentials(server.url, USER, TOKEN)
        seen = await listmonk.collect(who, web)
        found = listmonk.judge(seen)
        assert found
        check(found)
        check(bounces.judge(seen, (), ["shop"]))
        check(campaigns.judge(await campaigns.collect(who, web), seen.config, seen.settings, NOW))


@pytest.mark.parametrize("kind", KINDS)
async def test_init_says_something_about_every_odd_answer(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bouncestream.doctor.probe.web.PATIENCE", 0.4)
    async with hostile(KINDS[kind][0]) as server:
        found = await examine_listmonk(Listmonk(url=server.url, user=USER, token=Secret(TOKEN)))
    assert found
    check(found)
