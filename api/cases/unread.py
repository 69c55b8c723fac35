"""Facts of a case that are stated for a time at which nothing reads them: wages of 2023 in a question about 2024.

A fact that is stated for every time at which it is read may be stated for others too: it is the history of somebody. So
may one that is not read at all, as a column that a table has to spare.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.interpret.stated import FIRST, Days
from engine.ir.program import Definition, Program
from engine.values.periods import Period

if TYPE_CHECKING:
    from api.cases.times_read import TimesRead

_MOST_NAMED = 3


def unread_facts(program: Program, case: Case, figures: Sequence[Definition]) -> tuple[str, ...]:
    """What to say of facts in a case that are stated for a time at which no wanted figure reads them."""
    elsewhere = {(fact.name, fact.instance) for fact in (*case.given, *case.within) if _is_elsewhere(fact, case.at)}
    elsewhere |= case.held.keys()
    if not elsewhere:
        return ()
    from api.cases.times_read import times_read  # which a case without such facts does without

    stated: dict[tuple[str, str], list[Period | Days]] = {
        whose: [] for whose in sorted(elsewhere) if not program.definitions[whose[0]].period.is_personal
    }
    for fact in (*case.given, *case.within):
        if (fact.name, fact.instance) in stated:
            stated[fact.name, fact.instance].append(fact.period)
    for whose, held in case.held.items():
        if whose in stated:
            stated[whose] += [Days(part.first, part.last) for part in held]
    times = times_read(program, case.at, figures)
    told = []
    for (name, instance), several in stated.items():
        passed = [time for time in several if times.passes_over(name, [time])]
        if passed and (len(passed) == len(several) or times.lacks(name, several)):
            told.append(_unread_fact(program.definitions[name], instance, passed, times))
    return tuple(told)


def _unread_fact(definition: Definition, instance: str, passed: Sequence[Period | Days], times: TimesRead) -> str:
    name, read_for = definition.short_name, times.said(definition.name)
    when = ", ".join(map(_said, passed[:_MOST_NAMED])) + (" …" if len(passed) > _MOST_NAMED else "")
    return f"`{name}` of {instance} for {when} is read by nothing: what is wanted reads it for {read_for}"


def _said(time: Period | Days) -> str:
    if isinstance(time, Period):
        return str(time)
    if time.first == time.last:
        return str(time.first)
    return f"days until {time.last}" if time.first <= FIRST else f"{time.first} to {time.last}"


def _is_elsewhere(fact: Fact, at: Period) -> bool:
    """Whether a fact is stated for another time than the one that is asked for, or that holds it."""
    return fact.period != at and not fact.period.contains(at)
