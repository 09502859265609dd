# SPDX-License-Identifier: GPL-3.0-or-later
"""How answers are read: a reader takes the text of an answer. It raises UsageError, in words that name the fix and
never a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from bouncestream.config.alerting import scheme_of
from bouncestream.config.guessable import why_guessable
from bouncestream.crypto.secret import MINIMUM_LENGTH
from bouncestream.errors import UsageError
from bouncestream.settings import shapes
from bouncestream.settings.shapes import Shape, Wrong, loopback

#: How a connection is secured, as `tls` of the configuration has it, and what that means.
TLS = (
    ("implicit", "TLS from the start"),
    ("starttls", "TLS by STARTTLS"),
    ("none", "no TLS, only on this machine"),
)
_HOST = re.compile(r"[\w.-]{1,253}|\[?[0-9A-Fa-f:.]{3,45}\]?")


def shaped(shape: Shape) -> Callable[[str], Any]:
    """A reader of what a key of that shape takes."""

    def read(text: str) -> Any:
        try:
            return shape.from_text(text)
        except Wrong as wrong:
            raise UsageError(f"{text!r} {wrong}. Next: write {shape.words}.") from None

    return read


def url(text: str) -> str:
    """A URL. Raises UsageError."""
    if not text:
        raise UsageError(f"A URL is needed. Next: write {shapes.URL.words}.")
    return str(shaped(shapes.URL)(text))


def user(text: str) -> str:
    """The name of Listmonk's API user. Raises UsageError."""
    if ":" in text:
        raise UsageError("A user name contains no colon. Next: write the name alone; the token is asked next.")
    return line(text)


def token(text: str) -> str:
    """Listmonk's token; empty: none yet. Raises UsageError."""
    if not text:
        return ""
    where = "in Listmonk, Admin, Users, New, type API; the token is shown once"
    if ":" in text:
        raise UsageError("A token contains no colon. Next: write the token alone, without the user's name.")
    if len(text) < MINIMUM_LENGTH or not text.isprintable() or " " in text:
        raise UsageError(
            f"That is not a Listmonk token: one has at least {MINIMUM_LENGTH} characters, without spaces. "
            f"Next: {where}."
        )
    if why := why_guessable(text):
        raise UsageError(f"The token {why}. Next: take the one that Listmonk shows for its API user.")
    return text


def password(text: str) -> str:
    """A password, or another secret that was made elsewhere. Raises UsageError."""
    if why := why_guessable(line(text), foreign=True):
        raise UsageError(f"It {why}. Next: write the one that was shown where it was made.")
    return text


def own_secret(text: str, where: str) -> str:
    """The secret of a webhook, which was given instead of made here. Raises UsageError."""
    why = why_guessable(text) if len(text) >= MINIMUM_LENGTH else f"has fewer than {MINIMUM_LENGTH} characters"
    if why or not text.isprintable():
        raise UsageError(
            f"{where}: the secret {why or 'contains unprintable characters'}. Next: leave it out, and one is made."
        )
    return text


def host(text: str) -> str:
    """A server's name or address. Raises UsageError."""
    if text and not _HOST.fullmatch(text):
        raise UsageError(
            f"{text!r} is not the name of a server. Next: write it without a port or a scheme, such as "
            "imap.example.org."
        )
    return text.strip("[]")


def of_server(text: str) -> str:
    """A server that is needed. Raises UsageError."""
    return host(line(text))


def networks(text: str) -> tuple[str, ...]:
    """Addresses and networks, as they are written. Raises UsageError."""
    found = shaped(shapes.NETWORKS)(text)
    return tuple(str(one.network_address if one.num_addresses == 1 else one) for one in found)


def folders(text: str) -> tuple[str, ...]:
    """Folders, with commas between them. Raises UsageError."""
    if text.startswith("["):
        return tuple(shaped(shapes.TEXTS)(text))
    return tuple(dict.fromkeys(line(part.strip()) for part in text.split(",")))


def return_address(text: str) -> str:
    """A return address, with or without a *; empty: none. Raises UsageError."""
    found = shaped(shapes.OWN_ADDRESSES)(text)
    if len(found) > 1:
        raise UsageError("These are several addresses. Next: write one; add others to [mail] verp later.")
    return str(found[0]) if found else ""


def apprise(text: str) -> tuple[str, ...]:
    """URLs of Apprise, with blanks between them. Raises UsageError."""
    found = tuple(password(text).split())
    if any(scheme_of(one) == "?" for one in found):
        raise UsageError(
            "That is not an Apprise URL. Next: write it as service://…, such as ntfys://ntfy.sh/topic."
        )
    return found


def secret_url(text: str) -> str:
    """The URL of a webhook for alerts, which may hold a token. Raises UsageError."""
    if not shapes.is_http(password(text)) or " " in text:
        raise UsageError("That is not an http or https URL. Next: write https://….")
    return text


def of(choices: Sequence[tuple[str, str]]) -> Callable[[str], str]:
    """A reader of a choice, by its number, its name or its meaning; empty: none."""

    def read(text: str) -> str:
        for number, (name, meaning) in enumerate(choices, start=1):
            if text.lower() in (str(number), name.lower(), meaning.lower()):
                return name
        if not text:
            return ""
        raise UsageError(
            f"There is no {text!r} here. Next: choose one of {', '.join(name for name, _ in choices)}."
        )

    return read


def several(choices: Sequence[tuple[str, str]]) -> Callable[[str], tuple[str, ...]]:
    """A reader of several choices, with commas between them."""
    one = of(choices)
    return lambda text: tuple(dict.fromkeys(filter(None, (one(part.strip()) for part in text.split(",")))))


def line(text: str) -> str:
    """A text that is needed. Raises UsageError."""
    if not text:
        raise UsageError("It is needed. Next: write it.")
    if not text.isprintable():
        raise UsageError("It contains unprintable characters. Next: write it again.")
    return text


#: A reader of a port.
port = shaped(shapes.whole(1, 65535))


def tls_of(number: int, server: str) -> str:
    """The kind of TLS that is usual at a port of a server."""
    if number in (465, 993):
        return "implicit"
    return "none" if loopback(server) else "starttls"
