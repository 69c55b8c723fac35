"""What a server measures of itself, for Prometheus. No label holds anything of a person: routes, not addresses."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

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
        self.loop_lag = Gauge("rulewright_loop_lag_seconds", "How late the event loop woke last", registry=registry)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)
