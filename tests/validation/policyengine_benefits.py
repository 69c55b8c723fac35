"""Against PolicyEngine's own tests of health coverage, SSI, Medicare, meals and others, in a month of the year.

1. A test is read by `policyengine_situation`; figures of theirs that are made of ours stand in
   `policyengine_figures.yaml`, a reform that is laid over our rules. Lists of a test without people are tests of
   their own.
2. Their figures are of years, and of the guideline of January: ours are of a month in which that guideline holds, and
   are compared with a twelfth of theirs. A figure that is one of a year is compared as it is.
3. What is not a law of ours (what programs spend, money of States, averages, who enrols) is counted out, by reason.
   What is in scope and cannot be said in our names is counted as not runnable.

policyengine-us is AGPL: its files are read from where it is installed, and none of them is here.

    python -m tests.validation.policyengine_benefits FOLDER …
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from api.rules import programs
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Definition, Program
from engine.values.periods import Period, parse_period
from engine.values.types import Value
from tests.validation.policyengine_names import GROUPS, CountedOut, NoCounterpart, Test, exact, parts
from tests.validation.policyengine_report import Differing, report
from tests.validation.policyengine_situation import Situation
from tests.validation.policyengine_snap import require_our_law, said_in

MAPPING = Path(__file__).resolve().parent / "policyengine_benefits.yaml"
FIGURES = MAPPING.with_name("policyengine_figures.yaml")
MONTH = 6  # a month in which every program has taken up the year's guideline
MONTH_WITH_GUIDELINE_OF_JULY, MONTH_WITH_TABLES_OF_OCTOBER = 9, 11
FIRST_YEAR = 2014
FIRST_OF_AWARD_YEAR, FIRST_INDEX = 7, 2024  # of student aid
MARGIN = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure that a test expects, ours and theirs, in the same measure."""

    name: str
    ours: Value | None
    theirs: Value

    def agrees(self, margin: Fraction) -> bool:
        """Numbers within the margin; anything else alike."""
        if isinstance(self.ours, Fraction | int) and not isinstance(self.ours, bool):
            return (
                isinstance(self.theirs, Fraction | int) and abs(Fraction(self.ours) - Fraction(self.theirs)) <= margin
            )
        return self.ours == self.theirs


def load() -> tuple[Program, Mapping[str, Any]]:
    """Our rules with the figures that their tests name, and their names in ours."""
    return programs.load_program("us", [FIGURES]), yaml.safe_load(MAPPING.read_text(encoding="utf-8"))


def compared(
    test: Test, program: Program, mapping: Mapping[str, Any], constants: Constants, yearly: frozenset[str]
) -> list[Compared]:
    """What a test expects and we compute; raises `NoCounterpart` and `CountedOut`."""
    return [figure for part in parts(test) for figure in _compared_of_part(part, program, mapping, constants, yearly)]


def _compared_of_part(
    test: Test, program: Program, mapping: Mapping[str, Any], constants: Constants, yearly: frozenset[str]
) -> list[Compared]:
    situation = _situation(test, program, mapping, yearly)
    outputs = _outputs(test, situation)
    situation.wants_aged = any(name in mapping["of_aged"] for name, _, _ in outputs)
    _assume(situation)
    for name, raw, whose in said_in(test.body.get("input") or {}):
        situation.say(name, raw, whose)
    _receive(test, situation)
    wanted = [its for name, raw, whose in outputs for its in _wanted(situation, name, raw, whose)]
    interpreter = Interpreter(program, situation.case(constants), constants)
    result = []
    for definition, owner, at, theirs in wanted:
        outcome = interpreter.find(Fact(definition.name, owner, definition.period.containing(at.start)))
        result.append(Compared(definition.name, outcome.value if isinstance(outcome, Known) else None, theirs))
    return result


def _situation(test: Test, program: Program, mapping: Mapping[str, Any], yearly: frozenset[str]) -> Situation:
    inputs, text = test.body.get("input") or {}, str(test.body.get("period", ""))
    if len(text) > len("2024-01") or not text[:4].isdigit():
        raise NoCounterpart("period")
    month = _month_compared(test, mapping)
    at = parse_period(f"{text}-{month:02d}" if text.isdigit() else text)
    if at.start.year < FIRST_YEAR:
        raise CountedOut("before 2014")
    if month == FIRST_OF_AWARD_YEAR and at.start.year < FIRST_INDEX:
        raise CountedOut("before the award year 2024, when the award is a fact")
    people = [str(name) for name in inputs.get("people") or ["alone"]]
    groups = {
        kind: {
            str(unit): [str(name) for name in its.get("members") or people]
            for unit, its in (inputs.get(kind) or {}).items()
        }
        for kind in GROUPS
    }
    return Situation(program, mapping, people, at, yearly, text.isdigit(), groups)


