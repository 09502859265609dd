# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes on a real Dovecot: what is read, what is stored, where the mails end up."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import pytest

from bouncestream.clock import SystemClock
from bouncestream.config.model import Config, Mail
from bouncestream.errors import StoreBusy
from bouncestream.folders import MailBatch
from bouncestream.health import Health, Status
from bouncestream.mail import decode
from bouncestream.mail.verdict import Verdict
from bouncestream.metrics import MAILBOX_HEARD, Metrics
from bouncestream.ports import Receipt
from bouncestream.sources.mailbox import rules
from bouncestream.sources.mailbox.listener import Mailboxes
from bouncestream.supervisor import Work
from tests.mailserver.dovecot import Dovecot, anonymous, dsn, letter, needs_dovecot
from tests.mailserver.reader import Reader, mailbox

DAY = 86400.0


def people(*numbers: int) -> list[str]:
    return [f"p{number}@example.org" for number in numbers]


def bounce(number: int, **fields: object) -> bytes:
    return dsn(f"p{number}@example.org", number=number, **fields)  # type: ignore[arg-type]


@contextmanager
def dovecot_with(extra: str) -> Iterator[Dovecot]:
    needs_dovecot()
    server = Dovecot(extra=extra)
    try:
        server.start()
        yield server
    finally:
        server.close()


# -- reading -------------------------------------------------------------------------------------------------------


