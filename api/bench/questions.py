"""What is measured of questions about people: finding them, asking the next thing, and what would change a refusal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from api.bench.measured_population import YEAR, Tables, admitted
from api.bench.measuring import Measured, best
from api.cases.interpreters import Interpreters
from api.cases.naming import find_definition
from api.cure.cure import cure
from api.find.candidates import Among
from api.find.condition import with_condition
from api.find.find import Wanted, find
from api.interview.interview import next_step
from api.interview.listed import Interview, next_screen
from api.interview.screens import screens_in
from engine.explain.questions import sample_values
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.ir.program import Definition, Program
from engine.native.fillings import filled
from engine.population.columns import column_of
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period

GAP_FACT = "employment_income"
ANSWERS = 12
CONDITION = "eitc > 0 USD and not files_separately"
FAMILY = {
    "at": YEAR, "people": {"ada": {"age": 34, "employment_income": 20_000}, "ben": {"age": 5}},
    "tax_units": {"home": {"head": "ada", "dependents": ["ben"]}},
}  # fmt: skip


def finding(rules: str, tables: Tables, runs: int) -> Iterator[Measured]:
    """Everybody for whom a condition holds, the hundred with the most first, and what they have in all."""
    at, units = parse_period(YEAR), len(tables["tax_unit"])
    program, condition = with_condition(rules, [], CONDITION, "tax_unit", at)
    among = Among(admitted(program, tables), lambda entity, row: str(row))
    credit = find_definition(program, "eitc")
    wanted = Wanted(by=credit, top=100, sums=(credit,))
    find(program, condition, CONDITION, at, among=among, wanted=wanted)
    seconds = best(lambda: find(program, condition, CONDITION, at, among=among, wanted=wanted), min(runs, 5))
    yield Measured("find", f"{CONDITION}, ranked and added up, 2 threads", seconds, units)
    yield _with_gaps(program, condition, among)


def _with_gaps(program: Program, condition: Definition, among: Among) -> Measured:
    """The same where one in a hundred wages is not known and nothing else is missing."""
    at, columns = parse_period(YEAR), among.columns
    whole = filled(program, columns, [cell for cell, column in columns.columns.items() if column.missing is not None])
    cell = next(cell for cell in whole.columns if cell.name == find_definition(program, GAP_FACT).name)
    wages = whole.columns[cell].entries
    gaps = column_of(wages, np.random.default_rng(0).random(len(wages)) < 0.01)
    asked = replace(among, columns=replace(whole, columns={**whole.columns, cell: gaps}))
    wanted = Wanted(top=0, unknown=True, count_missing=True)
    find(program, condition, CONDITION, at, among=asked, wanted=wanted)
    seconds = best(lambda: find(program, condition, CONDITION, at, among=asked, wanted=wanted), 1)
    return Measured("find", f"{CONDITION}, 1% of wages not known", seconds, columns.counts["tax_unit"])


def asking(folder: Path, program: Program, runs: int) -> Iterator[Measured]:
    """One step of an interview, and the cures of a refusal, of a parent of one."""
    interview = Interview(program, [find_definition(program, "eitc")], screens_in(folder, program).lists)
    case = _case({**FAMILY, "people": {"ada": {"age": 34}, "ben": {"age": 5}}}, program)
    next_screen(interview, case)
    yield Measured("question", "the next screen for eitc", best(lambda: next_screen(interview, case), min(runs, 5)))
    yield from _one_by_one(program, case, screens_in(folder, program).owed)
    people = {"ada": {"age": 34, "employment_income": 20_000, "taxable_interest_income": 12_000}, "ben": {"age": 5}}
    refused, credit = (
        _case({**FAMILY, "complete": True, "people": people}, program),
        find_definition(program, "eitc_eligible"),
    )
    cure(program, refused, credit)
    seconds = best(lambda: cure(program, refused, credit), min(runs, 3))
    yield Measured("question", "what would change eitc_eligible, with too much interest", seconds)


def _one_by_one(program: Program, case: Case, owed: Sequence[str]) -> Iterator[Measured]:
    """A question at a time, each after the answer to the one before: the first has nothing to go on from."""
    for name, figures in (("eitc", ("eitc",)), (f"{len(owed)} figures", tuple(owed))):
        wanted, asked, seconds = [find_definition(program, figure) for figure in figures], case, list[float]()
        next_step(program, case, wanted)
        kept = Interpreters(program)
        for _ in range(ANSWERS + 1):
            start = time.process_time()
            _, fact = next_step(program, asked, wanted, (), kept)
            seconds.append(time.process_time() - start)
            if fact is None or fact.name not in program.definitions:
                break
            absent = program.definitions[fact.name].absent
            value = absent if absent is not None else sample_values(program.definitions[fact.name], program)[0]
            asked = replace(asked, given={**asked.given, fact: value})
        yield Measured("question", f"the first fact to ask for {name}, of the processor", seconds[0])
        yield Measured("question", f"the next facts to ask for {name}, mean of {len(seconds) - 1}, of the processor",
                       sum(seconds[1:]) / len(seconds[1:]))  # fmt: skip


def _case(data: dict[str, object], program: Program) -> Case:
    case = case_from_data(program, data, Diagnostics())
    assert case is not None
    return case
