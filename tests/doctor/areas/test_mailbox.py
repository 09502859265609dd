# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's visit to mailboxes: at a real Dovecot, and judged from plain values where none can be set up so."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config
from bouncestream.config.outbox import Outbox
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.areas import bridge, mailbox
from bouncestream.doctor.areas.mailbox import MailboxFacts, Token, judge
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.names import Names
from bouncestream.doctor.probe.reply import Reply
from bouncestream.errors import MailboxError, ServerRefused
from bouncestream.sources.mailbox.visit import Contact, FolderSeen, Heard, Look, Untried
from bouncestream.sources.oauth.file import TokenFile, token_path
from tests.cli import mailbox_stage as stage
from tests.cli.conftest import Cli, cli, forks
from tests.doctor.areas.boxes import box, box_by_token
from tests.mailserver.dovecot import Dovecot, dsn, needs_dovecot
from tests.mailserver.fixtures import dovecot, proxy
from tests.mailserver.oauth import dovecot_with_oauth
from tests.mailserver.proxy import Proxy
from tests.sources.oauth.server import USER, Provider, serve

__all__ = ["cli", "dovecot", "forks", "proxy"]

NOW = datetime(2026, 3, 1, tzinfo=UTC)


Visit = Callable[..., Any]


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    """Visit mailboxes; the findings."""

    async def visit(*boxes: Mailbox, write: bool = False, parts: Mapping[str, Any] | None = None) -> list[Finding]:
        config = Config(mailboxes={one.name: one for one in boxes}, outbox=Outbox(path=str(tmp_path / "outbox.db")))
        names = Names()
        try:
            began = time.monotonic()
            found = judge(await mailbox.collect(config, names, datetime.now(UTC), write=write), parts or {})
            assert time.monotonic() - began < mailbox.ALL + 1
        finally:
            await names.close()
        return found

    return visit


def bad(found: list[Finding]) -> list[str]:
    """The ids of what is wrong; each of it is told with its why and its fix."""
    wrong = [one for one in found if one.level in (Level.WARNING, Level.ERROR)]
    assert all(one.why and one.fix and one.topic == "mailbox" for one in wrong)
    return [one.id for one in wrong]


def one(found: list[Finding], ident: str) -> Finding:
    (only,) = [one for one in found if one.id == ident]
    return only


# -- a real server ------------------------------------------------------------------------------------------------


async def test_a_mailbox_that_is_well(dovecot: Dovecot, visit: Visit, tmp_path: Path) -> None:
    dovecot.deliver(dsn("a@example.org"), dsn("b@example.org", number=2))
    before = dovecot.mails()
    found = await visit(box(dovecot))
    assert not bad(found)
    told = one(found, "mailbox-ok")
    assert told.seen.startswith("bounces: localhost:")
    assert told.seen.endswith("accepts the login of bounces (password; TLSv1.3), offers IDLE, and has INBOX")
    assert "INBOX: 2 mails; the first contact reads 2 (start = 30d)" in one(found, "mailbox-waiting").seen
    assert dovecot.mails() == before
    assert all(b"\\Seen" not in flags for flags in dovecot.flags())
    assert not list(tmp_path.iterdir()), "it leaves nothing"


async def test_with_write_a_mail_of_our_own_is_heard_and_removed(dovecot: Dovecot, visit: Visit) -> None:
    dovecot.deliver(dsn("a@example.org"))
    dovecot.append(dsn("deleted@example.org", number=2), flags="\\Deleted")
    before = dovecot.mails()
    found = await visit(box(dovecot), write=True)
    assert not bad(found)
    assert "was reported after" in one(found, "mailbox-heard").seen
    assert dovecot.mails() == before, "also what somebody else had marked as deleted"


async def test_a_server_that_offers_idle_and_is_mute(dovecot: Dovecot, proxy: Proxy, visit: Visit) -> None:
    def swallow(data: bytes) -> bytes:
        return b"" if data.startswith(b"* ") and b"EXISTS" in data and b"OK" not in data else data

    proxy.edit = swallow
    found = await visit(box(dovecot, host="127.0.0.1", port=proxy.port, tls="none"), write=True)
    assert bad(found) == ["mailbox-mute"]
    assert 'idle = "1m"' in one(found, "mailbox-mute").fix
    assert dovecot.mails() == [], "it is removed all the same"


