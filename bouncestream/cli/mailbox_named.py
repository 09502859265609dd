# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailbox that a command was told to use."""

from __future__ import annotations

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config
from bouncestream.errors import UsageError


def named(config: Config, name: str) -> Mailbox:
    """The mailbox of that name. Raises UsageError, with the names that there are."""
    if name in config.mailboxes:
        return config.mailboxes[name]
    there = f"there are: {', '.join(config.mailboxes)}" if config.mailboxes else "none is configured"
    raise UsageError(f"There is no mailbox {name}; {there}. Next: add a section [mailboxes.{name}], or correct it.")
