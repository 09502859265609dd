# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from bouncestream.cli.findings import brief_code
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config
from bouncestream.config.outbox import Outbox
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.areas.mailbox import collect, judge, visit
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.names import Names
from bouncestream.folders import FolderKey, MailBatch
from bouncestream.outbox import mailboxes
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import schema
from bouncestream.outbox.postgres.connection import connect
from bouncestream.sources.mailbox.visit import Visitor
from bouncestream.sources.oauth.file import TokenFile, token_path
from tests.doctor.areas.boxes import box, box_by_token
from tests.mailserver.dovecot import Dovecot, dsn, needs_dovecot
from tests.mailserver.fixtures import dovecot
from tests.mailserver.liar import Liar
from tests.mailserver.oauth import dovecot_with_oauth
from tests.mailserver.reader import mailbox as on_loopback
from tests.mailserver.scripted import Peer
from tests.outbox import make
from tests.running import running
from tests.sources.oauth.server import Provider, serve

__all__ = ["dovecot"]

DAY = 86400.0


def told(lines: list[Finding]) -> str:
    return "\n".join(f"{one.level} {one.id}: {one.seen} → {one.fix}" for one in lines)


async def mailbox(visitor: Visitor) -> list[Finding]:
    return judge([await visit(visitor, datetime.now(UTC))], {})


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.mark.parametrize(
    ("answer", "fix"),
    [
        ("NO [NOPERM] Permission denied", "grant this user read access to that folder"),
        ("NO [UNAVAILABLE] backend", "try again later"),
    ],
)
async def test_a_folder_that_is_refused_is_not_called_missing(outbox: Path, answer: str, fix: str) -> None:
    server = Liar()

    async def select(server: Liar, peer: Peer, rest: str) -> None:
        peer.done(answer)

    server.lies["SELECT"] = select
    async with server.serve() as at:
        lines = await mailbox(Visitor(on_loopback(at.port), outbox))
    assert answer.partition("] ")[2] in told(lines)
    assert fix in told(lines)
    assert "existing folders include" not in told(lines)
    assert [one.id for one in lines if one.level is Level.WARNING] == ["mailbox-refused"]


async def test_a_mailbox_that_is_well(dovecot: Dovecot, outbox: Path) -> None:
    dovecot.deliver(dsn("a@example.org"), dsn("b@example.org", number=2))
    dovecot.append(dsn("c@example.org", number=3), at=time.time() - 90 * DAY)
    lines = await mailbox(Visitor(box(dovecot), outbox))
    assert brief_code(lines) == 0, told(lines)
    text = told(lines)
    assert "ok mailbox-ok: bounces: localhost:" in text
    assert "TLSv1.3" in text
    assert "offers IDLE" in text
    assert "INBOX: 3 mails; the first contact reads 2 (start = 30d)" in text
    assert not outbox.exists()
    assert all(b"\\Seen" not in flags for flags in dovecot.flags())


@pytest.mark.parametrize(
    ("start", "count"), [("all", 3), ("now", 0), ("7d", 1), ("100d", 3), ("2001-01-01", 3), ("30d", 2)]
)
async def test_how_many_mails_start_takes_in(dovecot: Dovecot, outbox: Path, start: str, count: int) -> None:
    for number, days in enumerate((1, 20, 60)):
        dovecot.append(dsn("a@example.org", number=number), at=time.time() - days * DAY)
    lines = await mailbox(Visitor(box(dovecot, start=start), outbox))
    assert f"INBOX: 3 mails; the first contact reads {count}" in told(lines)


def read_up_to(outbox: Path, uidvalidity: int, uid: int) -> None:
    with closing(make.connect(outbox)) as conn, conn:
        key = FolderKey("bounces", "INBOX", uidvalidity)
        mailboxes.store_mails(conn, MailBatch(key, uid), datetime.now(UTC))


async def test_an_outbox_on_postgresql_knows_how_far_it_was_read(
    dovecot: Dovecot, outbox: Path, pg_url: str
) -> None:
    dovecot.deliver(dsn("a@example.org"), dsn("b@example.org", number=2))
    place, now = Server(pg_url, "one"), datetime.now(UTC)
    conn = connect(place)
    try:
        schema.create(conn)
        mailboxes.store_mails(conn, MailBatch(FolderKey("bounces", "INBOX", uidvalidity_of(dovecot)), 1), now)
    finally:
        conn.close()
    by_command = judge([await visit(Visitor(box(dovecot), outbox), now, place)], {})
    names = Names()
    try:
        config = Config(mailboxes={"bounces": box(dovecot)}, outbox=Outbox(url=pg_url))
        by_doctor = judge(await collect(config, names, now), {})
    finally:
        await names.close()
    for lines in (by_command, by_doctor):
        assert "INBOX: 2 mails, 1 not read yet" in told(lines)


def uidvalidity_of(dovecot: Dovecot) -> int:
    with dovecot.client() as client:
        client.select("INBOX", readonly=True)
        return int(client.untagged_responses["UIDVALIDITY"][0])


async def test_a_folder_that_is_known(dovecot: Dovecot, outbox: Path) -> None:
    dovecot.deliver(dsn("a@example.org"), dsn("b@example.org", number=2), dsn("c@example.org", number=3))
    uidvalidity = uidvalidity_of(dovecot)
    read_up_to(outbox, uidvalidity, 2)
    assert "INBOX: 3 mails, 1 not read yet" in told(await mailbox(Visitor(box(dovecot), outbox)))
    read_up_to(outbox, uidvalidity, 3)
    assert "INBOX: 3 mails, 0 not read yet" in told(await mailbox(Visitor(box(dovecot), outbox)))
    read_up_to(outbox, uidvalidity + 1, 9)
    assert "renumbered them" in told(await mailbox(Visitor(box(dovecot), outbox)))