async def test_a_wrong_password_is_tried_once(dovecot: Dovecot, proxy: Proxy, visit: Visit) -> None:
    settings = box(dovecot, host="127.0.0.1", port=proxy.port, tls="none", password=Secret("not-the-password"))
    found = await visit(settings, write=True)
    assert bad(found) == ["mailbox-login"]
    assert "app password" in one(found, "mailbox-login").fix
    assert "bouncestream mailbox test bounces" in one(found, "mailbox-login").fix
    assert "not-the-password" not in str(found)
    assert proxy.connections == 1, "servers lock out"


async def test_a_folder_that_is_missing(dovecot: Dovecot, visit: Visit) -> None:
    with dovecot.client() as client:
        client.create('"Bounces/2026"')
    found = await visit(box(dovecot, folders=("INBOX", "Bounces 2026")))
    assert bad(found) == ["mailbox-folder"]
    told = one(found, "mailbox-folder")
    assert "Bounces 2026" in told.seen
    assert 'folders = ["INBOX", "Bounces/2026"]' in told.fix


async def test_a_folder_to_move_to_that_is_not_there_yet(dovecot: Dovecot, visit: Visit) -> None:
    found = await visit(box(dovecot, after="move"))
    assert not bad(found)
    assert {one.seen.split()[1] for one in found if one.id == "mailbox-folder-unmade"} == {
        "Processed",
        "Unidentified",
    }


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_a_certificate_of_nobody(dovecot: Dovecot, visit: Visit, tmp_path: Path, tls: str) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    port = dovecot.imaps if tls == "implicit" else dovecot.imap
    found = await visit(box(dovecot, ca_file=str(other), tls=tls, port=port))
    assert bad(found) == ["mailbox-certificate"]
    assert "ca_file" in one(found, "mailbox-certificate").fix


@pytest.mark.process
async def test_starttls_that_is_not_offered(visit: Visit) -> None:
    needs_dovecot()
    server = Dovecot(extra="ssl = no\n")
    try:
        server.start()
        found = await visit(box(server, tls="starttls", port=server.imap))
    finally:
        server.close()
    assert bad(found) == ["mailbox-certificate"]
    assert "does not offer STARTTLS" in found[0].seen


