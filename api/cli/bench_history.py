"""`rulewright bench --history`: the log and the annual run, beside the disk's own speed, as a table or as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from api.bench import Measured, moved
from api.bench.history import measure_history
from api.cli.bench import bound_of, earlier_run, times_as_long, times_said
from api.cli.log.output import table
from api.cli.output import complain, say, say_json
from api.failures import ExitCode


def history_command(repeat: int, as_json: bool, earlier: Path | None = None) -> int:
    """Measure, and print what was found with the disk's own rate as the measure of all others, and what moved since an
    earlier run if one is given."""
    before = earlier_run(earlier) if earlier is not None else {}
    measurements: list[Measured] = []
    for measured in measure_history(repeat):
        measurements.append(measured)
        complain(f"{measured.what}: {measured.rate:,.0f} /s")
    if as_json:
        say_json(_as_json(measurements, before))
        return ExitCode.DONE
    headings: tuple[str, ...] = ("what", "time", "a second", "times the disk", "bound", "times it", "memory")
    headings += ("times as long",) if before else ()
    longer = moved(measurements, before)
    rows = [
        (
            measured.what,
            f"{measured.seconds:.1f} s",
            f"{measured.rate:,.0f}",
            f"{measured.rate / measurements[0].rate:,.2f}",
            measured.bound.by,
            times_said(measured),
            _memory(measured),
            *([f"{longer[measured.what]:.2f}" if measured.what in longer else ""] if before else []),
        )
        for measured in measurements
    ]
    for line in table(headings, rows, frozenset({1, 2, 3, 5, 6, 7})):
        say(line)
    return ExitCode.DONE


def _memory(measured: Measured) -> str:
    return f"{measured.memory / 2**20:,.0f} MB" if measured.memory else ""


def _as_json(measurements: Sequence[Measured], before: Mapping[str, float]) -> dict[str, object]:
    lines = [
        {
            "what": measured.what,
            "seconds": f"{measured.seconds:.3f}",
            "count": measured.units,
            "memory": measured.memory,
            **bound_of(measured),
        }
        for measured in measurements
    ]
    told: dict[str, object] = {"machine": {"cores": os.cpu_count(), "processor": platform.machine()}, "measured": lines}
    return told | (times_as_long(measurements, before) if before else {})
