# SPDX-License-Identifier: GPL-3.0-or-later
"""What metrics say, and that they can be silent again."""

from __future__ import annotations

from bouncestream.metrics import ALL, BRAKE_HELD, LEASE_LEFT, MAILBOX_HEARD, Metrics


def lines(metrics: Metrics) -> list[str]:
    return [line for line in metrics.render().splitlines() if not line.startswith("#")]


def test_what_is_forgotten_is_as_it_was_at_the_start() -> None:
    metrics = Metrics()
    before = lines(metrics)
    metrics.set(BRAKE_HELD, 7)
    metrics.set(LEASE_LEFT, 3.5, 'a "job"')
    assert 'bouncestream_lease_left_seconds{lease="a \\"job\\""} 3.5' in lines(metrics)
    metrics.forget(BRAKE_HELD, LEASE_LEFT)
    assert lines(metrics) == before and "bouncestream_brake_held 0" in before


def test_one_value_is_dropped_and_the_others_stay() -> None:
    metrics = Metrics()
    for folder in ("INBOX", "Junk"):
        metrics.set(MAILBOX_HEARD, 5, "bounces", folder)
    metrics.drop(MAILBOX_HEARD, "bounces", "INBOX")
    metrics.drop(MAILBOX_HEARD, "bounces", "nowhere")
    assert metrics.of(MAILBOX_HEARD) == {("bounces", "Junk"): 5}


def test_no_label_is_one_that_prometheus_adds() -> None:
    """It would call ours `exported_job`, and no rule would find it (its documentation, honor_labels)."""
    assert not {label for metric in ALL for label in metric.labels} & {"job", "instance"}
