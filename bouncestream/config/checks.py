# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks between keys: every webhook has a provider and a proof, every mailbox a way to log in, and times
that belong together fit."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches

from bouncestream import providers
from bouncestream.config import alerting, oauth
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config, Webhook
from bouncestream.config.risks import loopback, risks

#: Folders of a mailbox that are read at most: Gmail allows 15 connections, others 10.
MOST_FOLDERS = 8

#: Names of webhooks and mailboxes: they become a part of a URL and of Listmonk's `source`.
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

#: Keys that prove where a request comes from.
_PROOFS = ("secret", "token", "hmac_secret", "path_secret")

#: Keys of a webhook that only some providers use.
_SPECIAL = ("secret", "header", "token", "hmac_secret", "classes")


def check(
    config: Config,
    problems: list[str],
    warnings: list[str],
    *,
    skip: Collection[str] = (),
    with_secrets: bool = True,
) -> None:
    """Add what is wrong with the configuration to `problems`, and what someone should know to `warnings`.

    Sections in `skip` have problems already, which would only be told twice."""
    if "retention" not in skip and config.retention.dedupe < config.retention.events:
        problems.append(
            "retention.dedupe: is shorter than retention.events, repeated reports would be counted twice; "
            "write a longer one"
        )
    if ":" in config.listmonk.user:
        problems.append(
            "listmonk.user: holds a colon, which no user name has (RFC 7617 section 2); write the name here, and "
            "the token in listmonk.token"
        )
    if not any(name.startswith("alerts") for name in skip):
        problems.extend(alerting.faults(config.alerts, with_secrets=with_secrets))
    for hook in config.webhooks.values():
        if f"webhooks.{hook.name}" in skip:
            continue
        _check_webhook(hook, problems, warnings, with_secrets=with_secrets)
    for box in config.mailboxes.values():
        if f"mailboxes.{box.name}" not in skip:
            problems += oauth.problems(box, with_secrets=with_secrets)
            problems += _mailbox_problems(box)
    for name in config.mailboxes.keys() & config.webhooks.keys():
        problems.append(
            f"mailboxes.{name}: a webhook has the same name, and both name the source of events; rename one"
        )
    if not skip:
        warnings.extend(risks(config, with_secrets=with_secrets))


def _mailbox_problems(box: Mailbox) -> list[str]:
    """The faults of a mailbox, apart from how it logs in."""
    where = f"mailboxes.{box.name}"
    found = []
    if not NAME.fullmatch(box.name):
        found.append(f"{where}: is no name for a mailbox; use letters, digits, - and _, at most 64")
    if box.tls == "none" and not loopback(box.host):
        found.append(
            f'{where}.tls: the password would travel readable to {box.host}; write "implicit" or "starttls"'
        )
    if len(box.folders) > MOST_FOLDERS:
        found.append(
            f"{where}.folders: each has a connection of its own, and servers allow few; name at most {MOST_FOLDERS}"
        )
    read = {"INBOX" if folder.upper() == "INBOX" else folder for folder in box.folders}
    if box.after == "move" and not box.move_to:
        found.append(f'{where}.move_to: is empty; name the folder to move to, or set after = "flag"')
    targets = {"move_to": box.move_to if box.after == "move" else "", "unidentified": box.unidentified_folder}
    for key, folder in targets.items():
        if ("INBOX" if folder.upper() == "INBOX" else folder) in read:
            found.append(f"{where}.{key}: is one of the folders that are read; name another one")
    return found


def _check_webhook(hook: Webhook, problems: list[str], warnings: list[str], *, with_secrets: bool) -> None:
    where = f"webhooks.{hook.name}"
    if hook.provider not in providers.names():
        near = get_close_matches(hook.provider.lower(), providers.names(), 1, 0.6)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(providers.names())}"
        problems.append(f"{where}.provider: there is no provider of that name; {hint}")
        return
    if not with_secrets:
        return
    provider = providers.get(hook.provider)
    standard = Webhook()
    for key in _SPECIAL:
        if key not in provider.takes and getattr(hook, key) != getattr(standard, key):
            uses = ", ".join(sorted(provider.takes))
            problems.append(f"{where}.{key}: {hook.provider} does not use it; it uses {uses}")
    if hook.header != standard.header and hook.secret is None:
        problems.append(f"{where}.header: names the header of a secret, but no secret is set; set {where}.secret")
    proofs = [key for key in _PROOFS if getattr(hook, key) is not None]
    usable = [key for key in _PROOFS if key in {*provider.takes, "path_secret"}]
    if proofs and hook.unverified:
        problems.append(f"{where}.unverified: is true, but {' and '.join(proofs)} is set; remove one or the other")
    elif hook.unverified:
        warnings.append(f"{where} is not verified: whoever finds its URL can have your subscribers blocklisted")
    elif not proofs:
        problems.append(
            f"{where}: anyone could post to it; set {' or '.join(usable)} (or, if you must, unverified = true)"
        )
