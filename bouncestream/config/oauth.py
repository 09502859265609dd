# SPDX-License-Identifier: GPL-3.0-or-later
"""The OAuth keys of a mailbox (`oauth_…`), completed from the presets of Google and Microsoft: where to ask, how,
and for which permission. Pure: it reads the section and nothing else.

Google: `identity/protocols/oauth2/native-app` and `gmail/imap/xoauth2-protocol` at developers.google.com.
Microsoft: `v2-oauth2-device-code`, `v2-oauth2-client-creds-grant-flow` and "Authenticate an IMAP, POP or SMTP
connection using OAuth" at learn.microsoft.com. All read as stored copies on 2026-11-22:

* Google's loopback redirect is for clients of the type "Desktop app", any port of 127.0.0.1, with PKCE. Its device
  flow gives no permission for mail. IMAP has one scope, https://mail.google.com/.
* Microsoft's permission for IMAP belongs to https://outlook.office.com, not to Graph; `offline_access` brings the
  refresh token. An application on its own asks for https://outlook.office365.com/.default of one tenant.
* Microsoft compares a loopback redirect without its port, and takes `localhost` (its portal takes no 127.0.0.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bouncestream.config.mailbox import Mailbox
from bouncestream.crypto.secret import Secret
from bouncestream.settings.shapes import loopback

#: Ways to log in that need an access token instead of a password.
TOKEN_AUTH = ("xoauth2", "oauthbearer")

DEVICE, LOOPBACK, CLIENT = "device", "loopback", "client"

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,253}", re.ASCII)
#: Tenants that stand for many: an application on its own cannot ask them.
_MANY = ("common", "organizations", "consumers")

_GOOGLE_SCOPE = "https://mail.google.com/"
_USER_SCOPE = "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
_APP_SCOPE = "https://outlook.office365.com/.default"
#: Keys that nobody sets who does not mean to log in by OAuth.
_TELLING = ("oauth_provider", "oauth_flow", "oauth_client_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The way in which a mailbox gets its access tokens."""

    flow: str  #: DEVICE, LOOPBACK or CLIENT
    client_id: str
    client_secret: Secret | None
    token_url: str
    authorize_url: str = ""
    device_url: str = ""
    scope: str = ""
    refresh_scope: str = ""  #: what a refresh names; empty: what was granted (RFC 6749 section 6)
    authorize_extra: tuple[tuple[str, str], ...] = ()  #: what the provider wants beside RFC 6749 section 4.1.1
    redirect_host: str = "127.0.0.1"
    preset: str = ""  #: `google`, `microsoft` or empty


def needs_token(box: Mailbox) -> bool:
    """Whether the mailbox logs in with an access token."""
    return box.auth in TOKEN_AUTH


def flow_of(box: Mailbox) -> str:
    """The OAuth flow by which permission is got; empty: it cannot be told."""
    if box.oauth_flow:
        return box.oauth_flow
    if box.oauth_provider:
        return {"google": LOOPBACK, "microsoft": DEVICE}[box.oauth_provider]
    if box.oauth_device_url:
        return DEVICE
    return LOOPBACK if box.oauth_authorize_url else ""


def plan(box: Mailbox) -> Plan:
    """The keys of a mailbox that has no `problems`, completed; keys that are set count before the preset."""
    flow = flow_of(box)
    token, authorize, device, scope = "", "", "", ""
    extra: tuple[tuple[str, str], ...] = ()
    if box.oauth_provider == "google":
        token = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
        authorize = "https://accounts.google.com/o/oauth2/v2/auth"
        scope = _GOOGLE_SCOPE
        # Without these a second consent of the same person brings no refresh token.
        extra = (("access_type", "offline"), ("prompt", "consent"))
    elif box.oauth_provider == "microsoft":
        base = f"https://login.microsoftonline.com/{box.oauth_tenant}/oauth2/v2.0"
        token, authorize, device = f"{base}/token", f"{base}/authorize", f"{base}/devicecode"
        scope = _APP_SCOPE if flow == CLIENT else _USER_SCOPE
    if flow == LOOPBACK and box.user:
        extra += (("login_hint", box.user),)
    scope = box.oauth_scope or scope
    return Plan(
        flow=flow,
        client_id=box.oauth_client_id,
        client_secret=box.oauth_client_secret,
        token_url=box.oauth_token_url or token,
        authorize_url=box.oauth_authorize_url or authorize,
        device_url=box.oauth_device_url or device,
        scope=scope,
        refresh_scope=scope if box.oauth_provider == "microsoft" else "",
        authorize_extra=extra,
        redirect_host="localhost" if box.oauth_provider == "microsoft" else "127.0.0.1",
        preset=box.oauth_provider,
    )


def problems(box: Mailbox, *, with_secrets: bool = True) -> list[str]:
    """The faults in how the mailbox logs in, each with its fix."""
    where = f"mailboxes.{box.name}"
    if not needs_token(box):
        return _of_password(box, where, with_secrets=with_secrets)
    found = []
    if not box.oauth_client_id:
        found.append(f"{where}.oauth_client_id: is missing; write the id of the application that you registered")
    if with_secrets and box.password is not None:
        found.append(f'{where}.password: {box.auth} does not use it; remove it, or set auth = "password"')
    if not box.oauth_provider and not box.oauth_token_url:
        found.append(f'{where}.oauth_provider: is missing; write "google" or "microsoft", or set oauth_token_url')
        return found
    flow = flow_of(box)
    if not flow:
        found.append(f'{where}.oauth_flow: is missing; write "device", "loopback" or "client"')
    if box.oauth_provider == "google" and flow in (DEVICE, CLIENT):
        found.append(f'{where}.oauth_flow: Google does not allow that flow for mail; write "loopback"')
    if not _TENANT.fullmatch(box.oauth_tenant):
        found.append(f"{where}.oauth_tenant: is not a tenant; write its id, or its domain")
    elif box.oauth_provider == "microsoft" and flow == CLIENT and box.oauth_tenant in _MANY:
        found.append(f'{where}.oauth_tenant: oauth_flow = "client" needs the id of your tenant (directory)')
    if flow == CLIENT and with_secrets and box.oauth_client_secret is None:
        found.append(f'{where}.oauth_client_secret: is missing; oauth_flow = "client" needs it')
    if flow and not (box.oauth_provider == "google" and flow in (DEVICE, CLIENT)):
        found += _of_addresses(box, where)
    return found


def _of_password(box: Mailbox, where: str, *, with_secrets: bool) -> list[str]:
    found = []
    if with_secrets and box.password is None:
        found.append(
            f"{where}.password: is missing; set it here, or password_file to a file that holds it, or the systemd "
            f'credential {where}.password (or set auth = "xoauth2" and the keys oauth_…)'
        )
    standard = Mailbox()
    used = [key for key in _TELLING if getattr(box, key) != getattr(standard, key)]
    if used:
        found.append(f'{where}.{used[0]}: auth = "{box.auth}" does not use it; set auth = "xoauth2", or remove it')
    return found


def _of_addresses(box: Mailbox, where: str) -> list[str]:
    made = plan(box)
    needed = {"oauth_token_url": made.token_url}
    if made.flow == DEVICE:
        needed["oauth_device_url"] = made.device_url
    elif made.flow == LOOPBACK:
        needed["oauth_authorize_url"] = made.authorize_url
    found = []
    for key, url in needed.items():
        if not url:
            found.append(f'{where}.{key}: is missing; oauth_flow = "{made.flow}" needs it')
        elif not _safe(url):
            found.append(f"{where}.{key}: secrets would be sent unencrypted; write an https URL")
    return found


def _safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or loopback(parts.hostname or "")
