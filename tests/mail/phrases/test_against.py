# SPDX-License-Identifier: GPL-3.0-or-later
"""What else a sentence says: history speaks against nothing, another person or what comes back does."""

from __future__ import annotations

import pytest

from bouncestream.mail.classify import classify


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        # The last state counts.
        ("550 the account was suspended in May, and then deleted", "hard"),
        ("550 first full, then removed: this mailbox does not exist", "hard"),
        ("550 das Konto war gesperrt und wurde danach gelöscht", "hard"),
        ("550 le compte a été bloqué puis supprimé", "hard"),
        ("550 ящик был временно отключён, затем удалён", "hard"),
        ("550 the account was deleted, restored, and is now full", "soft"),
        ("550 unpaid: account closed until the bill is settled", "soft"),
        # Who else is spoken of.
        ("550 unknown user: the sender news@example.org does not exist", "soft"),
        ("550 user unknown (client certificate CN=shop)", "soft"),
        ("550 tom@example.com does not exist, jane@example.com is on leave", "soft"),
        ("550 tom@example.com is on leave, jane@example.com does not exist", "hard"),
        ("550 the copy for a colleague came back: user unknown", "soft"),
        ("550 setuid: no such user vmail", "soft"),
        # What of his is gone as well.
        ("550 jane@example.com was closed and its contents were deleted", "hard"),
        ("550 jane@example.com was closed, and no forwarding address was left", "hard"),
        # Marks that are no cause.
        ("550 (loop check on, filter=off) jane@example.com: no such user", "hard"),
        ("550 the firm was dissolved, and the domain example.com deleted", "hard"),
    ],
)
def test_what_stands_beside_not_there(text: str, kind: str) -> None:
    said = classify(status="", reply_code="", diagnostic=text, heard="jane@example.com", ours=("news@example.org",))
    assert said.kind == kind
