# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the README and of docs/ that are made from the code: tables of providers, permissions, metrics,
alert rules, reasons; what a reload changes; the floors of the tree, the moves and times of an event's delivery.

`.venv/bin/python -m tests.docs.blocks` writes them anew, between `<!-- begin: name -->` and `<!-- end: name -->`;
and the pages that are made as a whole (`pages`).
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bouncestream import providers
from bouncestream.alerts.rules import RULES, span
from bouncestream.cli import build_parser, status_screen
from bouncestream.cli.parser import COMMANDS
from bouncestream.config.model import NAMED, SECTIONS, Verify
from bouncestream.dashboard.site import PAGES, tabs
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.decay import CLASSES, COUNTS
from bouncestream.doctor.catalogue import TOPICS
from bouncestream.doctor.proxies import Site, caddy
from bouncestream.judging.reconcile import CAUSES, UNEXPLAINED
from bouncestream.mail.reason import REASONS
from bouncestream.metrics import ALL
from bouncestream.outbox.retention import KEPT
from bouncestream.outbox.state import MOVES
from bouncestream.ports import State
from bouncestream.providers._settings import proofs_of
from bouncestream.settings.key import keys_of
from bouncestream.sinks.listmonk.permissions import PERMISSIONS
from tests.contract import own_handlers as own
from tests.docs.pages import MADE, WRITTEN, commands, keys_table, own_keys, pages, schema, table, toctree, tops
from tests.test_architecture import FLOORS, PACKAGE

README = Path(__file__).parents[2] / "README.md"
DOCS = README.parent / "docs"
RENEW = ".venv/bin/python -m tests.docs.blocks"


def providers_table() -> str:
    """The table of all providers."""
    rows = []
    for name in providers.names():
        one = providers.get(name)
        proofs = (f"`{option}` ({proof.word})" for option, proof in proofs_of(one.settings).items())
        rows.append(
            (f"[{one.title}]({name}.md)", f"`{name}`", " or ".join(proofs) or "`path_secret`", one.guide.uuids)
        )
    return table(("provider", "`provider =`", "proof", "campaign"), rows)


def own_handlers() -> dict[str, str]:
    """What Listmonk's own webhooks did with reports, beside what we make of them."""

    def theirs(report: own.Report) -> str:
        seen = own.theirs(report)
        if seen["answer"] != 200:
            return f"refused ({seen['answer']})"
        if seen["type"] is None:
            return "nothing"
        return f"{seen['type']}{', blocklisted' if seen['status'] == 'blocklisted' else ''}"

    rows = []
    for report in own.REPORTS:
        ours, other = own.ours(report), theirs(report)
        differs = "" if other.partition(",")[0] == ours else "≠"
        rows.append((own.title(report.provider), report.title, other, ours, differs))
    columns = ("provider", "report", f"Listmonk {own.version()}", "bouncestream", "")
    return {"own handlers": table(columns, rows)}


def missed_table() -> str:
    """The table of the providers that can be asked for missed webhooks."""
    rows = []
    for name in providers.names():
        one = providers.get(name)
        if one.backfill is not None:
            rows.append(
                (
                    f"[{one.title}]({Path('..')}/providers/{name}.md)",
                    ", ".join(one.backfill.names),
                    one.backfill.key,
                )
            )
    return table(("provider", "its lists", "`api_key`"), rows)


def _source(name: str, kind: str, provider: str, heard: str, day: int, week: int) -> dict[str, Any]:
    fixed = {"state": "green", "why": "", "newest_hour": None}
    return fixed | {
        "name": name, "type": kind, "provider": provider, "last_heard": heard, "day": day, "week": week
    }  # fmt: skip


def works_with() -> str:
    """The providers, in a sentence."""
    names = [
        f"[{providers.get(name).title}](docs/providers/{name}.md)"
        for name in providers.names()
        if name not in WRITTEN
    ]
    return f"{', '.join(names[:-1])} and {names[-1]}"


