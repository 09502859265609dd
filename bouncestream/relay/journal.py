# SPDX-License-Identifier: GPL-3.0-or-later
"""What an undo has to know before a bounce is posted: nothing where Listmonk blocklists, since the bounce's row
proves how its subscriber stood; the lists of the subscriber where Listmonk is set to take it off all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from bouncestream.errors import SinkError
from bouncestream.outbox import caused
from bouncestream.ports import Claimed, Subscriber
from bouncestream.relay.context import RelayContext

log = logging.getLogger("bouncestream.relay")

#: By row: the subscriber of each event, where Listmonk knows one.
People = Callable[[Sequence[Claimed]], Awaitable[Mapping[int, Subscriber]]]


async def note_lists(context: RelayContext, batch: Sequence[Claimed], people: People | None) -> None:
    """Note the lists of those who will be taken off them. Delivery does not wait for it: where it fails, an undo
    says that it does not know."""
    capabilities = context.capabilities
    if people is None or capabilities is None or not capabilities.lookup:
        return
    removed = [one for one in batch if capabilities.actions.get(one.event.kind.value) == "unsubscribe"]
    if not removed:
        return
    try:
        looked = await people(removed)
    except SinkError as error:
        log.warning("a bounce cannot be undone later, as the lists of its subscriber could not be read: %s", error)
        return
    await context.db.write(partial(caused.note_lists, looked=looked, now=context.clock.now()), rows=len(looked))
