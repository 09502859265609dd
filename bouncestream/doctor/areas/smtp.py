# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `smtp`: whether each listener for mail servers answers, and whether a mail server can get at its socket. It
is greeted, and nothing is sent.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bouncestream.config.model import Config
from bouncestream.config.smtp import Smtp
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import clean
from bouncestream.printable import printable

TOPIC = "smtp"
FINDINGS: Mapping[str, str] = {
    "smtp-ok": "a listener for mail servers answers",
    "smtp-unreachable": "nobody answers where a listener should be",
    "smtp-foreign": "another program answers where a listener should be",
    "smtp-folder": "a mail server cannot reach the folder of the socket",
    "smtp-socket": "a mail server may not write to the socket",
    "smtp-recipients": "the addresses that a listener takes mail for",
}
#: Seconds for one listener.
PATIENCE = 4.0

_WHY = "Mail servers keep their bounces and try again, for some days; then the bounces are lost."


@dataclass(frozen=True, slots=True)
class ListenerFacts:
    """The facts about one listener."""

    listener: Smtp
    taken_for: tuple[str, ...]
    greeting: str = ""  #: its first line
    trouble: str = ""  #: why there is none, in words
    closed: str = ""  #: the folder above the socket that other users cannot pass; empty: none
    mode: int | None = None  #: of the socket


async def collect(config: Config) -> list[ListenerFacts]:
    """Ask all listeners at the same time."""
    return list(await asyncio.gather(*(_ask(one, config.taken_for(one)) for one in config.smtp.values())))


async def _ask(listener: Smtp, taken_for: tuple[str, ...]) -> ListenerFacts:
    closed, mode = _rights(Path(listener.path)) if listener.path else ("", None)
    try:
        async with asyncio.timeout(PATIENCE):
            if listener.path:
                reader, writer = await asyncio.open_unix_connection(listener.path)
            else:
                host, port = listener.address
                near = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared
                reader, writer = await asyncio.open_connection(near, port)
            try:
                greeting = (await reader.readline()).decode("utf-8", "replace").strip()
                writer.write(b"QUIT\r\n")
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        return ListenerFacts(listener, taken_for, "", f"no greeting within {PATIENCE:g} s", closed, mode)
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return ListenerFacts(listener, taken_for, "", words, closed, mode)
    return ListenerFacts(listener, taken_for, greeting, "", closed, mode)


def _rights(path: Path) -> tuple[str, int | None]:
    """The first folder on the way to a socket that other users cannot pass, and the mode of the socket."""
    closed, mode = "", None
    for folder in [*reversed(path.parents)]:
        with suppress(OSError):
            if not folder.stat().st_mode & stat.S_IXOTH:
                closed = closed or str(folder)
    with suppress(OSError):
        mode = stat.S_IMODE(os.lstat(path).st_mode)
    return closed, mode


def judge(seen: Sequence[ListenerFacts]) -> list[Finding]:
    """The findings about all listeners."""
    return [one for facts in seen for one in _judge(facts)]


def _judge(seen: ListenerFacts) -> list[Finding]:
    name, where = seen.listener.name, clean(seen.listener.listen, 120)
    if seen.trouble:
        text = f"nobody answers at {where} ([smtp.{name}]): {clean(seen.trouble, 100)}"
        fix = "start bouncestream; if it runs, it says why it cannot listen there:\n\n    bouncestream status"
        return [Finding("smtp-unreachable", Level.ERROR, TOPIC, text, _WHY, fix)]
    if not seen.greeting.startswith("220 ") or not seen.greeting.endswith("bouncestream"):
        text = f"another program answers at {where} ([smtp.{name}]): {clean(seen.greeting, 80) or 'nothing'}"
        fix = f"give one of the two another address; that of bouncestream is listen in [smtp.{name}]"
        return [Finding("smtp-foreign", Level.ERROR, TOPIC, text, _WHY, fix)]
    found = [Finding("smtp-ok", Level.OK, TOPIC, f"smtp {name} answers at {where}")]
    if seen.closed:
        text = f"other users cannot pass the folder {clean(seen.closed, 120)}, in which the socket of {name} is"
        fix = f"if your mail server is another user, let it pass:\n\n    chmod o+x {clean(seen.closed, 120)}"
        found.append(Finding("smtp-folder", Level.WARNING, TOPIC, text, _WHY, fix))
    elif seen.mode is not None and not seen.mode & 0o022:
        text = f"only its owner may write to the socket of smtp {name} (mode {seen.mode:04o})"
        fix = f'let the group of your mail server:\n\n    [smtp.{name}]\n    socket_mode = "0660"'
        found.append(Finding("smtp-socket", Level.WARNING, TOPIC, text, _WHY, fix))
    shown = ", ".join(printable(one, 80) for one in seen.taken_for[:5])  # the operator's own
    more = f" and {len(seen.taken_for) - 5} more" if len(seen.taken_for) > 5 else ""
    text = f"smtp {name} takes mail for {shown or 'nobody'}{more}"
    level = Level.INFO if shown else Level.WARNING
    fix = "" if shown else f"name the bounce address in [smtp.{name}] recipients"
    found.append(Finding("smtp-recipients", level, TOPIC, text, "" if shown else "Every mail is refused.", fix))
    return found
