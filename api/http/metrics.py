"""What a server measures of itself, for Prometheus. No label holds anything of a person: routes, not addresses."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from api.history.health import FaultCounts, Health

LOG_GAUGES = {
    "readable": "Whether the log could be read when it was last looked at (1), or not (0)",
    "head": "Offset of the log's last event",
    "wal_bytes": "Bytes that wait to be moved into the log's files",
    "store_age_seconds": "How long ago a store was last known to hold all that Kafka's topics do",
    "anchor_offset": "Offset of the newest anchor",
    "anchor_age_seconds": "Age of the newest anchor",
    "unfinished_runs": "Annual runs that were begun and are not finished",
    "stuck_runs": "Of these, those that have recorded nothing for ten minutes",
}
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of one server. With `several`, what is measured of the log has the partition as a label."""

    def __init__(self, several: bool = False) -> None:
        registry = self.registry = CollectorRegistry()
        self._several = several
        labels = ("route", "method", "status")
        self.requests = Counter("rulewright_requests", "Requests answered", labels, registry=registry)
        self.seconds = Histogram("rulewright_seconds", "Time to answer", ("route",), buckets=BUCKETS, registry=registry)
        self.open = Gauge("rulewright_open_requests", "Requests being read or answered", registry=registry)
        self.waiting = Gauge("rulewright_computing", "Computations running or waiting for a thread", registry=registry)
        self.worst_lag = Gauge("rulewright_loop_lag_worst_seconds", "How late it woke at most", registry=registry)
        self.log = {name: self._of_log(f"rulewright_log_{name}", told) for name, told in LOG_GAUGES.items()}
        lag_events, lag_seconds = "rulewright_log_follower_lag_events", "rulewright_log_follower_lag_seconds"
        self.lag_events = self._of_log(lag_events, "Events that a follower has not read", "follower")
        self.lag_seconds = self._of_log(lag_seconds, "How long the first of them has waited", "follower")
        self.faults = self._of_log("rulewright_log_faults", "Groups that could not be assessed", "kind")
        self.worst_held = Gauge(
            "rulewright_loop_held_worst_seconds",
            "For how long of the processor's time it was held up at most, whatever else the machine did",
            registry=registry,
        )
        self.loop_lag = Gauge("rulewright_loop_lag_seconds", "How late the event loop woke last", registry=registry)
        self._kinds: dict[int | None, set[str]] = {}

    def _of_log(self, name: str, told: str, *labels: str) -> Gauge:
        partition = ("partition",) if self._several else ()
        return Gauge(name, told, (*partition, *labels), registry=self.registry)

    def log_state(self, part: int | None, state: Health, faults: FaultCounts) -> None:
        """Put in how a log is doing, or that of a partition."""
        figures = {
            "readable": 1,
            "head": state.head,
            "wal_bytes": state.wal_bytes,
            "store_age_seconds": state.store_seconds,
            "anchor_offset": state.anchor_offset,
            "anchor_age_seconds": float("inf") if state.anchor_seconds is None else state.anchor_seconds,
            "unfinished_runs": len(state.unfinished),
            "stuck_runs": sum(run.stuck for run in state.unfinished),
        }
        for name, figure in figures.items():
            self._labelled(self.log[name], part).set(figure)
        for follower in state.followers:
            self._labelled(self.lag_events, part, follower.name).set(follower.behind)
            self._labelled(self.lag_seconds, part, follower.name).set(follower.seconds)
        counted = faults.by_kind()
        for kind in self._kinds.get(part, set()) - set(counted):
            self.faults.remove(*self._labels(part, kind))
        for kind, number in counted.items():
            self._labelled(self.faults, part, kind).set(number)
        self._kinds[part] = set(counted)

    def log_unreadable(self, part: int | None) -> None:
        """Note that a log cannot be read now. Its other figures stay as they were."""
        self._labelled(self.log["readable"], part).set(0)

    def _labels(self, part: int | None, *labels: str) -> tuple[str, ...]:
        return (*((str(part),) if self._several else ()), *labels)

    def _labelled(self, gauge: Gauge, part: int | None, *labels: str) -> Gauge:
        values = self._labels(part, *labels)
        return gauge.labels(*values) if values else gauge

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)
