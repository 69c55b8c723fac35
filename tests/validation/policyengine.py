"""Against PolicyEngine's own tests of federal tax: each is run with what it gives, intermediate figures as well.

1. A test is read and said in our names (`policyengine_cases`, `policyengine.yaml`).
2. It is runnable if all its facts and all that it expects have a counterpart.
3. It agrees if every figure that it expects does: within its own margin or, where it states none, a dollar.

policyengine-us is AGPL: its files are read from where it is installed, and none of them is here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from api.rules import programs
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Definition, Program
from engine.values.periods import Period, parse_period
from engine.values.types import EnumValue, Kind, Value
from tests.validation.compare import Difference, Tally
from tests.validation.policyengine_cases import People, people_of
from tests.validation.policyengine_names import MAPPING, Names, NoCounterpart, Test, exact, tests_in
from tests.validation.policyengine_wanted import check_places, wanted_of

SOURCE = "PolicyEngine's tests"
YEARS = range(2013, 2027)
AGE = {"head": 40, "spouse": 40, "dependent": 10}
SMALLEST_MARGIN = Fraction(1, 100)  # our grid; theirs is that of 32-bit floats
MARGIN_OF_SHARES = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that a test expects: ours and theirs."""

    name: str
    ours: Value | None
    theirs: Value
    agrees: bool


@dataclass(slots=True)
class Result:
    """A test that was tried: its figures, or why it cannot be run."""

    test: Test
    figures: list[Figure] = field(default_factory=list)
    lacking: str = ""

    @property
    def differing(self) -> list[Figure]:
        """The figures that do not agree."""
        return [figure for figure in self.figures if not figure.agrees]


def results(folder: Path, every: int = 1) -> Iterator[Result]:
    """Each test below a folder, or every n-th."""
    program = programs.load_program("us")
    constants = Constants(program)
    names = Names(program, mapping())
    for place, test in enumerate(tests_in(folder)):
        if place % every == 0:
            yield run(test, program, constants, names)


def mapping() -> Mapping[str, Any]:
    """What `policyengine.yaml` says."""
    result: Mapping[str, Any] = yaml.safe_load(MAPPING.read_text(encoding="utf-8"))
    return result


def run(test: Test, program: Program, constants: Constants, names: Names) -> Result:
    """One test."""
    if test.year not in YEARS or test.body.get("reforms"):
        return Result(test, lacking="a reform" if test.body.get("reforms") else "year")
    try:
        check_places(test, names)
        people = people_of(test, names)
        wanted = list(wanted_of(test, people, names))
        if not wanted:
            raise NoCounterpart("nothing is expected")
        given = {name for _, name in people.given}
        if any(figure.definition.is_input and figure.definition.name not in given for figure in wanted):
            raise NoCounterpart("a fact is expected")
    except NoCounterpart as lack:
        return Result(test, lacking=str(lack))
    case = case_of(people, program, parse_period(str(test.year)))
    interpreter = Interpreter(program, case, constants)
    result = Result(test)
    for figure in wanted:
        ours = _found(interpreter, figure.definition, figure.whose, case.at)
        if ours is True:
            ours = all(_found(interpreter, other, figure.whose, case.at) is True for other in figure.also)
        result.figures.append(
            Figure(figure.name, ours, figure.value, _agree(ours, figure.value, figure.definition, test))
        )
    return result


def case_of(people: People, program: Program, at: Period) -> Case:
    """A complete case. An age that nobody states is 40, of a dependent 10."""
    given: dict[Fact, Value] = {}
    age = program.find("age")
    assert age is not None
    for first, role in people.role_of.items():
        given[Fact(age.name, first, at)] = AGE[role]
    for (instance, name), value in people.given.items():
        given[Fact(name, instance, program.definitions[name].period.containing(at.start))] = value
    holders = {
        ("tax_unit", unit, role): tuple(people.holders(unit, role))
        for unit in people.units for role in AGE if people.holders(unit, role)
    }  # fmt: skip
    return Case(
        at=at,
        instances={"person": tuple(people.unit_of), "tax_unit": tuple(people.units)},
        holders=holders,
        group_of={("tax_unit", other_name): unit for other_name, unit in people.unit_of.items()},
        given=given,
        complete=True,
    )


def _found(interpreter: Interpreter, definition: Definition, whose: tuple[str, ...], at: Period) -> Value | None:
    """Our figure, added up over those who are asked for; None if there is none."""
    values: list[Value] = []
    for item in whose:
        outcome = interpreter.find(Fact(definition.name, item, definition.period.containing(at.start)))
        if not isinstance(outcome, Known):
            return None
        values.append(outcome.value)
    if len(values) == 1:
        return values[0]
    numbers = [value for value in values if isinstance(value, int | Fraction) and not isinstance(value, bool)]
    return sum(numbers, Fraction()) if values and len(numbers) == len(values) else None


def _agree(ours: Value | None, theirs: Value, definition: Definition, test: Test) -> bool:
    if not isinstance(ours, int | Fraction) or not isinstance(theirs, int | Fraction) or isinstance(ours, bool):
        return ours == theirs
    stated = test.body.get("absolute_error_margin")
    if definition.type.kind is Kind.MONEY:
        margin = max(exact(stated), SMALLEST_MARGIN) if stated is not None else Fraction(1)
    else:
        margin = exact(stated) if stated is not None else MARGIN_OF_SHARES
    return abs(Fraction(ours) - Fraction(theirs)) <= margin


def compare(folder: Path, every: int = 1) -> list[Tally]:
    """One tally a year: cases are tests, and a difference is shown by the first figure that differs."""
    explained = {f"{file} #{number}": chapter for chapter, files in mapping()["explained"].items()
                 for file, numbers in files.items() for number in numbers}  # fmt: skip
    tallies: dict[int, Tally] = {}
    for result in results(folder, every):
        tally = tallies.setdefault(result.test.year, Tally(SOURCE, "whole tests", result.test.year))
        tally.cases += 1
        tally.runnable += not result.lacking
        tally.agreeing += not result.lacking and not result.differing
        for figure in result.differing[:1]:
            key = result.test.key
            gap = _number(figure.ours), _number(figure.theirs)
            tally.differences.append(Difference(key, result.test.year, figure.name, *gap, explained.get(key, "")))
    return [tallies[year] for year in sorted(tallies)]


def _number(value: Value | None) -> Fraction:
    return Fraction(value) if isinstance(value, int | Fraction) else Fraction()


def main() -> None:
    """Print what each test in a folder that differs has, and what the others lack."""
    import sys

    lacking: Counter[str] = Counter()
    runnable = agreeing = cases = 0
    for result in results(Path(sys.argv[1])):
        cases += 1
        if result.lacking:
            lacking[result.lacking] += 1
            continue
        runnable += 1
        agreeing += not result.differing
        for figure in result.differing:
            print(f"{result.test.key}  {figure.name}: {_shown(figure.ours)} / {_shown(figure.theirs)}")
    for name, count in lacking.most_common(60):
        print(f"{count:5} {name}")
    print(f"{cases} tests, {runnable} runnable, {agreeing} agreeing (ours / theirs)")


def _shown(value: Value | None) -> str:
    if isinstance(value, EnumValue) or value is None or isinstance(value, bool):
        return str(value)
    return f"{float(value):.4f}" if isinstance(value, int | Fraction) else str(value)


if __name__ == "__main__":
    main()
