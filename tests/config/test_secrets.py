# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path
from typing import Any

import pytest

from bouncestream.config.load import load
from bouncestream.crypto.secret import Secret
from bouncestream.errors import ConfigError

INLINE = "inline-secret-of-length"
IN_FILE = "in-a-file-of-good-length"
CREDENTIAL = "credential-of-good-length"
DIRECT = "environment-of-good-length"
HOOK = '[webhooks.a]\nprovider = "generic"\n'


def file(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_each_place_and_which_counts_first(tmp_path: Path) -> None:
    secret_file = file(tmp_path / "token", IN_FILE + "\n")
    env_file = file(tmp_path / "token2", IN_FILE + "2\n")
    file(tmp_path / "listmonk.token", CREDENTIAL + "\n")
    inline = file(tmp_path / "inline.toml", f'[listmonk]\ntoken = "{INLINE}"\n')
    named = file(tmp_path / "named.toml", f'[listmonk]\ntoken_file = "{secret_file}"\n')
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}

    def token(path: Path, environ: dict[str, str]) -> Secret | None:
        return load(path, environ).listmonk.token

    assert token(inline, {}) == Secret(INLINE)
    assert token(named, {}) == Secret(IN_FILE)
    assert token(inline, credentials) == token(named, credentials) == Secret(CREDENTIAL)
    assert token(inline, {"BOUNCESTREAM__LISTMONK__TOKEN_FILE": str(env_file), **credentials}) == Secret(
        IN_FILE + "2"
    )
    assert token(named, {"BOUNCESTREAM__LISTMONK__TOKEN": DIRECT, **credentials}) == Secret(DIRECT)


def test_two_secrets_in_a_file_stand_on_two_lines(tmp_path: Path) -> None:
    path = file(tmp_path / "hook", f"{IN_FILE}\n\n{INLINE}\n")
    config = file(tmp_path / "c.toml", HOOK + f'token_file = "{path}"\n')
    environ = {"BOUNCESTREAM__LISTMONK__TOKEN": DIRECT}
    assert load(config, environ).webhooks["a"].token == Secret(IN_FILE, INLINE)


def test_a_credential_for_a_webhook(tmp_path: Path) -> None:
    file(tmp_path / "webhooks.a.hmac_secret", CREDENTIAL)
    environ = {"BOUNCESTREAM__LISTMONK__TOKEN": DIRECT, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    config = file(tmp_path / "c.toml", HOOK)
    assert load(config, environ).webhooks["a"].hmac_secret == Secret(CREDENTIAL)


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        (f'token = "{INLINE}"\ntoken_file = "/x"', {}, "listmonk.token and listmonk.token_file: both are set"),
        ('token_file = "/does/not/exist"', {}, "'/does/not/exist' cannot be read (No such file"),
        (f'token_file = "{INLINE}"', {}, "listmonk.token_file: '***' cannot be read"),
        ('token_file = "/etc/no-such-file-here"', {}, "/etc/no-such-file-here cannot be read"),
        ("token_file = 5", {}, "listmonk.token_file: is not a path"),
        ('token_file = "TMP/two"', {}, "contains 2 lines; the secret must be the only line"),
        ('token_file = "TMP/empty"', {}, "is empty or not text"),
        ('token_file = "TMP/binary"', {}, "cannot be read (it is not text)"),
        ('token_file = "TMP/short"', {}, "has 5 characters; a secret needs at least 16"),
        ('token = "an\\u0007unprintable secret"', {}, "unprintable characters"),
        ("", {}, "listmonk.token: is missing; set it here, or token_file to a file"),
        (
            "",
            {"BOUNCESTREAM__LISTMONK__TOKEN": DIRECT, "BOUNCESTREAM__LISTMONK__TOKEN_FILE": "/x"},
            "BOUNCESTREAM__LISTMONK__TOKEN and BOUNCESTREAM__LISTMONK__TOKEN_FILE: both are set",
        ),
    ],
)
def test_refused_without_a_word_of_the_secret(
    tmp_path: Path, text: str, environ: dict[str, str], expected: str
) -> None:
    file(tmp_path / "two", f"{IN_FILE}\n{IN_FILE}\n")
    file(tmp_path / "empty", "\n")
    file(tmp_path / "short", "short")
    (tmp_path / "binary").write_bytes(b"\xff" * 20)
    config = file(tmp_path / "c.toml", "[listmonk]\n" + text.replace("TMP", str(tmp_path)))
    with pytest.raises(ConfigError) as caught:
        load(config, environ)
    assert expected in str(caught.value)
    assert not any(secret in str(caught.value) for secret in (INLINE, IN_FILE, DIRECT, "short\n"))


def test_a_secret_file_that_everyone_can_read_is_warned_about(tmp_path: Path) -> None:
    path = file(tmp_path / "token", IN_FILE, 0o644)
    config = file(tmp_path / "c.toml", f'[listmonk]\ntoken_file = "{path}"\n')
    assert (
        "contains a secret and is open to everyone (mode 0644): run chmod 600 on it" in load(config, {}).warnings[0]
    )
    path.chmod(0o640)
    assert load(config, {}).warnings == ()


def test_a_file_of_roots_that_the_service_may_not_read_names_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ = Path.open

    def refused(self: Path, mode: str = "r", **more: Any) -> Any:
        if self.name == "listmonk.token":
            raise PermissionError(13, "Permission denied")
        return open_(self, mode, **more)

    config = file(tmp_path / "c.toml", '[listmonk]\ntoken_file = "/etc/bouncestream/listmonk.token"\n')
    monkeypatch.setattr(Path, "open", refused)  # root, who may run the tests, may read everything
    with pytest.raises(ConfigError, match="`sudo bouncestream install` hands it to the service"):
        load(config, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    with pytest.raises(ConfigError, match="check who owns it"):
        load(config, {})
