# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import gzip
import json
import logging
import zlib
from ipaddress import ip_network

import pytest

from bouncestream.crypto.proof import HeaderSecret
from bouncestream.crypto.secret import Secret
from bouncestream.errors import StoreBusy, StoreUnavailable
from bouncestream.health import Status
from bouncestream.metrics import EVENTS_LISTED, REQUESTS, REQUESTS_REFUSED, SOURCE_INFO
from bouncestream.policy import Rules
from bouncestream.providers import webhook
from bouncestream.providers.generic import SIGNED
from bouncestream.sources.webhook import selftest
from tests.sources.conftest import EVENT, KEY, TOKEN, Clock, Running, Start, answer, message

URL = "/webhooks/scripts"


async def test_a_good_request_is_answered_after_emit(running: Running) -> None:
    got = await running.post(URL, content_type="application/json", **TOKEN)
    assert got.status == 200
    assert got.body == b'{"accepted": 1, "duplicates": 0, "quarantined": 0}'
    assert got.headers["content-type"] == "application/json"
    (submission,) = running.emitted.submissions
    assert (submission.source, submission.provider) == ("scripts", "generic")
    assert submission.raw == EVENT
    assert submission.content_type == "application/json"
    assert [event.recipient for event in submission.events] == ["person@example.org"]
    assert running.metrics.get(REQUESTS, "scripts", "200") == 1


async def test_nothing_is_answered_before_emit_returns(running: Running) -> None:
    running.emitted.gate = asyncio.Event()
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN))
        await running.emitted.entered.wait()
        asked = asyncio.ensure_future(answer(reader))
        await asyncio.sleep(0)
        assert not asked.done()
        running.emitted.gate.set()
        assert (await asked).status == 200


