"""When the answer to a question decides: what else must be so, and what two answers then give.

1. The other facts on which a figure hangs are stated one after the other, each with a few telling values. The
   interpreter says after each whether the figure still hangs on the fact that is asked; if not, the next one is tried.
2. Once it hangs on nothing else, two answers with which it is known, and not the same, are the witness.
3. What is usual is stated first. If that leads nowhere within a bound on evaluations, begin again some times with the
   values in another order, always the same one.
4. If that leads nowhere either, look among points in which nothing is open (`points`).

What is listed is taken as all there is. Where no witness was found there may be one all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from api.cases.naming import period_for
from api.interview.points import Points
from api.interview.telling import Telling
from engine.explain.questions import sample_values
from engine.interpret.cases import EVERY, Case
from engine.interpret.constants import Constants
from engine.interpret.further import is_list
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import NOT_APPLICABLE, Fact, Known, Outcome, Possible
from engine.ir.program import Definition, Program
from engine.values.types import EnumValue, Kind, Value

EVALUATIONS, TRIES, MOST_WORK = 200, 4, 15_000
"""How often a figure is evaluated in one try, how many tries there are, and how much work (`Figures.work`) all take."""
YEARS_APART = (0, 1, 5, 17, 30, 60)


@dataclass(frozen=True, slots=True)
class Decides:
    """A question that decides a figure of somebody: with the other facts as they are here, two answers give two
    values."""

    figure: Fact
    others: Mapping[Fact, Value]
    answers: tuple[Value, Value]
    gives: tuple[Value, Value]


def decides(program: Program, case: Case, wanted: Sequence[Definition], asked: Fact) -> Decides | None:
    """A witness that a question can decide one of some figures; None where none was found."""
    listed = replace(case, complete=False, whole=case.whole | {EVERY})
    for figure in wanted:
        for instance in case.instances.get(figure.entity, ()):
            fact = Fact(figure.name, instance, period_for(program, figure, case.at))
            work = MOST_WORK
            for number in range(TRIES):
                search = _Search(program, listed, fact, asked, Random(number) if number else None)
                search.work = work
                witness = search.from_here({}, None)
                if witness is not None:
                    return witness
                work = search.work
                if search.left > 0 or work < 0:
                    break  # every way was gone, or it takes too long
            witness = _Search(program, listed, fact, asked, None).at_points()
            if witness is not None:
                return witness
    return None


class _Search:
    def __init__(self, program: Program, case: Case, figure: Fact, asked: Fact, order: Random | None) -> None:
        self.program, self.case, self.figure, self.asked, self.order = program, case, figure, asked, order
        self.constants = Constants(program)
        self.telling = Telling.of(program, case, program.definitions[figure.name])
        self.left, self.work = EVALUATIONS, MOST_WORK

    def from_here(self, others: Mapping[Fact, Value], earlier: Interpreter | None) -> Decides | None:
        """A witness in which some facts are as they are here."""
        outcome, interpreter = self.found(others, earlier)
        if not isinstance(outcome, Possible) or self.asked not in outcome.needs:
            return None
        open_facts = sorted(
            (fact for fact in outcome.needs if fact != self.asked and not is_list(fact)), key=self.place
        )
        if not open_facts:
            return self.told(others, interpreter)
        for value in self.values(open_facts[0]):
            witness = self.from_here({**others, open_facts[0]: value}, interpreter)
            if witness is not None or self.left <= 0:
                return witness
        return None

    def told(self, others: Mapping[Fact, Value], earlier: Interpreter) -> Decides | None:
        """Two answers with which the figure is known, and not the same."""
        first: tuple[Value, Value] | None = None
        for answer in dict.fromkeys([*self.values(self.asked), *self.telling.values(self.asked.name)]):
            outcome, _ = self.found({**others, self.asked: answer}, earlier)
            if not isinstance(outcome, Known):
                continue
            first = first or (answer, outcome.value)
            if outcome.value != first[1]:
                return Decides(self.figure, others, (first[0], answer), (first[1], outcome.value))
        return None

    def at_points(self) -> Decides | None:
        """A witness among points at which nothing that the figure hangs on is open."""
        outcome, whole = self.found({}, None)
        if not isinstance(outcome, Possible) or self.asked not in outcome.needs:
            return None
        others = sorted((fact for fact in outcome.needs if fact != self.asked and not is_list(fact)), key=self.place)

        def find(point: Mapping[Fact, Value]) -> tuple[Outcome, int]:
            case = replace(self.case, given={**self.case.given, **point})
            interpreter = Interpreter(self.program, case, self.constants, whole)
            return interpreter.find(self.figure), interpreter.work

        witness = Points(self.telling, self.asked, others, find).witness()
        return None if witness is None else Decides(self.figure, *witness)

    def found(self, stated: Mapping[Fact, Value], earlier: Interpreter | None) -> tuple[Outcome, Interpreter]:
        """The figure with some facts stated."""
        self.left -= 1 if self.work > 0 else self.left
        case = replace(self.case, given={**self.case.given, **stated})
        interpreter = Interpreter(self.program, case, self.constants, earlier)
        interpreter.trace()
        outcome = interpreter.find(self.figure) if self.left >= 0 else NOT_APPLICABLE
        self.work -= interpreter.work
        return outcome, interpreter

    def place(self, fact: Fact) -> tuple[bool, str]:
        """What a complete case may leave out is stated first: most of it is as usual."""
        return self.program.definitions[fact.name].absent is None, str(fact)

    def values(self, fact: Fact) -> Iterator[Value]:
        """Telling values of a fact, what is usual first."""
        definition = self.program.definitions[fact.name]
        usual: list[Value] = [definition.absent] if definition.absent is not None else []
        match definition.type.kind:
            case Kind.DATE:
                usual += self.days()
            case Kind.ENUM:
                members = self.program.settings.enums[definition.type.enum].members
                usual += [EnumValue(definition.type.enum, member) for member in members]
        values = list(dict.fromkeys([*usual, *sample_values(definition, self.program)]))
        if self.order is not None:
            self.order.shuffle(values)
        yield from values

    def days(self) -> Iterator[date]:
        """The day that is asked about, and days some years before and after it."""
        for years in YEARS_APART:
            for way in (-1, 1):
                yield self.case.at.start + timedelta(days=way * 366 * years)
