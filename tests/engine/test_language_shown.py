"""What is shown of records in order, of computed scales and of ranks among many."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.explain.tree import explain, render
from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.pipeline import compile_rules
from engine.text.diagnostics import Diagnostics
from engine.values.periods import ETERNITY, parse_period

PROGRAMS = Path(__file__).parents[1] / "language" / "programs"


def evaluated(name: str, data: dict[str, object]) -> Interpreter:
    program = compile_rules(PROGRAMS / name)
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None, [problem.message for problem in problems]
    return Interpreter(program, case)


def test_a_chain_of_records_is_shown_from_the_last_to_the_first() -> None:
    days = ("2024-01-10", "2024-06-01")
    records = {
        f"e{at}": {"person": "ada", "offence_date": day, "convicted_on": day, "points": 11}
        for at, day in enumerate(days)
    }
    given: dict[str, object] = {
        "at": "2024",
        "people": {"ada": {}},
        "endorsements": records,
        "complete": ["endorsements"],
    }
    interpreter = evaluated("totting_up", given)
    told = "\n".join(render(explain(interpreter, Fact("wiped_on", "e1", ETERNITY))))
    assert "because previous: e0" in told
    assert "Disqualified for repeated offences (e0): no" in told
    assert "Points counted on conviction (11) is below 12" in told


def test_a_computed_scale_tells_where_its_bands_begin_and_what_they_read() -> None:
    data: dict[str, object] = {"at": "tax_year:2024", "person": {"taxable": 50_000, "gifts": 1_000}}
    interpreter = evaluated("bands", data)
    at = parse_period("tax_year:2024", dict(interpreter.program.settings.calendars))
    told = " ".join("\n".join(render(explain(interpreter, Fact("tax", "person", at)))).split())
    assert "bands begin at 0 GBP, 38,700 GBP and" in told
    assert "income tax bands, from 2013-01-01: ITA 2007 s. 10, 414(2)" in told
    assert "basic rate limit, from 2013-01-01: ITA 2007 s. 10(5)" in told
    assert "Gifts: 1,000 GBP (given)" in told


def test_a_thousand_takers_share_one_sort() -> None:
    count = 1_000
    attempts = {f"a{at}": {"person": f"p{at}", "sitting": "s", "mark": at * 37 % 101} for at in range(count)}
    people: dict[str, object] = {f"p{at}": {} for at in range(count)}
    given = {"people": people, "sittings": {"s": {}}, "attempts": attempts}
    interpreter = evaluated("people", {"at": "2024", **given, "complete": ["attempts"]})
    ranks = [interpreter.find(Fact("place_in_sitting", f"a{at}", ETERNITY)) for at in range(count)]
    assert len(interpreter.orders) == 1
    marks = [at * 37 % 101 for at in range(count)]
    assert ranks == [Known(1 + sum(other > mark for other in marks)) for mark in marks]


@pytest.mark.parametrize(
    ("households", "words"),
    [
        ({"home": ["ada", {"ben": ["from 2024-01-01", "2024-03-01..2024-04-01"]}]}, "`ben` is in `home` twice on"),
        ({"home": ["ada", {"ben": "from 2024-03"}], "other": ["ben"]}, "`ben` is in `other` throughout"),
        ({"home": [{"ada": "sometimes"}]}, "`sometimes` is not a period"),
        ({"home": [{"zoe": "from 2024-01"}]}, "`zoe` is not in the case"),
        ({"home": [{"ada": "until 2024-02"}], "other": [{"ada": "from 2024-02-15"}]}, "on 2024-02-15"),
        ({"home": [{"ada": "2024-05..2024-02"}]}, "ends before it begins"),
    ],
)
def test_memberships_that_cannot_be_are_told(households: dict[str, object], words: str) -> None:
    program, problems = compile_rules(PROGRAMS / "people"), Diagnostics()
    groups = {name: {"residents": people} for name, people in households.items()}
    data = {"at": "2024", "people": {"ada": {}, "ben": {}}, "households": groups}
    assert case_from_data(program, data, problems) is None
    assert any(words in problem.message for problem in problems), [problem.message for problem in problems]