async def test_many_on_one_connection_and_pipelined(running: Running) -> None:
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN) * 50)
        assert [(await answer(reader)).status for _ in range(50)] == [200] * 50
    assert len(running.emitted.submissions) == 50


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "\xff\xfe\x80"}])
async def test_a_wrong_or_missing_secret(
    running: Running, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        got = await running.post(URL, **headers)
        assert (got.status, got.body) == (401, b"unauthorized\n")
    assert running.emitted.submissions == []
    assert running.metrics.get(REQUESTS_REFUSED, "scripts") == 5
    assert running.metrics.get(REQUESTS, "scripts", "401") == 5
    (line,) = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert line.startswith("webhook scripts: refused a request from 127.0.0.1: ")


def signed(key: Secret, at: int, body: bytes) -> str:
    return f"sha256={SIGNED.sign(key, body, timestamp=str(at))}"


async def test_a_signed_request(start: Start) -> None:
    key = Secret(KEY)
    running = await start({"s": webhook(name="s", provider="generic", hmac_secret=key)})
    at = int(Clock().now().timestamp())
    for body in (EVENT, gzip.compress(EVENT)):
        headers = {"X_Bouncestream_Timestamp": str(at), "X_Bouncestream_Signature": signed(key, at, body)}
        if body != EVENT:
            headers["Content_Encoding"] = "gzip"
        assert (await running.post("/webhooks/s", body, **headers)).json["accepted"] == 1
        late = {**headers, "X_Bouncestream_Timestamp": str(at - 1)}
        assert (await running.post("/webhooks/s", body, **late)).status == 401


async def test_paths_and_methods(running: Running) -> None:
    for path in (
        "/",
        "/webhooks",
        "/webhooks/",
        "/webhooks/other",
        "/webhooks/scripts/secret",
        "/x/../webhooks/scripts",
    ):
        assert (await running.post(path, **TOKEN)).status == 404, path
    assert (await running.post(URL + "/", **TOKEN)).status == 200
    assert (await running.post(URL + "?x=y", **TOKEN)).status == 200
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        got = await running.post(URL, b"", method, **TOKEN)
        assert (got.status, got.headers["allow"]) == (405, "POST")
    assert (await running.post("/metrics")).status == 405


async def test_a_secret_in_the_path(start: Start) -> None:
    hook = webhook(name="s", provider="sendamatic", path_secret=Secret("a/secret with% odd ones"))
    running = await start({"s": hook})
    body = json.dumps(
        {"notification_type": "bounce", "bounce": {"bounce_type": "Hard bounce", "recipient": "a@example.org"}}
    ).encode()
    assert (await running.post("/webhooks/s/a%2Fsecret%20with%25%20odd%20ones", body)).json["accepted"] == 1
    for path in ("/webhooks/s", "/webhooks/s/", "/webhooks/s/wrong"):
        assert (await running.post(path, body)).status == 401


async def test_an_address_behind_a_trusted_proxy(start: Start) -> None:
    hook = webhook(name="scripts", provider="generic", token=Secret(KEY), allow_ips=(ip_network("192.0.2.1"),))
    direct = await start({"scripts": hook})
    assert (await direct.post(URL, **TOKEN, X_Forwarded_For="192.0.2.1")).status == 401
    proxied = await start({"scripts": hook}, trusted_proxies=(ip_network("127.0.0.0/8"),))
    assert (await proxied.post(URL, **TOKEN, X_Forwarded_For="192.0.2.1")).status == 200
    assert (await proxied.post(URL, **TOKEN, X_Forwarded_For="192.0.2.1, 203.0.113.9")).status == 401
    assert (await proxied.post(URL, **TOKEN)).status == 401


@pytest.fixture
async def vendor(start: Start) -> Running:
    """One whose webhook is an ESP's, not a script's."""
    one: Running = await start({"scripts": webhook(name="scripts", provider="sendamatic", secret=Secret(KEY))})
    return one


SECRET = {"X_Webhook_Secret": KEY}


async def test_unreadable_is_kept(vendor: Running, caplog: pytest.LogCaptureFixture) -> None:
    running = vendor
    got = await running.post(URL, b"\xff\x00 junk", **SECRET)
    assert (got.status, got.json) == (200, {"accepted": 0, "duplicates": 0, "quarantined": 1})
    (submission,) = running.emitted.submissions
    assert submission.raw == b"\xff\x00 junk"
    assert submission.unreadable[0].part == b""
    assert "is not JSON" in submission.unreadable[0].why
    assert "quarantined" in caplog.text


async def test_a_script_is_told_its_mistake_and_what_is_right_is_stored(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    got = await running.post(URL, b"[" + EVENT + b', {"recipient": "x"}]', **TOKEN)
    assert (got.status, got.headers["connection"]) == (422, "close")
    assert got.json == {
        "accepted": 1,
        "duplicates": 0,
        "refused": [{"why": "kind is missing", "part": '{"recipient":"x"}'}],
    }
    (submission,) = running.emitted.submissions
    assert (len(submission.events), submission.unreadable) == (1, ())
    assert (await running.post(URL, b"junk", **TOKEN)).json["refused"][0]["why"].startswith("the body is not JSON")
    assert len(running.emitted.submissions) == 1
    assert "refused: kind is missing" in caplog.text


async def test_an_unknown_type_is_kept_and_named(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    running = await start({"s": webhook(name="s", provider="sendamatic", secret=Secret(KEY))})
    body = b'{"notification_type": "de\\nlivered", "delivered": {}}'
    got = await running.post("/webhooks/s", body, X_Webhook_Secret=KEY)
    assert (got.status, got.json["quarantined"]) == (200, 1)
    assert running.emitted.submissions[0].unreadable[0].event_type == "de\nlivered"
    assert '(type "de\\nlivered")' in caplog.text


async def test_what_a_provider_refuses_by_its_own_list_is_kept_and_counted(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    running = await start({"news": webhook("news", "postmark", path_secret=Secret(KEY))})
    event = b'{"RecordType": "Bounce", "Type": "ManuallyDeactivated", "Email": "person@example.org", "ID": 1}'
    assert (await running.post(f"/webhooks/news/{KEY}", event)).json["accepted"] == 1
    (submission,) = running.emitted.submissions
    assert Rules().ignores(submission.events[0])
    assert running.metrics.get(EVENTS_LISTED, "news") == 1
    assert "see Suppressions of the message stream at Postmark" in caplog.text


async def test_nothing_to_keep(running: Running) -> None:
    got = await running.post(URL, b"[]", **TOKEN)
    assert (got.status, got.json) == (200, {"accepted": 0, "duplicates": 0, "quarantined": 0})
    assert running.emitted.submissions == []


@pytest.mark.parametrize(
    ("error", "after"), [(StoreBusy("full"), "5"), (StoreUnavailable("disk full"), "60"), (KeyError("bug"), "60")]
)
async def test_nothing_stored_is_never_a_2xx(
    running: Running, error: Exception, after: str, caplog: pytest.LogCaptureFixture
) -> None:
    running.emitted.error = error
    got = await running.post(URL, **TOKEN)
    assert (got.status, got.headers["retry-after"]) == (503, after)
    assert "Traceback" not in caplog.text
    running.emitted.error = None
    assert (await running.post(URL, **TOKEN)).status == 200


async def test_an_array_of_thousands(running: Running) -> None:
    many = b"[" + b",".join([EVENT] * 10_000) + b"]"
    assert (await running.post(URL, many, **TOKEN)).json["accepted"] == 10_000
    more = b"[" + b",".join([EVENT] * 10_001) + b"]"
    got = await running.post(URL, more, **TOKEN)
    assert got.status == 413
    assert b"send them in several" in got.body


async def test_nul_and_lone_surrogates(running: Running) -> None:
    body = b'{"kind": "hard", "recipient": "a@example.org", "diagnostic": "\\u0000\\ud800 \\udfff x"}'
    assert (await running.post(URL, body, **TOKEN)).json["accepted"] == 1
    assert running.emitted.submissions[0].events[0].diagnostic == "�? ? x"


@pytest.mark.parametrize("charset", ["x-unknown", "base64", "\xff", "utf-16"])
async def test_unknown_charsets(running: Running, charset: str) -> None:
    got = await running.post(URL, content_type=f"application/json; charset={charset}", **TOKEN)
    assert got.json["accepted"] == 1


def deflate_raw(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(EVENT, mtime=0)),
        ("X-GZIP", gzip.compress(EVENT[:10], mtime=0) + gzip.compress(EVENT[10:], mtime=0)),
        ("deflate", zlib.compress(EVENT)),
        ("deflate", deflate_raw(EVENT)),
        ("identity", EVENT),
    ],
)
async def test_compressed_bodies(running: Running, encoding: str, body: bytes) -> None:
    assert (await running.post(URL, body, content_encoding=encoding, **TOKEN)).json["accepted"] == 1
    assert running.emitted.submissions[0].raw == EVENT


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense"])
async def test_unknown_encodings(running: Running, encoding: str) -> None:
    assert (await running.post(URL, content_encoding=encoding, **TOKEN)).status == 415
    assert running.emitted.submissions == []


async def test_a_bomb(start: Start) -> None:
    running = await start(max_body=100_000)
    for bomb in (gzip.compress(b"0" * 50_000_000), gzip.compress(b"0" * 60_000) * 2):
        got = await running.post(URL, bomb, content_encoding="gzip", **TOKEN)
        assert (got.status, got.body) == (413, b"the decompressed body is larger than 100000 bytes\n")
    assert running.emitted.submissions == []


@pytest.mark.parametrize(
    "body", [b"not gzip", gzip.compress(EVENT, mtime=0)[:-9], gzip.compress(EVENT, mtime=0) + b"rest"]
)
async def test_a_damaged_compressed_body_is_kept_as_sent_if_it_is_authentic(vendor: Running, body: bytes) -> None:
    running = vendor
    assert (await running.post(URL, body, content_encoding="gzip")).status == 401
    got = await running.post(URL, body, content_encoding="gzip", **SECRET)
    assert (got.status, got.json["quarantined"]) == (200, 1)
    assert running.emitted.submissions[0].raw == body


async def test_nothing_is_decompressed_for_strangers(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def decompress(*_: object) -> bytes:
        raise AssertionError("decompressed before it was verified")

    monkeypatch.setattr("bouncestream.sources.webhook.reading.decompressed", decompress)
    hooks = {
        "token": webhook(name="token", provider="generic", token=Secret(KEY)),
        "signed": webhook(name="signed", provider="generic", hmac_secret=Secret(KEY)),
        "sendamatic": webhook(name="sendamatic", provider="sendamatic", secret=Secret(KEY)),
        "path": webhook(name="path", provider="sendamatic", path_secret=Secret(KEY)),
    }
    running = await start(hooks)
    for name in hooks:
        for encoding in ("gzip", "deflate", "br"):
            got = await running.post(f"/webhooks/{name}", gzip.compress(EVENT), content_encoding=encoding)
            assert got.status == 401
    assert running.metrics.get(REQUESTS, "signed", "401") == 3


async def test_a_request_is_verified_once(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = HeaderSecret.head
    monkeypatch.setattr(HeaderSecret, "head", lambda *args: calls.append(args[1]) or real(*args))
    for body in (EVENT, EVENT + b" " * 40_000):
        assert (await running.post(URL, body, **TOKEN)).status == 200
    for body, status in ((gzip.compress(EVENT), 200), (b"damaged", 422)):
        assert (await running.post(URL, body, content_encoding="gzip", **TOKEN)).status == status
    assert len(calls) == 4


async def test_a_large_request_is_read_in_a_thread(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = asyncio.to_thread

    async def to_thread(*args: object) -> object:
        calls.append(args[0])
        return await real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    padding = b" " * 33_000
    assert (await running.post(URL, EVENT, **TOKEN)).status == 200
    assert calls == []
    assert (await running.post(URL, EVENT + padding, **TOKEN)).json["accepted"] == 1
    assert len(calls) == 1
    assert (await running.post(URL, EVENT + padding, Authorization="no")).status == 401


async def test_health(running: Running) -> None:
    assert (await running.post("/healthz", b"", "GET")).body == b"ok\n"
    got = await running.post("/readyz", b"", "GET")
    assert (got.status, got.json) == (
        200,
        {"ready": True, "parts": {"webhook:scripts": {"state": "green", "why": ""}}},
    )
    running.health.set("outbox", Status.RED, "disk full")
    got = await running.post("/readyz", b"", "GET")
    assert got.status == 503
    assert got.json["parts"]["outbox"] == {"state": "red", "why": "disk full"}


async def test_a_proxy_asks_only_whether_webhooks_can_be_stored(start: Start) -> None:
    running = await start(metrics="dashboard")

    async def asked() -> tuple[int, bytes]:
        got = await running.post("/readyz/intake", b"", "GET")
        return got.status, got.body

    assert await asked() == (200, b"ok\n")
    running.health.set("listmonk", Status.RED, "Listmonk is away")
    running.health.set("mailbox:bounces", Status.RED, "login refused")
    running.health.set("intake", Status.YELLOW, "the queue is full")
    assert await asked() == (200, b"ok\n")
    for part in ("intake", "outbox"):
        running.health.set(part, Status.RED, "PostgreSQL at db.internal is away")
        assert await asked() == (503, b"nothing can be stored\n"), "and not why, to whoever asks"
        running.health.set(part, Status.GREEN)
    assert await asked() == (200, b"ok\n")
    assert (await running.post("/readyz/intake")).status == 405


async def test_metrics(running: Running) -> None:
    await running.post(URL, **TOKEN)
    got = await running.post("/metrics", b"", "GET")
    assert got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b'bouncestream_webhook_requests_total{source="scripts",status="200"} 1' in got.body


async def test_health_and_metrics_are_not_here_once_they_are_on_the_dashboard(start: Start) -> None:
    running = await start(metrics="dashboard")
    for path in ("/metrics", "/readyz", "/metrics/", "//metrics", "/readyz?x=1"):
        got = await running.post(path, b"", "GET")
        assert (got.status, got.body) == (404, b"not found\n"), path
    assert (await running.post("/healthz", b"", "GET")).body == b"ok\n", "which says nothing but that it is there"
    assert (await running.post(URL, **TOKEN)).status == 200


async def test_an_unverified_webhook_is_yellow(start: Start) -> None:
    running = await start({"open": webhook(name="open", provider="generic", unverified=True)})
    assert running.health.parts["webhook:open"].state is Status.YELLOW
    assert (await running.post("/webhooks/open")).json["accepted"] == 1


async def test_reload(running: Running) -> None:
    new = webhook(name="new", provider="generic", token=Secret("another-secret-of-length"))
    running.server.reload({"new": new}, Rules())
    assert (await running.post(URL, **TOKEN)).status == 404
    assert (await running.post("/webhooks/new", **TOKEN)).status == 401
    assert (await running.post("/webhooks/new", Authorization="Bearer another-secret-of-length")).status == 200
    assert list(running.health.parts) == ["webhook:new"]


async def test_stop_lets_what_is_in_hand_end(running: Running) -> None:
    running.emitted.gate = asyncio.Event()
    async with running.connection() as (reader, writer), running.connection() as (idle, _):
        writer.write(message(URL, **TOKEN))
        await running.emitted.entered.wait()
        stopping = asyncio.create_task(running.server.stop(10))
        assert await idle.read() == b""  # closed at once
        with pytest.raises(ConnectionError):
            await running.post(URL, **TOKEN)
        assert not stopping.done()
        running.emitted.gate.set()
        got = await answer(reader)
        assert (got.status, got.headers["connection"]) == (200, "close")
        await stopping
    await running.server.stop(1)  # once more is no harm


async def test_stop_waits_no_longer_than_its_grace(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    running.emitted.gate = asyncio.Event()
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN))
        await running.emitted.entered.wait()
        await running.server.stop(0.05)
        assert await reader.read() == b""
    assert "1 connections were cut off" in caplog.text
    running.emitted.gate.set()


async def test_a_port_that_is_taken(running: Running, start: Start) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await start(listen=f"127.0.0.1:{running.address[1]}")


async def test_lines_that_repeat_are_counted_not_logged(
    running: Running, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(Clock, "monotonic", lambda self: now[0])
    caplog.set_level(logging.WARNING)
    for _ in range(4):
        await running.post(URL)
    now[0] = 61.0
    await running.post(URL)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert lines[1].endswith("(3 more like it before)")


SHOP = webhook(name="shop", provider="generic", token=Secret(KEY))


def selftest_message(path: str, body: bytes, secret: str = KEY, **headers: str) -> bytes:
    signed = {
        name.replace("-", "_"): value
        for name, value in selftest.headers(SHOP, Secret(secret), Clock().now(), body).items()
    }
    return message(path, body, **signed, **headers)


async def test_a_self_test_is_asked_for_the_path_secret_as_everybody_is(start: Start) -> None:
    hook = webhook(name="shop", provider="generic", token=Secret(KEY), path_secret=Secret("a-path-" + KEY))
    running = await start({"shop": hook})
    body = selftest.asking_for("0" * 32)
    for path in ("/webhooks/shop", "/webhooks/shop/a-path-wrong"):
        assert (await running.raw(selftest_message(path, body))).body == b"unauthorized\n"
    assert running.emitted.submissions == []
    got = await running.raw(selftest_message(f"/webhooks/shop/a-path-{KEY}", body))
    assert (got.status, got.json["selftest"], got.json["accepted"]) == (200, "ok", 1)


async def test_a_self_test_from_an_address_that_is_not_allowed(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    hook = webhook(name="shop", provider="generic", token=Secret(KEY), allow_ips=(ip_network("192.0.2.0/24"),))
    running = await start({"shop": hook}, trusted_proxies=(ip_network("127.0.0.1/32"),))
    for body in (b"selftest", selftest.asking_for("0" * 32)):
        got = await running.raw(selftest_message("/webhooks/shop", body, X_Forwarded_For="203.0.113.9"))
        assert (got.status, got.json["sender"]) == (401, "203.0.113.9")
        assert got.json["selftest"] == "the address is not in allow_ips"
        allowed = await running.raw(selftest_message("/webhooks/shop", body, X_Forwarded_For="192.0.2.7"))
        assert allowed.json["selftest"] == "ok"
    assert len(running.emitted.submissions) == 1  # the one that was allowed
    for sent in (
        selftest_message("/webhooks/shop", b"x" * 65, X_Forwarded_For="203.0.113.9"),
        selftest_message("/webhooks/shop", b"selftest", "another-secret-of-length", X_Forwarded_For="203.0.113.9"),
    ):
        assert (await running.raw(sent)).body == b"unauthorized\n"
    assert running.metrics.get(REQUESTS_REFUSED, "shop") == 4
    assert len([record for record in caplog.records if "refused a request" in record.getMessage()]) == 1


async def test_the_provider_of_each_webhook_is_in_the_metrics(start: Start) -> None:
    """So that counts by source can be added up by provider."""
    mine = webhook("mine", "mailgun", unverified=True)
    running = await start({"mine": mine, "other": webhook("other", "ses", unverified=True)})
    told = running.metrics.render()
    assert 'bouncestream_source_info{source="mine",provider="mailgun"} 1' in told
    assert 'bouncestream_source_info{source="other",provider="ses"} 1' in told
    running.server.reload({"mine": webhook("mine", "brevo", unverified=True)}, Rules())
    assert running.metrics.of(SOURCE_INFO) == {("mine", "brevo"): 1}
