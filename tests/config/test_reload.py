# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

from bouncestream.config.model import Config, Listmonk, Log, Relay, Server, Verify
from bouncestream.config.policy import Policy
from bouncestream.config.reload import reloadable_difference, reloaded
from bouncestream.crypto.secret import Secret
from bouncestream.providers import webhook

OLD = Config(webhooks={"a": webhook(name="a", provider="generic", token=Secret("a-secret-of-length"))})


def test_no_change() -> None:
    assert reloadable_difference(OLD, replace(OLD)) == reloaded(OLD, replace(OLD)) == ()
    assert reloadable_difference(OLD, replace(OLD, warnings=("x",), path="y")) == ()


def test_what_needs_a_restart_is_named() -> None:
    new = replace(
        OLD,
        server=Server(listen="127.0.0.1:1"),
        listmonk=Listmonk(token=Secret("another-secret-of-length")),
        relay=Relay(verify=Verify(grace=1.0)),
        policy=Policy(unsubscribe="ignore"),
        log=Log(level="debug", format="json"),
    )
    assert reloadable_difference(OLD, new) == (
        "server.listen",
        "listmonk.token",
        "relay.verify.grace",
        "log.format",
    )
    assert reloaded(OLD, new) == ("policy.unsubscribe", "log.level")


def test_webhooks_come_and_go_without_a_restart() -> None:
    changed = webhook(name="a", provider="generic", token=Secret("another-secret-of-length"))
    new = replace(OLD, webhooks={"a": changed, "b": webhook(name="b", provider="generic")})
    assert reloadable_difference(OLD, new) == ()
    assert reloaded(OLD, new) == ("webhooks.a.token", "webhooks.b")
    assert reloaded(new, replace(OLD, webhooks={})) == ("webhooks.a", "webhooks.b")
