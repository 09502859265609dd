# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.config.model import Config, Privacy
from bouncestream.config.outbox import Outbox
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.areas import sealing
from bouncestream.doctor.finding import Finding, Level
from bouncestream.outbox.sealing import switch
from bouncestream.outbox.sealing.state import State
from bouncestream.outbox.view import Sealing
from tests.outbox import make
from tests.outbox.make import KEY, event

NEW = Secret("fe" * 32)


def judged(path: Path, key: Secret | None = KEY, *, wanted: bool = True) -> dict[str, Finding]:
    config = Config(outbox=Outbox(path=str(path)), privacy=Privacy(seal=wanted, key=key))
    return {one.id: one for one in sealing.judge(sealing.collect(config), wanted=wanted)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


def test_an_outbox_in_the_open_is_no_matter_unless_it_is_to_be_sealed(path: Path) -> None:
    assert judged(path) == {}, "there is none yet"
    with closing(make.connect(path)) as conn:
        assert judged(path) == {}, "it is empty, and will be sealed by the next start"
        make.submit(conn, event())
    assert judged(path, wanted=False) == {}
    assert judged(path)["sealing-open"].fix.endswith("bouncestream seal")


def test_a_conversion_that_was_left_in_the_middle(path: Path) -> None:
    with closing(make.connect(path)) as conn:
        make.submit(conn, event())
    switch.switch(path, KEY, seal=True)
    (found,) = judged(path).values()
    assert (found.id, found.level, "bouncestream seal" in found.fix) == ("sealing-partly", Level.WARNING, True)
    assert "still in the open" in found.seen
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.execute("UPDATE meta SET value = 'wiping' WHERE name = 'sealing'")
    assert "unused parts of the outbox" in judged(path)["sealing-partly"].seen
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.execute("UPDATE meta SET value = 'sealing' WHERE name = 'sealing'")
    switch.switch(path, KEY, seal=False)
    (found,) = judged(path, wanted=False).values()
    assert found.id == "sealing-partly"
    assert "still sealed" in found.seen
    assert found.fix.endswith("bouncestream unseal")


def test_two_keys_and_another_one(path: Path) -> None:
    make.connect(path, key=KEY).close()
    assert judged(path)["sealing-ok"].level is Level.OK
    with switch.working(path) as conn:
        switch.admit(conn, KEY, NEW)
    for key in (KEY, NEW):
        assert "--finish" in judged(path, key)["sealing-keys"].fix
    with switch.working(path) as conn:
        switch.keep_only(conn, NEW)
    assert judged(path, NEW).keys() == {"sealing-ok"}
    for other in (KEY, None):
        (found,) = judged(path, other).values()
        assert (found.id, found.level) == ("sealing-key", Level.ERROR)
        assert "key_file" in found.fix
    assert judged(path, NEW, wanted=False).keys() == {"sealing-partly"}, "the next start opens it"


@pytest.mark.parametrize(
    ("state", "wanted", "restart"),
    [
        (State.SEALING, True, False),
        (State.SEALING, False, True),
        (State.OPENING, True, True),
        (State.OPENING, False, False),
        (State.WIPING, True, False),
    ],
)
def test_where_the_configuration_was_turned_meanwhile_it_takes_a_start(
    state: State, wanted: bool, restart: bool
) -> None:
    (found,) = sealing.judge(Sealing(state, ("a",)), wanted=wanted)
    assert found.fix.startswith("restart the bridge") is restart


def test_one_that_cannot_be_read_is_told_elsewhere(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be read as one" * 40)
    assert judged(path) == {}
