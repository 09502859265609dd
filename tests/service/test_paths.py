# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.errors import UsageError
from bouncestream.service.paths import paths_of


def test_the_machines_first_service() -> None:
    one = paths_of("")
    assert (str(one.config), str(one.state)) == ("/etc/bouncestream/config.toml", "/var/lib/bouncestream")
    assert one.unit == "bouncestream.service"
    assert str(one.unit_file) == "/etc/systemd/system/bouncestream.service"
    assert str(one.extra) == "/etc/systemd/system/bouncestream.service.d/secrets.conf"


def test_one_among_several_has_nothing_in_common_but_the_template() -> None:
    one, other = paths_of("shop"), paths_of("news")
    assert one.unit == "bouncestream@shop.service"
    assert one.unit_file == other.unit_file == Path("/etc/systemd/system/bouncestream@.service")
    assert str(one.config) == "/etc/bouncestream-shop/config.toml"
    for part in ("config", "state", "extra", "unit"):
        assert getattr(one, part) != getattr(other, part) != getattr(paths_of(""), part)


def test_a_users_service_is_where_xdg_has_it() -> None:
    one = paths_of("", Path("/home/ann"), {"XDG_STATE_HOME": "/data/ann"})
    assert str(one.config) == "/home/ann/.config/bouncestream/config.toml"
    assert str(one.state) == "/data/ann/bouncestream"
    assert str(one.unit_file) == "/home/ann/.config/systemd/user/bouncestream.service"


@pytest.mark.parametrize("name", ["Shop", "a/b", "../x", "-a", "a" * 19, "a b", "a-"])
def test_a_name_that_cannot_be(name: str) -> None:
    with pytest.raises(UsageError, match="--name"):
        paths_of(name)
    assert paths_of("a" * 18).name
