# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes and credentials; the refusals in words are in tests/contract."""

from __future__ import annotations

import pytest

from bouncestream.sandbox import ApiUser
from bouncestream.sandbox.calls import Route, authenticate
from bouncestream.sandbox.posted import Refused


@pytest.mark.parametrize(
    ("path", "word"), [("/api/x/5/y", "5"), ("/api/x/a.b/y", "a.b"), ("/api/x/5", None), ("/api/x/5/6/y", None)]
)
def test_an_id_in_a_path(path, word):
    route = Route("GET", "/api/x/{id}/y", (), lambda call: call.answer(None))
    assert route.match("GET", path) == word
    assert route.match("PUT", path) is None


def test_credentials_may_hold_colons_and_letters_of_any_script():
    users = {"bridge": ApiUser("bridge", "a:ü")}
    assert authenticate(users, "token bridge:a:ü") is users["bridge"]
    with pytest.raises(Refused, match="invalid API credentials"):
        authenticate(users, "token bridge:a")


async def test_permissions_may_change_while_it_runs(rig):
    assert (await rig.call("GET", "/api/bounces"))[0] == 200
    rig.sandbox.settings.users["bridge"] = ApiUser("bridge", "sandbox-token-of-bridge", frozenset())
    assert (await rig.call("GET", "/api/bounces"))[0] == 403
