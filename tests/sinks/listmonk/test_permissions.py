# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from bouncestream.cli import build_parser
from bouncestream.doctor.catalogue import CATALOGUE
from bouncestream.doctor.finding import Level
from bouncestream.errors import SinkError
from bouncestream.ports import Capabilities
from bouncestream.sandbox import BRIDGE_PERMISSIONS
from bouncestream.sinks.listmonk.permissions import PERMISSIONS, by_id, granted
from tests.docs.pages import commands

MANAGE, LETTERS = by_id("permission-manage"), by_id("permission-letters")


def profile(*names: str, lists: Any = None) -> dict[str, Any]:
    return {"user_role": {"permissions": list(names)}, "list_role": lists}


def test_the_table_is_whole() -> None:
    known = {name.split()[0] for name, _ in commands(build_parser())}
    for one in PERMISSIONS:
        assert one.id in CATALOGUE
        assert Level(one.level)
        assert one.needed_by and set(one.needed_by) <= known
        assert not one.power or hasattr(Capabilities(), one.power)
        assert set(one.names) <= BRIDGE_PERMISSIONS | {"campaigns:get_all"}
    assert {"campaigns:get", "templates:get", "lists:manage_all"} <= {n for one in PERMISSIONS for n in one.names}


def test_who_has_all_lacks_nothing() -> None:
    everything = granted(profile(*BRIDGE_PERMISSIONS), (6, 2))
    assert [everything.lacks(one) for one in PERMISSIONS] == [()] * len(PERMISSIONS)
    nothing = granted(profile())
    assert [nothing.lacks(one) for one in PERMISSIONS] == [one.names for one in PERMISSIONS]


@pytest.mark.parametrize(
    ("lists", "lacking"),
    [
        (None, ("lists:manage_all",)),
        ({"lists": [{"id": 1, "permissions": ["list:get", "list:manage"]}]}, ()),
        ({"lists": [{"id": 1, "permissions": ["list:get"]}]}, ("lists:manage_all",)),
        ({"lists": []}, ("lists:manage_all",)),
        ({"lists": [None, {"permissions": "list:manage"}, {"permissions": [5]}]}, ("lists:manage_all",)),
    ],
)
def test_a_list_role_does_where_it_may_manage(lists: Any, lacking: tuple[str, ...]) -> None:
    assert granted(profile("subscribers:manage", lists=lists)).lacks(MANAGE) == lacking


def test_campaigns_are_shown_to_who_sees_their_lists() -> None:
    rights = ("campaigns:get", "templates:get")
    assert granted(profile(*rights), (6, 2)).lacks(LETTERS) == ("lists:get_all",)
    assert granted(profile(*rights), (4, 1)).lacks(LETTERS) == ()
    for more in ("lists:get_all", "lists:manage_all", "campaigns:get_all"):
        assert granted(profile(*rights, more), (6, 2)).lacks(LETTERS) == ()
    assert granted(profile("templates:get", "campaigns:get_all")).lacks(LETTERS) == ()


def test_before_version_4_nothing_is_told_and_nothing_is_known_to_lack() -> None:
    told = granted(None)
    assert told.names is None
    assert told.lacks(MANAGE) == ()


@pytest.mark.parametrize("none", [{}, {"user_role": None}, {"user_role": {}}, {"user_role": {"permissions": None}}])
def test_who_has_no_role_may_nothing(none: Any) -> None:
    assert granted(none).names == frozenset()


@pytest.mark.parametrize(
    "odd", [5, "x", {"permissions": 5}, {"permissions": "subscribers:get_all"}, {"permissions": [1]}]
)
def test_what_is_not_listmonks_is_refused_and_never_guessed(odd: Any) -> None:
    with pytest.raises(SinkError):
        granted({"user_role": odd})
