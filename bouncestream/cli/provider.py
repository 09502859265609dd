# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream provider list|guide|try`: the providers that there are, what to do at each, and what comes of saved
requests of theirs (`provider_try`)."""

from __future__ import annotations

import argparse
import re
from typing import Any

from bouncestream import providers
from bouncestream.cli import guiding, out, provider_try
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, command, group
from bouncestream.config.model import Config
from bouncestream.doctor.areas.webhooks import where
from bouncestream.errors import ConfigError, UsageError
from bouncestream.providers._contract import Provider
from bouncestream.providers._settings import proofs_of
from bouncestream.settings.key import keys_of

_ABOUT = re.compile(r"\(([^()]+)\)$")

#: What stands in the place of a secret that is not shown.
_HIDDEN = "SECRET"


def options(parser: Parser) -> None:
    """The commands behind `bouncestream provider`."""
    inner = group(parser, "Show the providers that there are, and try one on saved requests.")
    many = inner.add_parser("list", help="list the providers", description="List the providers.")
    command(
        many,
        listing,
        "What each reports, how its requests are proven, and how the UUIDs of campaign and subscriber\ncome back.",
        config=False,
    )
    many.add_argument("--json", action="store_true", help="one JSON object per provider, one per line")
    one = inner.add_parser(
        "guide", help="show what to do at a provider", description="Show what to do at a provider."
    )
    command(
        one, guide, "NAME is a provider, or a webhook of the configuration, which is then told with its real URL."
    )
    one.add_argument("name", metavar="NAME", help="a provider, or a webhook of the configuration")
    one.add_argument("--reveal", action="store_true", help="show secrets")
    provider_try.options(inner)


# -- list ---------------------------------------------------------------------------------------------------------


def listing(args: argparse.Namespace) -> int:
    """`provider list`."""
    every = [providers.get(name) for name in providers.names()]
    if args.json:
        for one in every:
            out.json_line(
                {
                    "name": one.name,
                    "title": one.title,
                    "reports": _reports(one),
                    "proof": {name: proof.word for name, proof in proofs_of(one.settings).items()},
                    "uuids": one.guide.uuids,
                    "retries": one.guide.retries,
                    "deadline": one.deadline,
                    "read": str(one.guide.read),
                }
            )
        return 0
    out.table(
        ("name", "title", "proof", "it reports; campaign and subscriber come back"),
        [(one.name, one.title, _proof(one), f"{_reports(one)}; {one.guide.uuids}") for one in every],
        prose=True,
    )
    print("Next: `bouncestream provider guide NAME` shows what to do there.")
    return 0


def _reports(provider: Provider[Any]) -> str:
    found = _ABOUT.search(provider.summary)
    return found[1] if found else provider.summary


def _proof(provider: Provider[Any]) -> str:
    words = dict.fromkeys(proof.word for proof in proofs_of(provider.settings).values())
    return ", ".join(words) or "path_secret"


# -- guide --------------------------------------------------------------------------------------------------------


def guide(args: argparse.Namespace) -> int:
    """`provider guide`."""
    config = _config(args, args.name not in providers.names())
    hook = config.webhooks.get(args.name)
    if hook is None and args.name not in providers.names():
        raise UsageError(
            f"There is no provider or webhook {args.name}. Next: `bouncestream provider list` shows the providers."
        )
    name = hook.provider if hook is not None else args.name
    provider = providers.get(name)
    hook = hook or providers.webhook(name, name)
    secret = _HIDDEN
    if args.reveal and (own := next(iter(hook.secrets), None)) is not None:
        secret = own.reveal()
    url = where(config.server.public_url, hook, shown=args.reveal)
    out.heading(f"{provider.title} ({provider.name}): {provider.summary}")
    print()
    guiding.tell(provider, hook, url, secret)
    for key, proof in proofs_of(provider.settings).items():
        option = keys_of(provider.settings)[key]
        out.prose(f"{key} proves requests ({proof.word}): {option.doc}", "    ", "      ")
    if secret == _HIDDEN:
        out.prose(f"{_HIDDEN} stands for the secret of your configuration: --reveal shows it.", "    ", "    ")
    print()
    out.fields([*guiding.limits(provider), *_missed(provider)], "  ")
    if hook.name not in config.webhooks:
        print()
        out.prose(f"Next: `bouncestream init --provider {provider.name}` writes a configuration.")
    return 0


def _missed(provider: Provider[Any]) -> list[tuple[str, str]]:
    """How the provider is asked for what webhooks missed, if it can be."""
    if provider.backfill is None:
        return []
    needs = "".join(f" Set {name} as well." for name in provider.backfill.needs)
    return [("missed webhooks", f"`bouncestream backfill NAME` asks with api_key. {provider.backfill.key}{needs}")]


def _config(args: argparse.Namespace, needed: bool) -> Config:
    """The configuration; `needed`: the name is none of a provider's, so it has to be there. Raises ConfigError."""
    try:
        return configuration(args)
    except ConfigError:
        if needed or args.config is not None:
            raise
        return Config()
