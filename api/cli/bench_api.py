"""`rulewright bench --api`: how fast the service answers, with and without explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.bench.service import ServiceMeasured, measure
from api.cli.bench import peer_of
from api.cli.output import say, say_json, waiting
from api.failures import ExitCode
from api.schema import as_data


def api_command(as_json: bool, peers: Sequence[str]) -> int:
    """Measure, and print a table."""
    with waiting("asking a server"):
        service_measured = measure(peers=dict(map(peer_of, peers)))
    if as_json:
        say_json(as_data(service_measured))
    else:
        _report(service_measured)
    return ExitCode.FAILED if any(kind.failed for kind in service_measured.kinds) else ExitCode.DONE


def _report(service_measured: ServiceMeasured) -> None:
    say("a family's EITC, child tax credit and income tax, one server process")
    say()
    say("explain    peak/s   at half of peak: p50 ms   p99 ms   p99.9 ms   CPU ms each   failed")
    for kind in service_measured.kinds:
        say(
            f"{kind.explain:<9} {kind.peak_per_second:>7,} {kind.p50_ms:>25} {kind.p99_ms:>8} "
            f"{kind.p999_ms:>10} {kind.cpu_ms:>13} {kind.failed:>8,}"
        )
    say()
    say(f"the figures: {_told(service_measured.figures)}")
    for other in service_measured.beside:
        say(
            f"{other.program}'s own evaluator, no server: {other.per_second}/s, p50 {other.p50_ms} ms, "
            f"p99 {other.p99_ms} ms over {other.requests:,}; {_told(other.figures)}"
        )
    say(f"memory {service_measured.memory_before_mb:,} MB before, {service_measured.memory_after_mb:,} MB after")
    say(f"the event loop woke at most {service_measured.loop_lag_ms} ms late")


def _told(figures: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items())
