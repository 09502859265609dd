# SPDX-License-Identifier: GPL-3.0-or-later
"""The section `[listmonk_db]`: delivery into Listmonk's own tables instead of by its API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bouncestream.settings import shapes
from bouncestream.settings.key import key
from bouncestream.settings.shapes import Shape, fitting

_SCHEMA = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)


SCHEMA = Shape("a name of letters, digits and _", fitting(_SCHEMA, "is no name of a schema"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListmonkDb:
    """Delivery into Listmonk's own tables, where [outbox] url is the database of Listmonk: each bounce is recorded
    in the transaction that settles its event. docs/operate/listmonk-db.md tells more."""

    enabled: bool = key(
        shapes.TRUTH,
        "false",
        "Record bounces there instead of posting them. Unsubscriptions still go by the API.",
    )
    schema: str = key(SCHEMA, '"public"', "The schema of Listmonk's tables.")


def faults(wanted: ListmonkDb, outbox_url: str) -> Iterator[str]:
    """What is wrong with the section beside the rest."""
    if wanted.enabled and not outbox_url:
        yield (
            "listmonk_db.enabled: is true, and the outbox is not on PostgreSQL; write the database of Listmonk "
            "into outbox.url, or enabled = false"
        )
