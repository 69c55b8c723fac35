"""Our figures for the calculator's outputs, in their form.

The calculator's histories of earnings are functions of the average wage index and the base, from age 22 on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import Unit
from tests.validation.anypia import Data, Output, Stated, stated

INDEX_TABLE = "benefits/social_security/indexes:ss_average_wage_index_before_2011"
OWN_BENEFIT = {"retirement": "ss_retirement_before_deductions", "disability": "ss_disability_before_deductions"}


@dataclass(slots=True)
class Rules:
    """A program with what all outputs read of it."""

    program: Program
    constants: Constants = field(init=False)
    wages: dict[int, float] = field(init=False)
    base: dict[int, float] = field(init=False)
    last: tuple[object, Interpreter] | None = None

    def __post_init__(self) -> None:
        self.constants = Constants(self.program)
        self.wages = _by_year(self.program, INDEX_TABLE) | _later_wages(self.program)
        self.base = _by_year(self.program, "ss_earnings_base")

    def earnings(self, history: str, born: int, last_year: int) -> dict[int, Decimal]:
        """The years with earnings. Rounded in binary floating point, as the publisher did."""
        amounts = {year: self._amount(history, year, year - born) for year in range(born + 22, last_year + 1)}
        return {
            year: Decimal(str(round(min(amount, self.base[year]), 2))) for year, amount in amounts.items() if amount
        }

    def _amount(self, history: str, year: int, age: int) -> float:
        wage = self.wages[year]
        return {
            "steady": wage,
            "max": self.base[year],
            "half": 0.5 * wage,
            "third": 0.33 * wage,
            "quarter": 0.25 * wage,
            "sporadic": wage if (year // 3) % 2 == 0 else 0.0,
            "late_start": 1.2 * wage if age >= 40 else 0.0,
            "early_quit": 1.2 * wage if age <= 45 else 0.0,
            "declining": max(0.3, 1.5 - 0.02 * (age - 25)) * wage,
        }[history]


def ours(rules: Rules, output: Output, **worker: object) -> Output:
    """The same output by our rules. `worker`: facts of the worker that the calculator's case does not state."""
    said = stated(output)
    interpreter = _interpreter(rules, output, replace(said, worker={**said.worker, **worker}))

    def value(name: str, instance: str) -> Fraction:
        definition = rules.program.find(name)
        assert definition is not None
        outcome = interpreter.find(Fact(definition.name, instance, definition.period.containing(said.at)))
        assert isinstance(outcome, Known) and isinstance(outcome.value, Fraction), (name, output, outcome)
        return outcome.value

    kind = output.kind.split()[0]
    if kind in OWN_BENEFIT:
        benefits: tuple[tuple[Fraction, ...], ...] = ((value(OWN_BENEFIT[kind], "worker"),),)
    else:
        benefits = tuple(
            (value("claim_original_benefit", claim), Fraction(value("claim_benefit", claim) // 1))
            for claim in said.claims
        )
    aime, pia, maximum = (value(name, "worker") for name in ("ss_aime", "ss_pia", "ss_family_maximum"))
    return replace(output, aime=aime, pia=pia, family_maximum=maximum, benefits=benefits)


def _by_year(program: Program, table: str) -> dict[int, float]:
    _, rows = program.tables[table].values[0]
    return {int(str(key[0])): float(Fraction(str(row[""]))) for key, row in rows.items()}


def _later_wages(program: Program) -> dict[int, float]:
    """The index of each year from the parameter, which has it under the tax year for which it counts."""
    parameter = program.parameters.get("average_wage_index")
    return {day.year - 2: float(Fraction(str(value))) for day, value in parameter.values} if parameter else {}


def _interpreter(rules: Rules, output: Output, said: Stated) -> Interpreter:
    """The one that answered last, if only the month is another: what does not hang on the month is computed once."""
    key = (output.kind, output.born, output.history, output.case, said.worker)
    if rules.last is None or rules.last[0] != key:
        case = _case(rules, output, said)
        monthly = {fact: value for fact, value in case.given.items() if fact.period.kind.unit is Unit.MONTH}
        years = {fact._replace(period=fact.period.shift(by)): monthly[fact] for fact in monthly for by in (-12, 12)}
        interpreter = Interpreter(rules.program, replace(case, given={**case.given, **years}), rules.constants)
        rules.last = (key, interpreter)
    return rules.last[1]


def _case(rules: Rules, output: Output, said: Stated) -> Case:
    years = rules.earnings(output.history, output.born.year, said.last_year)
    record: Data = {}
    for year, amount in years.items():
        record[f"y{year}"] = {"person": "worker", "record_year": year, "record_earnings": amount}
        if year in said.within:
            record[f"y{year}"] |= {"record_is_within_disability": True}  # type: ignore[operator]
        if year < 1978:
            record[f"y{year}"] |= {"record_quarters_before_1978": min(4, int(amount // 50))}  # type: ignore[operator]
    data: Data = {
        "at": said.at.strftime("%Y-%m"),
        "complete": True,
        "people": {"worker": said.worker},
        "earnings_years": record,
        "claims_on_record": {name: {"person": "worker", **claim} for name, claim in said.claims.items()},
    }
    problems = Diagnostics()
    case = case_from_data(rules.program, data, problems)
    assert case is not None and not problems.errors, list(problems)
    return case
