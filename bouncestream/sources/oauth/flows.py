# SPDX-License-Identifier: GPL-3.0-or-later
"""OAuth 2.0 as values: the requests of each flow, and what an answer means. Pure: sends nothing, knows no clock.

RFC 6749 (framework), 7636 (PKCE), 8252 (native apps: the loopback redirect), 8628 (device code); and the vendor
pages that `config.oauth` names, read 2026-11-22. Microsoft calls a refusal at the device `authorization_declined`,
and asks for a person again with `interaction_required`, `consent_required` or `login_required`.

Nothing that a provider says reaches a log or a terminal as it is: `words` makes it printable and takes out every
secret of ours that it may repeat.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from bouncestream.config.oauth import Plan
from bouncestream.crypto.blank import SHOWN, Blank
from bouncestream.errors import LoginRefused, MailboxError, TokenError
from bouncestream.printable import mask_all, printable

#: No answer of a token endpoint is larger; bytes. Microsoft's tokens have about 2 KB.
ANSWER_LIMIT = 64 * 1024
#: The life of an access token that does not say it (RFC 6749 section 5.1 leaves that open), and the longest; s.
UNSAID_LIFE, LONGEST_LIFE = 300.0, 86400.0
#: RFC 8628 section 3.2 and 3.5: the interval of polls where none is given, what `slow_down` adds; s.
INTERVAL, SLOWER = 5.0, 5.0
#: A code that is said to live longer is not waited for longer; s.
LONGEST_CODE = 1800.0

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
#: A person must log in again.
_AGAIN = {"invalid_grant", "interaction_required", "consent_required", "login_required"}
#: The registration or the configuration is wrong (RFC 6749 section 5.2).
_WRONG = {
    "invalid_client": "check oauth_client_id and oauth_client_secret (has the secret expired?)",
    "unauthorized_client": "allow this oauth_flow for the application, or set another one",
    "unsupported_grant_type": "set another oauth_flow: the provider does not support this one",
    "invalid_scope": "check oauth_scope, and the permissions of the application",
    "invalid_request": "check the keys oauth_… of the mailbox",
    "invalid_resource": "check oauth_scope",
}
_PERSON_SAID_NO = {"access_denied", "authorization_declined"}
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}", re.ASCII)
#: What looks like a token in foreign words: no sentence has such a word.
_LONG_WORD = re.compile(r"[A-Za-z0-9._~+/=-]{44,}")


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """The tokens that a token endpoint gave."""

    access: str
    lifetime: float  #: seconds
    refresh: str = ""  #: empty: none came, the old one stays good (RFC 6749 section 6)

    def __repr__(self) -> str:
        return f"Tokens(lifetime={self.lifetime:g}, refresh={bool(self.refresh)})"


@dataclass(frozen=True, slots=True, repr=False)
class DeviceCode:
    """The code that a person enters elsewhere, and how long we ask whether it was (RFC 8628 section 3.2)."""

    device_code: str
    user_code: str
    uri: str
    lifetime: float  #: seconds
    interval: float  #: seconds between two polls


@dataclass(frozen=True, slots=True)
class Wait:
    """Nobody has entered the code yet: ask again; `slower`: and less often from now on."""

    slower: bool = False


# -- requests ---------------------------------------------------------------------------------------------------


def refresh_form(plan: Plan, refresh_token: str) -> dict[str, str]:
    """RFC 6749 section 6."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **_client(plan)}
    return form | ({"scope": plan.refresh_scope} if plan.refresh_scope else {})


def client_form(plan: Plan) -> dict[str, str]:
    """RFC 6749 section 4.4.2."""
    return {"grant_type": "client_credentials", **_client(plan), **_scope(plan)}


def device_form(plan: Plan) -> dict[str, str]:
    """RFC 8628 section 3.1."""
    return {**_client(plan), **_scope(plan)}


def poll_form(plan: Plan, device_code: str) -> dict[str, str]:
    """RFC 8628 section 3.4."""
    return {"grant_type": _DEVICE_GRANT, "device_code": device_code, **_client(plan)}


