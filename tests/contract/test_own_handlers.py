# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: what Listmonk's own webhooks make of the reports of its six providers (`own_handlers`).

The certificate of an SNS message is fetched from Amazon. For its reports the real Listmonk has to take this machine
for that: its own /etc/hosts leads the name in `sns.CERTIFICATE` to 127.0.0.1, and its SSL_CERT_FILE is the
authority (certificate and key) that BOUNCESTREAM_TEST_LISTMONK_SNS names. `RENEW_OUTPUT=1` writes the file
anew.
"""

from __future__ import annotations

import json
import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from aiohttp import web

from bouncestream.crypto.proof import Basic
from tests.contract.conftest import LISTMONKS
from tests.contract.own_handlers import CASES, REPORTS, SEEN, Report, ours, theirs
from tests.providers import sns
from tests.providers.case import KEY
from tests.providers.cases.lettermint import signed as lettermint_signed
from tests.providers.keys import ecdsa_key, public

_SNS = os.environ.get("BOUNCESTREAM_TEST_LISTMONK_SNS", "")
ON = {
    "bounce.ses_enabled": True,
    "bounce.sendgrid_enabled": True,
    "bounce.sendgrid_key": public(ecdsa_key(KEY)),
    "bounce.azure": {"enabled": True, "shared_secret": "", "shared_secret_header": ""},
    "bounce.postmark": {"enabled": True, "username": "anyone", "password": KEY},
    "bounce.forwardemail": {"enabled": True, "key": KEY},
    "bounce.lettermint": {"enabled": True, "key": KEY},
}
DEFAULTS = {
    "soft": {"count": 2, "action": "none"},
    "hard": {"count": 1, "action": "blocklist"},
    "complaint": {"count": 1, "action": "blocklist"},
}


def request(report: Report, address: str) -> tuple[bytes, dict[str, str]]:
    """The body and headers that the provider would send now."""
    document = report.about(address)
    if report.provider == "ses":  # Listmonk knows the older way of signing only
        text = json.dumps(sns.message(KEY, json.dumps(document), SignatureVersion="1")).encode()
        return text, {"X-Amz-Sns-Message-Type": "Notification"}
    case = CASES[report.provider]
    body, headers = case.sign(document, KEY, case)
    if report.provider == "lettermint":
        headers = lettermint_signed(body, KEY, time.time())
    elif report.provider == "postmark":
        headers = {"Authorization": Basic.header("anyone", KEY)}
    elif report.provider == "azure":  # it was given no secret, which is its default
        headers = {"aeg-event-type": "Notification"}
    return body, headers | {"Content-Type": case.content_type}


@asynccontextmanager
async def amazon() -> AsyncIterator[None]:
    """The server of Amazon's certificate, on this machine."""
    if not _SNS:
        yield
        return
    authority = trustme.CA.from_pem(Path(_SNS).read_bytes(), Path(_SNS).read_bytes())
    url = urlsplit(sns.CERTIFICATE)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(url.hostname or "").configure_cert(context)

    async def pem(_: web.Request) -> web.Response:
        return web.Response(body=sns.PEM)

    app = web.Application()
    app.router.add_get(url.path, pem)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 443, ssl_context=context).start()
        yield
    finally:
        await runner.cleanup()


async def seen_of(listmonk: Any, report: Report) -> dict[str, Any]:
    """What Listmonk does with one report."""
    person = await listmonk.person()
    body, headers = request(report, person["email"])
    url = f"{listmonk.url}/webhooks/service/{report.provider}"
    async with listmonk.session.post(url, data=body, headers=headers) as response:
        answer = response.status
    await listmonk.recorded()
    status, found = await listmonk.call("GET", f"/api/bounces?subscriber_id={person['id']}&per_page=100")
    assert status == 200, found
    rows = [row for row in found["data"]["results"] if row["email"] == person["email"]]
    return {
        "answer": answer,
        "type": rows[0]["type"] if rows else None,
        "status": (await listmonk.seen(person))["status"],
    }


@pytest.mark.long
@pytest.mark.skipif("real" not in LISTMONKS, reason="the sandbox has no such webhooks, and no real one is named")
@pytest.mark.parametrize("listmonk", ["real"], indirect=True)
async def test_what_its_own_webhooks_do(listmonk: Any) -> None:
    listmonk.needs("bounces:get", "subscribers:manage")
    if listmonk.version < (6,):
        pytest.skip("the table is of Listmonk 6: older ones lack handlers that it knows")
    asked = [report for report in REPORTS if _SNS or report.provider != "ses"]
    async with listmonk.saved(ON | {"bounce.actions": DEFAULTS}), amazon():
        found = {report.id: await seen_of(listmonk, report) for report in asked}
    if os.environ.get("RENEW_OUTPUT"):
        kept = json.loads(SEEN.read_text("utf-8"))["reports"] if SEEN.exists() else {}
        version = ".".join(map(str, listmonk.version))
        whole = {"version": version, "reports": {r.id: found.get(r.id) or kept[r.id] for r in REPORTS}}
        SEEN.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
    assert found == {report.id: theirs(report) for report in asked}


def test_each_report_was_seen_and_is_read_by_ours() -> None:
    assert [report.id for report in REPORTS] == list(json.loads(SEEN.read_text("utf-8"))["reports"])
    assert {ours(report) for report in REPORTS} == {
        "hard",
        "soft",
        "complaint",
        "unsubscribe",
        "nothing",
        "refused",
    }
