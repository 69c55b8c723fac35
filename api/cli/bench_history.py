"""`rulewright bench --history`: the log and the annual run, beside the disk's own speed, as a table or as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from api.bench import Measured
from api.bench.history import measure_history
from api.cli.log.output import table
from api.cli.output import complain, say, say_json
from api.failures import ExitCode


def history_command(repeat: int, as_json: bool) -> int:
    """Measure, and print what was found with the disk's own rate as the measure of all others."""
    measurements: list[Measured] = []
    for measured in measure_history(repeat):
        measurements.append(measured)
        complain(f"{measured.what}: {measured.rate:,.0f} /s")
    if as_json:
        say_json(_as_json(measurements))
        return ExitCode.DONE
    disk = measurements[0].rate
    rows = [
        (
            measured.what,
            f"{measured.seconds:.1f} s",
            f"{measured.rate:,.0f}",
            f"{measured.rate / disk:,.2f}",
            _memory(measured),
        )
        for measured in measurements
    ]
    for line in table(("what", "time", "a second", "times the disk", "memory"), rows, frozenset({1, 2, 3, 4})):
        say(line)
    return ExitCode.DONE


def _memory(measured: Measured) -> str:
    return f"{measured.memory / 2**20:,.0f} MB" if measured.memory else ""


def _as_json(measurements: Sequence[Measured]) -> dict[str, object]:
    lines = [
        {
            "what": measured.what,
            "seconds": f"{measured.seconds:.3f}",
            "count": measured.units,
            "memory": measured.memory,
        }
        for measured in measurements
    ]
    return {"machine": {"cores": os.cpu_count(), "processor": platform.machine()}, "measured": lines}
