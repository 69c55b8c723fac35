"""An interview by lists: which list or fact to ask next, when there is enough, and what was taken for granted.

1. Three completions of the case: all that is open absent; what half of the people or more have, at its usual amount;
   and that with low amounts. In each, each open line takes its usual values, and each list all of them together: one
   batch in machine code. An effect is the largest change of a wanted figure, times how often people have the fact.
2. A screen's effect is the sum over its lines, or that of all of them together if it is more. The screen with the most
   effect for its effort (1, and a tenth for each line) is asked.
3. It ends when no screen is expected to move a figure by 10 of the currency or by one in a hundred. What is left is
   taken as absent, and named in a review, the likeliest first.

No state is kept: the case is the state. What is ticked without an amount is open until the amount is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from api.cases.likely import WITHOUT_FORM, Likely, likely
from api.cases.machine import columns_of
from api.cases.reach import facts_read
from api.cases.trying import Try, figures_of_tries
from api.interview.screens import Line, List, lines_of
from engine.explain.questions import sample_values
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.native.handover import entry_of, value_of
from engine.population.columns import Columns
from engine.values.types import Kind, Value

ENOUGH, SHARE = 10.0, 0.01
MOST_MEASURED = 12
COMMON = 0.5
RARE = 0.001
WITH = 0.3
"""How often people have what stands in no list, and the sample says nothing of."""
EVERY_AGE = (0, 1_000)
_LINE, _NEXT_PERSON = 0.1, 0.03


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of somebody, open to be ticked."""

    fact: Fact
    line: Line


@dataclass(frozen=True, slots=True)
class Witness:
    """That an answer can change a figure: a completion of the case, and facts with which a wanted figure is another."""

    completed: Case
    changed: Mapping[Fact, Value]


@dataclass(frozen=True, slots=True)
class Screen:
    """What to ask: a list with its open lines, or one fact (`lines` is empty), what it is expected to move, and facts
    with which it was seen to."""

    ask: str
    lines: tuple[Tick, ...]
    fact: Fact | None
    effect: float
    key: str = ""
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """The next screen, or none: there is enough. `open`: facts that are still taken as absent, the likeliest first."""

    screen: Screen | None
    open: tuple[Fact, ...]


@dataclass(eq=False)
class Interview:
    """What does not change from screen to screen."""

    program: Program
    wanted: Sequence[Definition]
    lists: Sequence[List]
    statistics: Mapping[str, Likely] = field(default_factory=dict)
    lines: Mapping[str, Line] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = lines_of(self.lists)

    def has_learned(self, definition: Definition) -> bool:
        """Whether a population told how often people have a fact; then what a list says of it does not count."""
        return definition.short_name.removesuffix(WITHOUT_FORM) in self.statistics

    def likely(self, definition: Definition) -> Likely:
        """How often people have a fact: as was learned, else as the sample says."""
        return self.statistics.get(definition.short_name.removesuffix(WITHOUT_FORM)) or likely(definition)


def next_screen(interview: Interview, case: Case, ticked: Collection[Fact] = (), passed: Collection[Fact] = ()) -> Next:
    """What to ask next. `ticked`: facts that people have, of which the amount is not stated; `passed`: what nobody
    could tell, which is not asked again."""
    open_facts = [fact for fact in facts_read(interview.program, case, tuple(interview.wanted)) if fact not in passed]
    effects = _Effects(interview, case, open_facts, ticked)
    screens = list(_screens(interview, case, effects, ticked))
    best = max(screens, key=lambda screen: screen.effect / _effort(screen), default=None)
    left = tuple(sorted(open_facts, key=lambda fact: -effects.alone.get(fact, 0.0)))
    if best is None or best.effect < max(ENOUGH, SHARE * effects.largest):
        return Next(None, left)
    return Next(best, left)


