# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of docs/ that are made from the code as a whole: one for each command (its man page, too), each
provider and each area of the doctor's findings, and each section of the configuration.

`python -m tests.docs.blocks` writes them anew, with the generated blocks of the other pages.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from bouncestream import providers
from bouncestream.alerts.reading import span
from bouncestream.cli import build_parser
from bouncestream.cli.manual import MANUAL
from bouncestream.cli.parser import COMMANDS
from bouncestream.config.model import NAMED, SECTIONS
from bouncestream.doctor.catalogue import BY_TOPIC, TOPICS
from bouncestream.providers._contract import Provider
from bouncestream.providers._settings import Webhook, proofs_of
from bouncestream.settings.key import Key, keys_of

MADE = "<!-- Made by `python -m tests.docs.blocks`. Change the code that it is made from, not this page. -->"
#: Providers whose pages are written by hand.
WRITTEN = frozenset({"generic", "custom"})
#: Why a provider cannot be asked for missed webhooks; of all others its API is not read yet.
_UNASKED = {
    "sendamatic": "its documented API shows a score of an address, and no list",
    **dict.fromkeys(
        ("haraka", "kumomta", "mox", "postal"),
        "it is a server of your own; its log has what was not sent to bouncestream",
    ),
}
#: Options of every command, which the page of all commands tells.
_COMMON = frozenset({"--help", "--debug", "--config"})
#: Command → the page below docs/ that tells more.
_MORE = {
    "init": ("Install", "start/install.md"),
    "install": ("Run it as a service", "start/service.md"),
    "uninstall": ("Upgrade and uninstall", "start/upgrade.md"),
    "run": ("The first days", "start/first-days.md"),
    "demo": ("The demo", "start/demo.md"),
    "sandbox": ("Rehearse with the sandbox", "start/demo.md#rehearse-with-the-sandbox"),
    "check": ("The doctor", "doctor/index.md"),
    "status": ("Status", "operate/status.md"),
    "alert": ("Alerts", "operate/alerts.md"),
    "parse": ("How bounces are judged", "understand/judgement.md"),
    "explain": ("How bounces are judged", "understand/judgement.md"),
    "rejudge": ("Reasons, and your own policy", "understand/policy.md"),
    "import": ("Import old bounces", "mailbox/import.md"),
    "doctor": ("The doctor", "doctor/index.md"),
    "proxy": ("Reverse proxy", "start/proxy.md"),
    "provider": ("Another provider", "providers/custom.md"),
    "brake": ("The brake and undo", "operate/brake.md"),
    "undo": ("The brake and undo", "operate/brake.md"),
    "backfill": ("Missed webhooks", "operate/missed-webhooks.md"),
    "outbox": ("Events and states", "understand/events.md"),
    "person": ("A person's data", "operate/persons.md"),
    "reconcile": ("Numbers that add up", "operate/reconcile.md"),
    "mailbox": ("The bounce mailbox", "mailbox/index.md"),
    "verp": ("Which bounce mails are believed", "understand/proof.md"),
    "backup": ("Backups", "operate/backups.md"),
    "config": ("Configuration", "reference/configuration.md"),
    "dashboard": ("The dashboard", "operate/dashboard.md"),
}


@cache
def pages() -> Mapping[str, str]:
    """Path below docs/ → the whole page."""
    made = {f"reference/commands/{name}.md": _command(name) for name in COMMANDS}
    made |= {f"providers/{name}.md": _provider(name) for name in providers.names() if name not in WRITTEN}
    made |= {f"doctor/findings/{topic}.md": _findings(topic) for topic in TOPICS}
    made |= {f"reference/keys/{top}.md": _keys(top) for top in tops()}
    return {path: f"{MADE}\n\n{text}" for path, text in made.items()}