async def test_a_folder_that_is_missing(dovecot: Dovecot, outbox: Path) -> None:
    with dovecot.client() as client:
        client.create('"Bounces/2026"')
    lines = await mailbox(Visitor(box(dovecot, folders=("INBOX", "Bounces 2026")), outbox))
    assert brief_code(lines) == 1
    assert "error mailbox-folder: bounces: localhost" in told(lines)
    assert "refused to open the folder Bounces 2026" in told(lines)
    assert "→ existing folders include Bounces/2026" in told(lines)


async def test_a_certificate_of_nobody(dovecot: Dovecot, outbox: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    for tls, port in (("implicit", dovecot.imaps), ("starttls", dovecot.imap)):
        (line,) = await mailbox(Visitor(box(dovecot, ca_file=str(other), tls=tls, port=port), outbox))
        assert (line.id, brief_code([line])) == ("mailbox-certificate", 1)
        assert "certificate" in line.seen
        assert "ca_file" in line.fix


async def test_a_wrong_password(dovecot: Dovecot, outbox: Path) -> None:
    (line,) = await mailbox(Visitor(box(dovecot, password=Secret("not-the-password")), outbox))
    assert (line.id, brief_code([line])) == ("mailbox-login", 1)
    assert "refused the login" in line.seen
    assert "app password" in line.fix
    assert "not-the-password" not in told([line])


async def test_nothing_listens_there(outbox: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = Mailbox(name="b", host="127.0.0.1", port=port, tls="none", user="b", password=Secret("x"))
    (line,) = await mailbox(Visitor(settings, outbox))
    assert (line.id, brief_code([line])) == ("mailbox-unreachable", 3)
    assert line.seen == f"b: 127.0.0.1:{port} could not be reached: connection refused"
    assert "mailboxes.b.host" in line.fix


async def test_a_name_without_an_address(outbox: Path) -> None:
    settings = Mailbox(name="b", host="imap.nowhere.invalid", user="b", password=Secret("x"), timeout=10.0)
    (line,) = await mailbox(Visitor(settings, outbox))
    assert (line.id, brief_code([line])) == ("mailbox-unreachable", 3)
    assert "imap.nowhere.invalid" in line.seen


async def test_a_server_that_says_nothing(outbox: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        settings = Mailbox(name="b", host="127.0.0.1", port=port, tls="none", user="b", password=Secret("x"))
        (line,) = await mailbox(Visitor(replace(settings, timeout=0.3), outbox))
    assert (line.id, brief_code([line])) == ("mailbox-unreachable", 3)
    assert "no greeting" in line.seen


async def test_nobody_has_logged_in_yet(outbox: Path) -> None:
    settings = Mailbox(
        name="b", host="localhost", user="b", auth="xoauth2", oauth_provider="google", oauth_client_id="id"
    )
    (line,) = await mailbox(Visitor(settings, outbox))
    assert (line.id, brief_code([line])) == ("mailbox-no-token", 1)
    assert line.fix.startswith("run `bouncestream mailbox login b`")
    assert not list(outbox.parent.iterdir())


@pytest.mark.process
async def test_a_token_that_the_mail_server_refuses(outbox: Path) -> None:
    served = await serve(Provider())
    try:
        provider = served.provider
        with dovecot_with_oauth(provider.url) as server:
            settings = box_by_token(server, provider)
            visitor = Visitor(settings, outbox)
            TokenFile(token_path(outbox, "bounces"), settings).write(provider.grant())
            assert brief_code(await mailbox(visitor)) == 0
            provider.good_access.clear()
            (line,) = [one for one in await mailbox(visitor) if one.level is Level.ERROR]
    finally:
        await served.stop()
    assert (line.id, brief_code([line])) == ("mailbox-token-refused", 1)
    assert "refused the login of b•••@example.test" in line.seen
    assert line.fix.startswith("run `bouncestream mailbox login bounces`")
    assert provider.asked["refresh_token"] == 1


@pytest.fixture
def poor() -> Iterator[Dovecot]:
    """A server that can next to nothing."""
    needs_dovecot()
    yield from running(Dovecot(extra="protocol imap {\n  imap_capability = IMAP4rev1 LITERAL+ SASL-IR\n}\n"))


@pytest.mark.process
async def test_what_the_lack_of_abilities_means(poor: Dovecot, outbox: Path) -> None:
    lines = await mailbox(Visitor(box(poor, after="leave"), outbox))
    assert brief_code(lines) == 0, "nothing of it is needed"
    assert "the server has no IDLE: its folders are polled every 45 s" in told(lines)
    lines = await mailbox(Visitor(box(poor, after="move", canary=True), outbox))
    assert brief_code(lines) == 1
    no_move = "the server has no MOVE and no UIDPLUS: bounce mails and bounces whose recipient"
    assert f"warning mailbox-no-move: bounces: {no_move}" in told(lines)
    assert 'after = "flag"' in told(lines)
    assert "warning mailbox-no-uidplus: bounces: the server has no UIDPLUS: the canary is not used" in told(lines)


async def test_a_damaged_outbox_is_told_elsewhere(dovecot: Dovecot, outbox: Path) -> None:
    outbox.write_bytes(b"no database" * 1000)
    with pytest.raises(sqlite3.DatabaseError), closing(sqlite3.connect(outbox)) as conn:
        conn.execute("SELECT * FROM sqlite_master")
    assert "the first contact reads 0" in told(await mailbox(Visitor(box(dovecot), outbox)))
