"""What a case says although something else that it says implies the contrary.

1. A contradiction is looked for where its last claim is stated, in each period for which that or a stock or status
   among the others is: of each of whom the others may be said, in the periods of theirs that hold that one.
2. What is stated of a stock or status for days is its value on the last day of a period. Of a fact of which only the
   ends are stated, what surely is or is not so counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction

from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.interpret.stated import on
from engine.ir.contradictions import (
    Claim,
    Contradiction,
    holds,
    is_refused,
    is_refused_between,
    surely_holds,
)
from engine.ir.equal import settled
from engine.ir.links import Link, is_below
from engine.ir.program import Definition, Program
from engine.records import record
from engine.remembered import Remembered
from engine.values.dates import EARLIEST_FACT, LATEST_FACT
from engine.values.numbers import format_decimal
from engine.values.periods import Period, Unit
from engine.values.types import Value

KEPT = 8


@record(frozen=True, slots=True)
class Contradicted:
    """A fact that is stated although others, which are stated too, imply the contrary."""

    fact: Fact
    others: tuple[Fact, ...]
    message: str
    remedy: str


def contradicted(program: Program, case: Case) -> Iterator[Contradicted]:
    """Everything that is stated against what else is stated, once for each pair of facts."""
    names, told = _first_days(case), set[tuple[str, ...]]()
    for contradiction in _askable(program, names):
        claimed = names.get(contradiction.claim.name, {})
        if contradiction.needed and case.complete:
            claimed = {**{whose: [] for whose in names[contradiction.given[0].name]}, **claimed}
        for instance, days in claimed.items():
            for other in _together(program, case, contradiction, instance):
                given = [day for claim in contradiction.given for day in names[claim.name].get(other, ())]
                result = _of_two(program, case, contradiction, (instance, other), (*days, *given)) if given else None
                key = (contradiction.claim.name, instance, *(claim.name for claim in contradiction.given), other)
                if result is not None and key not in told:
                    told.add(key)
                    yield result


_by_first = Remembered[dict[str, list[int]]](KEPT)


def _askable(program: Program, names: Collection[str]) -> Iterator[Contradiction]:
    """The contradictions of which all that they ask for is stated, in their order: of most cases few."""
    by_first = _by_first.of(program, None, lambda: _places_by_first(program.contradictions))
    for place in sorted(place for name in names for place in by_first.get(name, ())):
        contradiction = program.contradictions[place]
        if all(claim.name in names for claim in contradiction.given):
            yield contradiction


def _places_by_first(contradictions: Sequence[Contradiction]) -> dict[str, list[int]]:
    """By the first fact that contradictions ask for where they stand."""
    places: dict[str, list[int]] = {}
    for place, contradiction in enumerate(contradictions):
        places.setdefault(contradiction.given[0].name, []).append(place)
    return places


def _first_days(case: Case) -> dict[str, dict[str, list[date]]]:
    """By fact and whose it is the first days for which it is stated."""
    days: dict[str, dict[str, list[date]]] = {}
    for fact in (*case.given, *case.within):
        days.setdefault(fact.name, {}).setdefault(fact.instance, []).append(fact.period.start)
    for (name, instance), stretches in case.held.items():
        days.setdefault(name, {}).setdefault(instance, []).extend(held.first for held in stretches)
    return days


def _together(program: Program, case: Case, contradiction: Contradiction, instance: str) -> Iterable[str]:
    """Of whom the others may be, where the last claim is of somebody."""
    claimed, given = (
        program.definitions[name].entity for name in (contradiction.claim.name, contradiction.given[0].name)
    )
    below = is_below(program.settings, claimed, given)
    match contradiction.link:
        case Link.SAME:
            return (instance,)
        case Link.RECORD:
            owner = case.owner_of.get((claimed, instance))
            return case.records.get((given, instance), ()) if not below else _only(owner)
        case Link.MEMBER if below:
            group = case.group_of.get((given, instance))
            role = contradiction.role
            return _only(group) if not role or instance in _members(program, case, given, group or "", role) else ()
        case Link.MEMBER:
            return _members(program, case, claimed, instance, contradiction.role)
        case Link.RECORD_OF_MEMBER if below:
            group = case.group_of.get((given, case.owner_of.get((claimed, instance), "")))
            return _only(group)
    return [
        record
        for person in _members(program, case, claimed, instance)
        for record in case.records.get((given, person), ())
    ]


def _only(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _members(program: Program, case: Case, entity: str, group: str, role: str = "") -> list[str]:
    """Who is in a group, in a role if one is named."""
    roles = [role] if role else [declared.name for declared in program.settings.entities[entity].roles]
    return [person for name in roles for person in case.holders.get((entity, group, name), ())]


def _of_two(
    program: Program, case: Case, contradiction: Contradiction, whose: tuple[str, str], starts: Iterable[date]
) -> Contradicted | None:
    """The first period in which a claim of the first is stated against what is said of the second."""
    definition = program.definitions[contradiction.claim.name]
    for period in _periods(definition, starts):
        fact = Fact(definition.name, whose[0], period)
        others = [_said(program, case, claim, whose[1], period) for claim in contradiction.given]
        known = tuple(other for other in others if other is not None)
        apart = any(_said(program, case, claim, whose[1], period) for claim in contradiction.apart)
        if apart or len(known) < len(others):
            continue
        row = _settled(program, case, contradiction, known)
        if _is_refused(program, case, row, fact):
            said = [_as_stated(program, case, other) for other in known]
            return Contradicted(fact, known, *words_of(program, row, _as_stated(program, case, fact), said))
    return None


def _settled(program: Program, case: Case, contradiction: Contradiction, given: Iterable[Fact]) -> Contradiction:
    """The contradiction; of facts that have one value, with that of the first."""
    for fact in given:
        value = _stated(case, fact) if fact.name == contradiction.claim.equal_to else None
        if value is not None:
            return settled(program, contradiction, value)
    return contradiction


def _periods(definition: Definition, starts: Iterable[date]) -> Iterator[Period]:
    """The periods of a fact that hold some days, each once."""
    if definition.period.is_personal:
        return
    days = (min(max(day, EARLIEST_FACT), LATEST_FACT) for day in starts)
    yield from dict.fromkeys(definition.period.containing(day) for day in sorted(days))


def _stated(case: Case, fact: Fact) -> Value | None:
    """The value that is stated of a fact, if one is."""
    value = case.given.get(fact)
    return on(case.held.get((fact.name, fact.instance), ()), fact.period) if value is None else value


def _is_refused(program: Program, case: Case, contradiction: Contradiction, fact: Fact) -> bool:
    value = _stated(case, fact)
    if value is None and contradiction.needed and case.complete and fact not in case.within:
        value = program.definitions[fact.name].absent
    if value is not None:
        return is_refused(contradiction, value)
    return fact in case.within and is_refused_between(contradiction, *case.within[fact])


def _said(program: Program, case: Case, claim: Claim, instance: str, period: Period) -> Fact | None:
    """The fact that says what is claimed of somebody for a period, if one does."""
    definition = program.definitions[claim.name]
    if definition.period.is_personal:
        return None
    of = period if definition.period == period.kind else definition.period.containing(period.start)
    if of.kind.unit is not Unit.ETERNITY and not of.contains(period):
        return None
    fact = Fact(claim.name, instance, of)
    value = _stated(case, fact)
    if value is not None:
        return fact if holds(claim, value) else None
    return fact if fact in case.within and surely_holds(claim, *case.within[fact]) else None


def _as_stated(program: Program, case: Case, fact: Fact) -> str:
    value, of = _stated(case, fact), f" of `{fact.instance}`" if fact.instance else ""
    name = program.definitions[fact.name].short_name
    if value is not None:
        return f"`{name}`{of} is {shown(value)}"
    if fact not in case.within:
        return f"`{name}`{of} is not stated"
    low, high = case.within[fact]
    if low is not None and low == high:
        return f"`{name}`{of} is {shown(low)}"
    ends = [f"{word} {shown(end)}" for word, end in (("at least", low), ("at most", high)) if end is not None]
    return f"`{name}`{of} is {' and '.join(ends)}"


def words_of(program: Program, contradiction: Contradiction, claimed: str, others: Sequence[str]) -> tuple[str, str]:
    """What to say of a claim that is stated against others, and what to do."""
    name = program.definitions[contradiction.claim.name].short_name
    claim = contradiction.claim
    meant = f"above {shown(claim.above)}" if claim.above is not None else " or ".join(map(shown, claim.values))
    implied = f"cannot be {meant}" if contradiction.denied else f"is {meant}"
    message = f"{claimed}, but {' and '.join(others)}, so that it {implied} ({contradiction.law})"
    given = " or ".join(f"`{program.definitions[other.name].short_name}`" for other in contradiction.given)
    return message, f"correct {given}, or leave out `{name}`"


def shown(value: Value) -> str:
    """A value as a case writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return format_decimal(value) if isinstance(value, int | Fraction) else str(value)
