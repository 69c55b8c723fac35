"""The peers: programs that are installed apart from this one, each run as its users run it."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from api.bench import bounds, made
from api.bench.measured_population import Tables, admitted, survey_tables
from api.bench.measuring import Measured, best, process, surroundings
from api.failures import Misuse
from citizens.sample import load_sample
from engine.native import evaluate, prepare
from engine.pipeline import compile_rules

KNOWN = ("taxcalc", "openfisca", "taxsim", "taxsim-py", "policyengine")
TAXCALC_WARM, TAXCALC_COLD = "taxcalc: calc_all, warm", "taxcalc: whole process to a file, its compiling included"
MADE_OURS, MADE_OPENFISCA = "made ruleset of 100 figures, ours, 1 thread", "made ruleset of 100 figures, openfisca-core"
TAXSIM, TAXSIM_OURS = "TAXSIM: whole process", "rulewright taxsim on TAXSIM's file: whole process"
FILE_ROWS = 10_000, 100_000, 1_000_000
_FIGURES, _PEOPLE = 100, 280_000
_SCRIPTS = Path(__file__).parent
_TAXSIM_STATUS = {"single": 1, "joint": 2, "separate": 6, "head_of_household": 1, "surviving_spouse": 1}
_TAXSIM_FILER = {"wages": "employment_income", "semp": "self_employment_income"}
_TAXSIM_UNIT = {
    "dividends": "qualified_dividend_income", "intrec": "taxable_interest_income", "pensions": "taxable_pension_income",
    "gssi": "social_security", "pui": "unemployment_compensation",
}  # fmt: skip


def check(peers: Mapping[str, str]) -> None:
    """Raise Misuse for a peer that is not known or not there."""
    for name, program in peers.items():
        if name not in KNOWN:
            known = ", ".join(f"`{peer}`" for peer in KNOWN)
            raise Misuse(f"there is no comparison with `{name}`", f"peers are {known}")
        if not Path(program).exists():
            raise Misuse(f"there is no file `{program}`", f"write `--peer {name}=PROGRAM`")


def survey(python: str, folder: Path) -> Tables:
    """The survey that taxcalc ships, in 2024."""
    path = folder / "survey.npz"
    process([python, str(_SCRIPTS / "peer_taxcalc.py"), "survey", str(path)], surroundings(folder / "python"))
    return survey_tables(path)


def measure(peers: Mapping[str, str], folder: Path, runs: int) -> Iterator[Measured]:
    """The peers that have no part in the population: each beside the engine, on records of its own."""
    if "openfisca" in peers:
        yield from _openfisca(peers["openfisca"], folder)
    if "taxsim" in peers:
        yield from _taxsim(peers["taxsim"], folder, runs)
    if "taxsim-py" in peers:
        yield from _taxsim_py(peers["taxsim-py"], folder, runs)


def taxcalc(peers: Mapping[str, str], folder: Path, what: str) -> Iterator[Measured]:
    """taxcalc on the population, `warm` or `cold`, if it is a peer: next to the same of ours, not minutes after it."""
    if "taxcalc" not in peers:
        return
    python, script, variables = peers["taxcalc"], str(_SCRIPTS / "peer_taxcalc.py"), surroundings(folder / "python")
    if what == "warm":
        told = json.loads(process([python, script, "warm"], variables).printed.splitlines()[-1])
        yield Measured("peer", TAXCALC_WARM, told["warm"], told["units"])
    else:
        out = folder / "taxcalc.npz"
        used = process([python, script, "cold", str(out)], variables)
        with np.load(out) as arrays:
            yield used.measured("peer", TAXCALC_COLD, len(arrays["iitax"]))


def _openfisca(python: str, folder: Path) -> Iterator[Measured]:
    """A ruleset that both have. openfisca-core counts in 32-bit floats and rounds nothing; we are exact to the cent."""
    rules = folder / "made"
    rules.mkdir()
    made.write_made(rules, _FIGURES)
    program = compile_rules(rules)
    incomes = np.arange(_PEOPLE, dtype=np.int64) % 200_000
    columns = admitted(program, {"person": pa.table({"income": incomes})})
    last = [f"v{_FIGURES - 1}"]
    prepare(program, columns, last)
    yield Measured("peer", MADE_OURS, best(lambda: evaluate(program, columns, last), 10), _PEOPLE)
    script = [python, str(_SCRIPTS / "peer_openfisca.py"), str(_FIGURES), str(_PEOPLE)]
    told = json.loads(process(script, surroundings(folder / "python")).printed.splitlines()[-1])
    ours = int(evaluate(program, columns, last).figures[last[0]].entries.sum()) / 100
    assert abs(told["sum"] / ours - 1) < 0.001, (told, ours)
    yield Measured("peer", MADE_OPENFISCA, told["seconds"], _PEOPLE)


def _taxsim(executable: str, folder: Path, runs: int) -> Iterator[Measured]:
    """The sample in TAXSIM's columns for 2023, the last year that the executable has."""
    path = folder / "taxsim.csv"
    units = _write_taxsim(path)
    variables = {**surroundings(folder / "python"), "RULEWRIGHT_CACHE": str(folder / "cache")}
    theirs = [str(Path(executable).resolve())]
    ours = [sys.executable, "-m", "api.cli", "taxsim"]
    for what, command in ((TAXSIM, theirs), (TAXSIM_OURS, ours)):
        yield min(process(command, variables, path) for _ in range(runs)).measured("peer", what, units)


