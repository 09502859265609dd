# SPDX-License-Identifier: GPL-3.0-or-later
"""Every metric that bouncestream exports, declared once with its help text; docs/operate/metrics.md lists them.

Text format: Prometheus exposition format 0.0.4. A registry of our own, since the common library costs a
quarter of the start-up time for what are a few dozen counters here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


SOURCE_INFO = _gauge("source_info", "1 for each webhook: which provider it is of.", "source", "provider")
EVENTS_RECEIVED = _counter("events_received_total", "Events stored for the first time.", "source", "kind")
EVENTS_DUPLICATE = _counter("events_duplicate_total", "Events that were already known.", "source")
EVENTS_IGNORED = _counter("events_ignored_total", "Feedback that is not a bounce, such as an auto-reply.", "source")
EVENTS_LISTED = _counter(
    "events_listed_total", "Mails that a provider did not send, by a list of its own; told as nothing.", "source"
)
EVENTS_UNSURE = _counter(
    "events_unsure_total", "Events that rest on words alone, by the kind they are reported as.", "source", "kind"
)
EVENTS_SUPPRESSED = _counter(
    "events_suppressed_total", "Events that were not stored, as the person was erased and suppressed.", "source"
)
QUARANTINED = _counter(
    "quarantined_total", "Authenticated input that could not be parsed, kept raw in quarantine.", "source"
)
BRAKED_TOTAL = _counter("brake_held_total", "Hard bounces that the brake has held.")
BRAKE_HELD = _gauge("brake_held", "Hard bounces that the brake holds now.")
UNIDENTIFIED = _counter("unidentified_total", "Bounce mails without an identifiable recipient, kept raw.", "source")
REQUESTS = _counter("webhook_requests_total", "Webhook requests by response.", "source", "status")
REQUESTS_REFUSED = _counter(
    "webhook_refused_total", "Webhook requests refused: forged, or for an unknown address.", "source"
)
OUTBOX_EVENTS = _gauge("outbox_events", "Events in the outbox by state.", "state")
OUTBOX_OLDEST = _gauge("outbox_oldest_pending_seconds", "Age of the oldest undelivered event.")
OUTBOX_BYTES = _gauge("outbox_bytes", "Size of the outbox on disk.", "file")
STANDBYS = _gauge(
    "outbox_standbys", "Standbys of PostgreSQL; sync: as it says there, or hidden from the outbox's role.", "sync"
)
STANDBY_LAG = _gauge(
    "outbox_standby_lag_seconds", "How much later the newest commits were on the disk of a standby.", "standby"
)
STANDBY_BEHIND = _gauge(
    "outbox_standby_lag_bytes", "What is not yet on the disk of a standby of PostgreSQL.", "standby"
)
INTAKE_WAITING = _gauge("intake_waiting_events", "Events waiting for the next commit.")
COMMITS = _counter("commits_total", "Transactions committed by the one writer.")
DELIVERED = _counter("delivered_total", "Events that reached a final state.", "result")
POSTS = _counter("posts_total", "POSTs to Listmonk by outcome.", "said")
RETRIES = _counter("retries_total", "Events returned to pending, by cause.", "cause")
READ_BACKS = _counter("read_backs_total", "Reads of a label from Listmonk.", "result")
DOUBLED = _counter("doubled_total", "Events found twice in Listmonk.")
FOREIGN = _counter("foreign_rows_total", "Rows under our labels written by another bridge or outbox.")
RESTARTS = _counter("listmonk_restarts_total", "Restarts of Listmonk, detected by its boot id.")
MAILS = _counter("mailbox_mails_total", "Mails of a mailbox by result.", "mailbox", "result")
MAILS_PLACED = _counter("mailbox_placed_total", "Mails flagged or moved after processing.", "mailbox", "place")
MAILBOX_CONNECTS = _counter("mailbox_connections_total", "Successful logins to a mailbox.", "mailbox")
MAILBOX_FAILURES = _counter(
    "mailbox_failures_total", "Connections to a mailbox that ended, by cause.", "mailbox", "why"
)
MAILBOX_PROOFS = _counter("mailbox_proofs_total", "Probes of a mailbox connection, by result.", "mailbox", "result")
MAILBOX_HEARD = _gauge(
    "mailbox_heard_seconds", "When a folder was last checked, seconds since 1970.", "mailbox", "folder"
)
SMTP_MAILS = _counter("smtp_mails_total", "Mails handed over by LMTP or SMTP, by result.", "source", "result")
SMTP_REFUSED = _counter("smtp_refused_total", "Refusals of an LMTP or SMTP listener, by cause.", "source", "why")
SMTP_CONNECTIONS = _gauge("smtp_connections", "Open connections of an LMTP or SMTP listener.", "source")
LOST = _counter("listmonk_lost_total", "Events that Listmonk accepted and lost, and that were posted again.")
PART_STATE = _gauge("part_state", "State of a component: 0 green, 1 yellow, 2 red.", "part")
ALERT_ACTIVE = _gauge("alert_active", "Active alerts by rule.", "rule")
ALERT_NOTICES = _counter("alert_notices_total", "Attempts to send a notice, by result.", "channel", "result")
ALERT_WAITING = _gauge("alert_notices_waiting", "Notices waiting to be sent.", "channel")
HEARTBEATS = _counter("heartbeats_total", "Heartbeats by result.", "result")
BACKFILL_RUNS = _counter("backfill_runs_total", "Backfill runs by result.", "source", "result")
BACKFILL_ITEMS = _counter(
    "backfill_items_total",
    "Items of a provider's lists that backfill runs read, by what they are.",
    "source",
    "result",
)
BACKFILL_LAST = _gauge(
    "backfill_last_run_seconds", "When a backfill last went through all lists, seconds since 1970.", "source"
)
SENDING_FAILED = _counter(
    "sending_failed_total", "Messages that Listmonk could not send through no recipient's doing, by cause.", "cause"
)
LOG_GAPS = _counter("listmonk_log_gaps_total", "Times that lines of Listmonk's log may have been missed.")
LEASES_TAKEN = _counter("leases_taken_total", "Leases that this bridge has taken.", "lease")
LEASES_LOST = _counter("leases_lost_total", "Leases that another bridge took over from this one.", "lease")
LEASE_LEFT = _gauge("lease_left_seconds", "How long this bridge still has a lease; 0: it has not.", "lease")
BRIDGES = _gauge("bridges", "Bridges that work on this outbox now.")
ACKNOWLEDGED_LOST = _counter(
    "acknowledged_lost_total", "Acknowledged events that PostgreSQL lost when another server took over."
)
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

    def forget(self, *metrics: Metric) -> None:
        """Drop what metrics have: they are set as a whole again, or another bridge has them from now on."""
        for metric in metrics:
            self._values[metric] = {} if metric.labels else {(): 0}

    def drop(self, metric: Metric, *labels: str) -> None:
        """Drop one value of a metric with labels."""
        self._values[metric].pop(labels, None)

    def get(self, metric: Metric, *labels: str) -> float:
        return self._values[metric].get(labels, 0)

    def of(self, metric: Metric) -> Mapping[tuple[str, ...], float]:
        """Label values → value."""
        return self._values[metric]

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
