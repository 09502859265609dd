# SPDX-License-Identifier: GPL-3.0-or-later
"""Listmonk's own tables, where bounces are recorded in them (`[listmonk_db]`): whether they are those that are
known, and whether the role may use them. And what of Listmonk's API matters less then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bouncestream.config.model import Config
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import clean
from bouncestream.errors import SinkError, StoreError
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.place import Server, place_of, require_driver
from bouncestream.sinks.listmonk_db.known import TESTED, dotted, tested
from bouncestream.sinks.listmonk_db.tables import Tables

TOPIC = "bouncestream"
FINDINGS: Mapping[str, str] = {
    "listmonk-db-ok": "Listmonk's own tables can be used to record bounces",
    "listmonk-db-unfit": "Listmonk's own tables are not as they are known, or the role lacks rights on them",
    "listmonk-db-untested": "this version of Listmonk's tables was not tested",
}
#: What the API user lacks, or Listmonk has switched off, and delivery does without.
_EASED = frozenset({"permission-post", "permission-read", "bounces-webhooks-off", "bounces-unanswered"})
_PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class TablesFacts:
    """The facts about Listmonk's tables."""

    fault: str = ""  #: why they cannot be used, with the next step
    version: tuple[int, ...] = ()


def collect(config: Config) -> TablesFacts | None:
    """Ask the server, within seconds; None: the tables are not used, or it does not answer, which is told of the
    outbox."""
    place = place_of(config)
    if not config.listmonk_db.enabled or not isinstance(place, Server):
        return None
    tables = Tables(config.listmonk_db.schema)
    try:
        require_driver()
        from bouncestream.outbox.postgres.session import ask  # only where it is used

        def look(conn: Conn) -> TablesFacts:
            fault = tables.fault(conn)
            return TablesFacts(fault) if fault else TablesFacts(version=tables.settings(conn).version)

        return ask(place, look, _PATIENCE)
    except SinkError as error:
        return TablesFacts(str(error))
    except StoreError:
        return None


def judge(seen: TablesFacts | None) -> list[Finding]:
    """What an operator should know."""
    if seen is None:
        return []
    if seen.fault:
        what, _, fix = seen.fault.partition(". Next: ")
        why = "No bounce is recorded until that is changed; new reports are kept."
        return [Finding("listmonk-db-unfit", Level.ERROR, TOPIC, clean(what, 400), why, clean(fix, 300))]
    versions = f"{', '.join(TESTED[:-1])} and {TESTED[-1]}"
    version = dotted(seen.version)
    if not tested(seen.version):
        text = f"Listmonk's tables are of version {version}; recording in them was tested with {versions}"
        why = "The tables look the same. What Listmonk does with a bounce may have changed."
        fix = "read its release notes about bounces, or set enabled = false in [listmonk_db]"
        return [Finding("listmonk-db-untested", Level.INFO, TOPIC, text, why, fix, {"version": version})]
    text = f"bounces are recorded in Listmonk's tables (version {version}; tested with {versions})"
    return [Finding("listmonk-db-ok", Level.OK, TOPIC, text, evidence={"version": version})]


def eased(config: Config, found: Iterable[Finding]) -> list[Finding]:
    """Findings about Listmonk's API; what delivery does without, as bounces go into the tables, is information."""
    on = config.listmonk_db.enabled
    return [replace(one, level=Level.INFO) if on and one.id in _EASED else one for one in found]
