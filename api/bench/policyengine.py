"""policyengine-us on tax units of the shipped sample, beside `rulewright batch` on the same.

Each unit is a household of its own in a State without income tax, with ages and incomes alone: what may be itemized has
other names there. policyengine-us takes them as one situation; ours takes Parquet files. The line of ours says in how
many units each figure is the same to a dollar.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from api.bench import bounds
from api.bench.measured_population import YEAR, Tables, sample_tables, write_files
from api.bench.measuring import Measured, process, surroundings

UNITS = 2_000
FIGURES = ("income_tax", "eitc")
THEIRS = f"policyengine-us, {UNITS:,} tax units: whole process"
LOADED = f"policyengine-us, {UNITS:,} tax units: its rules loaded"
OURS = f"rulewright batch, the same {UNITS:,} tax units: whole process"
FACTS = (
    "age", "employment_income", "self_employment_income", "taxable_interest_income", "tax_exempt_interest_income",
    "qualified_dividend_income", "non_qualified_dividend_income", "taxable_pension_income", "social_security",
    "unemployment_compensation",
)  # fmt: skip
_GROUPS = ("tax_units", "families", "spm_units", "households")


def measured(peers: Mapping[str, str], folder: Path, runs: int) -> Iterator[Measured]:
    """Both, if policyengine is a peer: theirs once, ours the best of `runs`."""
    if "policyengine" not in peers:
        return
    mine = folder / "same"
    mine.mkdir()
    tables = first_units(UNITS)
    path, out = mine / "situation.json", mine / "theirs.json"
    path.write_text(json.dumps(situation_of(tables)), encoding="utf-8")
    script = Path(__file__).with_name("peer_policyengine_batch.py")
    variables = {**surroundings(folder / "python"), "RULEWRIGHT_CACHE": str(folder / "cache")}
    theirs = process([peers["policyengine"], str(script), str(path), YEAR, ",".join(FIGURES), str(out)], variables)
    told = json.loads(out.read_text(encoding="utf-8"))
    yield theirs.measured("peer", THEIRS, UNITS)
    yield Measured("peer", LOADED, told["seconds"], UNITS)
    inputs = list(write_files(tables, mine))
    command = _command(inputs, mine / "out.parquet")
    process(command, variables)
    used = min(process(command, variables) for _ in range(runs))
    decoding = bounds.parquet(map(Path, inputs), mine / "out.parquet", runs)
    said = agreement(told["figures"], pq.read_table(mine / "out.parquet"))
    yield Measured("peer", OURS, used.seconds, UNITS, used.processors, used.memory, said, decoding)


def first_units(count: int) -> Tables:
    """So many tax units of the sample, with their people's ages and incomes."""
    tables = sample_tables(1)
    whose = tables["person"]["tax_unit_id"].to_numpy()
    people = tables["person"].filter(pa.array(whose < count))
    units = tables["tax_unit"].slice(0, count)
    return {"person": people.select(["tax_unit_id", "role", *FACTS]), "tax_unit": units.select(["tax_unit_id"])}


def situation_of(tables: Tables) -> dict[str, Any]:
    """The people as one situation, each with the facts that are not nothing."""
    people: dict[str, Any] = {}
    members: dict[str, list[str]] = {}
    for number, row in enumerate(tables["person"].to_pylist()):
        people[f"p{number}"] = {name: {YEAR: row[name]} for name in FACTS if row[name]}
        members.setdefault(f"u{row['tax_unit_id']}", []).append(f"p{number}")
    units = {name: {"members": listed} for name, listed in members.items()}
    in_texas = {name: {**unit, "state_name": {YEAR: "TX"}} for name, unit in units.items()}
    return {"people": people, **{group: in_texas if group == "households" else units for group in _GROUPS}}


def agreement(theirs: Mapping[str, Sequence[float]], ours: Any) -> str:
    """In how many units each figure is the same to a dollar."""
    shares = []
    for name, values in theirs.items():
        own = np.array(ours[name].to_pylist(), dtype=np.float64)
        shares.append(f"{name} the same to a dollar in {np.mean(np.abs(own - np.array(values)) <= 1):.1%}")
    return ", ".join(shares)


def _command(inputs: Sequence[str], out: Path) -> list[str]:
    options = [part for path in inputs for part in ("--input", path)]
    return [sys.executable, "-m", "api.cli", "batch", "us", *options, "--output", str(out), "--at", YEAR,
            "--want", ",".join(FIGURES)]  # fmt: skip
