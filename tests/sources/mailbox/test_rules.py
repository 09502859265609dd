# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mailbox listener decides: patience, what is read, what mails get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bouncestream import errors
from bouncestream.config.mailbox import Mailbox
from bouncestream.folders import FetchAttempts, Filing, FolderProgress
from bouncestream.health import Status
from bouncestream.sources.mailbox import rules
from bouncestream.sources.mailbox.rules import Deaf, FolderState, StillUnreadable

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOX = Mailbox(name="bounces")


@pytest.mark.parametrize(
    ("error", "state", "status"),
    [
        (errors.AuthFailed("x"), FolderState.LOGIN_REFUSED, Status.RED),
        (errors.LoginRefused("x"), FolderState.LOGIN_REFUSED, Status.RED),
        (errors.TokenError("x"), FolderState.TOKENLESS, Status.YELLOW),
        (errors.CertificateRefused("x"), FolderState.CERTIFICATE_REFUSED, Status.RED),
        (errors.FolderMissing("x"), FolderState.FOLDER_MISSING, Status.RED),
        (errors.ConnectionLost("x"), FolderState.CONNECTION_LOST, Status.YELLOW),
        (errors.ServerRefused("x"), FolderState.SERVER_REFUSED, Status.YELLOW),
        (errors.StoreBusy("x"), FolderState.NOT_STORED, Status.RED),
        (Deaf("x"), FolderState.DEAF, Status.RED),
        (StillUnreadable("x"), FolderState.UNREADABLE, Status.YELLOW),
        (OSError("x"), FolderState.CONNECTION_LOST, Status.YELLOW),
        (ZeroDivisionError(), FolderState.BUG, Status.RED),
    ],
)
def test_each_failure_has_its_name(error: Exception, state: FolderState, status: Status) -> None:
    assert rules.state_of(error) is state
    assert rules.status(state, 1) is status
    assert rules.status(state, rules.PATIENCE) is (Status.YELLOW if state is FolderState.UNREADABLE else Status.RED)


def test_every_error_of_a_mailbox_has_a_name_of_its_own() -> None:
    found = {rules.state_of(kind("x")) for kind in errors.MailboxError.__subclasses__()}
    assert FolderState.BUG not in found
    assert len(found) == len(errors.MailboxError.__subclasses__())


def test_the_waits() -> None:
    waits = [rules.wait_after(FolderState.CONNECTION_LOST, n, BOX, 1.0) for n in range(1, 9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert rules.wait_after(FolderState.CONNECTION_LOST, 10**6, BOX, 0.0) == 30
    assert rules.wait_after(FolderState.CERTIFICATE_REFUSED, 1, BOX, 1.0) == 300
    assert rules.wait_after(FolderState.FOLDER_MISSING, 1, BOX, 1.0) == 60
    assert rules.wait_after(FolderState.DEAF, 9, BOX, 1.0) == 1
    logins = [rules.login_wait(n, BOX) for n in range(1, 6)]
    assert logins == [300, 600, 1200, 1800, 1800]
    assert rules.login_wait(10**6, BOX) == 1800


def test_only_a_session_that_lasted_forgives_all() -> None:
    assert rules.failures_after(7, 60.0, False, BOX) == 0
    assert rules.failures_after(7, 59.0, False, BOX) == 7
    assert rules.failures_after(7, 0.0, True, BOX) == 1
    assert rules.failures_after(0, 0.0, True, BOX) == 0


def test_where_a_folder_starts_does_not_move_with_time() -> None:
    first = NOW - timedelta(days=100)
    assert rules.oldest(BOX, FolderProgress(1, 0), NOW) == NOW - timedelta(days=30)
    assert rules.oldest(BOX, FolderProgress(1, 0, first_read_at=first), NOW) == first - timedelta(days=30)
    assert rules.oldest(Mailbox(start="all"), FolderProgress(1, 0), NOW) is None
    assert rules.forgotten(FolderProgress(1, 0), 86400.0, NOW) is None
    assert rules.forgotten(FolderProgress(1, 0, renumbered=1), 86400.0, NOW) == NOW - timedelta(days=1)


def test_windows_grow_over_gaps_up_to_what_one_line_may_hold() -> None:
    assert rules.next_window(2000, 0) == 8000
    assert rules.next_window(rules.WIDEST, 0) == rules.WIDEST
    assert rules.next_window(8000, 8000) == 4000
    assert rules.next_window(2000, 2000) == 2000
    assert rules.next_window(2000, 500) == 2000


def test_a_mail_that_made_trouble_goes_alone() -> None:
    assert rules.next_batch([1, 2, 3, 4], {3}, 50) == [1, 2]
    assert rules.next_batch([3, 4], {3}, 50) == [3]
    assert rules.next_batch([4, 5], {3}, 50) == [4, 5]
    assert rules.next_batch(list(range(99)), set(), 50) == list(range(50))


@pytest.mark.parametrize(
    ("count", "seconds", "hopeless"),
    [(3, 10, True), (9, 9.9, False), (2, 999, False), (3, -1, True), (3, 0, False)],
)
def test_a_mail_is_given_up_after_three_tries_over_some_time(count: int, seconds: float, hopeless: bool) -> None:
    assert rules.hopeless(FetchAttempts(count, NOW), NOW + timedelta(seconds=seconds)) is hopeless
    assert not rules.hopeless(None, NOW)


def test_batches_shrink_with_the_size_of_mails() -> None:
    assert rules.batch_size(10, 10 * 3000) == 50
    assert rules.batch_size(10, 10 * 262_144) == 16
    assert rules.batch_size(0, 0) == 1
    assert rules.batch_size(1, 100 << 20) == 1


@pytest.mark.parametrize(
    ("after", "unidentified", "done", "nobody"),
    [
        ("leave", None, None, None),
        ("leave", "Odd", None, "Odd"),
        ("flag", None, "", "Unidentified"),
        ("flag", "", "", None),
        ("move", None, "Done", "Unidentified"),
        ("move", "Odd", "Done", "Odd"),
    ],
)
def test_where_mails_belong(after: str, unidentified: str | None, done: str | None, nobody: str | None) -> None:
    box = Mailbox(after=after, unidentified=unidentified, move_to="Done")
    assert rules.filing(box, None) is None
    for filing, folder in ((Filing.DONE, done), (Filing.UNIDENTIFIED, nobody)):
        assert rules.filing(box, filing) is (None if folder is None else filing)
        if folder is not None:
            assert rules.target(box, filing) == folder
