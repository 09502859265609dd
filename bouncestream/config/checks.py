# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold between keys: every webhook has a provider and a proof, and times that belong together fit."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches

from bouncestream import providers
from bouncestream.config import alerting
from bouncestream.config.model import Config, Webhook

#: Names of webhooks: they become a part of a URL and of Listmonk's `source`.
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
    if not any(name.startswith("alerts") for name in skip):
        problems.extend(alerting.faults(config.alerts, with_secrets=with_secrets))
    for hook in config.webhooks.values():
        if f"webhooks.{hook.name}" in skip:
            continue
        _check_webhook(hook, problems, warnings, with_secrets=with_secrets)


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
