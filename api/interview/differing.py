"""Whether an answer to a question can change a figure: two answers and a case in which they do, or a proof of none.

1. All answers are laid out in parts, and the figure is found with each, all else as open as it is. Two parts with which
   it is known, and not the same, decide. If it is the same with each, the figure is determined, though ranges, in which
   every open fact is open by itself, do not tell.
2. Else two parts are compared at a time. The other open facts are parted (`parting`) until the figure differs, or until
   it is the same on both sides: known and equal, or made of nothing that the answer changed. The facts nearest to where
   the two sides differ come first; where that takes too long, those with the fewest values.
3. A question is idle where every pair was followed to its end, and nothing was left out.

Within a bound on work; beyond it nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from api.cases.interpreters import Interpreters
from api.cases.naming import period_for
from api.interview.parting import Part, Parting
from api.interview.telling import Telling, members
from engine.interpret.cases import EVERY, Case
from engine.interpret.domain import needs_of
from engine.interpret.further import is_list
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome, Possible
from engine.ir.program import Definition, Program
from engine.ir.worlds import reached_names
from engine.text.recursion import deep_recursion
from engine.values.types import Value

STEPS_COMPARED = 20
"""So many figures are compared with those of the other side for one unit of work."""


class Told(Enum):
    """What is known of a question: it decides, the figure is the same whichever answer is given, no answer matters
    whatever else is so, or none of these."""

    DECIDES = "decides"
    SAME = "same"
    IDLE = "idle"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Decides:
    """A question that decides a figure of somebody: with the other facts as they are here, two answers give two
    values."""

    figure: Fact
    others: Mapping[Fact, Value]
    answers: tuple[Value, Value]
    gives: tuple[Value, Value]


class Way(Enum):
    """In which order other facts are told: as many at once as usual as can be, those nearest to the question first, or
    those with the fewest values first."""

    LEAPS = "leaps"
    NEAREST = "nearest"
    FEWEST = "fewest"


class _Spent(Exception):
    """The bound on work is reached. Never leaves this module."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One part of the answers in a case, and the figure with it."""

    part: Part
    outcome: Outcome
    interpreter: Interpreter

    @property
    def value(self) -> Value | None:
        """The figure, where it is known."""
        return self.outcome.value if isinstance(self.outcome, Known) else None


