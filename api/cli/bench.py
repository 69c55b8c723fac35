"""`rulewright bench`: how fast it is here, beside its peers, as a table and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from api import rulesets
from api.bench import Measured, measure
from api.cli.output import complain, say_json
from api.failures import ExitCode, Misuse

_COMPARED = "20 outputs, 2 threads"


def bench_command(rules: str, repeat: int, peers: Sequence[str], as_json: bool) -> int:
    """Measure, and print what was found with ratios to the peers."""
    found: list[Measured] = []
    for one in measure(rulesets.find_rules(rules), repeat, dict(map(_peer, peers))):
        found.append(one)
        complain(f"{one.group}: {one.what}: {_time(one.seconds)}")
    if as_json:
        say_json(_as_json(found))
    else:
        Console().print(_table(found))
    return ExitCode.DONE


def _peer(text: str) -> tuple[str, str]:
    name, equals, python = text.partition("=")
    if not equals:
        raise Misuse(f"`{text}` names no Python", "write `--peer taxcalc=/path/to/python`")
    return name, python


def ratios(found: Sequence[Measured]) -> dict[str, float]:
    """Our rate over each peer's, and the time of memory alone over ours, by what they are."""
    ours = next((one for one in found if one.what == _COMPARED), None)
    if ours is None:
        return {}
    result = {one.what: ours.rate / one.rate for one in found if one.group == "peer" and "warm" in one.what}
    bound = next((one for one in found if one.what.startswith("memory")), None)
    if bound is not None:
        result["times the memory bound"] = bound.rate / ours.rate
    return result


def _as_json(found: Sequence[Measured]) -> dict[str, object]:
    lines = [
        {"group": one.group, "what": one.what, "seconds": f"{one.seconds:.6f}", "units": one.units} for one in found
    ]
    return {
        "machine": {"cores": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()},
        "measured": lines,
        "ratios": {name: f"{ratio:.1f}" for name, ratio in ratios(found).items()},
    }


def _table(found: Sequence[Measured]) -> Table:
    table = Table(title=f"rulewright on {os.cpu_count()} cores", title_justify="left")
    for heading, side in (("", "left"), ("what", "left"), ("time", "right"), ("units/s", "right")):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    last = ""
    for one in found:
        rate = f"{one.rate:,.0f}" if one.units > 1 else ""
        table.add_row(one.group if one.group != last else "", one.what, _time(one.seconds), rate)
        last = one.group
    for name, ratio in ratios(found).items():
        table.add_row("ratio", f"{_COMPARED}, to {name}" if "bound" not in name else name, f"{ratio:,.1f}", "")
    return table


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"
