"""Sets of facts whose change makes a condition hold, the smallest first, each with values that do.

1. *May it hold?* The interpreter with a set of facts unknown: if it cannot hold, no part of the set is a cure.
2. Sets of one, two and three facts, level by level; a pool that cannot, all of it unknown, is left out whole, and so is
   a set that holds a cure. Of a changed fact more is known: it is not what it was, and a date is no past day.
3. *Witness*: for each fact the nearest values with which it may hold while the others of its set are unknown; every
   combination, then one fact after the other; then the box of all values of the set is halved until a point holds or
   every half is dropped. Where no value of one fact may do, the set has no witness. The interpreter must say that a
   witness holds.

What nobody can change is in no set: births and other records of the past, and what only time changes. A date is
something done: on the day that is asked about, or later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice, product
from typing import Any

from api.cases.reach import reached
from api.cure.probe import Side, probe
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.frames import Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Choice, Fact, Known, Outcome, Possible
from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.walk import walk
from engine.native.plan.plan import reads
from engine.values.periods import Period, Unit
from engine.values.types import NONE, EnumValue, Kind, Value

LARGEST = 3
COMBINATIONS = 200
HALVINGS = 120
HALVINGS_AFTER = 2
"""How often a range is halved of which machine code has looked at many values, and found none."""
WIDE = 100_000
BOXES = 400
FAR = Fraction(10**7)
YEARS_AHEAD = 20
Changes = dict[Fact, Value]
Users = dict[str, set[str]]
"""Which definitions read one, by its name."""


class Spent(Exception):
    """The bound on evaluations is reached. Never leaves this package."""


@dataclass(slots=True)
class Budget:
    """How many evaluations may still be made."""

    left: int

    def spend(self) -> None:
        """Take one. Raises Spent when none is left."""
        self.left -= 1
        if self.left < 0:
            raise Spent


def may_change(program: Program, definition: Definition) -> bool:
    """Whether somebody can change a fact: as the rules say, else by what kind of fact it is."""
    if definition.changing.can:
        return definition.changing.can == "yes"
    if grows(definition):
        return False
    if program.settings.entities[definition.entity].belongs_to and definition.period.unit is Unit.ETERNITY:
        return False  # an offence, a test that was passed: it happened
    name = definition.short_name
    return not (definition.type.kind is Kind.DATE and ("birth" in name or "born" in name))


def grows(definition: Definition) -> bool:
    """Whether a number of years grows by itself: an age, stated as a fact of which the rules say so, or in the place of
    a formula that reckons years."""
    if definition.is_input:
        return definition.changing.can == "by_time"
    nodes = (node for dated in definition.formulas for node in walk(dated.body))
    reckons = any(isinstance(node, ir.DateFunction) and node.name in ("age_on", "years_between") for node in nodes)
    return definition.type.kind is Kind.INTEGER and reckons


class Kept:
    """What the figures come to in the case as it is, so that only those are found anew that a change can reach."""

    def __init__(self, program: Program, case: Case, fact: Fact, constants: Constants, users: Users) -> None:
        interpreter = Interpreter(program, case, constants)
        interpreter.find(fact)
        self._program, self._at, self._figure = program, case.at, program.definitions[fact.name]
        self._steps, self._users = interpreter.steps, users
        self._left: dict[frozenset[str], dict[Fact, Step]] = {frozenset(): self._steps}

    def without(self, names: frozenset[str]) -> dict[Fact, Step]:
        """The steps that hang on none of some facts, directly or through others."""
        steps = self._left.get(names)
        if steps is None:
            if not self._users:
                self._users.update(_users_of(self._program, self._at, self._figure))
            touched, waiting = set(names), list(names)
            while waiting:
                more = self._users.get(waiting.pop(), set()) - touched
                touched |= more
                waiting += more
            steps = self._left[names] = {fact: step for fact, step in self._steps.items() if fact.name not in touched}
        return steps


def _users_of(program: Program, at: Period, figure: Definition) -> Users:
    """Of all that a figure hangs on: whose formulas read it."""
    users: Users = {}
    for cell in reached(program, at, (figure,)):
        for dated in program.definitions[cell.name].formulas:
            for other, _ in reads(dated.body, cell.period):
                users.setdefault(other.name, set()).add(cell.name)
    return users


@dataclass(eq=False)
class Search:
    """The search for one condition of one case."""

    program: Program
    case: Case
    fact: Fact
    constants: Constants
    budget: Budget
    unsettled: bool = field(default=False)
    kept: Kept | None = field(default=None)
    probed: Mapping[Fact, list[Value]] | None = field(default=None)
    _probing: set[Fact] = field(default_factory=set)
    _users: Users = field(default_factory=dict)

    def outcome(
        self,
        changed: Mapping[Fact, Value],
        unknown: Sequence[Fact] = (),
        within: Mapping[Fact, tuple[Any, Any]] | None = None,
    ) -> Outcome:
        """The condition with some facts changed, and some unknown or within ranges."""
        self.budget.spend()
        open_facts = {**dict.fromkeys(unknown, (None, None)), **(within or {})}
        given = {fact: value for fact, value in self.case.given.items() if fact not in open_facts}
        tried = replace(self.case, given={**given, **changed}, within={**self.case.within, **open_facts})
        if self.kept is None:
            self.kept = Kept(self.program, self.case, self.fact, self.constants, self._users)
        interpreter = Interpreter(self.program, tried, self.constants)
        interpreter.steps.update(self.kept.without(frozenset(fact.name for fact in (*changed, *open_facts))))
        return interpreter.find(self.fact)

    def candidates(self) -> list[Fact]:
        """The facts that may be changed, and that matter while all of them are unknown."""
        facts: list[Fact] = []
        for cell in reached(self.program, self.case.at, (self.program.definitions[self.fact.name],)):
            definition = self.program.definitions[cell.name]
            stated = definition.is_input or any(fact.name == cell.name for fact in self.case.given)
            if stated and may_change(self.program, definition) and cell.period.end >= self.case.at.start:
                facts += [Fact(cell.name, name, cell.period) for name in self.case.instances.get(definition.entity, ())]
        outcome = self.outcome({}, facts)
        needs = outcome.needs if isinstance(outcome, Possible) and may(outcome) else frozenset()
        return [fact for fact in facts if fact in needs]

    def cures(self, facts: Sequence[Fact], sizes: Sequence[int], every: bool, cures: list[Changes]) -> None:
        """Add the cures of some sizes to those found; without `every` stop at the first size that gives one."""
        for size in sizes:
            before = len(cures)
            for chosen in self.sets(frozenset(), facts, size, cures):
                witness = self.witness(sorted(chosen, key=str))
                if witness is not None:
                    cures.append(witness)
            if len(cures) > before and not every:
                return

    def sets(
        self, chosen: frozenset[Fact], pool: Sequence[Fact], size: int, cures: Sequence[Changes]
    ) -> Iterator[frozenset[Fact]]:
        """Sets of a size that may cure and hold no cure. A pool that cannot, all of it unknown, is left out whole."""
        need = size - len(chosen)
        if any(cure.keys() <= chosen for cure in cures):
            return
        if not need:
            if self._may(chosen):
                yield chosen
            return
        if len(pool) < need or not self._may(chosen, within=dict.fromkeys(pool, (None, None))):
            return
        for place, fact in enumerate(pool):
            yield from self.sets(chosen | {fact}, pool[place + 1 :], size, cures)

    def _may(
        self,
        changed: Iterable[Fact],
        fixed: Mapping[Fact, Value] | None = None,
        within: Mapping[Fact, tuple[Any, Any]] | None = None,
    ) -> bool:
        """Whether the condition may hold with some facts fixed, some within ranges, and some changed to whatever a
        witness may say: a truth value to the other one, a date to the day that is asked about or later."""
        values, ranges = dict(fixed or {}), dict(within or {})
        for fact in sorted(changed, key=str):
            definition, now = self.program.definitions[fact.name], self.now(fact)
            if isinstance(now, bool):
                values[fact] = not now
            elif definition.type.kind is Kind.DATE:
                ranges[fact] = self._range(definition, *self._ends(definition, self._place(definition, fact)))
            else:
                ranges[fact] = (None, None)
        return may(self.outcome(values, (), ranges))

    # --- witnesses

    def witness(self, facts: Sequence[Fact]) -> Changes | None:
        """Values of all the facts, each other than now, with which the condition holds."""
        if len(facts) == 1:
            return self._alone(facts[0])
        values = []
        for fact in facts:
            values.append(self._values(fact, [other for other in facts if other != fact]))
            if not values[-1] and self._all_tried(fact):
                return None
        for combination in islice(product(*values), COMBINATIONS):
            tried = dict(zip(facts, combination, strict=True))
            if holds(self.outcome(tried)):
                return tried
        return self._in_turn({}, facts) or self._in_a_box(facts)

    def _all_tried(self, fact: Fact) -> bool:
        """Whether no value of a fact was left out, so that where none may hold none does."""
        now, kind = self.now(fact), self.program.definitions[fact.name].type.kind
        if self.unsettled:
            return False
        if kind is Kind.DATE:
            return not isinstance(now, date) or now < self.case.at.start
        return kind in (Kind.BOOLEAN, Kind.ENUM) or now not in (None, NONE)

    def _alone(self, fact: Fact) -> Changes | None:
        """A value of one fact: the nearest of those that machine code proposes, or by halving its range."""
        for value in (self.probed or {}).get(fact, ()):
            if holds(self.outcome({fact: value})):
                return {fact: value}
        few = HALVINGS if fact not in self._probing else HALVINGS_AFTER
        for value in self._values(fact, (), halvings=few):
            if holds(self.outcome({fact: value})):
                return {fact: value}
        return None

    def propose(self, facts: Sequence[Fact]) -> None:
        """Let machine code look at many values of each number at once."""
        sides = self._sides(facts)
        self._probing = {side.fact for side in sides}
        stated = {fact: now for fact in self._probing if (now := self.now(fact)) is not None}
        case = replace(self.case, given={**stated, **self.case.given})
        self.probed = probe(self.program, case, self.fact, sides)

    def _sides(self, facts: Sequence[Fact]) -> list[Side]:
        """Below and above, for each number with so many values that halving its range would take long."""
        sides = []
        for fact in facts:
            definition = self.program.definitions[fact.name]
            if definition.type.kind not in (Kind.MONEY, Kind.INTEGER, Kind.RATE) or self.now(fact) in (None, NONE):
                continue
            now, step = self._place(definition, fact), self._step(definition)
            low, high = self._ends(definition, now)
            if (high - low) / step > WIDE:
                ends = [int(end / step) for end in (max(low, -FAR), high)]
                sides += [Side(fact, step, int(now / step), end) for end in ends if end != int(now / step)]
        return sides

    def _in_turn(self, done: Changes, left: Sequence[Fact]) -> Changes | None:
        """One fact after the other: its nearest values with those before it fixed and those after it unknown."""
        if not left:
            return done if holds(self.outcome(done)) else None
        for value in self._values(left[0], left[1:], done):
            changes = self._in_turn({**done, left[0]: value}, left[1:])
            if changes is not None:
                return changes
        return None

    def _values(
        self, fact: Fact, others: Sequence[Fact], done: Changes | None = None, halvings: int = HALVINGS
    ) -> list[Value]:
        """Values of a fact, nearest first, with which the condition may hold while others are unknown."""
        definition = self.program.definitions[fact.name]
        fixed = done or {}
        members = self._members(definition)
        if members is not None:
            now = self.now(fact)
            return [member for member in members if member != now and self._may(others, {**fixed, fact: member})]
        return self._nearest(definition, fact, others, fixed, halvings)

    def _members(self, definition: Definition) -> list[Value] | None:
        """The values of a fact that has few; None for numbers and dates."""
        match definition.type.kind:
            case Kind.BOOLEAN:
                return [True, False]
            case Kind.ENUM:
                names = self.program.settings.enums[definition.type.enum].members
                return [EnumValue(definition.type.enum, name) for name in names]
        return None

    def _nearest(
        self, definition: Definition, fact: Fact, others: Sequence[Fact], fixed: Changes, halvings: int
    ) -> list[Value]:
        """The nearest value below and above the one now; of a date, the first from the day that is asked about on."""
        now, step = self._place(definition, fact), self._step(definition)
        low, high = self._ends(definition, now)
        values: list[Value] = []
        ways = ((low, now - step, False), (now + step, high, True))
        for first, last, up in ((low, high, True),) if definition.type.kind is Kind.DATE else ways:
            stack = [(first, last)] if first <= last else []
            if definition.type.kind is Kind.DATE:
                stack = [(first + step, last), (first, first)]  # the day that is asked about does most often
            for number in range(halvings + 1):
                if not stack:
                    break
                if number == halvings:
                    self.unsettled = True
                    break
                start, end = stack.pop()
                if not self._may(others, fixed, {fact: self._range(definition, start, end)}):
                    continue
                if start == end:
                    values.append(self._value(definition, start))
                    break
                halves = _halves(start, end, step)
                stack += reversed(halves) if up else halves
        present = self.now(fact)
        kept = [value for value in values if value != present]
        return sorted(kept, key=lambda value: abs(_place_of(value) - now))

    def _in_a_box(self, facts: Sequence[Fact]) -> Changes | None:
        """Halve the box of all values of a set, the largest side first, until a point of it holds."""
        definitions = [self.program.definitions[fact.name] for fact in facts]
        if any(definition.type.kind in (Kind.BOOLEAN, Kind.ENUM) for definition in definitions):
            return self._by_members(facts, definitions)
        boxes = [
            [
                self._ends(definition, self._place(definition, fact))
                for definition, fact in zip(definitions, facts, strict=True)
            ]
        ]
        for _ in range(BOXES):
            if not boxes:
                return None
            box = boxes.pop()
            ranges = {
                fact: self._range(definition, *side)
                for fact, definition, side in zip(facts, definitions, box, strict=True)
            }
            if not may(self.outcome({}, (), ranges)):
                continue
            widths = [
                (high - low) / self._step(definition) for definition, (low, high) in zip(definitions, box, strict=True)
            ]
            widest = max(range(len(box)), key=lambda place: widths[place])
            if not widths[widest]:
                changes = {
                    fact: self._value(definition, low)
                    for fact, definition, (low, _) in zip(facts, definitions, box, strict=True)
                }
                if all(changes[fact] != self.now(fact) for fact in facts):
                    return changes
                continue
            for half in reversed(_halves(*box[widest], self._step(definitions[widest]))):
                boxes.append([*box[:widest], half, *box[widest + 1 :]])
        self.unsettled = True
        return None

    def _by_members(self, facts: Sequence[Fact], definitions: Sequence[Definition]) -> Changes | None:
        """Fix a fact of few values to each of them, and look in the box of the others."""
        place = next(at for at, definition in enumerate(definitions) if self._members(definition) is not None)
        fact, others = facts[place], [*facts[:place], *facts[place + 1 :]]
        for value in self._values(fact, others):
            given = {**self.case.given, fact: value}
            inner = replace(self, case=replace(self.case, given=given), kept=None)
            changes = inner._in_turn({}, others) or (inner._in_a_box(others) if others else None)
            self.unsettled |= inner.unsettled
            if changes is not None:
                return {fact: value, **changes}
        return None

    def now(self, fact: Fact) -> Value | None:
        """What a fact is, as stated or as it is taken."""
        definition = self.program.definitions[fact.name]
        given = self.case.given.get(fact)
        if given is not None:
            return given
        return definition.default if definition.default is not None else definition.absent

    def _place(self, definition: Definition, fact: Fact) -> Fraction:
        now = self.now(fact)
        if definition.type.kind is Kind.DATE:
            return Fraction(self.case.at.start.toordinal())
        return Fraction(0) if now is None or now is NONE else _place_of(now)

    def _step(self, definition: Definition) -> Fraction:
        whole = definition.type.kind in (Kind.INTEGER, Kind.DATE)
        return Fraction(1) if whole or definition.grid is None else definition.grid.step

    def _ends(self, definition: Definition, now: Fraction) -> tuple[Fraction, Fraction]:
        if definition.type.kind is Kind.DATE:
            first = self.case.at.start
            return Fraction(first.toordinal()), Fraction((first + timedelta(days=366 * YEARS_AHEAD)).toordinal())
        low = definition.low if definition.low is not None else -FAR
        high = definition.high if definition.high is not None else FAR
        return low, min(high, max(FAR, now + self._step(definition)))

    def _value(self, definition: Definition, place: Fraction) -> Value:
        match definition.type.kind:
            case Kind.DATE:
                return date.fromordinal(int(place))
            case Kind.INTEGER:
                return int(place)
        return place

    def _range(self, definition: Definition, low: Fraction, high: Fraction) -> tuple[Value, Value]:
        return self._value(definition, low), self._value(definition, high)


def _halves(start: Fraction, end: Fraction, step: Fraction) -> list[tuple[Fraction, Fraction]]:
    middle = (start + end) / 2 // step * step
    return [(start, middle), (middle + step, end)]


def _place_of(value: Value) -> Fraction:
    return Fraction(value.toordinal()) if isinstance(value, date) else Fraction(value)  # type: ignore[arg-type]


def holds(outcome: Outcome) -> bool:
    """Whether the condition surely holds."""
    return isinstance(outcome, Known) and outcome.value is True


def may(outcome: Outcome) -> bool:
    """Whether the condition may hold."""
    if isinstance(outcome, Possible):
        return isinstance(outcome.range, Choice) and True in outcome.range.options
    return holds(outcome)
