# SPDX-License-Identifier: GPL-3.0-or-later
"""Every metric that bouncestream exports, declared once with its help text; the README's list is tested against it.

Text format: Prometheus exposition format 0.0.4. A registry of our own, since the common library costs a
quarter of the start-up time for what are a few dozen counters here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """A declared metric; `labels` are the names of its label values, in their order. It equals nothing but itself:
    it is looked up several times a request, and comparing its texts would cost more than counting."""

    name: str
    kind: str  #: `counter` or `gauge`
    help: str
    labels: tuple[str, ...] = ()


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"bouncestream_{name}", "counter", text, labels)


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"bouncestream_{name}", "gauge", text, labels)


EVENTS_RECEIVED = _counter("events_received_total", "Events stored for the first time.", "source", "kind")
EVENTS_DUPLICATE = _counter("events_duplicate_total", "Events that were known already.", "source")
EVENTS_IGNORED = _counter("events_ignored_total", "Feedback that is no bounce, such as an auto-reply.", "source")
QUARANTINED = _counter("quarantined_total", "Authenticated input that could not be read, kept raw.", "source")
UNIDENTIFIED = _counter("unidentified_total", "Bounce mails that do not tell whose they are, kept raw.", "source")
REQUESTS = _counter("webhook_requests_total", "Webhook requests by answer.", "source", "status")
REQUESTS_REFUSED = _counter("webhook_refused_total", "Webhook requests refused: forged, or not for us.", "source")
OUTBOX_EVENTS = _gauge("outbox_events", "Events in the outbox by state.", "state")
OUTBOX_OLDEST = _gauge("outbox_oldest_pending_seconds", "Age of the oldest event that waits for delivery.")
OUTBOX_BYTES = _gauge("outbox_bytes", "Size of the outbox on disk.", "file")
INTAKE_WAITING = _gauge("intake_waiting_events", "Events that wait for the next commit.")
COMMITS = _counter("commits_total", "Transactions committed by the one writer.")
DELIVERED = _counter("delivered_total", "Events that reached a final state.", "result")
POSTS = _counter("posts_total", "POSTs to Listmonk by what the answer meant.", "said")
RETRIES = _counter("retries_total", "Events put back to pending, by cause.", "cause")
READ_BACKS = _counter("read_backs_total", "Reads of a label from Listmonk.", "result")
DOUBLED = _counter("doubled_total", "Events that Listmonk was seen to hold twice.")
FOREIGN = _counter("foreign_rows_total", "Rows under our labels that another bridge or outbox wrote.")
RESTARTS = _counter("listmonk_restarts_total", "Restarts of Listmonk that were noticed by its boot id.")
MAILS = _counter("mailbox_mails_total", "Mails of a mailbox by what became of them.", "mailbox", "result")
MAILS_PLACED = _counter("mailbox_placed_total", "Mails flagged or moved afterwards.", "mailbox", "place")
MAILBOX_CONNECTS = _counter("mailbox_connections_total", "Logins to a mailbox that succeeded.", "mailbox")
MAILBOX_FAILURES = _counter(
    "mailbox_failures_total", "Connections to a mailbox that ended, by why.", "mailbox", "why"
)
MAILBOX_PROOFS = _counter("mailbox_proofs_total", "Proofs that a mailbox is heard, by result.", "mailbox", "result")
MAILBOX_HEARD = _gauge(
    "mailbox_heard_seconds", "When a folder was last looked into, seconds since 1970.", "mailbox", "folder"
)
LOST = _counter("listmonk_lost_total", "Events that Listmonk accepted and lost; they were posted again.")
PART_STATE = _gauge("part_state", "State of a part: 0 green, 1 yellow, 2 red.", "part")
ALERT_ACTIVE = _gauge("alert_active", "Alerts of a rule that are active.", "rule")
ALERT_NOTICES = _counter("alert_notices_total", "Tries to send a notice, by result.", "channel", "result")
ALERT_WAITING = _gauge("alert_notices_waiting", "Notices that could not be sent yet.", "channel")
HEARTBEATS = _counter("heartbeats_total", "Heartbeats by result.", "result")
START_TIME = _gauge("start_time_seconds", "When this process started, seconds since 1970.")

ALL: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))


class Metrics:
    """The values of all metrics. Single-threaded use: only the event loop writes and renders them."""

    def __init__(self) -> None:
        self._values: dict[Metric, dict[tuple[str, ...], float]] = {metric: {} for metric in ALL}
        for metric in ALL:
            if not metric.labels:
                self._values[metric][()] = 0

    def add(self, metric: Metric, *labels: str, by: float = 1) -> None:
        """Count up; `labels` are the label values in their declared order."""
        values = self._values[metric]
        values[labels] = values.get(labels, 0) + by

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        self._values[metric][labels] = value

    def get(self, metric: Metric, *labels: str) -> float:
        return self._values[metric].get(labels, 0)

    def render(self) -> str:
        """The metrics in the text format."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        for metric, values in self._values.items():
            yield f"# HELP {metric.name} {metric.help}"
            yield f"# TYPE {metric.name} {metric.kind}"
            for labels, value in values.items():
                pairs = ",".join(
                    f'{name}="{_escape(text)}"' for name, text in zip(metric.labels, labels, strict=True)
                )
                yield f"{metric.name}{{{pairs}}} {value:.15g}" if pairs else f"{metric.name} {value:.15g}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