async def test_what_waits_and_what_arrives_is_stored_and_nothing_is_touched(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    dovecot.deliver(*(bounce(n) for n in range(3)), letter(), anonymous())
    async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
        await reader.stored(3)
        await reader.listening()
        await asyncio.to_thread(dovecot.deliver, bounce(3))
        await reader.stored(4)
        assert reader.recipients == people(0, 1, 2, 3)
        await reader.listening()
        assert reader.query("SELECT count(*) FROM unidentified") == [(1,)]
        assert reader.query("SELECT source, provider, kind FROM outbox LIMIT 1") == [("bounces", "mailbox", "hard")]
    assert len(dovecot.mails()) == 6
    assert all(b"\\Seen" not in flags for flags in dovecot.flags())


async def test_when_another_bridge_reads_a_mailbox_its_old_time_is_dropped(tmp_path: Path) -> None:
    ended: list[Callable[[], None]] = []

    def hold(work: Work, end: Callable[[], None]) -> Work:
        ended.append(end)
        return asyncio.Event().wait

    metrics, nobody = Metrics(), cast(Any, None)
    boxes = Mailboxes(nobody, nobody, SystemClock(), Health(), metrics, outbox=tmp_path, instance="x", hold=hold)
    boxes.reload(Config(mailboxes={"bounces": mailbox(1, folders=("INBOX", "Junk"))}))
    for folder in ("INBOX", "Junk"):
        metrics.set(MAILBOX_HEARD, 5, "bounces", folder)
    ended[0]()
    assert metrics.of(MAILBOX_HEARD) == {("bounces", "Junk"): 5}
    await boxes.stop(1)


async def test_a_restart_goes_on_where_it_stopped(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(bounce(1))
    async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
        await reader.stored(1)
    dovecot.deliver(bounce(2))
    async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
        await reader.stored(2)
        await reader.listening()
        assert 'mailbox="bounces",result="bounce"} 1\n' in reader.metrics.render()


async def test_several_folders_and_mailboxes(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.append(bounce(1), "Junk & Müll".replace("ü", "&APw-").replace("& ", "&- "))
    dovecot.deliver(bounce(2))
    dovecot.deliver(bounce(3), to="other")
    boxes = (
        mailbox(dovecot.imap, folders=("INBOX", "Junk & Müll")),
        mailbox(dovecot.imap, name="other", user="other"),
    )
    async with Reader(tmp_path, *boxes) as reader:
        await reader.stored(3)
        await reader.told("listening to INBOX; listening to Junk & Müll", Status.GREEN)
        assert reader.query("SELECT source, recipient FROM outbox ORDER BY recipient") == [
            ("bounces", "p1@example.org"),
            ("bounces", "p2@example.org"),
            ("other", "p3@example.org"),
        ]


async def test_a_backlog_is_read_in_batches_and_a_large_mail_only_begun(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(*(bounce(n) for n in range(130)), bounce(130, size=3_000_000))
    sizes: list[int] = []
    raw: list[int] = []

    class Watched:
        def __init__(self, intake: object) -> None:
            self.intake = intake

        async def mails(self, batch: MailBatch) -> list[Receipt]:
            sizes.append(len(batch.mails))
            raw.extend(len(mail.submission.raw) for mail in batch.mails if mail.submission is not None)
            receipts: list[Receipt] = await self.intake.mails(batch)  # type: ignore[attr-defined]
            return receipts

    async with Reader(tmp_path, mailbox(dovecot.imap), emit=Watched) as reader:
        await reader.stored(131)
        assert max(sizes) == 50
        assert max(raw) == 262_144


async def test_mails_of_old_are_skipped_at_the_first_contact(
    dovecot: Dovecot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = time.time()
    for number, days in enumerate((400, 40, 31, 29, 1)):
        dovecot.append(bounce(number), at=now - days * DAY)
    with caplog.at_level(logging.INFO):
        async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
            await reader.stored(2)
            await reader.listening()
            assert reader.recipients == people(3, 4)
            assert reader.query("SELECT skipped FROM folders") == [(3,)]
            assert "mails older than start = 30d are skipped: 3" in caplog.text
            # whatever comes in from now on is read: somebody has moved it here for that
            await asyncio.to_thread(dovecot.append, bounce(9), at=now - 300 * DAY)
            await reader.stored(3)
            await reader.listening()


@pytest.mark.parametrize(
    ("start", "read"), [("all", [0, 1, 2]), ("now", []), ("1h", [2]), ("2025-01-01", [1, 2]), ("2d", [2])]
)
async def test_where_the_first_contact_starts(
    dovecot: Dovecot, tmp_path: Path, start: str, read: list[int]
) -> None:
    now = time.time()
    for number, at in enumerate((1_600_000_000.0, now - 3 * DAY, now - 60)):
        dovecot.append(bounce(number), at=at)
    async with Reader(tmp_path, mailbox(dovecot.imap, start=start)) as reader:
        await reader.listening()
        assert reader.recipients == people(*read)
        await asyncio.to_thread(dovecot.deliver, bounce(9))
        await reader.stored(len(read) + 1)


async def test_new_numbers_repeat_nothing_and_bring_nothing_old_back(dovecot: Dovecot, tmp_path: Path) -> None:
    now = time.time()
    dovecot.append(bounce(0), at=now - 40 * DAY)  # skipped at the first contact, and then too
    dovecot.append(bounce(1), at=now - 20 * DAY)
    dovecot.append(bounce(2), at=now - 60)
    settings = mailbox(dovecot.imap, after="flag")
    async with Reader(tmp_path, settings, dedupe=10 * DAY) as reader:
        await reader.stored(2)
        await reader.until(lambda: sum(b"\\Seen" in flags for flags in dovecot.flags()) == 2)
        await asyncio.to_thread(dovecot.renumber)
        await asyncio.to_thread(dovecot.deliver, bounce(3))
        await reader.stored(3)
        await reader.listening()
        assert reader.recipients == people(1, 2, 3)
        assert reader.query("SELECT renumbered, skipped FROM folders") == [(1, 1)]
        # its mark may be forgotten by then, so it is listed instead of being told again
        assert reader.query("SELECT count(*) FROM passed_over") == [(1,)]


@pytest.mark.process
@pytest.mark.parametrize("esearch", [True, False])
async def test_numbers_may_have_gaps(tmp_path: Path, esearch: bool) -> None:
    first = 4_100_000_000 if esearch else 3_000_000
    without = "" if esearch else "imap_capability = IMAP4rev1 SASL-IR IDLE UIDPLUS MOVE\n"
    with dovecot_with(without) as dovecot:
        dovecot.deliver(bounce(1))
        async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
            await reader.stored(1)
            await asyncio.to_thread(dovecot.renumber, first=first)
            await asyncio.to_thread(dovecot.deliver, bounce(2))
            await reader.stored(2)
            await reader.listening()
            assert reader.query("SELECT last_uid FROM folders") == [(first + 1,)]


async def test_new_numbers_while_mails_are_still_to_be_moved(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(*(bounce(n) for n in range(5)), letter())
    settings = mailbox(dovecot.imap, after="move")
    async with Reader(tmp_path, settings, dry_run=True) as reader:
        await reader.stored(5)
        await reader.listening()
    dovecot.renumber()
    async with Reader(tmp_path, settings) as reader:
        await reader.until(lambda: len(dovecot.mails()) == 1)
        await reader.listening()
        assert len(reader.recipients) == 5
        assert len(dovecot.mails("Processed")) == 5
        assert b"A question" in dovecot.mails()[0]


# -- afterwards ----------------------------------------------------------------------------------------------------


async def test_mails_are_moved_to_where_they_belong(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(bounce(1), letter(), anonymous())
    async with Reader(tmp_path, mailbox(dovecot.imap, after="move", move_to="Fertig & gelesen: Zurück")) as reader:
        await reader.listening()
        await reader.until(lambda: len(dovecot.mails()) == 1)
        await reader.until(lambda: reader.query("SELECT count(*) FROM marks") == [(0,)])
    assert b"A question" in dovecot.mails()[0]
    assert b"p1@example.org" in dovecot.mails("Fertig &- gelesen: Zur&APw-ck")[0]
    assert len(dovecot.mails("Unidentified")) == 1


async def test_a_wish_to_unsubscribe_is_stored_and_moved(dovecot: Dovecot, tmp_path: Path) -> None:
    uuid = "9a8b7c6d-1234-4abc-8def-001122334455"
    wish = letter().replace(b"bounces@example.com", f"unsub+{uuid}@example.com".encode())
    dovecot.deliver(wish.replace(b"A question", b"unsubscribe"), letter(2))
    reader = Reader(tmp_path, mailbox(dovecot.imap, after="move"))
    reader.config = replace(reader.config, mail=Mail(unsubscribe=("unsub+*@example.com",)))
    async with reader:
        await reader.listening()
        await reader.until(lambda: len(dovecot.mails("Processed")) == 1)
    assert reader.query("SELECT kind, state, subscriber_uuid, recipient FROM outbox") == [
        ("unsubscribe", "pending", uuid, "")
    ]
    assert [b"number 2" in mail for mail in dovecot.mails()] == [True]


async def test_mails_are_flagged(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(bounce(1), letter(), anonymous())
    settings = mailbox(dovecot.imap, after="flag", unidentified="")
    async with Reader(tmp_path, settings) as reader:
        await reader.until(lambda: any(b"\\Seen" in flags for flags in dovecot.flags()))
        await reader.listening()
    first, *others = dovecot.flags()
    assert {b"\\Seen", b"$Bouncestream"} <= set(first)
    assert not any(b"\\Seen" in flags for flags in others)


@pytest.mark.process
async def test_without_move_mails_are_copied_and_just_they_are_expunged(tmp_path: Path) -> None:
    with dovecot_with("imap_capability = IMAP4rev1 SASL-IR IDLE UIDPLUS NAMESPACE\n") as dovecot:
        # a mail that its owner has flagged for deletion, and not expunged, stays
        dovecot.append(letter(), flags="\\Deleted")
        dovecot.deliver(bounce(1), bounce(2))
        async with Reader(tmp_path, mailbox(dovecot.imap, after="move")) as reader:
            await reader.stored(2)
            await reader.until(lambda: len(dovecot.mails()) == 1)
            await reader.listening()
        assert b"A question" in dovecot.mails()[0]
        assert len(dovecot.mails("Processed")) == 2
        assert not any(b"\\Deleted" in flags for flags in dovecot.flags("Processed"))


@pytest.mark.process
async def test_a_copy_that_was_cut_off_is_not_made_twice(tmp_path: Path) -> None:
    with dovecot_with("imap_capability = IMAP4rev1 SASL-IR IDLE UIDPLUS NAMESPACE\n") as dovecot:
        dovecot.deliver(bounce(1), bounce(2))
        settings = mailbox(dovecot.imap, after="move")
        async with Reader(tmp_path, settings, dry_run=True) as reader:
            await reader.stored(2)
        with dovecot.client() as client:  # what was done until the power went
            client.create("Processed")
            client.select("INBOX")
            client.uid("COPY", "1", "Processed")
            client.uid("STORE", "1", "+FLAGS", "($BouncestreamCopied)")
        async with Reader(tmp_path, settings) as reader:
            await reader.until(lambda: not dovecot.mails())
        assert len(dovecot.mails("Processed")) == 2


@pytest.mark.process
async def test_with_neither_move_nor_uidplus_mails_stay_flagged(tmp_path: Path) -> None:
    with dovecot_with("imap_capability = IMAP4rev1 SASL-IR IDLE\n") as dovecot:
        dovecot.append(letter(), flags="\\Deleted")
        dovecot.deliver(bounce(1))
        async with Reader(tmp_path, mailbox(dovecot.imap, after="move")) as reader:
            await reader.told("neither MOVE nor UIDPLUS", Status.YELLOW)
            await reader.until(lambda: b"\\Seen" in dovecot.flags()[1])
        assert len(dovecot.mails()) == 2
        assert dovecot.mails("Processed") == []


@pytest.mark.process
async def test_folders_below_inbox_are_found_and_made(tmp_path: Path) -> None:
    extra = "namespace inbox {\n  prefix = INBOX.\n  separator = .\n}\n"
    with dovecot_with(extra) as dovecot:
        dovecot.append(bounce(1), "INBOX.Junk")
        dovecot.deliver(bounce(2))
        settings = mailbox(dovecot.imap, folders=("INBOX", "Junk"), after="move", move_to="Done")
        async with Reader(tmp_path, settings) as reader:
            await reader.stored(2)
            await reader.until(lambda: len(dovecot.mails("INBOX.Done")) == 2)


async def test_a_dry_run_touches_nothing_and_the_live_run_catches_up(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(bounce(1), anonymous())
    settings = mailbox(dovecot.imap, after="move", canary=True, prove=0.2)
    async with Reader(tmp_path, settings, dry_run=True) as reader:
        await reader.stored(1)
        await reader.until(lambda: 'result="heard"' in reader.metrics.render())
        await reader.listening()
        assert len(dovecot.mails()) == 2
        assert not any(b"\\Seen" in flags for flags in dovecot.flags())
        assert "X-Bouncestream-Canary" not in str(dovecot.mails())
    async with Reader(tmp_path, settings) as reader:
        await reader.until(lambda: not dovecot.mails())
        assert reader.recipients == people(1)


async def test_moves_that_are_refused_hold_up_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    with dovecot.client() as client:
        client.create("Processed/Sub")
    dovecot.deliver(bounce(1))
    # a name that no folder can have
    async with Reader(tmp_path, mailbox(dovecot.imap, after="move", move_to="a//b/")) as reader:
        await reader.stored(1)
        await reader.told("mails cannot be flagged or moved yet", Status.YELLOW)
        await asyncio.to_thread(dovecot.deliver, bounce(2))
        await reader.stored(2)
    assert len(dovecot.mails()) == 2


# -- what cannot be read -------------------------------------------------------------------------------------------


async def test_a_mail_that_takes_the_connection_down_is_set_aside(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "TRIES_SPAN", 1.0)
    dovecot.deliver(*(bounce(n) for n in range(5)))
    (mail,) = (path for path in (dovecot.maildir() / "new").iterdir() if b"p2@example.org" in path.read_bytes())
    mail.chmod(0)  # Dovecot says BYE when it cannot read a mail
    async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
        await reader.stored(4)
        await reader.listening()
        assert reader.recipients == people(0, 1, 3, 4)
        ((why,),) = reader.query("SELECT why FROM quarantined")
        assert "UID 3" in why
        assert "INBOX" in why
        assert reader.query("SELECT count(*) FROM tries") == [(0,)]
        assert 'result="set aside"} 1\n' in reader.metrics.render()
    assert len(list((dovecot.maildir() / "cur").iterdir()) + list((dovecot.maildir() / "new").iterdir())) == 5


async def test_a_mail_that_comes_back_is_not_set_aside(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(bounce(0), bounce(1))
    mail = min((dovecot.maildir() / "new").iterdir())
    mail.chmod(0)
    async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
        await reader.until(lambda: 'why="connection lost"' in reader.metrics.render())
        for path in [*(dovecot.maildir() / "cur").iterdir(), *(dovecot.maildir() / "new").iterdir()]:
            path.chmod(0o600)
        await reader.stored(2)
        assert reader.query("SELECT count(*) FROM quarantined") == [(0,)]


async def test_a_bug_of_the_mail_reader_takes_no_other_mail_down(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = decode.read

    def broken(raw: bytes, **options: Any) -> Verdict:
        if b"p1@" in raw:
            raise ZeroDivisionError
        return real(raw, **options)

    monkeypatch.setattr(decode, "read", broken)
    dovecot.deliver(*(bounce(n) for n in range(3)))
    async with Reader(tmp_path, mailbox(dovecot.imap, after="move")) as reader:
        await reader.stored(2)
        assert reader.query("SELECT why FROM quarantined") == [("a bug in the mail parser: ZeroDivisionError",)]
        await reader.until(lambda: len(dovecot.mails()) == 1)  # it stays where it is


class Full:
    """An intake that takes nothing in for some time."""

    def __init__(self, intake: object) -> None:
        self.intake = intake
        self.refusals = 5

    async def mails(self, batch: MailBatch) -> list[Receipt]:
        if batch.mails and self.refusals:
            self.refusals -= 1
            raise StoreBusy("the disk is full")
        receipts: list[Receipt] = await self.intake.mails(batch)  # type: ignore[attr-defined]
        return receipts


async def test_a_full_disk_loses_nothing_and_blames_no_mail(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(*(bounce(n) for n in range(3)))
    async with Reader(tmp_path, mailbox(dovecot.imap, after="move"), emit=Full) as reader:
        await reader.told("not stored: the disk is full", Status.RED)
        assert len(dovecot.mails()) == 3
        await reader.stored(3)
        await reader.until(lambda: len(dovecot.mails("Processed")) == 3)
        assert reader.query("SELECT count(*) FROM quarantined") == [(0,)]


# -- beginning, changing, ending -----------------------------------------------------------------------------------


async def test_a_reload_begins_changes_and_ends_mailboxes(dovecot: Dovecot, tmp_path: Path) -> None:
    box = mailbox(dovecot.imap)
    dovecot.deliver(bounce(1))
    dovecot.deliver(bounce(2), to="other")
    async with Reader(tmp_path, box) as reader:
        await reader.stored(1)
        await reader.listening()
        before = reader.metrics.render().count('connections_total{mailbox="bounces"} 1\n')
        other = mailbox(dovecot.imap, name="other", user="other")
        reader.mailboxes.reload(
            replace(reader.config, mailboxes=MappingProxyType({"bounces": box, "other": other}))
        )
        await reader.stored(2)
        assert before == reader.metrics.render().count('connections_total{mailbox="bounces"} 1\n') == 1
        moving = replace(box, after="move")
        reader.mailboxes.reload(replace(reader.config, mailboxes=MappingProxyType({"bounces": moving})))
        assert "mailbox:other" not in reader.health.parts
        await asyncio.to_thread(dovecot.deliver, bounce(3))
        await reader.until(lambda: len(dovecot.mails("Processed")) == 1)
        await asyncio.to_thread(dovecot.deliver, bounce(4), to="other")
        assert len(reader.recipients) == 3


async def test_the_end_in_the_middle_of_a_backlog_is_quick_and_loses_nothing(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    dovecot.deliver(*(bounce(n) for n in range(300)))
    settings = mailbox(dovecot.imap, after="move")
    for _ in range(5):
        async with Reader(tmp_path, settings) as reader:
            count = len(reader.recipients)
            await reader.until(lambda count=count: len(reader.recipients) > count or count == 300)  # type: ignore[misc]
            began = time.monotonic()
            await reader.mailboxes.stop(5)
            assert time.monotonic() - began < 3
    async with Reader(tmp_path, settings) as reader:
        await reader.stored(300)
        await reader.until(lambda: not dovecot.mails())
        assert reader.query("SELECT count(*) FROM quarantined") == [(0,)]
    assert len(dovecot.mails("Processed")) == 300
