# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks between keys: every webhook has a provider and a proof, every mailbox a way to log in, and times
that belong together fit."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from bouncestream import providers
from bouncestream.config import alerting, dashboard, listmonk_db, oauth
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config, Privacy
from bouncestream.config.risks import risks
from bouncestream.config.smtp import Smtp
from bouncestream.crypto.sealed import ADVICE, fault
from bouncestream.providers._settings import Webhook, proofs_of
from bouncestream.settings.shapes import loopback

#: Folders of a mailbox that are read at most: Gmail allows 15 connections, others 10.
MOST_FOLDERS = 8

#: Seconds between two backfills at least.
LEAST_BACKFILL = 15 * 60

#: Names of webhooks and mailboxes: they become a part of a URL and of Listmonk's `source`.
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def check(
    config: Config,
    problems: list[str],
    warnings: list[str],
    *,
    skip: Collection[str] = (),
    with_secrets: bool = True,
    sealing: bool = True,
) -> None:
    """Add what is wrong with the configuration to `problems`, and what someone should know to `warnings`.

    Of sections in `skip` nothing can be said; keys in it have problems already, and what names one of them would
    only tell its consequence. `sealing`: the key of the outbox was looked for."""
    if config.retention.dedupe < config.retention.events:
        told = (
            "retention.dedupe: is shorter than retention.events, so repeated reports would be counted twice; "
            "write a longer one"
        )
        problems += _beside([told], "retention", skip)
    problems += _beside(listmonk_db.faults(config.listmonk_db, config.outbox.url), "listmonk_db", skip)
    if sealing:
        problems += _beside(_privacy_problems(config.privacy), "privacy", skip)
    if both := [one for one in config.mail.unsubscribe if any(_covers(one, other) for other in config.mail.verp)]:
        told = (
            f"mail.unsubscribe: {', '.join(sorted(both))} is in mail.verp too, or fits an address there, so who "
            "writes to a return address would be unsubscribed; write another address here"
        )
        problems += _beside([told], "mail", skip)
    if ":" in config.listmonk.user:
        problems.append(
            "listmonk.user: contains a colon, which a user name must not (RFC 7617 section 2); write the name "
            "here, and the token in listmonk.token"
        )
    if with_secrets and config.brake.pause_campaign and config.brake.token is None:
        told = "brake.token: is missing, and pause_campaign is true; write the token of a second API user"
        problems += _beside([told], "brake", skip)
    problems += _beside(alerting.faults(config.alerts, with_secrets=with_secrets), "alerts", skip)
    told_of = dashboard.faults(
        config.dashboard,
        config.server.listen,
        holds_metrics=config.server.metrics == "dashboard",
        with_secrets=with_secrets,
    )
    problems += _beside(told_of, "dashboard", skip)
    for hook in config.webhooks.values():
        if f"webhooks.{hook.name}" in skip:
            continue
        found: list[str] = []
        _check_webhook(hook, found, warnings, with_secrets=with_secrets)
        problems += _beside(found, f"webhooks.{hook.name}", skip)
    for box in config.mailboxes.values():
        faults = [*oauth.problems(box, with_secrets=with_secrets), *_mailbox_problems(box)]
        problems += _beside(faults, f"mailboxes.{box.name}", skip)
    for listener in config.smtp.values():
        problems += _beside(_listener_problems(listener, config), f"smtp.{listener.name}", skip)
    for section, others in (("mailboxes", "webhook"), ("smtp", "webhook"), ("smtp", "mailbox")):
        theirs = config.webhooks if others == "webhook" else config.mailboxes
        for name in getattr(config, section).keys() & theirs.keys():
            problems.append(
                f"{section}.{name}: a {others} has the same name, and both name an event source; rename one"
            )
    if not skip:
        warnings.extend(risks(config, with_secrets=with_secrets))


def _privacy_problems(privacy: Privacy) -> list[str]:
    if privacy.key is None:
        return [f"privacy.key: is missing, and privacy.seal needs it; {ADVICE}"] if privacy.seal else []
    if why := fault(privacy.key.reveal()):
        return [f"privacy.key: {why}; {ADVICE}"]
    return []


def _covers(pattern: str, address: str) -> bool:
    """Whether each address that fits `address` fits `pattern` too; both may have a * for the person."""
    before, star, after = pattern.strip().lower().partition("*")
    address = address.strip().lower()
    return address.startswith(before) and address.endswith(after) if star else address == before


def _beside(found: Iterable[str], section: str, skip: Collection[str]) -> list[str]:
    """The problems of a section that name none of its faulty keys."""
    faulty = {key.rpartition(".")[2] for key in skip if key.startswith(f"{section}.")}
    return [problem for problem in found if not faulty & {*re.findall(r"\w+", problem)}]


