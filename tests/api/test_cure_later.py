"""cure on later days: what is found anew there only in part is what the interpreter finds."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import pytest

from api.cure.cure import moved
from api.cure.search import Search
from api.cure.trial import Budget, Trial
from engine.interpret.constants import Constants
from engine.interpret.outcomes import Fact
from engine.values.periods import Unit
from tests.benchmarks.refusals import Refusal, refusals

SOME_OF_US = (
    "eitc_eligible",
    "is_lifeline_eligible",
    "is_magi_medicaid_eligible",
    "is_aca_ptc_eligible",
    "is_snap_eligible",
)
APART = {Unit.DAY: (1, 2, 30, 366, 1_500, 5_500), Unit.MONTH: (1, 2, 7, 14, 36, 120), Unit.YEAR: (1, 2, 10)}
"""How many periods lie between a case and the later ones that are tried."""


def asked(rules: str) -> Iterator[Refusal]:
    if rules != "us":
        return refusals(rules, 3)
    return (refusal for refusal in refusals(rules, 1) if refusal.condition.short_name in SOME_OF_US)


def trial_of(refusal: Refusal) -> Trial:
    fact = Fact(refusal.condition.name, refusal.instance, refusal.case.at)
    return Trial(refusal.program, refusal.case, fact, Constants(refusal.program), Budget(sys.maxsize))


def opened(candidates: Sequence[Fact]) -> list[list[Fact]]:
    """Nothing, everything, and some of it."""
    return [[], list(candidates), *(list(candidates[first::3]) for first in range(3))]


@pytest.mark.parametrize("rules", ["gb", "eu", "de", "us_ca", "us_passport", "certification", "us"])
def test_a_later_day_is_found_from_an_earlier_one_as_the_interpreter_finds_it(rules: str) -> None:
    taken_over = changed = 0
    for refusal in asked(rules):
        trial = trial_of(refusal)
        sets = opened(Search(trial).candidates())
        before = [trial.hangs((), facts) for facts in sets]
        for number in APART[refusal.case.at.kind.unit]:
            at = refusal.case.at.shift(number)
            if at.end > (refusal.program.settings.projected_to or refusal.program.settings.covers_to):
                continue
            case = moved(refusal.case, at, ())
            later, anew = trial.later(case, Budget(sys.maxsize)), trial_of(refusal).later(case, Budget(sys.maxsize))
            for facts, earlier in zip(sets, before, strict=True):
                then = [fact._replace(period=at) if fact.period == refusal.case.at else fact for fact in facts]
                hangs, wanted = later.hangs((), then), anew.hangs((), then)
                assert (hangs is None) is (wanted is None), (str(refusal), str(at))
                if hangs is not None:  # with all open on which it does not hang the condition cannot hold
                    others = [fact for fact in Search(anew).candidates() if fact not in hangs.facts]
                    assert anew.hangs((), [*then, *others]) is not None, (str(refusal), str(at))
                changed += (hangs is None) is not (earlier is None)
            taken_over += later.budget.left > anew.budget.left
    assert taken_over  # less work was done than from nothing
    assert changed or rules in ("us", "us_passport")
