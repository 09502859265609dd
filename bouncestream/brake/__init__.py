# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocklist brake: when so many hard bounces come in that a person should look before Listmonk is told, and
which of them are alike. Pure: times are arguments.

A filter that goes wrong at one large mailbox provider tells of thousands of good addresses that they do not exist.
Hard bounces are counted over a window, by campaign, or by source where no campaign is named. Above the threshold
those are held that are alike: of one recipient domain and reason, or told of by one server; where that explains too
little of it, as after an old list is mailed, all of one reason. The rest goes on. It ends by itself when the alike
are less than half of the threshold; what is held waits for a person.

A provider whose readers are few among those of a campaign never gets above a share of the whole. So one recipient
domain is held also by itself, when it refuses more than that share of its own readers.

Where much was sent before its answers come, most of the threshold would be told before it is reached. So what comes
so fast that it would be above it before the window is over waits for that: told a little later, or held.
"""

from bouncestream.brake.brake import Brake
from bouncestream.brake.hard import Hard, Mark, Threshold
from bouncestream.brake.patience import Braked, Decision, Usual
from bouncestream.brake.words import phrase, server_of

__all__ = ["Brake", "Braked", "Decision", "Hard", "Mark", "Threshold", "Usual", "phrase", "server_of"]
