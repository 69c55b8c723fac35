"""`rulewright bench --api`: how fast the service answers, with and without explanation, beside other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.bench.beside import Beside
from api.bench.service import ServiceMeasured, measure
from api.cli.bench import peer_of
from api.cli.output import say, say_json, waiting
from api.failures import ExitCode
from api.schema import as_data


def api_command(as_json: bool, peers: Sequence[str], requests: int = 0) -> int:
    """Measure, and print a table."""
    with waiting("asking a server"):
        measured = measure(peers=dict(map(peer_of, peers)), requests=requests)
    if as_json:
        say_json(as_data(measured))
    else:
        _report(measured)
    return ExitCode.FAILED if measured.failed else ExitCode.DONE


def _report(measured: ServiceMeasured) -> None:
    say("a family's EITC, child tax credit and income tax, one server process")
    say()
    say("explain    peak/s   at half of peak: p50 ms   p99 ms   p99.9 ms   CPU ms each   failed")
    for kind in measured.kinds:
        say(
            f"{kind.explain:<9} {kind.peak_per_second:>7,} {kind.p50_ms:>25} {kind.p99_ms:>8} "
            f"{kind.p999_ms:>10} {kind.cpu_ms:>13} {kind.failed:>8,}"
        )
    say()
    say(f"the figures: {_listed(measured.figures)}")
    for other in measured.beside:
        say(_other(other))
    say(f"memory {measured.memory_before_mb:,} MB before, {measured.memory_after_mb:,} MB after")
    if measured.grown is not None:
        steps = " ".join(f"{megabytes:,}" for megabytes in measured.grown.memory_mb)
        say(f"memory over {measured.grown.requests:,} more requests, MB: {steps}")
    say(f"the event loop woke at most {measured.loop_lag_ms} ms late; the server's own work held it up for at most")
    say(f"{measured.loop_held_ms} ms of the processor's time")


def _other(other: Beside) -> str:
    if other.skipped:
        return f"{other.program}: not measured: {other.skipped}"
    return (
        f"{other.program}'s own evaluator, no server: {other.per_second}/s, p50 {other.p50_ms} ms, "
        f"p99 {other.p99_ms} ms over {other.requests:,}; {_listed(other.figures)}"
    )


def _listed(figures: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items())