async def test_nothing_listens_there(visit: Visit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = await visit(box(host="127.0.0.1", port=port, tls="none", password=Secret("x")))
    assert bad(found) == ["mailbox-unreachable"]
    assert found[0].seen == f"bounces: 127.0.0.1:{port} could not be reached: connection refused"
    assert "mailboxes.bounces.host" in found[0].fix


async def test_a_name_without_an_address(visit: Visit) -> None:
    found = await visit(box(host="imap.nowhere.invalid", password=Secret("x")))
    assert bad(found) == ["mailbox-unreachable"]
    assert "imap.nowhere.invalid:993 could not be reached: the host name is unknown" in found[0].seen


async def test_a_server_that_says_nothing(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        found = await visit(
            box(host="127.0.0.1", port=deaf.getsockname()[1], tls="none", password=Secret("x")),
            box(name="other", host="127.0.0.1", port=1, tls="none", password=Secret("x")),
        )
    assert bad(found) == ["mailbox-unreachable"] * 2
    assert "no greeting" in found[0].seen


async def test_a_server_that_never_ends(dovecot: Dovecot, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "LOOK", 0.5)
    async with Proxy(dovecot.imap) as slow:
        slow.delay = 0.4
        found = await visit(box(dovecot, host="127.0.0.1", port=slow.port, tls="none"))
    assert bad(found) == ["mailbox-unreachable"]
    assert "is too slow" in found[0].seen


@pytest.mark.process
async def test_a_server_that_can_next_to_nothing(visit: Visit) -> None:
    needs_dovecot()
    server = Dovecot(extra="protocol imap {\n  imap_capability = IMAP4rev1 LITERAL+ SASL-IR\n}\n")
    try:
        server.start()
        plain = await visit(box(server), write=True)
        asking = await visit(box(server, after="move", canary=True))
        assert server.mails() == []
    finally:
        server.close()
    assert not bad(plain), "nothing of it is needed"
    assert "no IDLE" in one(plain, "mailbox-no-idle").seen
    assert "no IDLE" in one(plain, "mailbox-canary-untried").seen
    assert bad(asking) == ["mailbox-no-move", "mailbox-no-uidplus"]
    assert 'after = "flag"' in one(asking, "mailbox-no-move").fix


@pytest.mark.process
async def test_a_mailbox_that_is_full(visit: Visit) -> None:
    needs_dovecot()
    quota = (
        "mail_plugins = quota\nplugin {\n  quota = maildir:User quota\n  quota_rule = *:storage=1K\n}\n"
        "protocol imap {\n  mail_plugins = quota imap_quota\n}\n"
    )
    server = Dovecot(extra=quota)
    try:
        server.start()
        with server.client() as client:
            client.append("INBOX", None, None, dsn("a@example.org")[:900])
        found = await visit(box(server), write=True)
    finally:
        server.close()
    assert bad(found) == ["mailbox-canary-failed"]
    assert "said NO to APPEND" in one(found, "mailbox-canary-failed").seen


# -- OAuth --------------------------------------------------------------------------------------------------------


async def test_nobody_has_logged_in_yet(visit: Visit, tmp_path: Path) -> None:
    found = await visit(box(auth="xoauth2", oauth_provider="google", oauth_client_id="id"))
    assert bad(found) == ["mailbox-no-token"]
    assert "run `bouncestream mailbox login bounces`" in found[0].fix
    assert not list(tmp_path.iterdir())


@pytest.mark.process
async def test_a_permission_in_its_life(visit: Visit, tmp_path: Path) -> None:
    served = await serve(Provider())
    try:
        provider = served.provider
        with dovecot_with_oauth(provider.url) as server:
            settings = box_by_token(server, provider)
            file = token_path(tmp_path / "outbox.db", "bounces")
            TokenFile(file, settings).write(provider.grant())
            well = await visit(settings)
            provider.rotate = False
            file.chmod(0o644)
            opened = await visit(settings)
            provider.revoke()
            revoked = await visit(settings)
            file.write_text("damaged")
            damaged = await visit(settings)
            TokenFile(file, settings).write(provider.grant())
            await served.stop()
            away = await visit(settings)
    finally:
        await served.stop()
    assert not bad(well)
    assert "the OAuth permission is 0 days old; an access token lasts 60 minutes" in one(well, "mailbox-token").seen
    assert one(well, "mailbox-ok").evidence["tls"] == "TLSv1.3"
    assert USER not in str([one.seen for one in well])
    assert bad(opened) == ["mailbox-token-open"]
    assert f"chmod 600 {file}" in one(opened, "mailbox-token-open").fix
    for found in (revoked, damaged):
        assert "mailbox-token-refused" in bad(found)
        assert "bouncestream mailbox login bounces" in one(found, "mailbox-token-refused").fix
    assert bad(away) == ["mailbox-token-provider"]


# -- what is judged from values -----------------------------------------------------------------------------------

WELL = Look("TLSv1.3", NOW + timedelta(days=60), frozenset({"IDLE", "MOVE", "UIDPLUS"}), ("INBOX",))
INBOX = FolderSeen("INBOX", mails=3, contact=Contact.KNOWN, waiting=1)


def seen(look: Look = WELL, *folders: FolderSeen, **more: Any) -> MailboxFacts:
    keys: dict[str, Any] = {"box": box(), "at": NOW, "look": replace(look, folders=folders or (INBOX,))}
    return MailboxFacts(**(keys | more))


def refused(error: MailboxError) -> MailboxFacts:
    return MailboxFacts(box(), error=error)


def test_the_judge_is_content() -> None:
    found = judge([seen()], {"mailbox:bounces": {"state": "green", "why": ""}})
    assert [one.id for one in found] == ["mailbox-waiting", "mailbox-ok"]
    assert found[0].seen == "bounces: INBOX: 3 mails, 1 not read yet"


@pytest.mark.parametrize(("days", "told"), [(13, True), (15, False)])
def test_a_certificate_that_ends(days: int, told: bool) -> None:
    look = replace(WELL, ends=NOW + timedelta(days=days))
    assert bad(judge([seen(look)], {})) == (["mailbox-certificate-soon"] if told else [])


def test_a_folder_that_can_be_read_only() -> None:
    only = replace(INBOX, read_only=True)
    assert not bad(judge([seen(WELL, only)], {})), "`leave` needs no more"
    assert bad(judge([seen(WELL, only, box=box(after="flag"))], {})) == ["mailbox-read-only"]


def test_a_server_that_is_busy_is_a_warning() -> None:
    (found,) = judge([refused(ServerRefused("too many connections", "LIMIT"))], {})
    assert (found.id, found.level) == ("mailbox-refused", Level.WARNING)


def test_a_folder_that_was_numbered_anew() -> None:
    found = judge([seen(WELL, replace(INBOX, contact=Contact.RENUMBERED))], {})
    assert "renumbered them" in one(found, "mailbox-waiting").seen


def test_a_mail_of_ours_that_stays() -> None:
    found = judge([seen(heard=Heard("INBOX", seconds=0.6, left="the server does not remove it"))], {})
    assert bad(found) == ["mailbox-canary-left"]
    assert one(found, "mailbox-heard").seen.endswith("was reported after 0.60 s")
    (untried,) = [one for one in judge([seen(heard=Heard("INBOX", Untried.NO_UIDPLUS))], {}) if "untried" in one.id]
    assert untried.level is Level.INFO


def test_when_a_permission_lapses() -> None:
    token = Token("/x", NOW - timedelta(days=5))
    for provider, words in (("google", "7 days"), ("microsoft", "90 days"), ("", "")):
        it = box(auth="xoauth2", oauth_provider=provider, oauth_client_id="id", oauth_token_url="https://x.test/t")
        found = one(judge([seen(box=it, token=token)], {}), "mailbox-token")
        assert "is 5 days old" in found.seen
        assert words in found.why
        assert found.level is Level.INFO


def test_the_running_bridge_is_told_once() -> None:
    """By the mailbox's own area, and only where the doctor's visit does not say it already."""
    parts = {
        "mailbox:bounces": {"state": "red", "why": "INBOX: login refused\x1b[31m of p@example.com"},
        "mailbox:gone": {"state": "red", "why": "no more"},
    }
    told = one(judge([seen()], parts), "mailbox-bridge")
    assert "login refused" in told.seen
    assert "\x1b" not in told.seen
    assert "p@example.com" not in told.seen
    assert "mailbox-ok" not in [one.id for one in judge([seen()], parts)]
    error = judge([refused(ServerRefused("no"))], parts)
    assert bad(error) == ["mailbox-refused"]
    alive = Reply("u", 200, {}, b"ok")
    own = bridge.judge(bridge.BridgeFacts(running=alive, parts=parts, sources=("shop", "bounces")))
    assert [one.seen for one in own if one.id == "bridge-part"] == [
        "mailbox:gone of the running bouncestream does not work"
    ]
    assert "bridge-ok" not in [one.id for one in own]


# -- the program --------------------------------------------------------------------------------------------------


def test_the_program_visits_all_of_them(cli: Cli, dovecot: Dovecot, tmp_path: Path) -> None:
    stage.write(
        tmp_path,
        stage.by_password(dovecot, "good", user="bounces@example.test"),
        stage.by_password(dovecot, "wrong", password="not-the-password"),
    )
    began = time.monotonic()
    done = cli("doctor", "--json", "--write")
    assert time.monotonic() - began < 15
    found = [one for one in json.loads(done.stdout)["findings"] if one["topic"] == "mailbox"]
    assert {(one["evidence"]["mailbox"], one["id"]) for one in found} == {
        ("good", "mailbox-ok"),
        ("good", "mailbox-waiting"),
        ("good", "mailbox-heard"),
        ("wrong", "mailbox-login"),
    }
    assert done.returncode == 2
    assert "not-the-password" not in done.stdout + done.stderr
    assert "bounces@example.test" not in done.stdout
    assert dovecot.mails(user="bounces@example.test") == []
    people = cli("doctor")
    assert "\nMailboxes\n✘ wrong: localhost:" in people.stdout
