"""`rulewright bench`: how fast it is here, beside its peers, as a table or as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from api.bench import Measured, Plan, measure, ratios
from api.cli.output import complain, say_json
from api.failures import ExitCode, Misuse


def bench_command(plan: Plan, peers: Sequence[str], as_json: bool) -> int:
    """Measure, and print what was found with ratios to the peers."""
    found: list[Measured] = []
    for one in measure(replace(plan, peers=dict(map(_peer, peers)))):
        found.append(one)
        complain(f"{one.group}: {one.what}: {_time(one.seconds)}")
    if as_json:
        say_json(_as_json(found))
    else:
        Console(width=None if os.isatty(1) else 120).print(_table(found))
    return ExitCode.DONE


def _peer(text: str) -> tuple[str, str]:
    name, equals, program = text.partition("=")
    if not equals:
        raise Misuse(f"`{text}` names no program", "write `--peer taxcalc=/path/to/python`")
    return name, program


def _as_json(found: Sequence[Measured]) -> dict[str, object]:
    lines = [
        {
            "group": one.group,
            "what": one.what,
            "seconds": f"{one.seconds:.6f}",
            "units": one.units,
            "processor_seconds": f"{one.processors:.2f}",
            "memory": one.memory,
        }
        for one in found
    ]
    return {
        "machine": {"cores": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()},
        "measured": lines,
        "ratios": {name: f"{ratio:.2f}" for name, ratio in ratios(found).items()},
    }


def _table(found: Sequence[Measured]) -> Table:
    table = Table(title=f"rulewright on {os.cpu_count()} cores", title_justify="left")
    for heading in ("", "what"):
        table.add_column(heading)
    for heading in ("time", "units/s", "processors", "memory"):
        table.add_column(heading, justify="right", no_wrap=True)
    last = ""
    for one in found:
        rate = f"{one.rate:,.0f}" if one.units > 1 else ""
        memory = f"{one.memory / 2**20:,.0f} MB" if one.memory else ""
        worked = f"{one.processors:.2f} s" if one.processors else ""
        table.add_row(one.group if one.group != last else "", one.what, _time(one.seconds), rate, worked, memory)
        last = one.group
    table.add_section()
    for name, ratio in ratios(found).items():
        table.add_row("ratio" if name == next(iter(ratios(found))) else "", name, f"{ratio:,.1f}", "", "", "")
    return table


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"
