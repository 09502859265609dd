# SPDX-License-Identifier: GPL-3.0-or-later
"""The example `config.toml`, made from the model: every key, its default and its meaning."""

from __future__ import annotations

import inspect
import os
import textwrap
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from bouncestream import providers
from bouncestream.config.model import NAMED, SECTIONS
from bouncestream.providers._settings import proofs_of
from bouncestream.settings.key import Key, keys_of

_WIDTH = 112

_HEAD = """\
bouncestream's configuration: every key with its default and its meaning. A line that begins with "# key = " shows a
key that is not set; take the "# " away to set it.

Every key can be overridden by an environment variable, such as BOUNCESTREAM__LISTMONK__URL for listmonk.url.
A secret (marked so) can also come from a file, as <key>_file = "/path" or BOUNCESTREAM__LISTMONK__TOKEN_FILE, or
from a systemd credential named listmonk.token. The environment counts first, then the credential, then this file.
This file was made by bouncestream.config.example; `bouncestream check` shows what is wrong with yours.
"""

#: Keys of every webhook that are shown with those providers that can be asked.
_ASKING = {"api_key", "backfill"}

#: The name that a section with names has in the example.
_NAMES = {"mailboxes": "bounces", "smtp": "mta"}


def render() -> str:
    """The whole example file."""
    blocks = [_comment(_HEAD)]
    for section, model in SECTIONS.items():
        blocks.append(_section(section, model))
    return "\n".join(blocks)


def is_example(path: str | os.PathLike[str]) -> bool:
    """Whether the file at `path` is the example as it comes, which nobody has made a configuration of: in a fresh
    clone it lies where a configuration would. Line ends and spaces at them do not matter (git may change them).
    A file that cannot be read is none."""
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError, ValueError):
        return False
    first = textwrap.wrap(" ".join(_HEAD.split()), _WIDTH, break_on_hyphens=False)[0]
    return first in text[: 2 * _WIDTH] and _lines(text) == _lines(render())


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _section(section: str, model: type[Any]) -> str:
    intro = _comment(inspect.cleandoc(model.__doc__ or ""))
    if section == "webhooks":
        first, *others = providers.names()
        return "\n".join((f"{intro}#\n{_webhook(first, ())}", *(_webhook(name, keys_of(model)) for name in others)))
    off = section in NAMED
    title = f"# [{section}.{_NAMES[section]}]" if off else f"[{section}]"
    return f"{intro}{title}\n{_keys(keys_of(model).values(), off=off)}"


def _webhook(name: str, without: Collection[str]) -> str:
    """The section of one provider: its options, `without` those of every webhook that the first one tells."""
    settings, api = providers.get(name).settings, providers.get(name).backfill
    told = {*without} if proofs_of(settings) else {*without} - {"path_secret"}  # which is all that proves it
    told = told - _ASKING if api is not None else told | _ASKING
    keys = [key for key in keys_of(settings).values() if key.name not in told]
    title = f"{_comment(inspect.cleandoc(settings.__doc__ or ''))}# [webhooks.{name}]\n"
    provider = f'# provider = "{name}"\n' if without else ""
    shown = _keys(keys, off=True).replace("{provider}", name)
    if api is not None and api.pair:
        shown = shown.replace('api_key = "…"', 'api_key = "…:…"')
    return title + provider + shown


def _keys(keys: Iterable[Key], *, off: bool) -> str:
    lines = []
    for key in keys:
        doc = key.doc.replace("{providers}", ", ".join(providers.names()))
        if key.secret:
            doc = f"Secret. {doc}"
        if key.required:
            doc = f"Required. {doc}"
        lines.append("\n" + _comment(doc))
        if key.written and not off:
            lines.append(f"{key.name} = {key.written}\n")
        else:
            lines.append(f"# {key.name} = {key.written or key.sample}\n")
    return "".join(lines)


def _comment(text: str) -> str:
    lines: list[str] = []
    for paragraph in text.strip().split("\n\n"):
        if lines:
            lines.append("#")
        lines += [
            f"# {line}" for line in textwrap.wrap(" ".join(paragraph.split()), _WIDTH, break_on_hyphens=False)
        ]
    return "\n".join(lines) + "\n"
