# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

from bouncestream.cli.demo.mails import full
from tests.cli.conftest import Cli

MAIL = json.loads(full("ann@example.org"))["bounce"]["body"]


def test_json_is_an_object_a_mail(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_text(MAIL)
    (tmp_path / "two.eml").write_text("Subject: hello\n\nan ordinary mail\n")
    done = cli("parse", "--json", str(tmp_path / "one.eml"), "two.eml")
    assert done.returncode == 0
    one, two = map(json.loads, done.stdout.splitlines())
    assert (one["file"], one["kind"]) == ("one.eml", "soft")
    [recipient] = one["recipients"]
    wanted = {"address": "ann@example.org", "kind": "soft", "reason": "mailbox_full", "status": "5.2.2"}
    assert wanted.items() <= recipient.items()
    assert {"reply_code", "diagnostic", "evidence"} <= recipient.keys()
    assert one["original"]["message_id"]
    assert (two["file"], two["kind"], two["recipients"]) == ("two.eml", "ignore", [])


def test_a_file_that_cannot_be_read_has_its_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_text(MAIL)
    done = cli("parse", "--json", "missing.eml", str(tmp_path), "one.eml")
    assert done.returncode == 1
    missing, folder, one = map(json.loads, done.stdout.splitlines())
    assert missing["kind"] == folder["kind"] == "ignore"
    assert missing["recipients"] == []
    assert missing["error"]
    assert folder["error"]
    assert one["kind"] == "soft"


def test_people_read_words(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "evil\x1b[2J.eml").write_text(MAIL.replace("over quota", "over \x1b[31mquota"))
    done = cli("parse", "evil\x1b[2J.eml", "missing.eml", "-", stdin=MAIL)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    for text in (
        "evil\\x1b[2J.eml: soft",
        "ann@example.org",
        "mailbox_full",
        "✘ missing.eml: No such file",
        "-: soft",
    ):
        assert text in done.stdout


def test_the_subscriber_of_a_return_address_is_known_to_every_command(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    uuid = "9a8b7c6d-1234-4abc-8def-001122334455"
    mail = (
        f"Delivered-To: bounces+{uuid}@example.org\nTo: bounces@example.org\nFrom: MAILER-DAEMON@mx.example.net\n"
    )
    mail += "Subject: Undelivered Mail Returned to Sender\n\n550 5.1.1 User unknown. It could not be delivered.\n"
    (tmp_path / "one.eml").write_text(mail)
    assert json.loads(cli("parse", "--json", "one.eml").stdout)["unidentified"]
    with config.open("a") as file:
        file.write('[mail]\nverp = ["bounces+*@example.org"]\n')
    parsed = json.loads(cli("parse", "--json", "one.eml").stdout)
    assert (parsed["kind"], parsed["verp"], parsed["original"]["subscriber_uuid"]) == ("hard", uuid, uuid)
    (told,) = json.loads(cli("explain", "--json", "one.eml").stdout)["told"]
    assert (told["kind"], told["told_by"], told["subscriber_uuid"]) == ("hard", "uuid", uuid)
    assert cli("import", "one.eml").returncode == 0
    row = json.loads(cli("outbox", "list", "--json").stdout)
    assert (row["kind"], row["subscriber_uuid"]) == ("hard", uuid)


def test_a_wish_to_unsubscribe_is_known_to_every_command(cli: Cli, config: Path, tmp_path: Path) -> None:
    uuid = "9a8b7c6d-1234-4abc-8def-001122334455"
    mail = (
        "From: reader@example.com\nTo: {}\nSubject: unsubscribe\nDate: Tue, 3 Nov 2026 09:00:00 +0000\n\nplease\n"
    )
    (tmp_path / "one.eml").write_text(mail.format(f"unsub+{uuid}@example.org"))
    (tmp_path / "two.eml").write_text(mail.format("leave@example.org"))
    with config.open("a") as file:
        file.write('[mail]\nunsubscribe = ["unsub+*@example.org", "leave@example.org"]\n')
    one, two = map(json.loads, cli("parse", "--json", "one.eml", "two.eml").stdout.splitlines())
    assert (one["kind"], one["original"]["subscriber_uuid"], one["recipients"][0]["address"]) == (
        "unsubscribe",
        uuid,
        "",
    )
    assert (two["kind"], two["recipients"][0]["address"]) == ("unsubscribe", "reader@example.com")
    assert "unsubscribe" in cli("parse", "one.eml").stdout
    explained = cli("explain", "one.eml").stdout
    assert f"unsubscribe about subscriber {uuid}" in explained
    assert "A wish to unsubscribe? yes" in explained
    (told,) = json.loads(cli("explain", "--json", "two.eml").stdout)["told"]
    assert (told["kind"], told["held_for"]) == ("unsubscribe", "unproven")
    assert cli("import", "one.eml", "two.eml").returncode == 0
    rows = {
        row["subscriber_uuid"]: row for row in map(json.loads, cli("outbox", "list", "--json").stdout.splitlines())
    }
    assert (rows[uuid]["kind"], rows[uuid]["state"]) == ("unsubscribe", "pending")
    assert (rows[""]["state"], rows[""]["held_for"]) == ("held", "unproven")
    assert cli("rejudge", "--json").stdout == ""
    assert cli("outbox", "release", "--held-for", "unproven").returncode == 0
    states = {json.loads(line)["state"] for line in cli("outbox", "list", "--json").stdout.splitlines()}
    assert states == {"pending"}


def test_a_broken_configuration_is_told_and_the_example_is_none(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_text(MAIL)
    (tmp_path / "config.toml").write_text("[mail]\nverp = 7\n")
    done = cli("parse", "one.eml")
    assert done.returncode != 0
    assert "mail.verp" in done.stderr
    (tmp_path / "config.toml").unlink()
    assert cli("parse", "one.eml").returncode == 0