def _mailbox_problems(box: Mailbox) -> list[str]:
    """The faults of a mailbox, apart from how it logs in."""
    where = f"mailboxes.{box.name}"
    found = []
    if not NAME.fullmatch(box.name):
        found.append(f"{where}: is not a valid mailbox name; use at most 64 letters, digits, - and _")
    if box.tls == "none" and box.host and not loopback(box.host):
        found.append(
            f'{where}.tls: the password would be sent unencrypted to {box.host}; write "implicit" or "starttls"'
        )
    if len(box.folders) > MOST_FOLDERS:
        found.append(
            f"{where}.folders: each folder needs its own connection, and servers allow few; name at most "
            f"{MOST_FOLDERS}"
        )
    read = {"INBOX" if folder.upper() == "INBOX" else folder for folder in box.folders}
    if box.after == "move" and not box.move_to:
        found.append(f'{where}.move_to: is empty; name the folder to move to, or set after = "flag"')
    targets = {"move_to": box.move_to if box.after == "move" else "", "unidentified": box.unidentified_folder}
    for key, folder in targets.items():
        if ("INBOX" if folder.upper() == "INBOX" else folder) in read:
            found.append(f"{where}.{key}: is one of the folders that are read; name another one")
    return found


def _listener_problems(listener: Smtp, config: Config) -> list[str]:
    where = f"smtp.{listener.name}"
    found = []
    if bool(listener.tls_cert) != bool(listener.tls_key):
        lacking = "tls_key" if listener.tls_cert else "tls_cert"
        found.append(f"{where}.{lacking}: is missing; STARTTLS needs a certificate and its key, so write both")
    if listener.listen and any(
        other.listen == listener.listen and other.name != listener.name for other in config.smtp.values()
    ):
        found.append(f"{where}.listen: another section [smtp.<name>] listens there too; write another one")
    if not config.taken_for(listener):
        found.append(
            f"{where}.recipients: is empty, and so are mail.verp and mail.unsubscribe, so every mail would be "
            'refused; write the bounce address, such as ["bounces@example.org"]'
        )
    return found


def _check_webhook(hook: Webhook, problems: list[str], warnings: list[str], *, with_secrets: bool) -> None:
    where = f"webhooks.{hook.name}"
    provider = providers.get(hook.provider)
    if hook.classes and not provider.classes:
        problems.append(f"{where}.classes: {hook.provider} has no classes of its own; remove the key")
    if hook.backfill and hook.backfill < LEAST_BACKFILL:
        problems.append(f"{where}.backfill: asks the provider too often; write at least 15m")
    if provider.backfill is None:
        for key in ("api_key", "backfill"):
            if getattr(hook, key):
                problems.append(
                    f"{where}.{key}: {hook.provider} cannot be asked for missed webhooks; remove the key"
                )
    if not with_secrets:
        return
    if provider.backfill is not None and hook.api_key is not None:
        problems.extend(f"{where}.{key}: {fault}" for key, fault in provider.backfill.faults(hook))
    elif hook.backfill and provider.backfill is not None:
        problems.append(f"{where}.backfill: needs {where}.api_key, which is not set")
    usable = (*proofs_of(type(hook)), "path_secret")
    standard = type(hook)()
    for name, proof in proofs_of(type(hook)).items():
        for other in proof.options:
            if not getattr(hook, name) and getattr(hook, other) != getattr(standard, other):
                problems.append(f"{where}.{other}: belongs to {name}, which is not set; set {where}.{name}")
    for name, proof in hook.proofs.items():
        if why := proof.fault(getattr(hook, name)):
            problems.append(f"{where}.{name}: {why}")
        empty = [other for other in proof.options if not getattr(hook, other)]
        problems.extend(f"{where}.{other}: is missing; {name} needs it" for other in empty)
    problems.extend(f"{where}.{fault}" for fault in hook.faults())
    if hook.path_secret is not None and any(one.endswith("/") for one in hook.path_secret.reveal_all()):
        problems.append(f"{where}.path_secret: ends with a slash, so no request would match it; remove the slash")
    if hook.verifiable and hook.unverified:
        given = " and ".join(hook.verifiable)
        problems.append(f"{where}.unverified: is true, but {given} is set; remove one or the other")
    elif hook.unverified:
        warnings.append(f"{where} is not verified: anyone who finds its URL can get your subscribers blocklisted")
    elif not hook.verifiable:
        problems.append(
            f"{where}: anyone could post to it; set {' or '.join(usable)} (or, if you must, unverified = true)"
        )
