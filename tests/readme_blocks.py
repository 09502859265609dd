# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the README and of docs/ that are made from the code: commands, metrics, findings, classes, what a
reload changes; the floors of the tree, the moves of an event, the times of its delivery.

`.venv/bin/python -m tests.readme_blocks` writes them anew, between `<!-- begin: name -->` and `<!-- end: name -->`.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bouncestream import providers
from bouncestream.alerts.rules import RULES, span
from bouncestream.cli import build_parser
from bouncestream.config.model import NAMED, SECTIONS, Verify
from bouncestream.doctor.catalogue import BY_TOPIC, TOPICS
from bouncestream.doctor.proxies import Site, caddy
from bouncestream.mail.reason import REASONS
from bouncestream.metrics import ALL
from bouncestream.outbox.state import MOVES
from bouncestream.ports import State
from bouncestream.providers._settings import proofs_of
from bouncestream.settings.key import keys_of
from bouncestream.sinks.listmonk.permissions import PERMISSIONS
from tests.test_architecture import FLOORS, PACKAGE

README = Path(__file__).parents[1] / "README.md"
DOCS = README.parent / "docs"
RENEW = ".venv/bin/python -m tests.readme_blocks"

#: What the words of Sendamatic's table mean to an operator.
MEANINGS = {
    "soft": "soft",
    "hard": "hard",
    "reputation": "hard if `reputation_score` is true, else soft",
    "judge": "judged by the returned mail; an auto-reply is ignored",
    "judge-hard": "soft, unless the returned mail shows a hard bounce",
}


def commands(parser: argparse.ArgumentParser, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each command that can be called, with its help; `outbox list` for one within another."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, inner in action.choices.items():
                inside = list(commands(inner, f"{prefix}{name} "))
                if not inside or alone(inner):
                    yield f"{prefix}{name}", helps[name]
                yield from inside


def alone(parser: argparse.ArgumentParser) -> bool:
    """Whether a command that has others within it can be called without them."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return not any(action.required for action in inner)


def blocks() -> dict[str, str]:
    """Name → what stands between its marks."""
    live = (
        f"`{section}.{key.name}`"
        for section, model in SECTIONS.items()
        for key in keys_of(model).values()
        if key.live and section not in NAMED and section.partition(".")[0] != "alerts"
    )
    return {
        "permissions": _table(
            ("permission", "what it is for", "needed by", "without it"),
            (
                (
                    " and ".join(f"`{name}`" for name in one.names),
                    one.buys,
                    ", ".join(f"`{command}`" for command in one.needed_by),
                    one.without,
                )
                for one in PERMISSIONS
            ),
        ),
        "providers": _table(
            ("provider", "webhooks of", "proof", "UUIDs come back", "read on"), map(_provider, providers.names())
        ),
        "classes": _table(
            ("class begins with", "what it becomes"),
            ((f"`{word}`", MEANINGS[to]) for word, to in providers.get("sendamatic").classes.items()),
        ),
        "reasons": _table(
            ("reason", "by default", "may pass by itself", "meaning"),
            ((f"`{name}`", r.kind, "yes" if r.passes else "no", r.sentence) for name, r in REASONS.items()),
        ),
        "commands": _table(
            ("command", "what it does"),
            ((f"`bouncestream {name}`", text) for name, text in commands(build_parser())),
        ),
        "findings": _table(
            ("finding", "about", "what it means"),
            (
                (f"`{ident}`", TOPICS[topic], meaning)
                for topic in TOPICS
                for ident, meaning in BY_TOPIC[topic].items()
            ),
        ),
        "metrics": _table(
            ("metric", "type", "labels", "meaning"),
            ((f"`{m.name}`", m.kind, ", ".join(f"`{label}`" for label in m.labels), m.help) for m in ALL),
        ),
        "rules": _table(
            ("rule", "level", "fires when", "over after a calm of"),
            ((f"`{rule.id}`", rule.level, rule.when, span(rule.calm) if rule.calm else "-") for rule in RULES),
        ),
        "reload": "* webhooks: all of their keys, also new and removed ones\n"
        "* mailboxes: the same; one that has changed is opened anew\n"
        f"* alerts: all of their keys\n* {', '.join(live)}",
        "proxy": f"```caddy\n{caddy.configuration(Site.of('news.example.org'))}```",
    }


def _provider(name: str) -> tuple[str, ...]:
    """The line of a provider."""
    one = providers.get(name)
    proofs = (f"`{option}` ({proof.word})" for option, proof in proofs_of(one.settings).items())
    headers = [{header: value} for header, value in one.guide.campaign_headers.items()]
    back = f"`{json.dumps(headers)}`" if headers else one.guide.uuids
    return f"`{name}`", one.summary, " or ".join(proofs), back, str(one.guide.read)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def floors() -> str:
    """The floors of `tests/test_architecture.py`, and each room in the words of its own docstring."""
    rows = []
    for floor in sorted(set(FLOORS.values()), reverse=True):
        for room in (name for name, on in FLOORS.items() if on == floor and name != "__init__"):
            folder = (PACKAGE / room).is_dir()
            path = PACKAGE / room / "__init__.py" if folder else PACKAGE / f"{room}.py"
            rows.append((str(floor), f"`{room}/`" if folder else f"`{room}.py`", first_sentence(path)))
    return _table(("floor", "room", "what it is for"), rows)


def first_sentence(path: Path) -> str:
    """Of a module's docstring, on one line."""
    text = " ".join((ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split())
    return re.split(r"(?<=\.)\s", text, maxsplit=1)[0]


def delivery() -> dict[str, str]:
    """The tables of docs/delivery.md."""
    verify = keys_of(Verify)
    times = (
        (name, verify[key].written.strip('"'), f"`[relay.verify] {key}`", meaning)
        for name, key, meaning in (
            ("margin, M", "margin", "how long after its connection closed a request may still arrive"),
            ("grace, G", "grace", "how long a stall may last before silence is taken for absence"),
            ("pulse, P", "pulse", "between two reads that find outages of the database"),
            ("patience", "post_timeout", "for Listmonk's answer to one POST"),
        )
    )
    return {
        "delivery times": _table(("time", "default", "set by", "what it is"), times),
        "moves": _table(
            ("state", "may become"),
            (
                (f"`{state}`", ", ".join(f"`{to}`" for to in State if to in MOVES[state]) or "final")
                for state in State
            ),
        ),
    }


def documents() -> dict[Path, dict[str, str]]:
    """Each document with generated blocks, and its blocks by name."""
    return {
        README: blocks(),
        DOCS / "architecture.md": {"floors": floors()},
        DOCS / "delivery.md": delivery(),
    }


def renewed(text: str, made: Mapping[str, str]) -> str:
    """A document with each block as it should be."""
    for name, block in made.items():
        pattern = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        text, found = pattern.subn(lambda m, block=block: f"{m[1]}{block}\n{m[2]}", text)
        assert found == 1, f"there is no block {name}"
    return text


if __name__ == "__main__":
    for path, made in documents().items():
        path.write_text(renewed(path.read_text("utf-8"), made), "utf-8")