def files(rows: int) -> tuple[str, str]:
    """What the two rows of the comparison with taxsim-py are called."""
    return f"taxsim-py, {rows:,} rows, file to file", f"rulewright taxsim, {rows:,} rows, file to file"


def _taxsim_py(executable: str, folder: Path, runs: int) -> Iterator[Measured]:
    """The sample's rows over and over, file to file, marginal rates among the answers, each with its code compiled."""
    path = folder / "rows.csv"
    _write_taxsim(path)
    variables = {**surroundings(folder / "python"), "RULEWRIGHT_CACHE": str(folder / "cache")}
    header, *lines = path.read_bytes().splitlines(keepends=True)
    for rows in FILE_ROWS:
        source, out = folder / f"{rows}.csv", str(folder / f"{rows}.out.csv")
        source.write_bytes(header + b"".join(islice(cycle(lines), rows)))
        theirs = [str(Path(executable).resolve()), str(source), out, "--mtr", "85"]  # federal rates on wages, as ours
        ours = [sys.executable, "-m", "api.cli", "taxsim", str(source), "--output", out]
        process(ours, variables)
        bound = bounds.text(source, Path(out), runs)
        for what, command in zip(files(rows), (theirs, ours), strict=True):
            yield min(process(command, variables) for _ in range(runs)).measured("peer", what, rows, bound)
        source.unlink()


def _write_taxsim(path: Path) -> int:
    sample = load_sample()
    people: dict[str, list[dict[str, Any]]] = {}
    for row in sample.people.to_pylist():
        people.setdefault(row["tax_unit_id"], []).append(row)
    units = sample.tax_units.to_pylist()
    rows = [_taxsim_row(number, unit, people[unit["tax_unit_id"]]) for number, unit in enumerate(units, 1)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def _taxsim_row(number: int, unit: dict[str, Any], people: list[dict[str, Any]]) -> dict[str, int]:
    head = people[0]
    spouse = next((member for member in people if member["role"] == "spouse"), None)
    ages = [member["age"] or 1 for member in people if member["role"] == "dependent"][:3]
    status = _TAXSIM_STATUS[unit["filing_status"]]
    row = {"taxsimid": number, "year": 2023, "state": 0, "mstat": status, "depx": len(ages)}
    row |= {f"age{at + 1}": (ages + [0] * 3)[at] for at in range(3)}
    for letter, person in (("p", head), ("s", spouse)):
        row[f"{letter}age"] = (person or {}).get("age") or 0
        row |= {letter + name: (person or {}).get(fact) or 0 for name, fact in _TAXSIM_FILER.items()}
    return row | {name: head[fact] or 0 for name, fact in _TAXSIM_UNIT.items()}
