"""What a server measures of itself, for Prometheus. No label holds anything of a person: routes, not addresses."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from api.history.health import FaultCounts, Health

LOG_GAUGES = {
    "head": "Offset of the log's last event",
    "wal_bytes": "Bytes that wait to be moved into the log's files",
    "anchor_offset": "Offset of the newest anchor",
    "anchor_age_seconds": "Age of the newest anchor",
    "unfinished_runs": "Annual runs that were begun and are not finished",
    "stuck_runs": "Of these, those that have recorded nothing for ten minutes",
}
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self.requests = Counter("rulewright_requests", "Requests answered", labels, registry=registry)
        self.seconds = Histogram("rulewright_seconds", "Time to answer", ("route",), buckets=BUCKETS, registry=registry)
        self.open = Gauge("rulewright_open_requests", "Requests being read or answered", registry=registry)
        self.waiting = Gauge("rulewright_computing", "Computations running or waiting for a thread", registry=registry)
        self.worst_lag = Gauge("rulewright_loop_lag_worst_seconds", "How late it woke at most", registry=registry)
        self.log = {name: Gauge(f"rulewright_log_{name}", told, registry=registry) for name, told in LOG_GAUGES.items()}
        follower = ("follower",)
        lag_events, lag_seconds = "rulewright_log_follower_lag_events", "rulewright_log_follower_lag_seconds"
        self.lag_events = Gauge(lag_events, "Events that a follower has not read", follower, registry=registry)
        self.lag_seconds = Gauge(lag_seconds, "How long the first of them has waited", follower, registry=registry)
        self.faults = Gauge("rulewright_log_faults", "Groups that could not be assessed", ("kind",), registry=registry)
        self.worst_held = Gauge(
            "rulewright_loop_held_worst_seconds",
            "For how long of the processor's time it was held up at most, whatever else the machine did",
            registry=registry,
        )
        self.loop_lag = Gauge("rulewright_loop_lag_seconds", "How late the event loop woke last", registry=registry)

    def log_state(self, state: Health, faults: FaultCounts) -> None:
        """Put in how the log is doing."""
        gauges = self.log
        gauges["head"].set(state.head)
        gauges["wal_bytes"].set(state.wal_bytes)
        gauges["anchor_offset"].set(state.anchor_offset)
        gauges["anchor_age_seconds"].set(float("inf") if state.anchor_seconds is None else state.anchor_seconds)
        gauges["unfinished_runs"].set(len(state.unfinished))
        gauges["stuck_runs"].set(sum(run.stuck for run in state.unfinished))
        for follower in state.followers:
            self.lag_events.labels(follower.name).set(follower.behind)
            self.lag_seconds.labels(follower.name).set(follower.seconds)
        self.faults.clear()
        for kind, number in faults.by_kind().items():
            self.faults.labels(kind).set(number)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)