def tops() -> list[str]:
    """The sections of the configuration that are below no other."""
    return list(dict.fromkeys(section.partition(".")[0] for section in SECTIONS))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def toctree(names: Iterable[str]) -> str:
    """The pages below a page whose table leads to them already: for the menu of the site."""
    return "\n".join(("```{toctree}", ":hidden:", "", *names, "```"))


# -- commands -----------------------------------------------------------------------------------------------------


def commands(parser: argparse.ArgumentParser, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each command that can be called, with its help; `outbox list` for one within another."""
    for action in _groups(parser):
        helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for name, inner in action.choices.items():
            inside = list(commands(inner, f"{prefix}{name} "))
            if not inside or not any(one.required for one in _groups(inner)):
                yield f"{prefix}{name}", helps[name]
            yield from inside


def _groups(parser: argparse.ArgumentParser) -> list[argparse._SubParsersAction[Any]]:
    return [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]


def _command(name: str) -> str:
    """The page of a command, with those behind it; its headings are those of a man page."""
    parser = _groups(build_parser())[0].choices[name]
    parts = [f"# bouncestream {name}", *_described(parser, f"bouncestream {name}")]
    told = ["[bouncestream(1)](../commands.md): all commands", "[exit codes](../exit-codes.md)"]
    if name in _MORE:
        title, path = _MORE[name]
        told.insert(0, f"[{title}](../../{path})")
    return "\n\n".join((*parts, f"## See also\n\n{_listed(told)}")) + "\n"


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"* {line}" for line in lines)


def _described(parser: argparse.ArgumentParser, called: str) -> Iterator[str]:
    """The parts of a command's page: what it does, how it is called, its options, the commands behind it."""
    yield _marked(parser.description or "")
    groups = _groups(parser)
    if not groups or not groups[0].required:
        alone = called.count(" ") == 1 and not groups
        entry = MANUAL[called.partition(" ")[2]]
        told = [f"{_called(action)}: {_marked(_help(parser, action))}" for action in _told(parser)]
        examples = "\n".join(f"bouncestream {line}" for line in entry.examples)
        codes = (f"{code}: {words}" for code, words in entry.codes.items())
        for title, part in (
            ("Synopsis", f"```text\n{_usage(parser, called)}\n```"),
            ("Options", _listed(told)),
            ("Examples", f"```sh\n{examples}\n```"),
            ("Exit codes", _listed(codes) if alone else f"Exit codes: {'; '.join(codes)}."),
        ):
            if part:
                yield f"## {title}\n\n{part}" if alone else part
    for group in groups:
        for name, inner in group.choices.items():
            yield f"## {called} {name}"
            yield from _described(inner, f"{called} {name}")


def _told(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a command that are its own."""
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction) and not _COMMON & {*action.option_strings}:
            yield action


def _usage(parser: argparse.ArgumentParser, called: str) -> str:
    words = []
    for action in sorted(_told(parser), key=lambda one: not one.option_strings):
        word = " ".join((action.option_strings or [""])[-1:]) + (f" {_value(action)}" if _value(action) else "")
        words.append(word.strip() if action.required else f"[{word.strip()}]")
    lines = [called]
    for word in words:
        if len(lines[-1]) + len(word) > 78:
            lines.append(" " * (len(called)))
        lines[-1] += f" {word}"
    return "\n".join(lines)


def _called(action: argparse.Action) -> str:
    value = _value(action)
    return ", ".join(f"`{f'{flag} {value}'.strip()}`" for flag in action.option_strings) or f"`{value}`"


def _value(action: argparse.Action) -> str:
    """The value that an option takes, or the argument itself."""
    if action.nargs == 0:
        return ""
    value = str(action.metavar or action.dest)
    return f"{value} …" if action.nargs in ("+", "*") else value


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return (action.help or "") % {**vars(action), "prog": parser.prog}


def _marked(text: str) -> str:
    """Text of a terminal as Markdown: what is indented is code, and nothing is HTML."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else part.replace("<", "\\<").replace("*", "\\*") for part in parts)


# -- providers ----------------------------------------------------------------------------------------------------


def _provider(name: str) -> str:
    one = providers.get(name)
    samples: dict[str, Any] = {"url": f"https://bounces.example.org/webhooks/{name}", "secret": "<the secret>"}
    options = keys_of(one.settings)
    samples |= {key.name: key.written.strip('"') or f"<{key.name}>" for key in options.values()}
    samples["login_url"] = f"https://bouncestream:<the secret>@bounces.example.org/webhooks/{name}"
    steps = "\n".join(step.format_map(samples) for step in one.guide.steps)
    proofs = " or ".join(f"`{option}` ({proof.word})" for option, proof in proofs_of(one.settings).items())
    parts = [
        f"# {one.title}",
        f"{one.summary[:1].upper()}{one.summary[1:]}. What this page says was read in the provider's documentation"
        f" on {one.guide.read}.",
        f"## Set it up\n\n`bouncestream init --provider {name}` writes the configuration with a fresh secret, and"
        f" prints these steps with everything filled in.\n\n```text\n{steps}\n```",
    ]
    if one.guide.campaign_headers:
        lines = ",\n ".join(
            f'{{"{header}": "{value.replace(chr(34), chr(92) + chr(34))}"}}'
            for header, value in one.guide.campaign_headers.items()
        )
        parts.append(
            "## Campaign headers\n\nAdd this to *Headers* of each campaign in Listmonk (6.2 or later fills in the"
            f" UUIDs), so that a bounce is told for that campaign and subscriber.\n\n```json\n[{lines}]\n```"
        )
    else:
        parts.append(f"## Campaign and subscriber\n\nTheir UUIDs come back {one.guide.uuids}.")
    limits = (
        [f"It tries again {one.guide.retries}."] if one.guide.retries else ["How it tries again is not documented."]
    )
    if one.deadline:
        limits.append(f"It waits {one.deadline:g} seconds for the answer.")
    parts.append(f"## If bouncestream does not answer\n\n{' '.join(limits)}")
    common = {*keys_of(Webhook)} if proofs else {*keys_of(Webhook)} - {"path_secret"}
    proofs = proofs or "`path_secret`"
    own = own_keys(name, common)
    parts.append(
        f"## Configuration\n\nProof of origin: {proofs}. Keys of its own; those of every webhook are in"
        f" [`[webhooks.NAME]`](../reference/keys/webhooks.md).\n\n{own}"
    )
    if one.classes:
        parts.append(
            "## What becomes of its reports\n\n"
            + table(
                ("its word begins with", "class"),
                ((f"`{word}`", f"`{to}`") for word, to in one.classes.items()),
            )
            + "\n\n[How bounces are judged](../understand/judgement.md#change-what-a-class-means) explains the"
            " classes. `classes` in the webhook's section overrides a line."
        )
    parts.append(_missed(one))
    if "suppressed" in one.classes.values():
        where = f" To look at it: {one.guide.suppressions}." if one.guide.suppressions else ""
        parts.append(
            f"## What {one.title} refuses by itself\n\nWhere the class is `suppressed`, {one.title} did not even"
            " try to send: the address is on a list of its own, and nothing says whether it is dead, complained,"
            f" or was put there by hand.{where} Such an event is stored with the reason `provider_list`, told"
            " as nothing, and ends as `dropped`. `classes` of the webhook, or `provider_list` in"
            " [`[policy]`](../understand/policy.md), decides otherwise."
        )
    return "\n\n".join(parts) + "\n"


def own_keys(name: str, common: Collection[str] = frozenset(keys_of(Webhook))) -> str:
    """The table of the keys that a provider has beside the `common` ones."""
    keys = keys_of(providers.get(name).settings).values()
    return table(("key", "default", "meaning"), (_key_row(key) for key in keys if key.name not in common))


_BACKFILL = "[`bouncestream backfill NAME`](../operate/missed-webhooks.md)"


def _missed(one: Provider[Any]) -> str:
    """Of a provider's page: whether and how it is asked for what webhooks missed."""
    api = one.backfill
    if api is None:
        why = _UNASKED.get(one.name, "its API is not read yet")
        return f"## Missed webhooks\n\n{_BACKFILL} cannot ask {one.title}: {why}."
    names = ", ".join(f"`{name}`" for name in api.names)
    needs = "".join(f" It needs `{name}` as well." for name in api.needs)
    return (
        f"## Missed webhooks\n\n{_BACKFILL} asks {one.title} for what no webhook brought.\n\n"
        f"`api_key`: {_escaped(api.key)}{needs}\n\n"
        f"Its lists, in this order: {names}. An item that is younger than {span(api.patience.total_seconds())} is"
        f" left for a later run, as the webhook may still come. {_escaped(api.left_out)} Source: {api.source}, read"
        f" on {api.read}."
    )


def _escaped(text: str) -> str:
    return text.replace("<", "\\<")


# -- findings -----------------------------------------------------------------------------------------------------


def _findings(topic: str) -> str:
    # No empty line below a heading, so that no page is endless.
    entries = (
        f"## `{ident}`\n{_escaped(meaning[:1].upper() + meaning[1:])}" for ident, meaning in BY_TOPIC[topic].items()
    )
    return "\n\n".join((f"# Findings: {TOPICS[topic]}", *entries)) + "\n"


# -- configuration ------------------------------------------------------------------------------------------------


def _keys(top: str) -> str:
    """The keys of a section and of those below it, such as `[alerts]` and `[alerts.email]`."""
    parts = [f"# `[{top}]`"]
    for section in (name for name in SECTIONS if name.partition(".")[0] == top):
        if section != top:
            parts.append(f"## `[{section}]`")
        model = SECTIONS[section]
        if section in NAMED:
            parts.append(f"Each has a name of its own: `[{section}.NAME]`.")
        parts.append(_escaped(inspect.cleandoc(model.__doc__ or "")))
        keys = keys_of(model).values()
        parts.append(keys_table(section))
        fixed = [f"`{key.name}`" for key in keys if not key.live]
        parts.append(
            "A reload puts all of these in force."
            if not fixed
            else f"These need a restart, the others a reload: {', '.join(fixed)}."
            if len(fixed) < len(keys)
            else "All of these need a restart."
        )
    return "\n\n".join(parts) + "\n"


def keys_table(section: str) -> str:
    """The keys of one section."""
    return table(("key", "default", "meaning"), map(_key_row, keys_of(SECTIONS[section]).values()))


def _key_row(key: Key) -> tuple[str, ...]:
    default = f"`{key.written}`" if key.written else "required" if key.required else ""
    doc = key.doc.replace("{providers}", "see [Providers](../../providers/index.md)")
    return (f"`{key.name}`", default, _escaped(f"{'Secret. ' if key.secret else ''}{doc}"))


# -- schema -------------------------------------------------------------------------------------------------------


def schema(sql: str) -> str:
    """The tables of the outbox, what each is for in the words of its definition, and its columns."""
    rows = []
    for name, body in re.findall(r"^CREATE TABLE (\w+) \($(.*?)^\)", sql, re.DOTALL | re.MULTILINE):
        comment = re.match(r"((?:\s+-- .*\n)*)", body.lstrip("\n"))
        words = " ".join(re.findall(r"-- (.*)", comment[1] if comment else ""))
        columns = re.findall(r"^    ([a-z]\w+)\s+(?:TEXT|INTEGER|BLOB|REAL)\b", body, re.MULTILINE)
        told = f"**`{name}`**{':' if words else ''} {_escaped(words)}".rstrip()
        rows.append(f"{told}\n  * Columns: {', '.join(f'`{column}`' for column in columns)}")
    return _listed(rows)
