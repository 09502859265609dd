# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from bouncestream.config import tables
from bouncestream.settings.shapes import Wrong


def test_domains_are_compared_as_a_labels() -> None:
    found = tables.DOMAINS.parse(["Example.ORG", "@bücher.example"])
    assert found == ("example.org", "xn--bcher-kva.example")
    with pytest.raises(Wrong):
        tables.DOMAINS.parse(["localhost"])


def test_a_reason_that_does_not_exist_is_named_with_the_nearest() -> None:
    assert tables.REASONS.parse({"mailbox_full": "hard"}) == {"mailbox_full": "hard"}
    with pytest.raises(Wrong, match="did you mean mailbox_full"):
        tables.REASONS.parse({"mailbox_ful": "hard"})
    by_domain = tables.by_domain(tables.REASONS)
    assert by_domain.parse({"Example.org": {"spam": "ignore"}}) == {"example.org": {"spam": "ignore"}}


@pytest.mark.parametrize("value", [{"mailboxes": 3}, {"mailbox": -1}, {"mailbox": True}, {"mailbox": "3"}, 3])
def test_wrong_counts_of_soft_bounces(value: object) -> None:
    with pytest.raises(Wrong):
        tables.SOFT_COUNTS.parse(value)


def test_right_counts_of_soft_bounces() -> None:
    assert tables.SOFT_COUNTS.parse({"mailbox": 0, "unknown": 9}) == {"mailbox": 0, "unknown": 9}