@dataclass(eq=False)
class Differing:
    """The search for one question about one figure, in a case whose lists are all that there is."""

    program: Program
    case: Case
    figure: Fact
    asked: Fact
    left: int
    interpreters: Interpreters
    telling: Telling
    witness: Decides | None = None
    _parting: Parting = field(init=False)
    _is_covered: bool = True
    _way: Way = field(init=False)
    _reached: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._parting = Parting(self.program, self.telling)
        self._reached = reached_names(self.program, frozenset((self.asked.name,)))

    def told(self, ways: Sequence[Way]) -> Told:
        """What is known of the question; it is looked for in these ways, one after the other."""
        with deep_recursion():
            return self._told(ways)

    def _told(self, ways: Sequence[Way]) -> Told:
        limit = self.left
        try:
            whole = self._side(self.case, Part(), None, is_open=True)
            if self.asked not in needs_of(whole.outcome):
                return Told.IDLE
            sides = [
                self._side(self.case, part, whole.interpreter)
                for part in self._parting.all_parts(self.case, self.asked)
            ]
        except _Spent:
            return Told.OPEN
        values = {side.value for side in sides}
        if len(values) == 1 and None not in values:
            return Told.SAME
        for number, self._way in enumerate(ways, 1):
            told = self._compared(sides, limit - limit * number // len(ways))
            if told is not Told.OPEN:
                return told
        return Told.OPEN

    def _compared(self, sides: Sequence[_Side], until: int) -> Told:
        """What comparing the sides two at a time tells before so much work is left."""
        kept, self.left = min(until, self.left), max(self.left - until, 0)
        self._is_covered, self._parting.left_out = True, False
        pairs = _pairs(sides)
        for number, (one, other) in enumerate(pairs, 1):
            after = self.left // 2 if number < len(pairs) else 0
            self.left -= after
            try:
                self.witness = self._differ(self.case, one, other)
            except _Spent:
                self._is_covered = False
            self.left = max(self.left, 0) + after
            if self.witness is not None:
                break
        self.left += kept
        if self.witness is not None:
            return Told.DECIDES
        return Told.IDLE if self._is_covered and not self._parting.left_out else Told.OPEN

    def _differ(self, case: Case, one: _Side, other: _Side) -> Decides | None:
        """A case in which two sides differ."""
        if one.value is not None and other.value is not None:
            return None if one.value == other.value else self._decides(case, one, other)
        if not all(isinstance(side.outcome, Known | Possible) for side in (one, other)):
            self._is_covered = False  # it fails or does not apply on a side
            return None
        comparing = self._comparing(one, other)
        is_same = comparing.is_same(self.figure)
        self._spend(len(comparing.seen) // STEPS_COMPARED)
        if is_same:
            return None
        needs = _open(self.asked, one.outcome, other.outcome)
        if not needs:
            return self._in_parts_of_the_answer(case, one, other)
        near = needs if self._way is Way.FEWEST else comparing.nearest() or needs
        if self._way is Way.LEAPS:
            self._is_covered = False
            witness = self._leap(case, one, other, near)
            if witness is not None:
                return witness
        fact = self._next(case, near)
        for part in self._parting.parts(case, fact):
            parted = part.laid(case, fact)
            witness = self._differ(parted, self._again(parted, one), self._again(parted, other))
            if witness is not None:
                return witness
        return None

    def _leap(self, case: Case, one: _Side, other: _Side, facts: Sequence[Fact]) -> Decides | None:
        """As many facts at once as usual as leave it open whether two sides differ."""
        usual = {
            fact: value
            for fact in sorted(facts, key=self._place)
            if (value := self.program.definitions[fact.name].absent) is not None
        }
        while len(usual) > 1:
            leapt = replace(
                case, given={**case.given, **usual}, within={f: e for f, e in case.within.items() if f not in usual}
            )
            leapt_one, leapt_other = self._again(leapt, one), self._again(leapt, other)
            if not self._are_same(leapt_one, leapt_other):
                return self._differ(leapt, leapt_one, leapt_other)
            usual = dict(list(usual.items())[: len(usual) // 2])
        return None

    def _are_same(self, one: _Side, other: _Side) -> bool:
        if one.value is not None and other.value is not None:
            return one.value == other.value
        return self._comparing(one, other).is_same(self.figure)

    def _comparing(self, one: _Side, other: _Side) -> _Comparing:
        return _Comparing(self.figure, self.asked, one.interpreter, other.interpreter, self._reached)

    def _in_parts_of_the_answer(self, case: Case, one: _Side, other: _Side) -> Decides | None:
        """The same where nothing but the answer is open any more."""
        wide = one if isinstance(one.outcome, Possible) else other
        still = other if wide is one else one
        if wide.part.value is not None:
            self._is_covered = False
            return None
        for part in self._parting.parts(wide.part.laid(case, self.asked), self.asked):
            witness = self._differ(case, self._side(case, part, wide.interpreter), still)
            if witness is not None:
                return witness
        return None

    def _again(self, case: Case, side: _Side) -> _Side:
        """A side with more told."""
        if isinstance(side.outcome, Known):
            return side
        return self._side(case, side.part, side.interpreter)

    def _side(self, case: Case, part: Part, earlier: Interpreter | None, *, is_open: bool = False) -> _Side:
        laid = case if is_open else part.laid(case, self.asked)
        if earlier is None:
            interpreter = self.interpreters.begin(laid)
        else:
            interpreter = Interpreter(self.program, laid, self.interpreters.constants, earlier)
        outcome = interpreter.find(self.figure)
        self._spend(interpreter.work + 1)
        return _Side(part, outcome, interpreter)

    def _spend(self, work: int) -> None:
        self.left -= work
        if self.left < 0:
            raise _Spent

    def _next(self, case: Case, facts: Sequence[Fact]) -> Fact:
        """The fact that is parted next: one that is in parts already, else what most people need not state."""
        begun = [fact for fact in facts if fact in case.within and fact not in self.case.within]
        return min(begun or facts, key=self._place)

    def _place(self, fact: Fact) -> tuple[int, bool, str]:
        definition = self.program.definitions[fact.name]
        size = _size(self.program, definition) if self._way is Way.FEWEST else 0
        return size, definition.absent is None, str(fact)

    def _decides(self, case: Case, one: _Side, other: _Side) -> Decides:
        others = {fact: value for fact, value in case.given.items() if fact not in self.case.given}
        others |= {fact: Part(ends=ends).example for fact, ends in case.within.items() if fact not in self.case.within}
        assert one.value is not None and other.value is not None
        return Decides(self.figure, others, (one.part.example, other.part.example), (one.value, other.value))


def _pairs(sides: Sequence[_Side]) -> Sequence[tuple[_Side, _Side]]:
    """Which sides to compare: those that are alike as far as ranges tell stand for each other at first."""
    alike: dict[object, list[_Side]] = {}
    for side in sides:
        alike.setdefault(side.outcome, []).append(side)
    firsts = [each[0] for each in alike.values()]
    firsts.sort(key=lambda side: side.value is None)
    pairs = [(one, other) for place, one in enumerate(firsts) for other in firsts[place + 1 :]]
    unknown = [each for each in alike.values() if each[0].value is None]
    pairs += [(each[0], other) for each in unknown for other in each[1:]]
    return [*pairs, *((each, each) for sides_ in unknown for each in sides_ if each.part.value is None)]


def _open(asked: Fact, *outcomes: Outcome) -> list[Fact]:
    return [fact for fact in needs_of(*outcomes) if fact != asked and not is_list(fact)]


def _size(program: Program, definition: Definition) -> int:
    """About how many values a fact has; what is usual halves them."""
    few = len(members(program, definition))
    return (few if few > 2 or definition.absent is None else 1) if few else 100


@dataclass(eq=False)
class _Comparing:
    """What was found on two sides of a question, figure by figure."""

    figure: Fact
    asked: Fact
    one: Interpreter
    other: Interpreter
    reached: frozenset[str]
    seen: dict[Fact, bool] = field(default_factory=dict)

    def is_same(self, fact: Fact) -> bool:
        """Whether a figure is the same on both sides, whatever else is open: known and equal, or found in the same way
        out of what is the same."""
        if fact.name not in self.reached:
            return True
        if fact not in self.seen:
            self.seen[fact] = True  # a circle is no difference
            self.seen[fact] = fact != self.asked and self._is_same(fact)
        return self.seen[fact]

    def _is_same(self, fact: Fact) -> bool:
        steps = [found.steps[fact] for found in (self.one, self.other) if fact in found.steps]
        known = [step.outcome for step in steps if isinstance(step.outcome, Known)]
        if len(known) == 2:
            return known[0] == known[1]
        if any(step.is_untraceable for step in steps):
            return False
        return all(self.is_same(read) for step in steps for read in dict.fromkeys(step.reads))

    def nearest(self) -> list[Fact]:
        """On what the figure hangs that is nearest to the question, of those that are open on the way to it."""
        fact = self.figure
        while (inner := self._inner(fact)) is not None:
            fact = inner
        outcomes = [found.steps[fact].outcome for found in (self.one, self.other) if fact in found.steps]
        return _open(self.asked, *outcomes)

    def _inner(self, fact: Fact) -> Fact | None:
        """A figure that another reads, and of which it is open whether it differs."""
        for found in (self.one, self.other):
            for read in dict.fromkeys(found.steps[fact].reads if fact in found.steps else ()):
                if read != self.asked and not self.is_same(read) and not self._differs(read):
                    return read
        return None

    def _differs(self, fact: Fact) -> bool:
        steps = [found.steps[fact] for found in (self.one, self.other) if fact in found.steps]
        return len(steps) == 2 and all(isinstance(step.outcome, Known) for step in steps)


def figures_wanted(program: Program, case: Case, wanted: Sequence[Definition]) -> list[Fact]:
    """The wanted figures of everybody in a case."""
    return [
        Fact(figure.name, instance, period_for(program, figure, case.at))
        for figure in wanted
        for instance in case.instances.get(figure.entity, ())
    ]


def examined(
    interpreters: Interpreters,
    case: Case,
    figures: Sequence[Fact],
    asked: Fact,
    work: int,
    *,
    ways: Sequence[Way] = tuple(Way),
) -> tuple[Told, Decides | None, int]:
    """What is known of a question about several figures, a witness where it decides one, and what work is left. What
    is listed is taken as all there is."""
    program = interpreters.program
    listed = replace(case, complete=False, whole=case.whole | {EVERY})
    told: list[Told] = []
    for figure in figures:
        telling = Telling.of(program, case, program.definitions[figure.name])
        search = Differing(program, listed, figure, asked, work, interpreters, telling)
        told.append(search.told(ways))
        work = max(search.left, 0)
        if told[-1] is Told.DECIDES:
            return Told.DECIDES, search.witness, work
    if Told.OPEN in told:
        return Told.OPEN, None, work
    return (Told.SAME if told and all(each is Told.SAME for each in told) else Told.IDLE), None, work
