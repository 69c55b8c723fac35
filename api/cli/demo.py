"""`rulewright demo`: the 2024 tax of real tax units from the law as data, and one household's credit explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic

from api.cli.output import count, progress, say, say_json, waiting
from api.failures import ExitCode, Failure
from api.rules import programs
from api.taxsim.batch import Batch, Unanswered
from api.taxsim.sample import Sampled, sampled_units
from citizens.sample import YEAR, load_sample
from engine.explain.tree import explain, render
from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.numbers import format_decimal, with_commas
from engine.values.periods import parse_period
from engine.values.types import Value

FIGURES = (
    "adjusted_gross_income",
    "taxable_income",
    "income_tax_before_credits",
    "non_refundable_ctc",
    "refundable_ctc",
    "eitc",
    "income_tax",
    "payroll_tax",
)
HOUSEHOLD: Mapping[str, object] = {
    "complete": True,
    "people": {
        "ada": {"age": 34, "employment_income": 31_000, "taxable_interest_income": 120},
        "ben": {"age": 9},
        "cleo": {"age": 6},
    },
    "tax_units": {"home": {"head": "ada", "dependents": ["ben", "cleo"]}},
}
NEXT = """What to try next:
  rulewright show eitc                                  the rule behind the credit, its law, who uses it
  rulewright why us CASE income_tax --at 2024           any figure of your own case, explained (CASE is YAML or JSON)
  rulewright calc us CASE --at 2024 --want eitc,refundable_ctc
  rulewright taxsim < in.csv > out.csv                  a file of tax units in TAXSIM's columns
  rulewright graph eitc | head -20                      what the credit is made of, for Mermaid
  rulewright test us                                    the worked examples that stand beside the law"""


@dataclass(frozen=True, slots=True)
class Total:
    """One figure over the units: how many have it, the sum, and the nation's."""

    name: str
    label: str
    units: int
    total: Fraction
    nation: Fraction


def demo_command(units: int, as_json: bool) -> int:
    """Compute the units, print the totals, explain one household."""
    started = monotonic()
    with waiting("reading the rules"):
        program = programs.load_program("us")
    whole = sum(unit.weight for unit in sampled_units(load_sample()))
    sampled = list(sampled_units(load_sample(units)))
    figures = _computed(program, sampled)
    totals = _totals(program, sampled, figures, Fraction(whole))
    explanation = _household(program)
    if as_json:
        say_json(_as_json(sampled, totals, explanation))
        return ExitCode.DONE
    _head(sampled, monotonic() - started, program.settings.currency)
    say()
    _table(totals)
    say()
    say("One household of them all, a parent with two children and 31,000 in wages. Why the earned income credit?")
    say()
    say("\n".join(explanation))
    say()
    say(NEXT)
    return ExitCode.DONE


def _head(sampled: Sequence[Sampled], took: float, currency: str) -> None:
    people = sum(len(sample.unit.people) for sample in sampled)
    say(f"{count(len(sampled), 'tax unit')} ({people:,} people), {YEAR}, in {took:.1f} s")
    say(f"Current Population Survey, aged to {YEAR}. nation: each unit times those it stands for, billion {currency}.")


def _computed(program: Program, sampled: Sequence[Sampled]) -> list[Mapping[str, Value]]:
    batch = Batch(program, parse_period(str(YEAR)), FIGURES)
    results: list[Mapping[str, Value]] = []
    answers = batch.answers(sample.unit for sample in sampled)
    for sample, answer in zip(sampled, progress(answers, len(sampled), "computing"), strict=True):
        if isinstance(answer, Unanswered):
            raise Failure(f"{sample.name}: {answer}")
        results.append(answer)
    return results


def _totals(
    program: Program, sampled: Sequence[Sampled], figures: Sequence[Mapping[str, Value]], whole: Fraction
) -> list[Total]:
    scale = whole / sum(sample.weight for sample in sampled)
    totals = []
    for name in FIGURES:
        amounts = [_amount(figure[name]) for figure in figures]
        nation = sum((sample.weight * amount for sample, amount in zip(sampled, amounts, strict=True)), Fraction(0))
        label = program.definitions[name].label
        totals.append(
            Total(name, label, sum(amount != 0 for amount in amounts), sum(amounts, Fraction(0)), nation * scale)
        )
    return totals


def _amount(value: Value) -> Fraction:
    assert isinstance(value, int | Fraction)
    return Fraction(value)


def _table(totals: Sequence[Total]) -> None:
    rows = [("figure", "units with it", "total", "nation")]
    rows += [
        (total.label, f"{total.units:,}", with_commas(str(round(total.total))), _billions(total.nation))
        for total in totals
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        say(
            "  ".join(
                [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
            )
        )


def _billions(amount: Fraction) -> str:
    tenths = round(amount / 10**8)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10:,}.{abs(tenths) % 10}"


def _household(program: Program) -> list[str]:
    problems = Diagnostics()
    period = parse_period(str(YEAR))
    case = case_from_data(program, HOUSEHOLD, problems, period)
    if case is None:
        raise Failure("the rules do not read the household of the demonstration: " + next(iter(problems)).message)
    return render(explain(Interpreter(program, case), Fact("eitc", "home", period)))


def _as_json(sampled: Sequence[Sampled], totals: Sequence[Total], explanation: Sequence[str]) -> dict[str, object]:
    figures = [
        {
            "figure": total.name,
            "units": total.units,
            "total": format_decimal(total.total, 2),
            "nation": str(round(total.nation)),
        }
        for total in totals
    ]
    return {"year": YEAR, "units": len(sampled), "figures": figures, "explanation": list(explanation)}
