"""A sitting of a thousand takers: everybody's place and share below, as counted by hand, in a fifth of a second."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from fractions import Fraction
from random import Random
from time import process_time

from api.rules.programs import load_program
from engine.interpret.case_reader import case_from_data
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.text.diagnostics import Diagnostics

TAKERS, GOAL_SECONDS = 1_000, 0.2


def test_a_thousand_takers_are_ranked_in_a_fifth_of_a_second() -> None:
    program = load_program("certification")
    chance = Random(3)
    scores = {f"a{number}": Fraction(chance.randrange(400), 400) for number in range(TAKERS)}
    data = {
        "at": "2024-06-01",
        "complete": True,
        "candidates": {"all": {"own_attempts": list(scores)}},
        "attempts": {f"a{number}": {"score": scores[f"a{number}"]} for number in range(TAKERS)},
        "sittings": {"june": {"takers": list(scores), "held_on": "2024-05-02", "area": "language"}},
    }
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None, [problem.message for problem in problems]
    share, place = (program.find(name) for name in ("share_below", "place"))
    assert share is not None and place is not None
    ordered = sorted(scores.values())
    taken = []
    for _ in range(3):
        interpreter = Interpreter(program, case, Constants(program))
        began = process_time()
        by_name = {name: interpreter.find(Fact(share.name, name, case.at)) for name in scores}
        places = {name: interpreter.find(Fact(place.name, name, case.at)) for name in scores}
        taken.append(process_time() - began)
    for name, score in scores.items():
        below, above = bisect_left(ordered, score), TAKERS - bisect_right(ordered, score)
        assert by_name[name] == Known(share.grid.store(Fraction(below, TAKERS))), name  # type: ignore[union-attr]
        assert places[name] == Known(1 + above), name
    print(f"two figures of {TAKERS:,} takers: {min(taken):.3f} s")
    assert min(taken) < 2 * GOAL_SECONDS  # two figures of everybody
