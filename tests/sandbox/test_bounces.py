# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading back; what it shows is in tests/contract, here is what it costs."""

from __future__ import annotations


async def test_a_label_is_read_without_the_rows_of_others(rig):
    for number in range(1, 4):
        await rig.post(number)
    await rig.post(4, source="other")
    await rig.sandbox.idle()
    database = rig.sandbox.listmonk.database
    assert {label: len(rows) for label, rows in database.by_source.items()} == {"esp": 3, "other": 1}
    database.rows.clear()  # the whole table is not looked at for one label
    assert await rig.rows() == [1, 2, 3]
