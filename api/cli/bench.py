"""`rulewright bench`: how fast it is here, beside its peers, as a table or as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from rich.console import Console
from rich.table import Table

from api.bench import Measured, Plan, measure, moved, plain, ratios
from api.cli.output import complain, say_json
from api.failures import ExitCode, Misuse


def bench_command(plan: Plan, peers: Sequence[str], as_json: bool, earlier: Path | None = None) -> int:
    """Measure, and print what was found with ratios to the peers, and to an earlier run if one is given."""
    before = earlier_run(earlier) if earlier is not None else {}
    measurements: list[Measured] = []
    for measured in measure(replace(plan, peers=dict(map(peer_of, peers)))):
        measurements.append(measured)
        complain(f"{measured.group}: {measured.what}: {_time(measured.seconds)}")
    if as_json:
        say_json(_as_json(measurements, before))
    else:
        Console(width=None if os.isatty(1) else 120).print(_table(measurements, before))
    return ExitCode.DONE


def peer_of(text: str) -> tuple[str, str]:
    """`taxcalc=/path/to/python` as a name and a program. Raises Misuse."""
    name, equals, program = text.partition("=")
    if not equals:
        raise Misuse(f"`{text}` names no program", "write `--peer taxcalc=/path/to/python`")
    return name, program


def earlier_run(path: Path) -> dict[str, float]:
    """The seconds for each unit by line, of an earlier run that wrote them with `--json`."""
    remedy = "give what `rulewright bench --json` wrote"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        lines = told["measured"]
        units = [line.get("units") or line.get("count") or 1 for line in lines]
        return {plain(line["what"]): float(line["seconds"]) / each for line, each in zip(lines, units, strict=True)}
    except OSError as fault:
        raise Misuse(f"`{path}` cannot be read: {fault.strerror}", remedy) from None
    except (ValueError, KeyError, TypeError):
        raise Misuse(f"`{path}` is not the result of a bench", remedy) from None


def _as_json(measurements: Sequence[Measured], before: Mapping[str, float] = MappingProxyType({})) -> dict[str, object]:
    lines = [
        {
            "group": measured.group,
            "what": measured.what,
            "seconds": f"{measured.seconds:.6f}",
            "units": measured.units,
            "processor_seconds": f"{measured.processors:.2f}",
            "memory": measured.memory,
            **bound_of(measured),
            **({"said": measured.said} if measured.said else {}),
        }
        for measured in measurements
    ]
    return {
        "machine": {"cores": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()},
        "measured": lines,
        "ratios": {name: f"{ratio:.2f}" for name, ratio in ratios(measurements).items()},
        **(times_as_long(measurements, before) if before else {}),
    }


def times_as_long(measurements: Sequence[Measured], before: Mapping[str, float]) -> dict[str, object]:
    """What moved since an earlier run, for JSON."""
    return {"times_as_long": {name: f"{ratio:.2f}" for name, ratio in moved(measurements, before).items()}}


def bound_of(measured: Measured) -> dict[str, str]:
    """What holds a line back and how far off it is, for JSON."""
    times = times_said(measured)
    alone = {"bound_seconds": f"{measured.bound.seconds:.6f}", "times_bound": times} if times else {}
    return {"bound": measured.bound.by, **alone}


def times_said(measured: Measured) -> str:
    """How many times as long a line takes as its bound alone; nothing if that is the processor."""
    times = measured.times_bound
    return f"{times:,.1f}" if times is not None else ""


def _table(measurements: Sequence[Measured], before: Mapping[str, float] = MappingProxyType({})) -> Table:
    table = Table(title=f"rulewright on {os.cpu_count()} cores", title_justify="left")
    for heading in ("", "what"):
        table.add_column(heading)
    for heading in ("time", "units/s", "processors", "memory", "bound", "times it"):
        table.add_column(heading, justify="right", no_wrap=True)
    if before:
        table.add_column("times as long", justify="right", no_wrap=True)
    longer = moved(measurements, before)
    last = ""
    for measured in measurements:
        rate = f"{measured.rate:,.0f}" if measured.units > 1 else ""
        memory = f"{measured.memory / 2**20:,.0f} MB" if measured.memory else ""
        worked = f"{measured.processors:.2f} s" if measured.processors else ""
        row = [
            measured.group if measured.group != last else "",
            f"{measured.what}: {measured.said}" if measured.said else measured.what,
            _time(measured.seconds),
            rate,
            worked,
            memory,
            measured.bound.by,
            times_said(measured),
        ]
        table.add_row(*row, *([f"{longer[measured.what]:.2f}" if measured.what in longer else ""] if before else []))
        last = measured.group
    table.add_section()
    for name, ratio in ratios(measurements).items():
        table.add_row(
            "ratio" if name == next(iter(ratios(measurements))) else "", name, f"{ratio:,.1f}", "", "", "", "", ""
        )
    return table


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"
