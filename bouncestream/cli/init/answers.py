# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers that a configuration is made of, and the settings that they make."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bouncestream import providers
from bouncestream.config.alerting import Alerts, Email, JsonWebhook
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Listmonk
from bouncestream.crypto.secret import Secret
from bouncestream.errors import UsageError
from bouncestream.providers._settings import Webhook, proofs_of
from bouncestream.settings.key import Key, keys_of
from bouncestream.settings.shapes import Wrong

#: The name of the mailbox in the configuration.
MAILBOX = "bounces"
#: The name of the listener for the own mail server, and where it listens.
LISTENER, LISTEN = "mta", "127.0.0.1:8026"
#: Ways to log in to a mailbox.
PASSWORD, GOOGLE, MICROSOFT = "password", "google", "microsoft"
#: Ways to be told of alerts.
EMAIL, APPRISE, WEBHOOK = "email", "apprise", "webhook"


@dataclass(slots=True)
class Answers:
    """The answers, each by the name of its question. What is empty is not set."""

    listmonk_url: str = ""
    listmonk_user: str = ""
    listmonk_token: str = ""
    providers: tuple[str, ...] = ()
    public_url: str = ""
    listen: str = "127.0.0.1:8025"
    trusted_proxies: tuple[str, ...] = ()
    outbox: str = ""
    imap_host: str = ""
    imap_port: int = 993
    imap_tls: str = "implicit"
    imap_ca_file: str = ""
    imap_user: str = ""
    imap_login: str = PASSWORD
    imap_password: str = ""
    oauth_client_id: str = ""
    oauth_client_secret: str = ""
    imap_folders: tuple[str, ...] = ("INBOX",)
    return_address: str = ""
    bounce_address: str = ""
    alerts: str = ""
    apprise: tuple[str, ...] = ()
    alert_url: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    smtp_user: str = ""
    smtp_password: str = ""
    alert_to: tuple[str, ...] = ()
    alert_from: str = ""
    seal: str = ""
    #: where the key of a sealed outbox lies, or will
    key_file: str = ""
    #: provider → the secret of its webhook
    made: dict[str, str] = field(default_factory=dict)
    #: provider.option → what is written in the provider's section
    options: dict[str, Any] = field(default_factory=dict)

    def put(self, name: str, value: Any) -> None:
        """The answer to a question; that about an option of a provider has a dot in its name."""
        if "." not in name:
            setattr(self, name, value)
        elif value:
            self.options[name] = value
        else:
            self.options.pop(name, None)

    def of(self, provider: str) -> dict[str, Any]:
        """The options of a provider that were answered, as they are written."""
        every = (name.partition(".") for name in self.options)
        return {option: self.options[f"{one}.{option}"] for one, _, option in every if one == provider}

    def secret(self, provider: str) -> str:
        """The secret of a provider's webhook; it is made here, unless it was given."""
        return self.made.setdefault(provider, secrets.token_urlsafe(24))

    def hook(self, provider: str) -> Webhook:
        """The webhook of a provider, named like it."""
        keys = keys_of(providers.get(provider).settings)
        options = {
            name: Secret(value) if (shape := keys[name].shape) is None else shape.parse(value)
            for name, value in self.of(provider).items()
        }
        return providers.webhook(
            provider, provider, **{made_here(provider): Secret(self.secret(provider)), **options}
        )

    def listmonk(self) -> Listmonk:
        """The settings of Listmonk."""
        token = Secret(self.listmonk_token) if self.listmonk_token else None
        return Listmonk(url=self.listmonk_url, user=self.listmonk_user, token=token)

    def mailbox(self) -> Mailbox:
        """The settings of the mailbox, which logs in with a password."""
        return Mailbox(
            name=MAILBOX,
            host=self.imap_host,
            port=self.imap_port,
            tls=self.imap_tls,
            ca_file=self.imap_ca_file,
            user=self.imap_user,
            password=Secret(self.imap_password) if self.imap_password else None,
            folders=self.imap_folders,
        )

    def channels(self) -> Alerts:
        """The settings of the channel that was chosen for alerts."""
        if self.alerts == APPRISE:
            return Alerts(apprise=Secret(*self.apprise))
        if self.alerts == WEBHOOK:
            return Alerts(webhook=JsonWebhook(url=Secret(self.alert_url)))
        if self.alerts != EMAIL:
            return Alerts()
        email = Email(
            host=self.smtp_host,
            port=self.smtp_port,
            tls=self.smtp_tls,
            user=self.smtp_user,
            password=Secret(self.smtp_password) if self.smtp_password else None,
            sender=self.alert_from,
            recipients=self.alert_to,
        )
        return Alerts(email=email)


def of_key(key: Key) -> Callable[[str], Any]:
    """A reader of the value of an option that is no secret, as it is written in TOML; a list may also have commas,
    and a table too: `its word = class, …`."""
    shape = key.shape
    assert shape is not None

    def read(text: str) -> Any:
        if not text and not key.required:
            return ""
        wrong: list[str] = []
        for value in _values(text) if text else ():
            try:
                shape.parse(value)
            except Wrong as error:
                wrong.append(str(error))
            else:
                return value
        raise UsageError(f"{key.name} {wrong[0] if wrong else 'is needed'}. Next: write {shape.words}.")

    return read


def _values(text: str) -> Iterator[Any]:
    """What a text may mean."""
    with suppress(tomllib.TOMLDecodeError):
        yield tomllib.loads(f"value = {text}")["value"]
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if all("=" in part for part in parts):
        pairs = (part.rpartition("=") for part in parts)
        yield {word.strip(' "'): to.strip(' "') for word, _, to in pairs}
    if len(parts) > 1:
        yield parts
    yield text


def made_here(provider: str) -> str:
    """The option that holds the secret which we make: the provider's, or that of the path if it makes its own."""
    settings = providers.get(provider).settings
    ours = (name for name in proofs_of(settings) if (key := keys_of(settings)[name]).secret and not key.foreign)
    return next(ours, "path_secret")