#: What `bouncestream status --json` says of a bridge at work, for the picture of the README.
STATUS: dict[str, Any] = {
    "at": "2026-11-30T15:39:00.000Z",
    "running": True,
    "ready": True,
    "parts": {},
    "sources": [
        _source("sendamatic", "webhook", "sendamatic", "2026-11-30T15:37:00.000Z", 31, 214),
        _source("bounces", "mailbox", "", "2026-11-30T14:02:00.000Z", 6, 48),
    ],
    "bridges": [],
    "outbox": {
        "path": "/var/lib/bouncestream/outbox.db",
        "states": {"pending": 0, "posted": 1, "verified": 3120, "unstored": 87, "held": 2},
        "oldest_pending_seconds": 0.0,
        "held": {"unproven": 2},
        "quarantine": 0,
        "unidentified": 3,
        "doubled": 0,
        "bytes": 18 << 20,
        "wal_bytes": 1 << 20,
        "disk_free_bytes": 21 << 30,
        "replication": None,
    },
    "sink": {
        "url": "http://127.0.0.1:9000",
        "state": "green",
        "why": "Listmonk v6.2.0",
        "by": "",
        "restarts": 1,
        "lost": 24,
    },
    "alerts": {
        "active": [],
        "last": [],
        "channels": [{"channel": "email", "waiting": 0, "error": "", "last_sent": "2026-11-30T08:00:00.000Z"}],
    },
}


def status() -> str:
    """The screen of `bouncestream status`, as it prints that."""
    with patch.dict(os.environ, COLUMNS="80"), redirect_stdout(StringIO()) as printed:
        status_screen.show(STATUS)
    return f"```text\n$ bouncestream status\n{printed.getvalue().strip()}\n```"


def permissions() -> str:
    """What the API user of Listmonk has to be allowed, and why."""
    return "\n".join(
        f"* **{' and '.join(f'`{name}`' for name in one.names)}**\n"
        f"  * What it is for: {one.buys}.\n"
        f"  * Without it: {one.without}.\n"
        f"  * Needed by {', '.join(f'`{command}`' for command in one.needed_by)}."
        for one in PERMISSIONS
    )


def reload() -> str:
    """What takes effect at a reload."""
    live = (
        f"`{section}.{key.name}`"
        for section, model in SECTIONS.items()
        for key in keys_of(model).values()
        if key.live and section not in NAMED and section.partition(".")[0] != "alerts"
    )
    return (
        "* webhooks: all of their keys, also new and removed ones\n"
        "* mailboxes: the same; one that has changed is opened anew\n"
        f"* alerts: all of their keys\n* {', '.join(live)}"
    )


def floors() -> str:
    """The floors of `tests/test_architecture.py`, and each room in the words of its own docstring."""
    rows = []
    for floor in sorted(set(FLOORS.values()), reverse=True):
        for room in (name for name, on in FLOORS.items() if on == floor and name != "__init__"):
            folder = (PACKAGE / room).is_dir()
            path = PACKAGE / room / "__init__.py" if folder else PACKAGE / f"{room}.py"
            rows.append((str(floor), f"`{room}/`" if folder else f"`{room}.py`", first_sentence(path)))
    return table(("floor", "room", "what it is for"), rows)


def first_sentence(path: Path) -> str:
    """Of a module's docstring, on one line."""
    return first_sentence_of(ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")


def first_sentence_of(text: str) -> str:
    """The first sentence of a docstring, on one line."""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


def delivery() -> dict[str, str]:
    """The tables of docs/develop/delivery.md."""
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
        "delivery times": table(("time", "default", "set by", "what it is"), times),
        "moves": table(
            ("state", "may become"),
            (
                (f"`{state}`", ", ".join(f"`{to}`" for to in State if to in MOVES[state]) or "final")
                for state in State
            ),
        ),
    }


