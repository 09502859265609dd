# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication in words."""

from __future__ import annotations

import pytest

from bouncestream.outbox.replication import Replication, Standby
from bouncestream.survey.replication import as_json, in_words

SYNC = Standby("db2", "sync", None, 0)
HIDDEN = Standby("", "", None, None)
THERE = "see pg_stat_replication there"
GRANT = "GRANT pg_monitor TO bouncestream; (the role in [outbox] url), as a superuser"
LATE = Standby("db3", "async", 4.2, 30 << 20)


@pytest.mark.parametrize(
    ("standbys", "named", "sign", "words", "fix"),
    [
        ((), False, "·", "PostgreSQL has no standby", ""),
        ((), True, "✘", "commits wait for a standby of PostgreSQL, and none is there", THERE),
        ((SYNC,), True, "✔", "PostgreSQL has 1 standby, commits wait for db2; it is not behind", ""),
        ((SYNC, LATE), True, "✔", "2 standbys, commits wait for db2; db3 is 4 s, 30 MiB behind", ""),
        (
            (LATE,),
            False,
            "⚠",
            "1 standby, no commit waits for it; db3 is 4 s, 30 MiB behind",
            "bouncestream doctor",
        ),
        ((LATE, LATE), True, "✘", "2 standbys, but none that commits wait for; db3 is", THERE),
        ((HIDDEN,), True, "✔", "commits wait for one; this role may not see how far behind", GRANT),
        ((HIDDEN,), False, "⚠", "no commit waits for it; this role may not see how far behind", GRANT),
    ],
)
def test_one_line_says_it(standbys: tuple[Standby, ...], named: bool, sign: str, words: str, fix: str) -> None:
    found = as_json(Replication(standbys, named))
    assert found is not None
    told = in_words(found)
    assert (told[0], bool(told[2])) == (sign, bool(fix))
    assert words in told[1] and told[2].startswith(fix), told


def test_what_is_not_known_is_nothing() -> None:
    assert as_json(None) is None
