"""The service's question to other programs' own evaluators, each by the Python that has it, without a server.

policyengine-us computes it from its own rules. OpenFisca has no law of the United States of its own: eight formulas are
written for openfisca-core that give this family's figures (`peer_openfisca_family.py`), a small part of the law.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.bench.load import share_of
from api.bench.measuring import process, surroundings
from api.failures import Failure, Misuse

SCRIPTS = {"policyengine": "peer_policyengine.py", "openfisca": "peer_openfisca_family.py"}
_FAMILY = ["ada", "ben", "cleo"]


@dataclass(frozen=True, slots=True)
class Beside:
    """The same question to another program's own evaluator: how often in a second one after another, how many
    milliseconds each, and its figures. `skipped`: why it was not measured."""

    program: str
    per_second: str = ""
    p50_ms: str = ""
    p99_ms: str = ""
    requests: int = 0
    figures: Mapping[str, str] = field(default_factory=dict)
    skipped: str = ""


def check(peers: Mapping[str, str]) -> None:
    """Raise Misuse for a peer that there is no comparison with."""
    for name in peers:
        if name not in SCRIPTS:
            known = " or ".join(f"`--peer {peer}=PYTHON`" for peer in SCRIPTS)
            raise Misuse(f"there is no comparison with `{name}` here", f"write {known}")


def beside(peers: Mapping[str, str], year: str, figures: Sequence[str], seconds: float) -> tuple[Beside, ...]:
    """Every program that there is a comparison with, one after the other; those that nobody named are skipped."""
    comparisons = []
    for name in SCRIPTS:
        if name not in peers:
            comparisons.append(Beside(name, skipped=f"name a Python that has it: `--peer {name}=PYTHON`"))
            continue
        try:
            comparisons.append(_measured(name, peers[name], year, figures, seconds))
        except (Failure, OSError) as fault:
            comparisons.append(Beside(name, skipped=str(fault)))
    return tuple(comparisons)


def situation(year: str) -> dict[str, Any]:
    """The family as policyengine-us takes it, in a State without income tax."""
    return {
        "people": {
            "ada": {"age": {year: 34}, "employment_income": {year: 31000}},
            "ben": {"age": {year: 9}},
            "cleo": {"age": {year: 6}},
        },
        **{unit: {"home": {"members": _FAMILY}} for unit in ("tax_units", "families", "spm_units")},
        "households": {"home": {"members": _FAMILY, "state_name": {year: "TX"}}},
    }


def _measured(name: str, python: str, year: str, figures: Sequence[str], seconds: float) -> Beside:
    """A program in a process of its own, which makes the household anew for each request."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "situation.json"
        path.write_text(json.dumps(situation(year)), encoding="utf-8")
        script = Path(__file__).with_name(SCRIPTS[name])
        command = [python, str(script), str(path), year, ",".join(figures), str(seconds)]
        told = json.loads(process(command, surroundings(Path(folder))).printed)
    times = [milliseconds / 1000 for milliseconds in told["times_ms"]]
    half, most = (f"{share_of(times, share) * 1000:.2f}" for share in (0.5, 0.99))
    values = {figure: f"{value:.2f}" for figure, value in told["figures"].items()}
    return Beside(name, f"{len(times) / sum(times):.2f}", half, most, len(times), values)