def documents() -> dict[Path, dict[str, str]]:
    """Each document with generated blocks, and its blocks by name."""
    assert all(m.name.endswith("_total") == (m.kind == "counter") for m in ALL), "so the page says"
    metrics = ((f"`{m.name}`", ", ".join(f"`{label}`" for label in m.labels), m.help) for m in ALL)
    rules = ((f"`{r.id}` ({r.level})", r.when, span(r.calm) if r.calm else "-") for r in RULES)
    reasons = ((f"`{name}`", r.kind, "yes" if r.passes else "no", r.sentence) for name, r in REASONS.items())
    called = (
        (f"[`{name}`](commands/{name.partition(' ')[0]}.md)", text) for name, text in commands(build_parser())
    )
    areas = ((f"[{title}](findings/{topic}.md)", f"`{topic}`") for topic, title in TOPICS.items())
    sections = ((f"[`[{top}]`](keys/{top}.md)", first_line(top)) for top in tops())
    made = {
        "start/listmonk.md": {"permissions": permissions()},
        "start/proxy.md": {"proxy": f"```caddy\n{caddy.configuration(Site('news.example.org'))}```"},
        "operate/missed-webhooks.md": {"missed": missed_table()},
        "providers/index.md": {"providers": providers_table(), "pages": toctree(providers.names())},
        "providers/listmonk-knows.md": own_handlers(),
        "providers/custom.md": {"keys": own_keys("custom")},
        "understand/policy.md": {
            "reasons": table(("reason", "by default", "may pass by itself", "meaning"), reasons)
        },
        "understand/soft.md": {
            "classes": table(
                ("class", "count by default", "reasons"),
                (
                    (f"`{name}`", str(count), ", ".join(f"`{r}`" for r, of in CLASSES.items() if of == name))
                    for name, count in COUNTS.items()
                ),
            )
        },
        "operate/metrics.md": {"metrics": table(("metric", "labels", "meaning"), metrics)},
        "operate/alerts.md": {"rules": table(("rule and level", "fires when", "over after a calm of"), rules)},
        "operate/dashboard.md": {"pages": dashboard(), "options": keys_table("dashboard")},
        "operate/reload.md": {"reload": reload()},
        "operate/reconcile.md": {
            "causes": table(
                ("cause", "explained", "what it is"),
                ((name, "no" if name in UNEXPLAINED else "yes", words) for name, words in CAUSES.items()),
            )
        },
        "operate/retention.md": {
            "kept": table(
                ("table", "what is kept", "how long"), ((f"`{name}`", *told) for name, told in KEPT.items())
            )
        },
        "doctor/findings.md": {
            "areas": table(("area", "`topic` in JSON"), areas),
            "pages": toctree(f"findings/{topic}" for topic in TOPICS),
        },
        "reference/commands.md": {
            "commands": table(("command", "what it does"), called),
            "pages": toctree(f"commands/{name}" for name in COMMANDS),
        },
        "reference/configuration.md": {
            "sections": table(("section", "what it is for"), sections),
            "pages": toctree(f"keys/{top}" for top in tops()),
        },
        "reference/schema.md": {"tables": schema((PACKAGE / "outbox" / "schema.sql").read_text("utf-8"))},
        "develop/architecture.md": {"floors": floors()},
        "develop/delivery.md": delivery(),
    }
    return {README: {"works with": works_with(), "status": status()}} | {
        DOCS / page: blocks for page, blocks in made.items()
    }


def dashboard() -> str:
    """The pages of the dashboard."""
    names = dict(tabs(ENGLISH, opens=True)) | {"/events/": "One event", "/raw/": ENGLISH.raw}
    rows = (
        (f"**{names[path]}**", f"`{path}`", " ".join((make.__doc__ or "").split())) for path, make in PAGES.items()
    )
    return table(("page", "path", "what it shows"), rows)


def first_line(section: str) -> str:
    """What a section of the configuration is for."""
    return first_sentence_of(SECTIONS[section].__doc__ or "")


def renewed(text: str, made: Mapping[str, str]) -> str:
    """A document with each block as it should be."""
    for name, block in made.items():
        pattern = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        text, found = pattern.subn(lambda m, block=block: f"{m[1]}{block}\n{m[2]}", text)
        assert found == 1, f"there is no block {name}"
    return text


def write() -> None:
    """Renew every block and page; pages of what is no more go."""
    made = {DOCS / path: text for path, text in pages().items()}
    for folder in {path.parent for path in made}:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.md"):
            if old not in made and old.read_text("utf-8").startswith(MADE):
                old.unlink()
    for path, text in made.items():
        path.write_text(text, "utf-8")
    for path, parts in documents().items():
        path.write_text(renewed(path.read_text("utf-8"), parts), "utf-8")


if __name__ == "__main__":
    write()
