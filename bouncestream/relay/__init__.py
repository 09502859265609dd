# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay: the batching task that takes events from the outbox to the sink, and sees to it that they arrived.

`loop` runs it; `owners` looks up whom a mail's UUID names, `posting` sends a batch, `readback` verifies,
`breaker` keeps quiet after trouble, `context` holds what these share. What each observation means is decided in
`relay/ledger`, which is pure.
"""