def code_form(plan: Plan, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
    """RFC 6749 section 4.1.3, with the verifier of RFC 7636 section 4.5."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        **_client(plan),
    }


def authorize_url(plan: Plan, redirect_uri: str, state: str, verifier: str) -> str:
    """The URL where the person goes: RFC 6749 section 4.1.1, with the challenge of RFC 7636 section 4.2."""
    query = {
        "response_type": "code",
        "client_id": plan.client_id,
        "redirect_uri": redirect_uri,
        **_scope(plan),
        "state": state,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        **dict(plan.authorize_extra),
    }
    return f"{plan.authorize_url}?{urlencode(query)}"


def challenge(verifier: str) -> str:
    """S256 of RFC 7636 section 4.2."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def redirected(query: Mapping[str, str], state: str) -> str | None:
    """The code that a redirect brought; None: it is not the answer to our request. Raises LoginRefused when the
    person (or the provider) said no. Without our `state` nothing of it is believed (RFC 6749 section 10.12)."""
    if not hmac.compare_digest(query.get("state", "").encode("utf-8", "replace"), state.encode()):
        return None
    if error := query.get("error", ""):
        if error in _PERSON_SAID_NO:
            raise LoginRefused("Access was not granted. Next: run the command again, and allow it.")
        raise LoginRefused(f"The provider refused: {words(error, query.get('error_description', ''))}.")
    return query.get("code") or None


def _client(plan: Plan) -> dict[str, str]:
    form = {"client_id": plan.client_id}
    return form | ({"client_secret": plan.client_secret.reveal()} if plan.client_secret is not None else {})


def _scope(plan: Plan) -> dict[str, str]:
    return {"scope": plan.scope} if plan.scope else {}


# -- answers ----------------------------------------------------------------------------------------------------


def read_tokens(status: int, body: bytes, *, secrets: Iterable[str] = (), command: str = "") -> Tokens:
    """The tokens of an answer (RFC 6749 section 5.1). `secrets` are taken out of what is told, `command` is what a
    person is told to run. Raises LoginRefused or TokenError (section 5.2)."""
    data = _object(body)
    if status == 200 and "access_token" in data:
        access, kind = data["access_token"], data.get("token_type", "bearer")
        if not isinstance(access, str) or not _TOKEN.fullmatch(access):
            raise TokenError("The provider's access token contains characters that cannot be sent.")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise LoginRefused(
                f"The provider issues tokens of the type {words(str(kind))}, which mailboxes do not accept. "
                "Next: check oauth_scope and the registration of the application."
            )
        refresh = data.get("refresh_token")
        life = _seconds(data.get("expires_in"), UNSAID_LIFE, LONGEST_LIFE)
        return Tokens(access, life, refresh if isinstance(refresh, str) else "")
    raise _refusal(status, data, secrets, command)


def read_device(status: int, body: bytes, *, secrets: Iterable[str] = ()) -> DeviceCode:
    """The codes to begin with (RFC 8628 section 3.2). Raises LoginRefused or TokenError."""
    data = _object(body)
    uri = data.get("verification_uri", data.get("verification_url"))  # the latter before the RFC
    found = (data.get("device_code"), data.get("user_code"), uri)
    if status != 200 or not all(isinstance(text, str) and text for text in found):
        raise _refusal(status, data, secrets, "")
    return DeviceCode(
        device_code=str(found[0]),
        user_code=str(found[1]),
        uri=str(found[2]),
        lifetime=_seconds(data.get("expires_in"), 600.0, LONGEST_CODE),
        interval=max(1.0, _seconds(data.get("interval"), INTERVAL, 60.0)),
    )


def read_poll(status: int, body: bytes, *, secrets: Iterable[str] = (), command: str = "") -> Tokens | Wait:
    """The result of a poll (RFC 8628 section 3.5). Raises LoginRefused or TokenError."""
    error = _object(body).get("error")
    if error in ("authorization_pending", "slow_down"):
        return Wait(slower=error == "slow_down")
    if error == "expired_token":
        raise LoginRefused(f"The code expired before it was entered. Next: run {command} again.")
    return read_tokens(status, body, secrets=secrets, command=command)


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        data = None
    return data if isinstance(data, dict) else {}


def _refusal(status: int, data: Mapping[str, Any], secrets: Iterable[str], command: str) -> MailboxError:
    """The error for an answer without a token; temporary when unknown."""
    error = data.get("error")
    if not isinstance(error, str) or not error:
        return TokenError(f"The provider answered {status}, without a token or a reason.")
    described = data.get("error_description")
    said = words(error, described if isinstance(described, str) else "", secrets)
    if error in _AGAIN:
        return LoginRefused(f"The permission is invalid or has expired: {said}. Next: run {command}.")
    if error in _PERSON_SAID_NO:
        return LoginRefused(f"Access was not granted: {said}. Next: run {command} again, and allow it.")
    if error in _WRONG and status < 500:
        return LoginRefused(f"The provider refuses the request: {said}. Next: {_WRONG[error]}.")
    return TokenError(f"The provider answered {status}: {said}.")


def words(error: str, description: str = "", secrets: Iterable[str] = ()) -> str:
    """An error in the provider's words: on one line, without secrets, addresses masked, not too long."""
    text = Blank(*secrets)(f"{error[:2000]} ({description[:4000]})" if description else error[:2000])
    text = _LONG_WORD.sub(SHOWN, text)
    return printable(mask_all(" ".join(text.split())), 300)


def _seconds(value: Any, unsaid: float, longest: float) -> float:
    """A time in seconds; some servers write it as a text."""
    try:
        seconds = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        return unsaid
    return min(seconds, longest)