def _screens(interview: Interview, case: Case, effects: _Effects, ticked: Collection[Fact]) -> Iterator[Screen]:
    program, listed = interview.program, set[Fact]()
    for asked_list in interview.lists:
        ticks = [
            Tick(fact, line)
            for line in asked_list.lines
            for fact in effects.open_of(line.fact)
            if fact not in ticked and asked_of(program, case, asked_list.of, fact, line)
        ]
        listed |= {tick.fact for tick in ticks}
        listed |= {fact for tick in ticks for name in tick.line.along for fact in effects.open_of(name)}
        listed |= {
            fact
            for line in asked_list.lines
            for fact in effects.open_of(line.fact)
            if fact not in ticked and asked_of(program, case, asked_list.of, fact, replace(line, ages=EVERY_AGE))
        }
        joint = effects.joint.get(asked_list.key, 0.0)
        total = max(joint, sum(effects.alone.get(tick.fact, 0.0) for tick in ticks))
        if ticks:
            witness = effects.witness((asked_list.key, *(tick.fact for tick in ticks)))
            yield Screen(asked_list.ask, tuple(ticks), None, total, asked_list.key, witness)
    for fact in effects.facts:
        if fact not in listed:
            definition = program.definitions[fact.name]
            effect = effects.alone.get(fact, 0.0)
            yield Screen(definition.ask or definition.label, (), fact, effect, "", effects.witness((fact,)))


def asked_of(program: Program, case: Case, of: str, fact: Fact, line: Line) -> bool:
    """Whether a list is put to somebody: by the role that they hold, and by their age where it is stated."""
    definition = program.definitions[fact.name]
    age = next(
        (value for stated, value in case.given.items() if stated.instance == fact.instance and _is_age(stated)), None
    )
    if isinstance(age, int) and not line.ages[0] <= age <= line.ages[1]:
        return False
    entity = program.settings.entities[definition.entity]
    if of in (entity.name, entity.plural):
        return True
    for group in program.settings.entities.values():
        roles = group.sets.get(of, tuple(role.name for role in group.roles if of in (role.name, role.plural)))
        for (kind, _, role), people in case.holders.items():
            if kind == group.name and role in roles and fact.instance in people:
                return True
    return False


def _is_age(fact: Fact) -> bool:
    return fact.name.rpartition(":")[2] in ("age", "stated_age")


def _effort(screen: Screen) -> float:
    whom: dict[str, int] = {}
    for tick in screen.lines:
        whom[tick.fact.name] = whom.get(tick.fact.name, 0) + 1
    return 1.0 + sum(_LINE + _NEXT_PERSON * (number - 1) for number in whom.values())


def measured(interview: Interview, case: Case) -> Sequence[Definition]:
    """The wanted figures whose changes are effects. Of many only as many as read every open fact, those that read most
    first: code for all of them takes minutes to compile, and no fact would be asked that these do not read."""
    wanted = interview.wanted
    if len(wanted) <= MOST_MEASURED:
        return wanted
    read = {figure.name: set(facts_read(interview.program, case, (figure,))) for figure in wanted}
    chosen: list[Definition] = []
    covered: set[Fact] = set()
    for figure in sorted(wanted, key=lambda figure: -len(read[figure.name])):
        if not read[figure.name] <= covered:
            chosen.append(figure)
            covered |= read[figure.name]
    return chosen or wanted[:1]


