"""Months that a case states of what rules take as equal parts of a year's figure, held against that figure.

1. What is stated stands: a stated month counts in figures of the month, and the year's figure in those of the year. The
   note refuses nothing, and moves no figure.
2. It is told where a wanted figure read the year's figure, and the months that are stated come to more than it; or
   where all its months are stated, and come to less.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from engine.explain.words import value_words
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir import nodes as ir
from engine.ir.fold import formula_at
from engine.ir.program import Program


class Whole(NamedTuple):
    """A figure of a longer period, and the definition whose months are parts of it."""

    year: Fact
    part: str


def states_parts(program: Program, case: Case) -> bool:
    """Whether a case states months of what rules take as parts of a year's figure."""
    return any(_whole_of(program, fact) is not None for fact in case.given)


def contradicted_months(interpreter: Interpreter) -> tuple[str, ...]:
    """What to say of stated months that the year's figures do not count, of those that were read."""
    sums: dict[Whole, list[Fraction]] = {}
    for fact, value in interpreter.case.given.items():
        spread = _whole_of(interpreter.program, fact)
        if spread is None or isinstance(value, bool) or not isinstance(value, (int, Fraction)):
            continue
        kind = interpreter.program.definitions[spread.value.name].period
        year = Fact(spread.value.name, fact.instance, kind.containing(fact.period.start))
        sums.setdefault(Whole(year, fact.name), []).append(Fraction(value))
    return tuple(note for whole, values in sums.items() for note in _differing(interpreter, whole, values))


def _whole_of(program: Program, fact: Fact) -> ir.Spread | None:
    """What a stated figure is a part of, by the formula of its period."""
    formula = formula_at(program.definitions[fact.name].formulas, fact.period.start)
    return formula if isinstance(formula, ir.Spread) else None


def _differing(interpreter: Interpreter, whole: Whole, values: list[Fraction]) -> Iterator[str]:
    step = interpreter.steps.get(whole.year)
    if step is None or not isinstance(step.outcome, Known) or not isinstance(step.outcome.value, (int, Fraction)):
        return
    definitions, settings = interpreter.program.definitions, interpreter.program.settings
    year, part = definitions[whole.year.name], definitions[whole.part]
    total, counted = sum(values, Fraction(0)), Fraction(step.outcome.value)
    months = len(whole.year.period.parts(part.period))
    if total > counted or (len(values) == months and total != counted):
        said, of_year = (value_words(amount, year.type, settings) for amount in (total, counted))
        yield (
            f"`{part.short_name}` of `{whole.year.instance}` is stated for {len(values)} of {months} months of "
            f"{whole.year.period} and comes to {said}; `{year.short_name}`, which figures of the whole {year.period} "
            f"read, is {of_year}: state that too"
        )


__all__ = ["contradicted_months", "states_parts"]
