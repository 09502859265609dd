# SPDX-License-Identifier: GPL-3.0-or-later
"""Every finding is documented, and is made by a case of the table or by a test of its judge."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bouncestream.doctor import catalogue
from bouncestream.doctor.catalogue import BY_TOPIC, CATALOGUE, TOPICS
from tests.doctor.cases import CASES

HERE = Path(__file__).parent
ROOM = Path(catalogue.__file__).parent
PLAYED = set().union(*(case.expect | case.also for case in CASES))
AREAS = (
    "alerts",
    "bridge",
    "configuration",
    "end_to_end",
    "listmonk",
    "listmonk_db",
    "mailbox",
    "outbox",
    "pausing",
    "return_address",
    "sealing",
    "smtp",
    "unsubscription",
)
OTHERS = (
    "test_judging.py",
    *(f"areas/test_{area}.py" for area in AREAS),
    "campaign_mail/test_body.py",
    "logs/test_logs.py",
    "received_mails.py",
    "../cli/test_doctor_files.py",
)
JUDGED = {"not-examined"}.union(
    *(re.findall(r'"([a-z0-9-]+)"', (HERE / name).read_text("utf-8")) for name in OTHERS)
)


@pytest.mark.parametrize("ident", CATALOGUE)
def test_it_is_made_by_some_case(ident: str) -> None:
    assert ident in PLAYED | JUDGED


def test_most_are_made_by_a_real_set_up() -> None:
    assert len(PLAYED) > 100


def test_ids_are_not_used_twice() -> None:
    assert sum(map(len, BY_TOPIC.values())) == len(CATALOGUE)
    assert set(BY_TOPIC) == set(TOPICS)


def test_the_code_names_no_other() -> None:
    """What is given to `Finding` as an id stands in the catalogue."""
    code = "".join(path.read_text("utf-8") for path in ROOM.rglob("*.py"))
    named = set(re.findall(r'Finding\(\s*"([a-z0-9-]+)"', code)) | set(
        re.findall(r'finding\(\s*"([a-z0-9-]+)"', code)
    )
    assert len(named) > 60
    assert named <= CATALOGUE.keys()