def _month_compared(test: Test, mapping: Mapping[str, Any]) -> int:
    """The month of a year in which the law is the one that a test of the year means."""
    wanted = [name for name, _, _ in said_in(test.body.get("output") or {})]
    stated = {name for name, _, _ in said_in(test.body.get("input") or {})}
    if any(name.startswith("pell_") for name in wanted):
        return FIRST_OF_AWARD_YEAR
    if stated.intersection(mapping["of_first_day"]):
        return 1
    if any(name in mapping["from_october"] for name in wanted):
        return MONTH_WITH_TABLES_OF_OCTOBER
    from_july = any(name.startswith(start) for name in wanted for start in mapping["from_july"])
    return MONTH_WITH_GUIDELINE_OF_JULY if from_july else MONTH


def _outputs(test: Test, situation: Situation) -> list[tuple[str, Any, str]]:
    """What is expected and in scope; raises `CountedOut` if that is nothing."""
    reasons = {name: reason for reason, names in situation.mapping["counted_out"].items() for name in names}
    require_our_law(test, reasons, "takes_up_")
    said = list(said_in(test.body.get("output") or {}))
    kept = [its for its in said if its[0] not in reasons and its[0] not in situation.mapping["facts"]]
    kept = [its for its in kept if its[0] not in situation.mapping["on_the_way"]] or kept
    if not kept:
        raise CountedOut(reasons.get(said[0][0], "a fact here") if said else "nothing expected")
    return kept


def _assume(situation: Situation) -> None:
    """What they take for granted."""
    situation.say("state_code", "CA", "")
    for name, value in situation.mapping["assumed"].items():
        situation.put(name, "", value)


def _receive(test: Test, situation: Situation) -> None:
    """SSI that a test expects beside Medicaid is received."""
    inputs, outputs = test.body.get("input") or {}, test.body.get("output") or {}
    amount = outputs.get("ssi", 0)
    if (
        "medicaid_category" in outputs
        and "ssi" not in str(inputs)
        and not isinstance(amount, list | Mapping)
        and exact(amount) > 0
    ):
        situation.put("receives_ssi", "", True)


def _wanted(situation: Situation, name: str, raw: Any, whose: str) -> Iterator[tuple[Definition, str, Period, Value]]:
    definition = situation.figure(name, wanted=True)
    said = raw if isinstance(raw, Mapping) else {"": raw}
    for during, its in said.items():
        text = str(during)
        at = (
            parse_period(f"{text}-{situation.at.start.month:02d}" if text.isdigit() else text) if text else situation.at
        )
        of_year = text.isdigit() if text else situation.of_year or name in situation.mapping["their_year"]
        whom = situation.whom(definition, whose)
        values = its if isinstance(its, list) else [its] * len(whom)
        members = situation.members_of(whose)
        if len(values) == len(members) != len(whom) and len(set(map(str, values))) == 1:
            values = values[: len(whom)]  # of each member of a group of ours, and alike
        if len(values) != len(whom):
            raise NoCounterpart(f"output {name} of several groups")
        for owner, value in zip(whom, values, strict=True):
            yield definition, owner, at, situation.value(definition, value, of_year)


def yearly_names(folder: Path) -> frozenset[str]:
    """Their names of which a value is of a year, as their own definitions say."""
    root = next(parent for parent in folder.resolve().parents if parent.name == "policyengine_us")
    files = (root / "variables").rglob("*.py")
    return frozenset(file.stem for file in files if "definition_period = YEAR" in file.read_text(encoding="utf-8"))


def differing(
    test: Test, program: Program, mapping: Mapping[str, Any], constants: Constants, yearly: frozenset[str]
) -> list[Differing]:
    """The figures of a test that are not alike."""
    margin = max(exact(test.body.get("absolute_error_margin", MARGIN) or 0), Fraction(1, 100))
    return [
        Differing(its.name.rsplit(":", 1)[-1], str(its.ours), str(its.theirs))
        for its in compared(test, program, mapping, constants, yearly)
        if not its.agrees(margin)
    ]


def main() -> None:
    """Report on each folder."""
    program, mapping = load()
    constants = Constants(program)
    yearly = yearly_names(Path(sys.argv[1]))
    for folder in map(Path, sys.argv[1:]):
        report(folder, lambda test: differing(test, program, mapping, constants, yearly))


if __name__ == "__main__":
    main()
