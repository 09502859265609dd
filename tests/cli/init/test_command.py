# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bouncestream.config.example import render as render_example
from bouncestream.config.load import load
from tests.cli.conftest import TOKEN, Cli, Process

pytestmark = pytest.mark.binary

PUBLIC = "http://127.0.0.1:1"


def answers(*lines: str, seal: str = "") -> str:
    return "".join(f"{line}\n" for line in (*lines, seal))


def test_it_asks_tries_and_writes(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    done = cli("init", stdin=answers(sandbox, "bridge", TOKEN, "sendamatic", PUBLIC, "", "", ""))
    assert done.returncode == 0, done.stdout + done.stderr
    path = tmp_path / "config.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    config = load(path, {})
    assert (config.listmonk.url, config.listmonk.user) == (sandbox, "bridge")
    assert config.listmonk.token is not None
    assert config.listmonk.token.reveal() == TOKEN
    assert config.server.public_url == PUBLIC
    secret = config.webhooks["sendamatic"].secret
    assert secret is not None
    assert f"URL     {PUBLIC}/webhooks/sendamatic" in done.stdout
    assert f"Header  X-Webhook-Secret: {secret.reveal()}" in done.stdout
    assert TOKEN not in done.stdout
    for permission in ("webhooks:post_bounce", "bounces:get", "subscribers:sql_query", "lists:manage_all"):
        assert permission in done.stdout
    assert "normal while bouncestream and its proxy are not running" in " ".join(done.stdout.split())
    assert list(tmp_path.iterdir()) == [path]
    assert cli("check").returncode == 0


def test_empty_answers_take_the_defaults(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    done = cli("init", "--user", "bridge", "--listmonk-url", sandbox, stdin=answers(TOKEN, "", "", "", ""))
    assert done.returncode == 0, done.stdout + done.stderr
    config = load(tmp_path / "config.toml", {})
    assert config.listmonk.user == "bridge"
    assert config.server.public_url == ""
    assert "https://<your address>/webhooks/sendamatic" in done.stdout


def test_options_ask_nothing(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    done = cli(
        *("init", "--yes", "--listmonk-url", sandbox, "--user", "bridge", "--token-file", "token"),
        *("--provider", "generic", "--output", "mine.toml", "--listen", "127.0.0.1:0", "--outbox", "o.db"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    config = load(tmp_path / "mine.toml", {})
    assert config.webhooks["generic"].token is not None
    assert config.server.listen == "127.0.0.1:0"
    assert config.outbox.path == str(tmp_path / "o.db")
    assert "Authorization: Bearer" in done.stdout


@pytest.mark.parametrize(("provider", "key"), [("mailgun", "signing_key"), ("ses", "topics")])
def test_a_key_that_the_provider_makes_is_left_to_set(
    cli: Cli, sandbox: str, tmp_path: Path, provider: str, key: str
) -> None:
    done = cli("init", stdin=answers(sandbox, "bridge", TOKEN, provider, PUBLIC, "", "", "", ""))
    assert done.returncode == 0, done.stdout + done.stderr
    secret = load(tmp_path / "config.toml", {}).webhooks[provider].path_secret
    assert secret is not None
    assert f"{PUBLIC}/webhooks/{provider}/{secret.reveal()}" in done.stdout
    assert f"Then set {key} in [webhooks.{provider}] of config.toml" in " ".join(done.stdout.split())


def test_what_it_writes_runs(cli: Cli, sandbox: str, tmp_path: Path, spawn: type[Process]) -> None:
    arguments = ("init", "--listen", "127.0.0.1:0", "--outbox", "outbox.db")
    assert cli(*arguments, stdin=answers(sandbox, "bridge", TOKEN, "sendamatic", "", "", "")).returncode == 0
    bridge = spawn("run")
    bridge.wait_for("listmonk is green")
    assert bridge.end() == 0


def test_a_listmonk_that_is_not_there_yet_is_told_and_written(cli: Cli, tmp_path: Path) -> None:
    done = cli("init", stdin=answers("http://127.0.0.1:1", "", TOKEN, "sendamatic", "", "", ""))
    assert done.returncode == 1
    assert "[listmonk-unreachable]" in done.stdout
    assert load(tmp_path / "config.toml", {}).listmonk.user == "bouncestream"


def test_a_wrong_token_is_told(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    done = cli("init", stdin=answers(sandbox, "bridge", "not-the-token-of-it", "sendamatic", "", "", ""))
    assert done.returncode == 1
    assert "[listmonk-token]" in done.stdout


def test_nothing_is_overwritten_without_force(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("precious")
    given = answers(sandbox, "bridge", TOKEN, "sendamatic", "", "", "")
    done = cli("init", stdin=given)
    assert done.returncode == 64
    assert "--force" in done.stderr
    assert path.read_text() == "precious"
    path.chmod(0o644)
    assert cli("init", "--force", stdin=given).returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "[listmonk]" in path.read_text()


def test_in_a_fresh_clone_the_example_gives_way_and_no_command_reads_it(
    cli: Cli, sandbox: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(render_example())
    (tmp_path / ".git").mkdir()
    for command in (("status",), ("check",), ("run",), ("outbox", "list"), ("check", "--config", "config.toml")):
        done = cli(*command)
        assert done.returncode == 78, command
        assert f"{path}: is the unchanged example configuration" in done.stderr
    (tmp_path / "odd.eml").write_text("Subject: x\n\ny")
    assert cli("explain", "odd.eml").returncode == 0
    done = cli("init", stdin=answers(sandbox, "bridge", TOKEN, "sendamatic", "", "", ""))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skip-worktree config.toml" in done.stdout
    assert load(path, {}).listmonk.url == sandbox
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text(render_example().replace("9000", "9001"))
    assert cli("init", stdin=answers(sandbox, "bridge", TOKEN, "sendamatic", "", "", "")).returncode == 64


def test_errors_name_the_file_that_was_read(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[listmonk]\nurl = 5\n")
    assert f"the configuration {tmp_path}/config.toml cannot be used" in cli("check").stderr
    other = tmp_path / "other.toml"
    other.write_text("nonsense")
    for args, env in ((("--config", "other.toml"), {}), ((), {"BOUNCESTREAM_CONFIG": str(other)})):
        assert f"the configuration {other} cannot be used" in cli("status", *args, env=env).stderr


@pytest.mark.parametrize(
    ("args", "stdin"),
    [
        ((), ""),
        ((), answers("not a url")),
        ((), answers("http://127.0.0.1:1", "", "short")),
        ((), answers("http://127.0.0.1:1", "", "0123456789abcdef")),
        ((), answers("http://127.0.0.1:1", "", "the-token-of-listmonk")),
        ((), answers("http://127.0.0.1:1", "a:b")),
        ((), answers("http://127.0.0.1:1", "", TOKEN, "no-such-provider")),
        ((), answers("http://127.0.0.1:1", "", TOKEN, "sendamatic", "gopher://x")),
        (("--yes",), ""),
        (("--token-file", "missing"), answers("http://127.0.0.1:1", "")),
        ((), answers("http://127.0.0.1:1", "", TOKEN, "-", "-", "-")),
        (("--imap-port", "many"), answers("http://127.0.0.1:1", "", TOKEN, "-", "localhost")),
        (("--output", "no/such/dir.toml"), ""),
        (("--listen", "nowhere"), ""),
    ],
)
def test_wrong_answers_are_64_and_write_nothing(
    cli: Cli, tmp_path: Path, args: tuple[str, ...], stdin: str
) -> None:
    done = cli("init", *args, stdin=stdin)
    assert done.returncode == 64
    assert "Next:" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_secrets_come_from_the_environment_or_files_and_nothing_is_asked(
    cli: Cli, sandbox: str, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "pw").write_text("a password of it\n")
    env = {
        "BOUNCESTREAM__LISTMONK__URL": sandbox,
        "BOUNCESTREAM__LISTMONK__USER": "bridge",
        "BOUNCESTREAM__LISTMONK__TOKEN_FILE": "token",
        "BOUNCESTREAM__WEBHOOKS__POSTMARK__PROVIDER": "postmark",
        "BOUNCESTREAM__WEBHOOKS__POSTMARK__PASSWORD": "q7Lz-0fXw2-Kd81-vv",
        "BOUNCESTREAM__SERVER__PUBLIC_URL": PUBLIC,
        "BOUNCESTREAM__SERVER__LISTEN": "127.0.0.1:0",
        "BOUNCESTREAM__SERVER__TRUSTED_PROXIES": '["10.0.0.0/8"]',
        "BOUNCESTREAM__MAILBOXES__BOUNCES__HOST": "localhost",
        "BOUNCESTREAM__MAILBOXES__BOUNCES__PORT": "1",
        "BOUNCESTREAM__MAILBOXES__BOUNCES__USER": "bounces@example.org",
        "BOUNCESTREAM__MAILBOXES__BOUNCES__PASSWORD_FILE": "pw",
        "BOUNCESTREAM__MAILBOXES__BOUNCES__FOLDERS": "INBOX, Junk",
        "BOUNCESTREAM__ALERTS__WEBHOOK__URL": "http://127.0.0.1:1/hook",
    }
    done = cli("init", "--yes", env=env)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "[mailbox-unreachable]" in done.stdout
    assert "[alerts-channel]" in done.stdout
    config = load(tmp_path / "config.toml", {})
    assert (config.listmonk.url, config.listmonk.user) == (sandbox, "bridge")
    assert config.listmonk.token is not None
    assert config.listmonk.token.reveal() == TOKEN
    assert config.webhooks["postmark"].verifiable == ("password",)
    assert config.webhooks["postmark"].secrets[0].reveal() == "q7Lz-0fXw2-Kd81-vv"
    assert [str(one) for one in config.server.trusted_proxies] == ["10.0.0.0/8"]
    box = config.mailboxes["bounces"]
    assert (box.host, box.port, box.tls, box.folders) == ("localhost", 1, "none", ("INBOX", "Junk"))
    assert box.password is not None
    assert box.password.reveal() == "a password of it"
    assert config.mail.verp == ("bounces+*@example.org",)
    assert config.alerts.webhook.url is not None
    for secret in (TOKEN, "a password of it", "/hook"):
        assert secret not in done.stdout + done.stderr


def test_options_count_before_the_environment_and_name_themselves(cli: Cli, tmp_path: Path) -> None:
    env = {"BOUNCESTREAM__LISTMONK__URL": "nonsense", "BOUNCESTREAM__LISTMONK__TOKEN": TOKEN}
    done = cli("init", "--yes", env=env)
    assert done.returncode == 64
    assert "BOUNCESTREAM__LISTMONK__URL: 'nonsense' is not an http or https URL" in done.stderr
    assert cli("init", "--yes", "--listmonk-url", "http://127.0.0.1:1", env=env).returncode == 1
    assert load(tmp_path / "config.toml", {}).listmonk.url == "http://127.0.0.1:1"


@pytest.mark.parametrize("variable", ["SERVER__LISTEN", "WEBHOOKS__SENDAMATIC__SECRET", "ALERTS__EMAIL__PORT"])
def test_a_wrong_variable_is_named(cli: Cli, tmp_path: Path, variable: str) -> None:
    env = {"BOUNCESTREAM__LISTMONK__TOKEN": TOKEN, f"BOUNCESTREAM__{variable}": "x"}
    done = cli("init", "--yes", "--listmonk-url", "http://127.0.0.1:1", env=env)
    assert done.returncode == 64
    assert f"BOUNCESTREAM__{variable}: " in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_yes_wants_a_token(cli: Cli) -> None:
    done = cli("init", "--yes")
    assert done.returncode == 64
    assert "--token-file is missing. Next: give it, or set BOUNCESTREAM__LISTMONK__TOKEN." in done.stderr