class _Effects:
    """How much each open fact, and each list as a whole, is expected to move the wanted figures."""

    def __init__(self, interview: Interview, case: Case, facts: Sequence[Fact], ticked: Collection[Fact]) -> None:
        self.facts = facts
        self.alone: dict[Fact, float] = {}
        self.joint: dict[str, float] = {}
        self.largest = 0.0
        self._seen: dict[Fact | str, tuple[float, Case, Try]] = {}
        self._by_name: dict[str, list[Fact]] = {}
        for fact in facts:
            self._by_name.setdefault(fact.name, []).append(fact)
        self._interview, self._case, self._ticked = interview, case, set(ticked)
        self._measured = measured(interview, case)
        for part in (0, 1, 2):
            self._completion(part)

    def open_of(self, name: str) -> list[Fact]:
        """The open facts of a name, of whomever."""
        definition = self._interview.program.find(name)
        return self._by_name.get(definition.name, []) if definition is not None else []

    def _completion(self, part: int) -> None:
        """The effects in one completion: of absent facts, of usual ones, or of usual ones with low amounts."""
        program, case = self._interview.program, self._case
        usual = {fact: self._usual(fact, part) for fact in self.facts}
        completed = replace(case, given={**usual, **case.given}, within={}, complete=True)
        columns = columns_of(program, completed)
        if columns is None:
            return
        tries: list[list[tuple[Fact, int]]] = [[]]
        owners: list[Fact | str | None] = [None]
        for fact in self.facts:
            for entry in self._entries(fact, usual[fact]):
                along = [pair for name in self._along(fact) for pair in self._first(name, fact.instance, usual)]
                tries.append([(fact, entry), *along])
                owners.append(fact)
        for asked_list in self._interview.lists:
            every = [
                (fact, entry)
                for line in asked_list.lines
                for fact in self.open_of(line.fact)
                for entry in list(self._entries(fact, usual[fact]))[:1]
            ]
            tries.append(every)
            owners.append(asked_list.key)
        for owner, effect, tried in zip(owners, self._moved(columns, tries), tries, strict=True):
            if owner is not None and effect > self._seen.get(owner, (0.0, None, ()))[0]:
                self._seen[owner] = effect, completed, tried
            if isinstance(owner, Fact):
                share = self._share(owner)
                self.alone[owner] = max(self.alone.get(owner, 0.0), share * effect)
            elif owner is not None:
                shares = [self._share(fact) for fact, _ in tries[owners.index(owner)]]
                self.joint[owner] = max(self.joint.get(owner, 0.0), effect * min(shares, default=0.0))

    def witness(self, owners: Sequence[Fact | str]) -> Witness | None:
        """The largest change that was seen by some facts, or by a list's together; None where there was none."""
        seen = [self._seen[owner] for owner in owners if owner in self._seen]
        if not seen:
            return None
        program = self._interview.program
        _, completed, tried = max(seen, key=lambda change: change[0])
        changed = {fact: value_of(program, program.definitions[fact.name], entry) for fact, entry in tried}
        return Witness(completed, changed)

    def _along(self, fact: Fact) -> tuple[str, ...]:
        line = self._interview.lines.get(self._short(fact))
        return line.along if line is not None and line.fact == self._short(fact) else ()

    def _first(self, name: str, instance: str, usual: Mapping[Fact, Value]) -> Iterator[tuple[Fact, int]]:
        for fact in self.open_of(name):
            if fact.instance == instance:
                yield from ((fact, entry) for entry in list(self._entries(fact, usual[fact]))[:1])

    def _short(self, fact: Fact) -> str:
        return self._interview.program.definitions[fact.name].short_name

    def _share(self, fact: Fact) -> float:
        definition = self._interview.program.definitions[fact.name]
        line = self._interview.lines.get(definition.short_name)
        if fact in self._ticked:  # what comes with a line is asked for after the line's own amount
            return 1.0 if line is not None and line.fact == definition.short_name else WITH
        said = line is not None and line.often and line.fact == definition.short_name
        if line is not None and said and not self._interview.has_learned(definition):
            return line.often
        statistic = self._interview.likely(definition)
        return statistic.share if statistic.amounts or line is not None else RARE

    def _usual(self, fact: Fact, part: int) -> Value:
        definition = self._interview.program.definitions[fact.name]
        statistic = self._interview.likely(definition)
        amounts = definition.type.kind is Kind.MONEY and len(statistic.amounts) > 1
        if amounts and part and (statistic.share >= COMMON or fact in self._ticked):
            return Fraction(statistic.amounts[1] if part == 1 else statistic.amounts[0])
        if definition.absent is not None:
            return definition.absent
        return sample_values(definition, self._interview.program)[0]

    def _entries(self, fact: Fact, now: Value) -> Iterator[int]:
        """Telling values of a fact, other than the one it has in the completion, as machine code reads them."""
        program = self._interview.program
        definition = program.definitions[fact.name]
        line = self._interview.lines.get(definition.short_name)
        amounts: Sequence[Value] = ()
        if definition.type.kind is Kind.MONEY:
            said = line is not None and line.usual and not self._interview.has_learned(definition)
            usual = (line.usual,) if line is not None and said else self._interview.likely(definition).amounts
            amounts = tuple(Fraction(amount) for amount in usual)
        for value in amounts or sample_values(definition, program):
            if value != now:
                entry = entry_of(program, definition, value)
                if entry is not None:
                    yield entry

    def _moved(self, columns: Columns, tries: Sequence[Try]) -> Sequence[float]:
        """By how much each try moves the wanted figures from the first, which is the completion itself: one batch."""
        moved = np.zeros(len(tries), dtype=np.float64)
        for values in figures_of_tries(self._interview.program, self._case, columns, tries, self._measured):
            self.largest = max(self.largest, float(np.nan_to_num(np.abs(values[0])).max(initial=0.0)))
            moved = np.maximum(moved, np.nan_to_num(np.abs(values - values[0])).max(axis=1, initial=0.0))
        effects: Sequence[float] = moved.tolist()
        return effects
