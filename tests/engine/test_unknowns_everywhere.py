"""What is said while facts are not known leaves room for every completion, whatever the construct.

Random programs of `tests.native` compute a whole population, and the same one in which some facts are not known and
lists may hold more. Each figure of the second must leave room for that of the first. Where each construct of the manual
(rules/README.md, Formulas) meets facts that are not known, R being these programs and the other names tests:

| construct | tested by |
| --- | --- |
| literals, arithmetic, comparisons, `between`, `is one of`, logic | R, test_soundness |
| `if`, `case`, `let`, exceptions, `applies_if` | R, test_soundness, test_narrowing |
| `min max abs clip round floor ceil mod` | R, test_soundness |
| scales and tables, computed thresholds, date keys, partial tables | R, test_soundness |
| functions | R |
| `none`, `is none`, `otherwise` | R, test_soundness, test_narrowing |
| dates, lengths of time, `attains`, `age_on`, working days | R, test_soundness |
| sums, counts, `any`, `all`, `min`, `max` over members and records | R, test_interpreter_properties |
| roles, sets, `is dependent`, `self`, `a != b` | R, test_interpreter_properties |
| lists that may hold more | R, test_open_lists, test_interpreter_properties |
| `highest n`, `first`, `last`, `rank`, `percentile_rank` | R, test_ordering |
| `previous` | R, test_sequences |
| two owners, pairs | test_open_lists |
| members of another day, memberships for a time | R |
| groups that a figure makes | R, test_made_groups |
| personal calendars | R, test_windows |
| `x @ last year`, `@ start`, `@ (date)` | R |
| `over` parts and windows, `spread` | R, test_windows |
| `as if`, also of each member | R, test_made_groups |
| ranges of figures | R, in which a completion outside a range is no completion, nor one with somebody in no group |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.made_groups import with_groups
from engine.interpret.outcomes import Fact, Failure, Outcome, Possible
from engine.ir.program import Program
from engine.native.agreement import component_count
from engine.native.handover import case_of, rows_of
from engine.native.plan.laying import lay_out
from engine.native.plan.options import Options
from engine.native.plan.plan import cell_for
from engine.population.columns import Cell, Column, Columns, column_of
from tests.engine.test_soundness import leaves_room
from tests.native.dated_programs import dated_population, dated_program
from tests.native.made_constants import AT
from tests.native.populations import population_of
from tests.native.programs import random_program
from tests.native.wider import wider_program

FAULTS_FOUND = (164, 509, 863)  # what was read of whoever was meant could be an error, and that was not said


@pytest.mark.parametrize("seed", [*range(24), *FAULTS_FOUND])
def test_every_figure_leaves_room_for_what_it_is_when_all_is_known(seed: int) -> None:
    random = Random(seed)
    make = (wider_program, random_program, dated_program)[seed % 3]
    program = make(random)
    people = dated_population if make is dated_program else population_of
    full = people(program, AT, 4, seed, missing=0.0, density=1.0)
    share = random.choice([0.05, 0.3])
    asked = 0
    for fact, before, after in outcomes(program, full, share, np.random.default_rng(seed)):
        if isinstance(after, Possible) or _is_no_completion(after):
            continue  # not all is known of it even so; or the law rules it out
        asked += 1
        assert leaves_room(before, after), (fact, before, after)
    assert asked


def _is_no_completion(outcome: Outcome) -> bool:
    """Whether the law rules a case out: a figure outside its range, or somebody in no group though all are in one."""
    told = outcome.message if isinstance(outcome, Failure) else ""
    return "outside its range" in told or "list them in one" in told


def outcomes(
    program: Program, full: Columns, share: float, rng: np.random.Generator
) -> Iterator[tuple[Fact, Outcome, Outcome]]:
    """Each figure while a share of the facts is not known, and when they are."""
    partial = replace(full, columns=dict(_with_gaps(program, full, share, rng)), complete=False)
    layout, constants = lay_out(program, full, Options()), Constants(program)
    figures = [figure for figure in program.definitions.values() if not (figure.is_input or figure.period.is_personal)]
    for component in range(component_count(layout)):
        rows = rows_of(layout, component)
        whole, _ = with_groups(program, case_of(program, replace(full, complete=True), rows))
        after = Interpreter(program, whole, constants)
        before = Interpreter(program, case_of(program, partial, rows), constants)
        for figure in figures:
            for instance in whole.instances.get(figure.entity, ()):
                fact = Fact(figure.name, instance, cell_for(program, figure.name, AT).period)
                yield fact, before.find(fact), after.find(fact)


def _with_gaps(
    program: Program, columns: Columns, share: float, rng: np.random.Generator
) -> Iterator[tuple[Cell, Column]]:
    for cell, column in columns.columns.items():
        if program.definitions[cell.name].is_input:
            yield cell, column_of(column.entries, rng.random(len(column.entries)) < share)
        else:
            yield cell, column
