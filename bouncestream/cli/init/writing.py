# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file that the answers make, and how it is written: as a whole or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from bouncestream import files
from bouncestream.cli.init.answers import (
    APPRISE,
    EMAIL,
    LISTEN,
    LISTENER,
    MAILBOX,
    PASSWORD,
    WEBHOOK,
    Answers,
    made_here,
)
from bouncestream.config.example import is_example
from bouncestream.config.extract import HOLDS_SECRETS
from bouncestream.crypto.sealed import key_id, new_key
from bouncestream.errors import UsageError

#: Where the outbox of a service lies.
OUTBOX = Path("/var/lib/bouncestream/outbox.db")

_HEAD = f"""\
# bouncestream's configuration, written by `bouncestream init`. {HOLDS_SECRETS}
# `bouncestream config example` shows every key, `bouncestream check` what is wrong.
"""


def render(answers: Answers) -> str:
    """The configuration file."""
    return "\n".join((_HEAD, *(f"{one}\n" for one in _sections(answers))))


def _sections(answers: Answers) -> Iterable[str]:
    proxies = [("trusted_proxies", answers.trusted_proxies)] if answers.trusted_proxies else []
    public = _key("public_url", answers.public_url) if answers.public_url else '# public_url = "https://…"'
    yield "\n".join((_section("server", [("listen", answers.listen)]), public, *(_key(*one) for one in proxies)))
    yield _section("outbox", [("path", answers.outbox)])
    if answers.key_file:
        yield _section("privacy", [("seal", True), ("key_file", answers.key_file)])
    token = _key("token", answers.listmonk_token) if answers.listmonk_token else '# token = "…"'
    yield f"{_section('listmonk', [('url', answers.listmonk_url), ('user', answers.listmonk_user)])}\n{token}"
    for name in answers.providers:
        own = {made_here(name): answers.secret(name), **answers.of(name)}
        tables = {key: value for key, value in own.items() if isinstance(value, dict)}
        plain = ((key, value) for key, value in own.items() if key not in tables)
        yield _section(f"webhooks.{name}", [("provider", name), *plain])
        for key, value in tables.items():
            yield _section(f"webhooks.{name}.{key}", ((json.dumps(word), to) for word, to in value.items()))
    if answers.imap_host:
        yield _section(f"mailboxes.{MAILBOX}", _mailbox(answers))
    if answers.bounce_address:
        yield _section(f"smtp.{LISTENER}", [("listen", LISTEN), ("recipients", _taken(answers.bounce_address))])
    forms = [one for one in dict.fromkeys((answers.return_address, answers.bounce_address)) if "*" in one]
    if forms:
        yield _section("mail", [("verp", forms)])
    if answers.alerts == APPRISE:
        yield _section("alerts", [("apprise", answers.apprise)])
    elif answers.alerts == WEBHOOK:
        yield _section("alerts.webhook", [("url", answers.alert_url)])
    elif answers.alerts == EMAIL:
        yield _section("alerts.email", _email(answers))


def _taken(address: str) -> list[str]:
    """The recipients of the listener: the address with a *, and the plain one that other mails have."""
    plain = re.sub(r"[+=_-]?\*", "", address)
    return [address] if plain == address or plain.startswith("@") else [plain, address]


def _mailbox(answers: Answers) -> Iterable[tuple[str, object]]:
    yield "host", answers.imap_host
    yield "port", answers.imap_port
    yield "tls", answers.imap_tls
    if answers.imap_ca_file:
        yield "ca_file", answers.imap_ca_file
    yield "user", answers.imap_user
    if answers.imap_login == PASSWORD:
        yield "password", answers.imap_password
    else:
        yield "auth", "xoauth2"
        yield "oauth_provider", answers.imap_login
        yield "oauth_client_id", answers.oauth_client_id
        if answers.oauth_client_secret:
            yield "oauth_client_secret", answers.oauth_client_secret
    yield "folders", answers.imap_folders


def _email(answers: Answers) -> Iterable[tuple[str, object]]:
    yield "host", answers.smtp_host
    yield "port", answers.smtp_port
    yield "tls", answers.smtp_tls
    if answers.smtp_user:
        yield "user", answers.smtp_user
        yield "password", answers.smtp_password
    yield "sender", answers.alert_from
    yield "recipients", answers.alert_to


def _section(name: str, keys: Iterable[tuple[str, object]]) -> str:
    return "\n".join((f"[{name}]", *(_key(*one) for one in keys)))


def _key(name: str, value: object) -> str:
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"  # TOML takes the same escapes, numbers and lists


def may_write(path: Path, *, force: bool) -> None:
    """Before anything is asked: whether the file may be written. Raises UsageError."""
    if path.exists() and not force and not is_example(path):
        raise UsageError(
            f"{path} already exists. Next: name another file with --output, or overwrite with --force. To add a "
            "provider or a mailbox, add its section by hand: `bouncestream config example` shows them."
        )
    if not path.parent.is_dir():
        raise UsageError(f"The directory {path.parent} does not exist. Next: create it.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(
            f"{path} cannot be written by this user. Next: run it with sudo, or name another file with --output."
        )


def write(path: Path, text: str, *, force: bool) -> None:
    """Write it with mode 0600, as a whole or not at all. Raises UsageError."""
    try:
        files.replace(path, text.encode(), overwrite=force)
    except FileExistsError:
        raise UsageError(
            f"{path} was created in the meantime. Next: inspect it, or overwrite with --force."
        ) from None


def write_key(path: Path) -> tuple[str, bool]:
    """Make the key of a sealed outbox, unless it is there already; its name, and whether it was made. Raises
    UsageError."""
    try:
        if path.exists():
            return key_id(path.read_text("ascii").strip()), False
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = new_key()
        files.replace(path, f"{key}\n".encode(), overwrite=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be written: {error}. Next: write --seal with another file.") from None
    return key_id(key), True


def outbox(given: str | None, output: Path) -> Path:
    """The usual place where this user may write, else beside the configuration."""
    if given:
        return Path(given).absolute()
    if os.access(OUTBOX.parent, os.W_OK | os.X_OK):
        return OUTBOX
    return output.absolute().parent / OUTBOX.name
